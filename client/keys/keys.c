/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a key store and listing what is in it. */
#include "client/keys/keys.h"

#include <string.h>

#include "client/keys/store_client.h"
#include "client/keys/token.h"
#include "formats/limits.h"
#include "formats/ossl.h"

void tamga_key_store_free (TamgaKeyStore *store)
{
    if (store == NULL)
        return;
    if (store->agent != NULL && store->logged_in) {
        /* asked for by name: ending the process does it too, but the card is given time for it */
        TamgaCall call = tamga_call_within (NULL, 2000);
        GVariant *answer = tamga_key_agent_ask (store->agent, "logout", NULL, &call, NULL);
        g_clear_pointer (&answer, g_variant_unref);
    }
    tamga_key_agent_free (store->agent);
    tamga_reference_free (store->reference);
    tamga_module_free (store->module);
    tamga_key_token_free (store->token);
    g_free (store->name);
    g_free (store->path);
    g_free (store->lone_certificate);
    g_free (store);
}

const char *tamga_key_store_name (TamgaKeyStore *store)
{
    return store->name;
}

gboolean tamga_key_store_is_file (TamgaKeyStore *store)
{
    return store->module == NULL;
}

GPid tamga_key_store_pid (TamgaKeyStore *store)
{
    return tamga_key_agent_pid (store->agent);
}

static TamgaKeyStore *open_file (TamgaReference *reference, const TamgaKeysConfig *config,
                                 const TamgaCall *call, GError **error)
{
    g_autoptr (TamgaReference) owned = reference;
    g_autoptr (TamgaKeyStore) store = g_new0 (TamgaKeyStore, 1);

    store->path = g_canonicalize_filename (tamga_reference_file (owned), NULL);
    store->name = g_path_get_basename (store->path);
    if (!g_file_test (store->path, G_FILE_TEST_EXISTS)) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE,
                     "there is no key file %s (a key on a token is named by a pkcs11: URI)",
                     store->path);
        return NULL;
    }
    store->reference = g_steal_pointer (&owned);
    store->agent = tamga_key_agent_start ("file", store->path,
                                          config != NULL ? config->timeout_ms : 0, call, error);
    if (store->agent == NULL || !tamga_key_agent_opened (store->agent, call, error))
        return NULL;
    return g_steal_pointer (&store);
}

/* Modules that may hold what the reference names. */
static GPtrArray *candidate_modules (const TamgaReference *reference, const TamgaKeysConfig *config)
{
    const char *path = tamga_reference_module_path (reference);
    char **given = config != NULL ? config->modules : NULL;
    GPtrArray *modules;

    if (path == NULL && given == NULL) {
        modules = tamga_modules_find ();
    } else {
        modules = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_module_free);
        if (path != NULL)
            g_ptr_array_add (modules, tamga_module_named (path));
        for (; path == NULL && *given != NULL; given++)
            g_ptr_array_add (modules, tamga_module_named (*given));
    }
    for (guint i = 0; i < modules->len;) {
        if (tamga_reference_fits_module (reference, modules->pdata[i]))
            i++;
        else
            g_ptr_array_remove_index (modules, i);
    }
    return modules;
}

typedef struct {
    TamgaProbe *probe;
    TamgaKeyToken *token;
} Choice;

/* The tokens that the reference may mean. */
static GArray *find_choices (const TamgaReference *reference, GPtrArray *probes)
{
    GArray *choices = g_array_new (FALSE, FALSE, sizeof (Choice));

    for (guint i = 0; i < probes->len; i++) {
        TamgaProbe *probe = probes->pdata[i];
        for (guint j = 0; j < probe->tokens->len; j++) {
            Choice choice = {probe, probe->tokens->pdata[j]};
            if (choice.token->present && choice.token->initialized &&
                tamga_reference_fits_token (reference, choice.token))
                g_array_append_val (choices, choice);
        }
    }
    return choices;
}

static void set_ambiguous (GArray *choices, GError **error)
{
    g_autoptr (GString) list = g_string_new (NULL);

    for (guint i = 0; i < choices->len; i++)
        g_string_append_printf (list, "\n  %s", g_array_index (choices, Choice, i).token->uri);
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_AMBIGUOUS,
                 "%u tokens fit; name one of them:%s", choices->len, list->str);
}

