/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga key list`: the keys that may sign, on a card or in a file. Also what every command does
 * that needs a key: open its store and log in, with another try after a wrong PIN. */
#include <string.h>

#include "client/cli/cli.h"
#include "formats/ossl.h"

gboolean tamga_cli_login (TamgaCli *cli, TamgaKeyStore *store, GError **error)
{
    TamgaKeysUi ui = {.pin = tamga_cli_pin, .data = cli};
    for (;;) {
        g_autoptr (GError) wrong = NULL;
        if (tamga_key_store_login (store, &ui, &cli->call, &wrong))
            return TRUE;
        gboolean again = g_error_matches (wrong, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN) &&
                         !cli->pin_fd && !tamga_call_cancelled (&cli->call);
        if (!again) {
            g_propagate_error (error, g_steal_pointer (&wrong));
            return FALSE;
        }
        tamga_cli_tell (cli, wrong);
    }
}

TamgaKeyStore *tamga_cli_store (TamgaCli *cli, gboolean logged_in, GError **error)
{
    TamgaKeysConfig config = tamga_cli_keys_config (cli);
    g_autoptr (TamgaKeyStore) store = tamga_key_store_open (cli->key, &config, &cli->call, error);
    if (!store || (logged_in && !tamga_cli_login (cli, store, error)))
        return NULL;
    return g_steal_pointer (&store);
}

GPtrArray *tamga_cli_store_keys (TamgaCli *cli, TamgaKeyStore *store, GError **error)
{
    GError *failed = NULL;
    TamgaKeyToken *token = tamga_key_store_token (store, &cli->call, &failed);
    if (failed) {
        g_propagate_error (error, failed);
        return NULL;
    }
    gboolean is_card = token != NULL, hides = token && token->login_required;
    if (token)
        tamga_key_token_free (token);
    /* A card shows its certificates to anyone; a file and a card that hides them want the PIN. */
    g_autoptr (GPtrArray) keys = is_card ? tamga_key_store_keys (store, &cli->call, error) : NULL;
    if (is_card && !keys)
        return NULL;
    if (keys && (keys->len > 0 || !hides))
        return g_steal_pointer (&keys);
    g_clear_pointer (&keys, g_ptr_array_unref);
    return tamga_cli_login (cli, store, error) ? tamga_key_store_keys (store, &cli->call, error)
                                               : NULL;
}

static char *key_kind (const TamgaKey *key)
{
    EVP_PKEY *public_key = key->public_key
                               ? key->public_key
                               : (key->certificate ? X509_get0_pubkey (key->certificate) : NULL);
    if (!public_key)
        return g_strdup ("unknown");
    return tamga_algorithm_key_text (public_key);
}

/* "valid", or why the certificate cannot be used today. */
static const char *certificate_state (X509 *certificate, gint64 now)
{
    if (now < tamga_ossl_time (X509_get0_notBefore (certificate)))
        return "not yet valid";
    return now > tamga_ossl_time (X509_get0_notAfter (certificate)) ? "expired" : "valid";
}

static json_t *certificate_json (X509 *certificate, gint64 now)
{
    if (!certificate)
        return json_null ();
    g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (certificate));
    g_autofree char *issuer = tamga_ossl_name (X509_get_issuer_name (certificate));
    g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (certificate));
    g_autofree char *sha256 = tamga_ossl_fingerprint (certificate);
    return json_pack ("{s:o, s:o, s:s, s:o, s:o, s:s, s:s}", "subject", tamga_json_text (subject),
                      "issuer", tamga_json_text (issuer), "serial", serial, "not_before",
                      tamga_json_time (tamga_ossl_time (X509_get0_notBefore (certificate))),
                      "not_after",
                      tamga_json_time (tamga_ossl_time (X509_get0_notAfter (certificate))), "state",
                      certificate_state (certificate, now), "sha256", sha256);
}

static json_t *key_json (const TamgaKey *key, gint64 now)
{
    g_autofree char *kind = key_kind (key);
    json_t *algorithms = json_array ();
    for (guint i = 0; key->algorithms && i < key->algorithms->len; i++) {
        const TamgaAlgorithm *algorithm = g_ptr_array_index (key->algorithms, i);
        json_array_append_new (algorithms, json_string (algorithm->name));
    }
    return json_pack (
        "{s:o, s:o, s:o, s:s, s:o, s:b, s:b, s:b, s:b, s:o, s:o}", "id", tamga_json_text (key->id),
        "label", tamga_json_text (key->label), "uri", tamga_json_text (key->uri), "store",
        key->store, "kind", tamga_json_text (kind), "on_token", (int)key->on_token,
        "pin_for_each_use", (int)key->always_authenticate, "matched_by_id", (int)key->matched_by_id,
        "may_sign", key->certificate != NULL && tamga_keys_may_sign (key->certificate),
        "algorithms", algorithms, "certificate", certificate_json (key->certificate, now));
}

/* Name and numbers of the person, and of the organisation that the person signs for; the numbers by
 * the profile's names for them where it has any. */
static char *holder_text (X509 *certificate, const TamgaProfile *profile)
{
    g_autoptr (TamgaHolder) holder = tamga_holder_read (certificate);
    g_autoptr (GPtrArray) identifiers = tamga_certificate_identifiers (certificate, profile);
    g_autofree char *numbers = tamga_identifiers_text (identifiers);
    gboolean named = numbers != NULL;
    const char *parts[] = {holder->name,
                           holder->organisation,
                           numbers,
                           named ? NULL : holder->serial_number,
                           named ? NULL : holder->organisation_id,
                           named ? NULL : holder->unit};
    GString *text = g_string_new (NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
        gboolean said = parts[i] == NULL;
        for (gsize j = 0; j < i && !said; j++)
            said = g_strcmp0 (parts[i], parts[j]) == 0;
        if (!said)
            g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", parts[i]);
    }
    return g_string_free (text, FALSE);
}

static void show_certificate (TamgaCli *cli, X509 *certificate, const TamgaProfile *profile,
                              gint64 now)
{
    if (!certificate) {
        g_autofree char *none = tamga_cli_colored (cli, "warn", "none: this key cannot sign yet");
        tamga_cli_line (cli, "holder", "%s", none);
        return;
    }
    g_autofree char *subject = holder_text (certificate, profile);
    g_autofree char *issuer = tamga_ossl_short_name (X509_get_issuer_name (certificate));
    g_autofree char *until = tamga_time_text (tamga_ossl_time (X509_get0_notAfter (certificate)));
    const char *state = certificate_state (certificate, now);
    g_autofree char *colored =
        tamga_cli_colored (cli, strcmp (state, "valid") == 0 ? "good" : "bad", state);
    tamga_cli_line (cli, "holder", "%s", subject);
    tamga_cli_line (cli, "issuer", "%s", issuer);
    tamga_cli_line (cli, "validity", "%s, until %s", colored, until);
    if (!tamga_keys_may_sign (certificate)) {
        g_autofree char *warning =
            tamga_cli_colored (cli, "warn", "not for signing, says its certificate");
        tamga_cli_line (cli, "use", "%s", warning);
    }
}

static void show_key (TamgaCli *cli, const TamgaKey *key, const TamgaProfile *profile, gint64 now)
{
    g_autofree char *kind = key_kind (key);
    g_autofree char *label = tamga_text_visible (key->label ? key->label : "");
    g_autofree char *uri = tamga_text_visible (key->uri ? key->uri : "");
    tamga_cli_line (cli, "Key", "%s%s%s%s", label, *label ? "  " : "", kind,
                    key->always_authenticate ? ", PIN for each use" : "");
    show_certificate (cli, key->certificate, profile, now);
    tamga_cli_line (cli, "uri", "%s", uri);
    if (!cli->verbose || !key->algorithms)
        return;
    g_autoptr (GString) names = g_string_new (NULL);
    for (guint i = 0; i < key->algorithms->len; i++) {
        const TamgaAlgorithm *algorithm = g_ptr_array_index (key->algorithms, i);
        g_string_append_printf (names, "%s%s", i ? ", " : "", algorithm->name);
    }
    tamga_cli_line (cli, "can do", "%s", names->str);
}

static int list_keys (TamgaCli *cli, gboolean login)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaKeyStore) store = tamga_cli_store (cli, login, &error);
    g_autoptr (GPtrArray) keys = NULL;
    if (store)
        keys = login ? tamga_key_store_keys (store, &cli->call, &error)
                     : tamga_cli_store_keys (cli, store, &error);
    if (!keys)
        return tamga_cli_fail (cli, error);
    gint64 now = tamga_cli_now ();
    const TamgaProfile *profile = tamga_cli_profile (cli, NULL); /* keys are listed without, too */
    json_t *list = json_array ();
    for (guint i = 0; i < keys->len; i++) {
        const TamgaKey *key = g_ptr_array_index (keys, i);
        json_array_append_new (list, key_json (key, now));
        if (i > 0)
            tamga_cli_say (cli, "%s", "");
        show_key (cli, key, profile, now);
    }
    json_t *object = json_pack ("{s:o, s:o}", "store",
                                tamga_json_text (tamga_key_store_name (store)), "keys", list);
    if (cli->json)
        tamga_cli_json (cli, object);
    else
        json_decref (object);
    if (keys->len == 0 && !cli->quiet)
        fputs ("There is no key that can sign.\n", stderr);
    return TAMGA_EXIT_DONE;
}

int tamga_cli_key (TamgaCli *cli, int argc, char **argv)
{
    gboolean login = FALSE;
    const GOptionEntry entries[] = {
        {"login", 'l', 0, G_OPTION_ARG_NONE, &login, "Enter the PIN first: shows hidden keys too",
         NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code;
    if (!tamga_cli_parse (cli, &argc, &argv, entries, 1, &code))
        return code;
    if (strcmp (argv[0], "list") != 0)
        return tamga_cli_usage (cli, "tamga key does list, not \"%s\".", argv[0]);
    if (argc > 2 || (argc == 2 && cli->key))
        return tamga_cli_usage (cli, "tamga key list takes one card or key file.");
    if (argc == 2)
        cli->key = g_strdup (argv[1]);
    return list_keys (cli, login);
}
