/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga token`: the cards and tokens that are plugged in, their facts, their PIN. */
#include <string.h>

#include "client/cli/cli.h"
#include "formats/ossl.h"

static const char *card_name (const TamgaKeyToken *token)
{
    if (!token->initialized)
        return "(not set up)";
    return token->label && *token->label ? token->label : "(without a name)";
}

static const char *pin_state (const TamgaKeyToken *token)
{
    if (!token->initialized)
        return "not set";
    if (token->pin_locked || token->tries_left == 0)
        return "locked";
    if (!token->pin_initialized)
        return "not set";
    if (token->pin_final_try || token->tries_left == 1)
        return "last try";
    if (token->pin_to_be_changed)
        return "to be changed";
    if (token->pin_count_low)
        return "wrong PIN entered before";
    return "ok";
}

json_t *tamga_cli_token_json (const TamgaKeyToken *token)
{
    if (token->problem)
        return json_pack ("{s:o, s:o, s:o}", "module", tamga_json_text (token->module),
                          "module_name", tamga_json_text (token->module_name), "problem",
                          tamga_json_text (token->problem));
    json_t *pin = json_pack (
        "{s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:o, s:I, s:I}", "state", pin_state (token), "set",
        (int)token->pin_initialized, "count_low", (int)token->pin_count_low, "final_try",
        (int)token->pin_final_try, "locked", (int)token->pin_locked, "to_be_changed",
        (int)token->pin_to_be_changed, "pinpad", (int)token->pinpad, "tries_left",
        token->tries_left < 0 ? json_null () : json_integer (token->tries_left), "min",
        (json_int_t)token->pin_min, "max", (json_int_t)token->pin_max);
    return json_pack (
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:b, s:b, s:o}", "label",
        tamga_json_text (token->label), "uri", tamga_json_text (token->uri), "reader",
        tamga_json_text (token->reader), "manufacturer", tamga_json_text (token->manufacturer),
        "model", tamga_json_text (token->model), "serial", tamga_json_text (token->serial),
        "module", tamga_json_text (token->module), "module_name",
        tamga_json_text (token->module_name), "slot", (json_int_t)token->slot, "initialized",
        (int)token->initialized, "login_required", (int)token->login_required, "write_protected",
        (int)token->write_protected, "pin", pin);
}

char *tamga_cli_pin_text (const TamgaKeyToken *token)
{
    const char *state = pin_state (token);
    if (token->tries_left > 0)
        return g_strdup_printf ("%s, %d %s left", state, token->tries_left,
                                token->tries_left == 1 ? "try" : "tries");
    return g_strdup (state);
}

static const char *pin_tone (const TamgaKeyToken *token)
{
    const char *state = pin_state (token);
    if (strcmp (state, "ok") == 0)
        return "good";
    return strcmp (state, "locked") == 0 || strcmp (state, "last try") == 0 ? "bad" : "warn";
}

static void show_pin (TamgaCli *cli, const TamgaKeyToken *token)
{
    g_autofree char *text = tamga_cli_pin_text (token);
    g_autofree char *colored = tamga_cli_colored (cli, pin_tone (token), text);
    tamga_cli_line (cli, "PIN", "%s%s", colored, token->pinpad ? ", typed on the reader" : "");
}

static void show_text (TamgaCli *cli, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    g_autofree char *visible = tamga_text_visible (text);
    tamga_cli_line (cli, label, "%s", visible);
}

static void show_problem (const TamgaKeyToken *token)
{
    g_autofree char *name = tamga_text_visible (token->module_name ? token->module_name : "?");
    g_autofree char *problem = tamga_text_visible (token->problem);
    fprintf (stderr, "Driver %s could not be asked: %s\n", name, problem);
}

static void show_token (TamgaCli *cli, const TamgaKeyToken *token)
{
    show_text (cli, "Card", card_name (token));
    show_text (cli, "reader", token->reader);
    if (!token->initialized)
        return;
    show_pin (cli, token);
    show_text (cli, "key", token->uri);
}

static void show_facts (TamgaCli *cli, const TamgaKeyToken *token)
{
    show_text (cli, "Card", card_name (token));
    show_text (cli, "reader", token->reader);
    show_text (cli, "maker", token->manufacturer);
    show_text (cli, "model", token->model);
    show_text (cli, "serial", token->serial);
    show_pin (cli, token);
    if (token->pin_max > 0)
        tamga_cli_line (cli, "length", "%lu to %lu characters", token->pin_min, token->pin_max);
    tamga_cli_line (cli, "writing", "%s", token->write_protected ? "protected" : "allowed");
    tamga_cli_line (cli, "login", "%s", token->login_required ? "needed" : "not needed");
    g_autofree char *module = g_strdup_printf ("%s (%s)", token->module, token->module_name);
    show_text (cli, "driver", module);
    show_text (cli, "key", token->uri);
}

/* Cards and drivers without one; answers the exit code. */
static int list_tokens (TamgaCli *cli, void (*show) (TamgaCli *, const TamgaKeyToken *))
{
    g_autoptr (GError) error = NULL;
    TamgaKeysConfig config = tamga_cli_keys_config (cli);
    g_autoptr (GPtrArray) tokens = tamga_keys_tokens (&config, &cli->call, &error);
    if (!tokens)
        return tamga_cli_fail (cli, error);
    json_t *list = json_array (), *problems = json_array ();
    guint shown = 0, failed = 0;
    for (guint i = 0; i < tokens->len; i++) {
        const TamgaKeyToken *token = g_ptr_array_index (tokens, i);
        if (!token->problem && !token->present)
            continue;
        json_array_append_new (token->problem ? problems : list, tamga_cli_token_json (token));
        if (token->problem) {
            show_problem (token);
            failed++;
            continue;
        }
        if (shown++ > 0)
            tamga_cli_say (cli, "%s", "");
        show (cli, token);
    }
    json_t *object = json_pack ("{s:o, s:o}", "tokens", list, "problems", problems);
    if (cli->json)
        tamga_cli_json (cli, object);
    else
        json_decref (object);
    if (shown == 0 && failed == 0 && !cli->quiet)
        fputs ("No card or token is plugged in.\n"
               "Next: put the card into the reader; tamga doctor finds out what is missing.\n",
               stderr);
    else if (failed > 0)
        fputs ("Next: tamga doctor says how to mend drivers.\n", stderr);
    return shown == 0 && failed > 0 ? TAMGA_EXIT_KEY : TAMGA_EXIT_DONE;
}

static int token_info (TamgaCli *cli, const char *reference)
{
    if (!reference)
        return list_tokens (cli, show_facts);
    g_autoptr (GError) error = NULL;
    TamgaKeysConfig config = tamga_cli_keys_config (cli);
    g_autoptr (TamgaKeyStore) store = tamga_key_store_open (reference, &config, &cli->call, &error);
    TamgaKeyToken *token = store ? tamga_key_store_token (store, &cli->call, &error) : NULL;
    if (!token && !error)
        return tamga_cli_usage (cli, "%s is a key file, not a card.", reference);
    if (!token)
        return tamga_cli_fail (cli, error);
    show_facts (cli, token);
    if (cli->json)
        tamga_cli_json (cli, json_pack ("{s:o}", "token", tamga_cli_token_json (token)));
    tamga_key_token_free (token);
    return TAMGA_EXIT_DONE;
}

typedef struct {
    TamgaCli *cli;
    guint asked;
} NewPin;

static TamgaPinAnswer ask_new_pin (const TamgaPinRequest *request, int pin_fd, gpointer data)
{
    NewPin *pin = data;
    const char *title = pin->asked++ % 2 == 0 ? "New PIN" : "New PIN again";
    return tamga_cli_pin_titled (pin->cli, title, request, pin_fd);
}

static int change_pin (TamgaCli *cli, const char *reference)
{
    g_autoptr (GError) error = NULL;
    TamgaKeysConfig config = tamga_cli_keys_config (cli);
    g_autoptr (TamgaKeyStore) store = tamga_key_store_open (reference, &config, &cli->call, &error);
    if (!store)
        return tamga_cli_fail (cli, error);
    g_autofree char *name = tamga_text_visible (tamga_key_store_name (store));
    tamga_cli_line (cli, "Card", "%s", name);
    NewPin new_pin = {.cli = cli};
    TamgaKeysUi old_ui = {.pin = tamga_cli_pin, .data = cli};
    TamgaKeysUi new_ui = {.pin = ask_new_pin, .data = &new_pin};
    if (!tamga_key_store_change_pin (store, &old_ui, &new_ui, &cli->call, &error)) {
        int code = tamga_cli_fail (cli, error);
        if (!cli->quiet)
            fputs ("The PIN is what it was.\n", stderr);
        return code;
    }
    if (cli->json)
        tamga_cli_json (
            cli, json_pack ("{s:o, s:b}", "token", tamga_json_text (name), "pin_changed", 1));
    tamga_cli_line (cli, "Changed", "The PIN is the new one from now on.");
    return TAMGA_EXIT_DONE;
}

int tamga_cli_token (TamgaCli *cli, int argc, char **argv)
{
    int code;
    if (!tamga_cli_parse (cli, &argc, &argv, NULL, 1, &code))
        return code;
    const char *action = argv[0];
    const char *reference = argc > 1 ? argv[1] : cli->key;
    if (argc > 2)
        return tamga_cli_usage (cli, "tamga token %s takes one card at most.", action);
    if (strcmp (action, "list") == 0 && argc == 1)
        return list_tokens (cli, show_token);
    if (strcmp (action, "info") == 0)
        return token_info (cli, reference);
    if (strcmp (action, "pin") == 0)
        return change_pin (cli, reference);
    return tamga_cli_usage (cli, "tamga token does list, info or pin, not \"%s\".", action);
}