/* No token: because there is none, or because a driver failed? */
static void set_no_token (const TamgaReference *reference, GPtrArray *probes, GError **error)
{
    g_autoptr (GString) problems = g_string_new (NULL);
    GError *first = NULL;

    for (guint i = 0; i < probes->len; i++) {
        TamgaProbe *probe = probes->pdata[i];
        if (probe->failure != NULL) {
            first = first != NULL ? first : probe->failure;
            g_string_append_printf (problems, "; %s", probe->failure->message);
        }
        for (guint j = 0; j < probe->tokens->len; j++) {
            TamgaKeyToken *token = probe->tokens->pdata[j];
            if (token->problem != NULL)
                g_string_append_printf (problems, "; reader \"%s\": %s", token->reader,
                                        token->problem);
        }
    }
    if (probes->len == 0)
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_MODULE,
                             "no PKCS#11 module is known for this");
    else if (first != NULL && probes->len == 1)
        g_propagate_error (error, g_error_copy (first));
    else if (tamga_reference_text (reference) != NULL)
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_TOKEN,
                     "no token or card that fits \"%s\" was found%s",
                     tamga_reference_text (reference), problems->str);
    else
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_TOKEN,
                     "no token or card was found%s", problems->str);
}

static gboolean select_token (TamgaKeyStore *store, const TamgaCall *call, GError **error)
{
    GVariantBuilder arguments;

    g_variant_builder_init (&arguments, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&arguments, "{sv}", "slot", g_variant_new_uint64 (store->token->slot));
    g_autoptr (GVariant) answer = tamga_key_agent_ask (
        store->agent, "select", g_variant_builder_end (&arguments), call, error);
    return answer != NULL;
}

