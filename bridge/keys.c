/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which key: tokens and key files, what the site's filters say to each key, and the person's
 * choice. */
#include <string.h>

#include "bridge/request_internal.h"
#include "bridge/storages.h"
#include "client/validate/particulars.h"
#include "formats/limits.h"
#include "formats/ossl.h"

#define MAX_ATTEMPTS 5u
#define FILE_ROW "file" /* the row of the key question that stands for a key file */

/* One key that may be chosen. */
typedef struct {
    TamgaKeyStore *store; /* of the candidates' list of stores */
    GPtrArray *keys;
    const TamgaKey *key;
    const char *storage;
    char *id;  /* "k1" in the question */
    char *why; /* it cannot be used; NULL: it can */
} Candidate;

/* Everything that is open while the person chooses. */
typedef struct {
    TamgaRequest *request;
    const TamgaKeyFilter *filter;
    TamgaProfile *profile;
    GPtrArray *stores;     /* TamgaKeyStore, TamgaKeyStore owned; NULL where it was handed on */
    GPtrArray *candidates; /* Candidate */
    gboolean files;        /* a key file may be chosen too */
} Choosing;

static void candidate_free (gpointer data)
{
    Candidate *candidate = data;
    g_ptr_array_unref (candidate->keys);
    g_free (candidate->id);
    g_free (candidate->why);
    g_free (candidate);
}

static void store_free (gpointer data)
{
    tamga_key_store_free (data);
}

void tamga_request_key_free (TamgaRequestKey *key)
{
    if (!key)
        return;
    g_clear_pointer (&key->keys, g_ptr_array_unref);
    g_clear_pointer (&key->store, tamga_key_store_free);
    g_free (key->path);
    g_free (key);
}

/* ---- The filters --------------------------------------------------------------------------- */

static gboolean listed (const char *const *names, const char *name)
{
    return !names || !names[0] || g_strv_contains (names, name);
}

static gboolean given (const char *text)
{
    return text && *text;
}

static gboolean has_usage (X509 *certificate, const char *oid)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i (certificate, NID_ext_key_usage, NULL, NULL);
    ASN1_OBJECT *wanted = OBJ_txt2obj (oid, 1);
    gboolean found = FALSE;
    for (int i = 0; wanted && i < sk_ASN1_OBJECT_num (usages); i++)
        found = found || OBJ_cmp (sk_ASN1_OBJECT_value (usages, i), wanted) == 0;
    ASN1_OBJECT_free (wanted);
    EXTENDED_KEY_USAGE_free (usages);
    return found;
}

/* RFC 5280 4.2.1.12: without extended key usages the key is for any of them. */
static gboolean restricts_usage (X509 *certificate)
{
    return X509_get_ext_by_NID (certificate, NID_ext_key_usage, -1) >= 0;
}

