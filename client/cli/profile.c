/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga profile`: the country rules that are installed, and what one of them says. */
#include <string.h>

#include "client/cli/cli.h"
#include "client/profile/algorithms.h"
#include "formats/ossl.h"

static const char *gate_name (const TamgaProfile *profile)
{
    return profile->gate == TAMGA_GATE_FULL ? "full" : "negative";
}

static json_t *list_json (char **texts)
{
    json_t *array = json_array ();
    for (; texts && *texts; texts++)
        json_array_append_new (array, tamga_json_text (*texts));
    return array;
}

static json_t *services_json (const TamgaProfile *profile)
{
    return json_pack (
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "tsa", list_json (profile->tsa_urls), "ocsp",
        list_json (profile->ocsp_urls), "crl", list_json (profile->crl_urls), "delta_crl",
        list_json (profile->delta_crl_urls), "root_crl", list_json (profile->root_crl_urls),
        "certificates", list_json (profile->certificate_urls), "tsa_policy",
        tamga_json_text (profile->tsa_policy), "tsa_digest", tamga_json_text (profile->tsa_digest));
}

static json_t *algorithms_json (const TamgaProfile *profile)
{
    json_t *object = json_object ();
    for (guint i = 0; i < profile->algorithms->len; i++) {
        const TamgaAlgorithmRule *rule = g_ptr_array_index (profile->algorithms, i);
        g_autofree char *text = tamga_algorithm_rule_text (rule);
        json_object_set_new (object, rule->name, json_string (text));
    }
    return object;
}

static json_t *identifiers_json (const TamgaProfile *profile)
{
    json_t *array = json_array ();
    for (guint i = 0; i < profile->identifiers->len; i++) {
        const TamgaIdentifierRule *rule = g_ptr_array_index (profile->identifiers, i);
        json_array_append_new (array, json_pack ("{s:s, s:o, s:o, s:i}", "oid", rule->oid, "prefix",
                                                 tamga_json_text (rule->prefix), "name",
                                                 tamga_json_text (rule->label), "digits",
                                                 (int)rule->digits));
    }
    return array;
}

static json_t *timestamps_json (const TamgaProfile *profile)
{
    json_t *object = json_object ();
    for (guint i = 0; i < profile->timestamps->len; i++) {
        const TamgaTimestampRule *rule = g_ptr_array_index (profile->timestamps, i);
        json_object_set_new (
            object, rule->kind,
            json_pack ("{s:o, s:o}", "policy", tamga_json_text (rule->policy), "digest",
                       tamga_json_text (rule->digest ? rule->digest->name : NULL)));
    }
    return object;
}

static json_t *profile_json (const TamgaProfile *profile)
{
    json_t *reminders = json_array (), *foreign = json_array (), *names = json_object ();
    for (gsize i = 0; i < profile->n_reminder_days; i++)
        json_array_append_new (reminders, json_integer (profile->reminder_days[i]));
    for (guint i = 0; profile->foreign && i < profile->foreign->len; i++) {
        const TamgaForeignLicence *licence = g_ptr_array_index (profile->foreign, i);
        json_array_append_new (foreign,
                               json_pack ("{s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                                          tamga_json_text (licence->name), "issuer_sha256",
                                          tamga_json_text (licence->issuer_sha256), "licence",
                                          tamga_json_text (licence->licence), "scope",
                                          tamga_json_text (licence->scope), "valid_from",
                                          tamga_json_time (licence->valid_from), "valid_until",
                                          tamga_json_time (licence->valid_until)));
    }
    for (guint i = 0; profile->oid_names && i < profile->oid_names->len; i++) {
        const TamgaOidName *name = g_ptr_array_index (profile->oid_names, i);
        json_object_set_new (names, name->oid, tamga_json_text (name->name));
    }
    return json_pack (
        "{s:o, s:o, s:o, s:o, s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:s, s:i, s:i, s:o, "
        "s:o, s:o, "
        "s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
        "name", tamga_json_text (profile->name), "title", tamga_json_text (profile->title),
        "country", tamga_json_text (profile->country), "path", tamga_json_text (profile->path),
        "version", (int)profile->version, "gate", gate_name (profile), "default_level",
        tamga_level_name (profile->default_level), "minimum_level",
        tamga_level_name (profile->minimum_level), "format_xml", profile->format_xml,
        "format_other", profile->format_other, "timestamp_mandatory",
        (int)profile->timestamp_mandatory, "procedure", (int)profile->procedure,
        "cascade_root_revocation", (int)profile->cascade_root_revocation, "effect",
        profile->effect == TAMGA_EFFECT_THIS_UPDATE ? "this-update" : "revocation-time",
        "max_status_age", (int)profile->max_status_age, "clock_tolerance",
        (int)profile->clock_tolerance, "services", services_json (profile), "anchors",
        list_json (profile->anchors), "stores", list_json (profile->key_stores), "reminder_days",
        reminders, "renewal", tamga_json_text (profile->renewal), "foreign", foreign, "oid_names",
        names, "algorithms", algorithms_json (profile), "identifiers", identifiers_json (profile),
        "timestamps", timestamps_json (profile), "trusted_lists",
        list_json (profile->trusted_lists), "accept_unnamed_certificate",
        (int)profile->accept_unnamed_certificate);
}

static void show_texts (TamgaCli *cli, const char *label, char **texts)
{
    for (; texts && *texts; texts++) {
        g_autofree char *visible = tamga_text_visible (*texts);
        tamga_cli_line (cli, label, "%s", visible);
        label = "";
    }
}

static void show_rules (TamgaCli *cli, const TamgaProfile *profile)
{
    tamga_cli_line (cli, "signing", "%s",
                    profile->gate == TAMGA_GATE_FULL
                        ? "every status answer must be good, or nothing is signed (gate full)"
                        : "a bad status answer refuses; a missing one is tolerated at level B "
                          "(gate negative)");
    tamga_cli_line (cli, "level", "%s where none is given, %s at least%s",
                    tamga_level_name (profile->default_level),
                    tamga_level_name (profile->minimum_level),
                    profile->timestamp_mandatory ? ", a timestamp is mandatory" : "");
    tamga_cli_line (cli, "format", "%s for XML, %s for what is neither XML nor PDF",
                    profile->format_xml, profile->format_other);
    if (profile->accept_unnamed_certificate)
        tamga_cli_line (cli, "verifying", "a signature need not say which certificate made it");
    tamga_cli_line (cli, "status", "an answer older than %u min is not fresh; clock within %u s",
                    profile->max_status_age / 60, profile->clock_tolerance);
    if (profile->n_reminder_days == 0)
        return;
    g_autoptr (GString) days = g_string_new (NULL);
    for (gsize i = 0; i < profile->n_reminder_days; i++)
        g_string_append_printf (days, "%s%u", i ? ", " : "", profile->reminder_days[i]);
    tamga_cli_line (cli, "reminders", "%s days before the end", days->str);
}

static void show_algorithms (TamgaCli *cli, const TamgaProfile *profile)
{
    for (guint i = 0; i < profile->algorithms->len; i++) {
        const TamgaAlgorithmRule *rule = g_ptr_array_index (profile->algorithms, i);
        g_autofree char *text = tamga_algorithm_rule_text (rule);
        tamga_cli_line (cli, i == 0 ? "algorithm" : "", "%s: %s", rule->name, text);
    }
}

static void show_timestamps (TamgaCli *cli, const TamgaProfile *profile)
{
    for (guint i = 0; i < profile->timestamps->len; i++) {
        const TamgaTimestampRule *rule = g_ptr_array_index (profile->timestamps, i);
        tamga_cli_line (cli, "", "with a %s key: %s%s%s", rule->kind,
                        rule->digest ? rule->digest->name : profile->tsa_digest,
                        rule->policy ? ", policy " : "", rule->policy ? rule->policy : "");
    }
}

static void show_identifiers (TamgaCli *cli, const TamgaProfile *profile)
{
    for (guint i = 0; i < profile->identifiers->len; i++) {
        const TamgaIdentifierRule *rule = g_ptr_array_index (profile->identifiers, i);
        g_autofree char *label = tamga_text_visible (rule->label);
        g_autofree char *prefix = tamga_text_visible (rule->prefix ? rule->prefix : "");
        tamga_cli_line (cli, i == 0 ? "numbers" : "", "%s: %s%s%s", label, rule->oid,
                        rule->prefix ? ", after " : "", prefix);
    }
}

static void show_profile (TamgaCli *cli, const TamgaProfile *profile)
{
    g_autofree char *title = tamga_text_visible (profile->title ? profile->title : "");
    g_autofree char *path = tamga_text_visible (profile->path ? profile->path : "");
    tamga_cli_line (cli, "Profile", "%s · %s", profile->name, title);
    show_rules (cli, profile);
    show_texts (cli, "timestamp", profile->tsa_urls);
    show_timestamps (cli, profile);
    show_texts (cli, "OCSP", profile->ocsp_urls);
    show_texts (cli, "CRL", profile->crl_urls);
    show_texts (cli, "delta CRL", profile->delta_crl_urls);
    show_texts (cli, "root CRL", profile->root_crl_urls);
    show_texts (cli, "CA certs", profile->certificate_urls);
    show_texts (cli, "roots", profile->anchors);
    show_texts (cli, "lists", profile->trusted_lists);
    show_texts (cli, "keys", profile->key_stores);
    show_identifiers (cli, profile);
    show_algorithms (cli, profile);
    if (profile->renewal) {
        g_autofree char *renewal = tamga_text_visible (profile->renewal);
        tamga_cli_line (cli, "renewal", "%s", renewal);
    }
    if (profile->foreign && profile->foreign->len > 0)
        tamga_cli_line (cli, "foreign", "%u licensed %s", profile->foreign->len,
                        profile->foreign->len == 1 ? "provider" : "providers");
    tamga_cli_line (cli, "file", "%s (version %u)", path, profile->version);
}

/* One that does not load is shown with its error: it must not vanish from the list. */
static int list (TamgaCli *cli)
{
    g_auto (GStrv) names = tamga_profile_names ();
    json_t *array = json_array ();
    int code = TAMGA_EXIT_DONE;
    for (char **name = names; name && *name; name++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaProfile) profile = tamga_profile_load (*name, &error);
        if (!profile) {
            code = (int)tamga_failure_exit_code (error);
            g_autofree char *why = tamga_text_visible (error->message);
            g_autofree char *bad = tamga_cli_colored (cli, "bad", "cannot be used");
            tamga_cli_line (cli, *name, "%s: %s", bad, why);
            json_array_append_new (
                array, json_pack ("{s:s, s:o}", "name", *name, "problem", tamga_json_text (why)));
            continue;
        }
        g_autofree char *title = tamga_text_visible (profile->title ? profile->title : "");
        tamga_cli_line (cli, profile->name, "%s", title);
        json_array_append_new (
            array, json_pack ("{s:o, s:o, s:s, s:o}", "name", tamga_json_text (profile->name),
                              "title", tamga_json_text (profile->title), "gate",
                              gate_name (profile), "path", tamga_json_text (profile->path)));
    }
    json_t *object = json_pack ("{s:o}", "profiles", array);
    if (cli->json)
        tamga_cli_json (cli, object);
    else
        json_decref (object);
    return code;
}

static int show (TamgaCli *cli, const char *name)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaProfile) named = name ? tamga_profile_load (name, &error) : NULL;
    const TamgaProfile *profile = name ? named : tamga_cli_profile (cli, &error);
    if (!profile)
        return tamga_cli_fail (cli, error);
    show_profile (cli, profile);
    if (cli->json)
        tamga_cli_json (cli, profile_json (profile));
    return TAMGA_EXIT_DONE;
}

int tamga_cli_profile_command (TamgaCli *cli, int argc, char **argv)
{
    int code;
    if (!tamga_cli_parse (cli, &argc, &argv, NULL, 1, &code))
        return code;
    if (strcmp (argv[0], "list") == 0 && argc == 1)
        return list (cli);
    if (strcmp (argv[0], "show") == 0 && argc <= 2)
        return show (cli, argc > 1 ? argv[1] : NULL);
    return tamga_cli_usage (cli, "tamga profile does list or show NAME, not \"%s\".", argv[0]);
}