static TamgaKeyStore *open_token (TamgaReference *reference, const TamgaKeysConfig *config,
                                  const TamgaCall *call, GError **error)
{
    g_autoptr (TamgaReference) owned = reference;
    g_autoptr (GPtrArray) probes = tamga_probe_all (candidate_modules (owned, config),
                                                    config != NULL ? config->timeout_ms : 0, call);
    g_autoptr (GArray) choices = find_choices (owned, probes);

    if (tamga_call_cancelled (call)) {
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    if (choices->len != 1) {
        if (choices->len == 0)
            set_no_token (owned, probes, error);
        else
            set_ambiguous (choices, error);
        return NULL;
    }
    Choice *choice = &g_array_index (choices, Choice, 0);
    g_autoptr (TamgaKeyStore) store = g_new0 (TamgaKeyStore, 1);
    store->reference = g_steal_pointer (&owned);
    store->agent = g_steal_pointer (&choice->probe->agent);
    store->module = g_steal_pointer (&choice->probe->module);
    g_ptr_array_set_free_func (choice->probe->tokens, NULL);
    store->token = choice->token;
    for (guint i = 0; i < choice->probe->tokens->len; i++)
        if (choice->probe->tokens->pdata[i] != store->token)
            tamga_key_token_free (choice->probe->tokens->pdata[i]);
    store->name =
        g_strdup (*store->token->label != '\0' ? store->token->label : store->token->reader);
    if (!select_token (store, call, error))
        return NULL;
    return g_steal_pointer (&store);
}

TamgaKeyStore *tamga_key_store_open (const char *reference, const TamgaKeysConfig *config,
                                     const TamgaCall *call, GError **error)
{
    g_autoptr (TamgaReference) parsed = tamga_reference_parse (reference, error);

    if (parsed == NULL)
        return NULL;
    if (tamga_reference_file (parsed) != NULL)
        return open_file (g_steal_pointer (&parsed), config, call, error);
    return open_token (g_steal_pointer (&parsed), config, call, error);
}

TamgaKeyToken *tamga_key_store_token (TamgaKeyStore *store, const TamgaCall *call, GError **error)
{
    if (store->module == NULL)
        return NULL;
    g_autoptr (GVariant) facts = tamga_key_agent_ask (store->agent, "token", NULL, call, error);
    return facts != NULL ? tamga_key_token_from_facts (store->module, facts) : NULL;
}

void tamga_key_free (TamgaKey *key)
{
    if (key == NULL)
        return;
    g_free (key->id);
    g_free (key->label);
    g_free (key->uri);
    X509_free (key->certificate);
    g_clear_pointer (&key->chain, g_ptr_array_unref);
    EVP_PKEY_free (key->public_key);
    g_clear_pointer (&key->algorithms, g_ptr_array_unref);
    g_free (key);
}

static GBytes *fact_bytes (GVariant *facts, const char *name)
{
    g_autoptr (GVariant) value = g_variant_lookup_value (facts, name, G_VARIANT_TYPE_BYTESTRING);
    return value != NULL ? g_variant_get_data_as_bytes (value) : g_bytes_new (NULL, 0);
}

/* The certificates of the store that issue the key's, in order. */
static GPtrArray *find_chain (X509 *certificate, GPtrArray *certificates)
{
    GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    X509 *subject = certificate;

    while (subject != NULL && chain->len < TAMGA_MAX_PATH_LENGTH) {
        X509 *issuer = NULL;
        for (guint i = 0; i < certificates->len && issuer == NULL; i++) {
            X509 *candidate = certificates->pdata[i];
            if (X509_cmp (candidate, subject) != 0 &&
                X509_check_issued (candidate, subject) == X509_V_OK &&
                !g_ptr_array_find (chain, candidate, NULL))
                issuer = candidate;
        }
        if (issuer != NULL) {
            X509_up_ref (issuer);
            g_ptr_array_add (chain, issuer);
        }
        subject = issuer;
    }
    return chain;
}

static TamgaKey *key_from_facts (TamgaKeyStore *store, GVariant *facts, GPtrArray *certificates)
{
    TamgaKey *key = g_new0 (TamgaKey, 1);
    g_autoptr (GBytes) id = fact_bytes (facts, "id");
    g_autoptr (GBytes) der = fact_bytes (facts, "certificate");
    g_autoptr (GBytes) public_key = fact_bytes (facts, "public");
    g_autofree const char **algorithms = NULL;

    key->id = tamga_text_hex_bytes (id);
    if (!g_variant_lookup (facts, "label", "s", &key->label))
        key->label = g_strdup ("");
    g_autofree char *kind = NULL;
    key->store = g_variant_lookup (facts, "store", "s", &kind) ? g_intern_string (kind) : "";
    key->uri = store->token != NULL ? tamga_reference_of_key (store->token, id, key->label)
                                    : g_strconcat ("file:", store->path, NULL);
    if (g_bytes_get_size (der) > 0)
        key->certificate = tamga_ossl_certificate (der);
    const guint8 *data = g_bytes_get_data (public_key, NULL);
    if (g_bytes_get_size (public_key) > 0)
        key->public_key = d2i_PUBKEY (NULL, &data, (long)g_bytes_get_size (public_key));
    key->chain = find_chain (key->certificate, certificates);
    g_variant_lookup (facts, "handle", "t", &key->handle);
    g_variant_lookup (facts, "always", "b", &key->always_authenticate);
    g_variant_lookup (facts, "on-token", "b", &key->on_token);
    g_variant_lookup (facts, "by-id", "b", &key->matched_by_id);
    key->seen = key->handle != 0;
    key->algorithms = g_ptr_array_new ();
    if (g_variant_lookup (facts, "algorithms", "^a&s", &algorithms)) {
        for (gsize i = 0; algorithms[i] != NULL; i++) {
            const TamgaAlgorithm *algorithm = tamga_algorithm_by_name (algorithms[i]);
            if (algorithm != NULL)
                g_ptr_array_add (key->algorithms, (gpointer)algorithm);
        }
    }
    return key;
}

static GPtrArray *certificates_from_answer (GVariant *answer)
{
    GPtrArray *certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    g_autoptr (GVariant) list =
        g_variant_lookup_value (answer, "certificates", G_VARIANT_TYPE ("aay"));

    for (gsize i = 0; list != NULL && i < g_variant_n_children (list); i++) {
        g_autoptr (GVariant) value = g_variant_get_child_value (list, i);
        g_autoptr (GBytes) der = g_variant_get_data_as_bytes (value);
        X509 *certificate = tamga_ossl_certificate (der);
        if (certificate != NULL)
            g_ptr_array_add (certificates, certificate);
    }
    return certificates;
}

GPtrArray *tamga_key_store_certificates (TamgaKeyStore *store, const TamgaCall *call,
                                         GError **error)
{
    g_autoptr (GVariant) answer = tamga_key_agent_ask (store->agent, "keys", NULL, call, error);
    return answer != NULL ? certificates_from_answer (answer) : NULL;
}

/* For the message when a certificate is there and its key is not. */
static void note_lone_certificate (TamgaKeyStore *store, GPtrArray *keys, GPtrArray *certificates)
{
    g_clear_pointer (&store->lone_certificate, g_free);
    for (guint i = 0; i < certificates->len && store->lone_certificate == NULL; i++) {
        X509 *certificate = certificates->pdata[i];
        gboolean used = tamga_keys_is_authority (certificate);
        for (guint j = 0; j < keys->len && !used; j++) {
            TamgaKey *key = keys->pdata[j];
            used = key->certificate != NULL && X509_cmp (key->certificate, certificate) == 0;
        }
        if (!used)
            store->lone_certificate = tamga_ossl_short_name (X509_get_subject_name (certificate));
    }
}

GPtrArray *tamga_key_store_keys (TamgaKeyStore *store, const TamgaCall *call, GError **error)
{
    g_autoptr (GVariant) answer = tamga_key_agent_ask (store->agent, "keys", NULL, call, error);
    if (answer == NULL)
        return NULL;
    g_autoptr (GPtrArray) certificates = certificates_from_answer (answer);
    GPtrArray *keys = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_key_free);
    g_autoptr (GVariant) list = g_variant_lookup_value (answer, "keys", G_VARIANT_TYPE ("aa{sv}"));
    for (gsize i = 0; list != NULL && i < g_variant_n_children (list); i++) {
        g_autoptr (GVariant) facts = g_variant_get_child_value (list, i);
        g_ptr_array_add (keys, key_from_facts (store, facts, certificates));
    }
    note_lone_certificate (store, keys, certificates);
    return keys;
}