static gboolean has_identifier (const GPtrArray *identifiers, const char *label, const char *value)
{
    for (guint i = 0; i < identifiers->len; i++) {
        const TamgaIdentifier *identifier = identifiers->pdata[i];
        if (strcmp (identifier->label, label) == 0 && strcmp (identifier->value, value) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Hexadecimal numbers of any case, with or without zeros in front. */
static gboolean same_serial (X509 *certificate, const char *wanted)
{
    g_autofree char *own = tamga_ossl_serial (X509_get0_serialNumber (certificate));
    const char *a = own + strspn (own, "0"), *b = wanted + strspn (wanted, "0");
    return g_ascii_strcasecmp (a, b) == 0;
}

/* Who issued `below`, of this list; NULL: nobody there. */
static X509 *find_issuer (const GPtrArray *list, X509 *below)
{
    for (guint i = 0; list && i < list->len; i++) {
        X509 *other = list->pdata[i];
        if (X509_check_issued (other, below) == X509_V_OK &&
            X509_verify (below, X509_get0_pubkey (other)) == 1)
            return other;
    }
    return NULL;
}

/* Does the path go through one of the certificates of the call, over others of the key's store? */
static gboolean chains_to (const TamgaKey *key, const GPtrArray *chain)
{
    X509 *below = key->certificate;
    for (guint depth = 0; below && depth < TAMGA_MAX_PATH_LENGTH; depth++) {
        if (find_issuer (chain, below))
            return TRUE;
        below = find_issuer (key->chain, below);
    }
    return FALSE;
}

static const char *objection_to_times (X509 *certificate, gint64 now)
{
    if (tamga_ossl_time (X509_get0_notAfter (certificate)) < now)
        return "The certificate has expired.";
    if (tamga_ossl_time (X509_get0_notBefore (certificate)) > now)
        return "The certificate is not valid yet.";
    return NULL;
}

static const char *objection_to_identifiers (X509 *certificate, const Choosing *choosing)
{
    const TamgaKeyFilter *filter = choosing->filter;
    g_autoptr (GPtrArray) identifiers =
        tamga_certificate_identifiers (certificate, choosing->profile);
    if (given (filter->iin) && !has_identifier (identifiers, "IIN", filter->iin))
        return "The site asks for the key of another person (IIN).";
    if (given (filter->bin) && !has_identifier (identifiers, "BIN", filter->bin))
        return "The site asks for the key of another organisation (BIN).";
    if (given (filter->serial) && !same_serial (certificate, filter->serial))
        return "The site asks for another certificate (serial number).";
    return NULL;
}

static const char *objection_to_use (const TamgaKey *key, const TamgaKeyFilter *filter)
{
    X509 *certificate = key->certificate;
    if (filter->signing && !tamga_keys_may_sign (certificate))
        return "The certificate is not for signing.";
    if (filter->signing && has_usage (certificate, "1.3.6.1.5.5.7.3.2") &&
        !has_usage (certificate, "1.3.6.1.5.5.7.3.4"))
        return "The certificate is for authentication.";
    if (filter->authentication && restricts_usage (certificate) &&
        !has_usage (certificate, "1.3.6.1.5.5.7.3.2"))
        return "The certificate is not for authentication.";
    for (const char *const *oid = filter->extended_key_usages; oid && *oid; oid++) {
        if (!has_usage (certificate, *oid))
            return "The certificate is not for the use that the site asks for.";
    }
    if (filter->chain && filter->chain->len > 0 && !chains_to (key, filter->chain))
        return "The certificate is of another authority than the site asks for.";
    return NULL;
}

/* Why the key cannot be used; NULL: it can. Static text. */
static const char *objection (const TamgaKey *key, const Choosing *choosing)
{
    if (!key->certificate)
        return "The key has no certificate.";
    const char *why = objection_to_times (key->certificate, choosing->request->bridge->clock ());
    if (!why)
        why = objection_to_use (key, choosing->filter);
    return why ? why : objection_to_identifiers (key->certificate, choosing);
}

/* ---- The stores ---------------------------------------------------------------------------- */

static void add_keys (Choosing *choosing, TamgaKeyStore *store, GPtrArray *keys,
                      const char *storage)
{
    for (guint i = 0; i < keys->len; i++) {
        const TamgaKey *key = keys->pdata[i];
        Candidate *candidate = g_new0 (Candidate, 1);
        candidate->store = store;
        candidate->keys = g_ptr_array_ref (keys);
        candidate->key = key;
        candidate->storage = storage;
        candidate->id = g_strdup_printf ("k%u", choosing->candidates->len + 1);
        candidate->why = g_strdup (objection (key, choosing));
        g_ptr_array_add (choosing->candidates, candidate);
    }
}

/* A token that can be asked for its keys. */
typedef struct {
    char *uri, *module;
    const char *storage; /* static */
} Token;

static void token_free (gpointer data)
{
    Token *token = data;
    g_free (token->uri);
    g_free (token->module);
    g_free (token);
}

/* Only the module that showed the token is asked: others may show it too. */
static void add_token (Choosing *choosing, const Token *token)
{
    char *modules[] = {token->module, NULL};
    const TamgaKeysConfig config = {.modules = modules};
    const TamgaCall *call = &choosing->request->call;
    g_autoptr (GError) error = NULL;
    TamgaKeyStore *store = tamga_key_store_open (token->uri, &config, call, &error);
    g_autoptr (GPtrArray) keys = store ? tamga_key_store_keys (store, call, &error) : NULL;
    if (keys)
        add_keys (choosing, store, keys, token->storage);
    if (store)
        g_ptr_array_add (choosing->stores, store);
    if (error)
        tamga_request_tell_error (choosing->request, error);
}

static gboolean is_listed (const GPtrArray *fitting, const char *uri)
{
    for (guint i = 0; i < fitting->len; i++) {
        if (strcmp (((Token *)fitting->pdata[i])->uri, uri) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The tokens that the filter allows, each once, whatever number of modules shows it. Elements:
 * Token. */
static GPtrArray *fitting_tokens (const Choosing *choosing, GError **error)
{
    TamgaBridge *bridge = choosing->request->bridge;
    g_autoptr (GPtrArray) fitting = g_ptr_array_new_with_free_func (token_free);
    g_mutex_lock (&bridge->tokens_lock);
    const GPtrArray *tokens =
        tamga_keys_watch_tokens (bridge->tokens, &choosing->request->call, error);
    for (guint i = 0; tokens && i < tokens->len; i++) {
        const TamgaKeyToken *token = tokens->pdata[i];
        const char *storage = tamga_storage_of_token (token);
        if (!token->present || !token->initialized ||
            !listed (choosing->filter->storages, storage) || is_listed (fitting, token->uri))
            continue;
        Token *copy = g_new0 (Token, 1);
        copy->uri = g_strdup (token->uri);
        copy->module = g_strdup (token->module);
        copy->storage = storage;
        g_ptr_array_add (fitting, copy);
    }
    g_mutex_unlock (&bridge->tokens_lock);
    return tokens ? g_steal_pointer (&fitting) : NULL;
}

static gboolean add_tokens (Choosing *choosing, GError **error)
{
    const char *const *storages = choosing->filter->storages;
    gboolean only_files =
        storages && storages[0] && !storages[1] && strcmp (storages[0], TAMGA_STORAGE_FILE) == 0;
    if (only_files)
        return TRUE;
    g_autoptr (GPtrArray) fitting = fitting_tokens (choosing, error);
    for (guint i = 0; fitting && i < fitting->len; i++)
        add_token (choosing, fitting->pdata[i]);
    return fitting != NULL;
}

/* ---- PINs ---------------------------------------------------------------------------------- */

static TamgaPinAnswer ask_pin (const TamgaPinRequest *request, int pin_fd, gpointer data)
{
    (void)pin_fd; /* the prompter has the other end of pin_source */
    TamgaPinAsk *ask = data;
    const TamgaRequestKey *key = ask->key;
    json_t *object = key ? tamga_request_key_json ("chosen", key->storage, key->key, NULL)
                         : json_pack ("{s:n, s:s, s:o}", "key", "store", TAMGA_STORAGE_FILE,
                                      "subject", tamga_json_text (ask->store_name));
    json_t *question = json_pack (
        "{s:s, s:o, s:o, s:b, s:b, s:i}", "ask", "pin", "key", object, "tries_left",
        request->tries_left >= 0 ? json_integer (request->tries_left) : json_null (), "final_try",
        request->final_try, "pinpad", request->pinpad, "attempt", (int)request->attempt);
    json_t *answer =
        tamga_prompter_ask (ask->request->prompter, question, &ask->request->call, NULL);
    const char *word = json_string_value (json_object_get (answer, "answer"));
    gboolean there = g_strcmp0 (word, "pin") == 0;
    json_decref (answer);
    return there ? TAMGA_PIN_GIVEN : TAMGA_PIN_CANCEL;
}

void tamga_request_keys_ui (TamgaRequest *request, const TamgaRequestKey *key, TamgaPinAsk *ask,
                            TamgaKeysUi *ui)
{
    ask->request = request;
    ask->key = key;
    if (key)
        ask->store_name = NULL;
    *ui = (TamgaKeysUi){
        .pin = ask_pin, .data = ask, .pin_source = tamga_prompter_pin_source (request->prompter)};
}

/* ---- Key files ----------------------------------------------------------------------------- */

static char *last_folder_path (void)
{
    return g_build_filename (g_get_user_state_dir (), "tamga", "last-key-folder", NULL);
}

static json_t *last_folder (void)
{
    g_autofree char *path = last_folder_path (), *folder = NULL;
    gboolean there =
        g_file_get_contents (path, &folder, NULL, NULL) && g_file_test (folder, G_FILE_TEST_IS_DIR);
    return there ? tamga_json_text (folder) : json_null ();
}

/* A convenience: that it cannot be kept is no reason to fail. */
static void keep_folder (const char *file)
{
    g_autofree char *path = last_folder_path (), *folder = g_path_get_dirname (file);
    g_autofree char *parent = g_path_get_dirname (path);
    g_mkdir_with_parents (parent, 0700);
    g_file_set_contents_full (path, folder, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
}

static char *ask_file (TamgaRequest *request, GError **error)
{
    json_t *question = json_pack ("{s:s, s:s, s:[s,s], s:o}", "ask", "file", "for", "keystore",
                                  "extensions", "p12", "pfx", "directory", last_folder ());
    json_t *answer = tamga_prompter_ask (request->prompter, question, &request->call, error);
    const char *path = json_string_value (json_object_get (answer, "path"));
    char *file = path && g_path_is_absolute (path) ? g_strdup (path) : NULL;
    if (answer && !file)
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED,
                             "No key file was chosen.");
    json_decref (answer);
    return file;
}

/* The password of the file; after a wrong one the person is asked again. */
static gboolean log_in (TamgaRequest *request, TamgaKeyStore *store, GError **error)
{
    TamgaPinAsk ask = {.store_name = tamga_key_store_name (store)};
    TamgaKeysUi ui;
    tamga_request_keys_ui (request, NULL, &ask, &ui);
    for (guint attempt = 1;; attempt++) {
        g_autoptr (GError) failed = NULL;
        if (tamga_key_store_login (store, &ui, &request->call, &failed))
            return TRUE;
        gboolean wrong = g_error_matches (failed, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN) ||
                         g_error_matches (failed, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_INVALID);
        gboolean again = wrong && attempt < MAX_ATTEMPTS;
        if (again) {
            tamga_request_tell_error (request, failed);
            continue;
        }
        if (g_error_matches (failed, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED))
            g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED,
                                 "No password was given.");
        else
            g_propagate_error (error, g_steal_pointer (&failed));
        return FALSE;
    }
}

/* Opens the file that the person chooses; its keys become the candidates. `*path`: new text. */
static gboolean open_file (Choosing *choosing, char **path, GError **error)
{
    TamgaRequest *request = choosing->request;
    *path = ask_file (request, error);
    if (!*path)
        return FALSE;
    TamgaKeyStore *store = tamga_key_store_open (*path, NULL, &request->call, error);
    if (!store)
        return FALSE;
    g_ptr_array_set_size (choosing->candidates, 0);
    g_ptr_array_add (choosing->stores, store);
    if (!log_in (request, store, error))
        return FALSE;
    g_autoptr (GPtrArray) keys = tamga_key_store_keys (store, &request->call, error);
    if (!keys)
        return FALSE;
    keep_folder (*path);
    add_keys (choosing, store, keys, TAMGA_STORAGE_FILE);
    return TRUE;
}

/* ---- The choice ---------------------------------------------------------------------------- */

json_t *tamga_request_key_json (const char *id, const char *storage, const TamgaKey *key,
                                const char *why)
{
    g_autofree char *subject = NULL, *issuer = NULL, *serial = NULL;
    json_t *not_after = json_null ();
    if (key->certificate) {
        subject = tamga_ossl_name (X509_get_subject_name (key->certificate));
        issuer = tamga_ossl_name (X509_get_issuer_name (key->certificate));
        serial = tamga_ossl_serial (X509_get0_serialNumber (key->certificate));
        not_after = tamga_json_time (tamga_ossl_time (X509_get0_notAfter (key->certificate)));
    }
    return json_pack ("{s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:o}", "key", id, "store", storage,
                      "subject", tamga_json_text (subject ? subject : key->label), "issuer",
                      tamga_json_text (issuer), "serial", tamga_json_text (serial), "not_after",
                      not_after, "usable", why == NULL, "why", tamga_json_text (why));
}

static json_t *key_question (const Choosing *choosing)
{
    json_t *rows = json_array ();
    for (guint i = 0; i < choosing->candidates->len; i++) {
        const Candidate *candidate = choosing->candidates->pdata[i];
        json_array_append_new (rows, tamga_request_key_json (candidate->id, candidate->storage,
                                                             candidate->key, candidate->why));
    }
    if (choosing->files)
        json_array_append_new (rows,
                               json_pack ("{s:s, s:s, s:n, s:n, s:n, s:n, s:b, s:n}", "key",
                                          FILE_ROW, "store", TAMGA_STORAGE_FILE, "subject",
                                          "issuer", "serial", "not_after", "usable", 1, "why"));
    return json_pack ("{s:s, s:o}", "ask", "key", "keys", rows);
}

static const Candidate *only_usable (const Choosing *choosing, guint *count)
{
    const Candidate *found = NULL;
    *count = 0;
    for (guint i = 0; i < choosing->candidates->len; i++) {
        const Candidate *candidate = choosing->candidates->pdata[i];
        if (!candidate->why) {
            found = candidate;
            (*count)++;
        }
    }
    return found;
}

static void set_no_key (const Choosing *choosing, GError **error)
{
    g_autoptr (GString) text =
        g_string_new (choosing->candidates->len > 0
                          ? "No key fits what the site asks for."
                          : "No token or card with a key that the site accepts is plugged in.");
    for (guint i = 0; i < choosing->candidates->len; i++) {
        const Candidate *candidate = choosing->candidates->pdata[i];
        X509 *certificate = candidate->key->certificate;
        g_autofree char *name =
            certificate ? tamga_ossl_short_name (X509_get_subject_name (certificate)) : NULL;
        g_string_append_printf (text, " %s: %s", name ? name : candidate->id, candidate->why);
    }
    g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_NO_KEY, text->str);
}

/* The row that the person chose. `*file`: the one for a key file. */
static const Candidate *ask_key (const Choosing *choosing, gboolean *file, GError **error)
{
    json_t *answer = tamga_prompter_ask (choosing->request->prompter, key_question (choosing),
                                         &choosing->request->call, error);
    const char *id = json_string_value (json_object_get (answer, "key"));
    const Candidate *chosen = NULL;
    *file = choosing->files && g_strcmp0 (id, FILE_ROW) == 0;
    for (guint i = 0; i < choosing->candidates->len; i++) {
        const Candidate *candidate = choosing->candidates->pdata[i];
        if (!candidate->why && g_strcmp0 (id, candidate->id) == 0)
            chosen = candidate;
    }
    if (answer && !chosen && !*file)
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED,
                             "No key was chosen.");
    json_decref (answer);
    return chosen;
}

/* Hands the store of the chosen key on. */
static TamgaRequestKey *take (Choosing *choosing, const Candidate *candidate, char *path)
{
    TamgaRequestKey *key = g_new0 (TamgaRequestKey, 1);
    guint index;
    g_assert (g_ptr_array_find (choosing->stores, candidate->store, &index));
    key->store = g_ptr_array_steal_index (choosing->stores, index);
    key->keys = g_ptr_array_ref (candidate->keys);
    key->key = candidate->key;
    key->storage = candidate->storage;
    key->path = g_strdup (path);
    return key;
}

static TamgaRequestKey *choose (Choosing *choosing, gboolean always, GError **error)
{
    g_autofree char *path = NULL;
    guint usable;
    if (!add_tokens (choosing, error))
        return NULL;
    const Candidate *chosen = only_usable (choosing, &usable);
    gboolean file = choosing->files && choosing->candidates->len == 0;
    if (!file && usable == 0 && !choosing->files) {
        set_no_key (choosing, error);
        return NULL;
    }
    if (!file && (always || usable != 1 || choosing->files) &&
        !(chosen = ask_key (choosing, &file, error)) && !file)
        return NULL;
    if (!file)
        return take (choosing, chosen, NULL);
    choosing->files = FALSE;
    if (!open_file (choosing, &path, error))
        return NULL;
    chosen = only_usable (choosing, &usable);
    if (usable == 0) {
        set_no_key (choosing, error);
        return NULL;
    }
    if ((always || usable != 1) && !(chosen = ask_key (choosing, &file, error)))
        return NULL;
    return take (choosing, chosen, path);
}

TamgaRequestKey *tamga_request_choose_key (TamgaRequest *request, const TamgaKeyFilter *filter,
                                           gboolean always, GError **error)
{
    if (!tamga_request_begin (request, error))
        return NULL;
    Choosing choosing = {.request = request,
                         .filter = filter,
                         .stores = g_ptr_array_new_with_free_func (store_free),
                         .candidates = g_ptr_array_new_with_free_func (candidate_free),
                         .files = listed (filter->storages, TAMGA_STORAGE_FILE)};
    g_autoptr (GError) failed = NULL;
    TamgaRequestKey *key = NULL;
    choosing.profile = tamga_profile_load (request->bridge->config->profile, &failed);
    if (choosing.profile)
        key = choose (&choosing, always, &failed);
    if (failed && !g_error_matches (failed, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED))
        tamga_request_tell_error (request, failed);
    if (failed)
        g_propagate_error (error, g_steal_pointer (&failed));
    g_ptr_array_unref (choosing.candidates);
    g_ptr_array_unref (choosing.stores);
    g_clear_pointer (&choosing.profile, tamga_profile_free);
    return key;
}