/* Of several keys the one that is made for signing documents: contentCommitment (RFC 5280 4.2.1.3,
 * the former nonRepudiation), where exactly one has it. */
static TamgaKey *the_one_for_documents (GPtrArray *keys)
{
    TamgaKey *found = NULL;

    for (guint i = 0; i < keys->len; i++) {
        TamgaKey *key = keys->pdata[i];
        if (key->certificate == NULL ||
            (X509_get_extension_flags (key->certificate) & EXFLAG_KUSAGE) == 0 ||
            (X509_get_key_usage (key->certificate) & KU_NON_REPUDIATION) == 0)
            continue;
        if (found != NULL)
            return NULL;
        found = key;
    }
    return found;
}

static void set_several_keys (TamgaKeyStore *store, GPtrArray *keys, GError **error)
{
    g_autoptr (GString) list = g_string_new (NULL);

    for (guint i = 0; i < keys->len; i++) {
        TamgaKey *key = keys->pdata[i];
        g_string_append_printf (list, "\n  %s  %s", key->uri, key->label);
    }
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_AMBIGUOUS,
                 "%u keys of \"%s\" fit; name one of them:%s", keys->len, store->name, list->str);
}

/* Why none of the keys can sign. */
static void set_no_key (TamgaKeyStore *store, GPtrArray *fitting, const TamgaKey *other,
                        GError **error)
{
    if (other != NULL)
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_KEY,
                     "the key %s of \"%s\" is not one for signing: its certificate lacks the key "
                     "usages digitalSignature and nonRepudiation (RFC 5280 4.2.1.3)",
                     other->uri, store->name);
    else if (fitting->len > 0)
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_CERTIFICATE,
                     "the key %s of \"%s\" has no certificate there%s",
                     ((TamgaKey *)fitting->pdata[0])->uri, store->name,
                     store->module == NULL ? "; put the certificate file (.cer) into the folder of "
                                             "the key file"
                                           : "");
    else if (store->lone_certificate != NULL)
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_CERTIFICATE,
                     "\"%s\" has the certificate of %s, but not its private key", store->name,
                     store->lone_certificate);
    else
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_KEY,
                     "there is no key that fits in \"%s\"", store->name);
}

TamgaKey *tamga_key_store_select (TamgaKeyStore *store, GPtrArray *keys, GError **error)
{
    g_autoptr (GPtrArray) fitting = g_ptr_array_new ();
    g_autoptr (GPtrArray) complete = g_ptr_array_new ();
    TamgaKey *other = NULL; /* its certificate is for something else than signing */
    guint others = 0;

    for (guint i = 0; i < keys->len; i++) {
        TamgaKey *key = keys->pdata[i];
        if (!tamga_reference_fits_key (store->reference, key))
            continue;
        g_ptr_array_add (fitting, key);
        if (key->certificate != NULL && tamga_keys_may_sign (key->certificate))
            g_ptr_array_add (complete, key);
        else if (key->certificate != NULL && others++ == 0)
            other = key;
    }
    if (complete->len == 1)
        return complete->pdata[0];
    if (complete->len > 1) {
        TamgaKey *key = tamga_reference_names_object (store->reference)
                            ? NULL
                            : the_one_for_documents (complete);
        if (key == NULL)
            set_several_keys (store, complete, error);
        return key;
    }
    /* The only one there is: who signs with it says what is wrong with its certificate. */
    if (others == 1)
        return other;
    set_no_key (store, fitting, other, error);
    return NULL;
}
