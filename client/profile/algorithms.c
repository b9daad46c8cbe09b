/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of a profile about algorithms, and what is left of the general table under them. */
#include "client/profile/algorithms.h"

#include <string.h>

#define GROUP "algorithms"

static const char *const words[] = {
    [TAMGA_RULE_ACCEPT] = "accept", [TAMGA_RULE_WARN] = "warn", [TAMGA_RULE_REFUSE] = "refuse"};

void tamga_algorithm_rule_free (gpointer data)
{
    g_free (data);
}

const TamgaAlgorithmRule *tamga_profile_rule (const TamgaProfile *profile, const char *name)
{
    for (guint i = 0; profile != NULL && profile->algorithms != NULL && name != NULL &&
                      i < profile->algorithms->len;
         i++) {
        const TamgaAlgorithmRule *rule = profile->algorithms->pdata[i];
        if (g_str_equal (rule->name, name))
            return rule;
    }
    return NULL;
}

/* The name as the table has it; NULL where it has none. Other spellings would make two rules out
 * of one name. */
static const char *table_name (const char *text)
{
    const TamgaDigest *digest = tamga_digest_by_name (text);
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name (text);
    if (digest != NULL)
        return digest->name;
    return algorithm != NULL ? algorithm->name : tamga_key_kind_by_name (text);
}

static gboolean read_date (TamgaAlgorithmRule *rule, const char *text)
{
    const struct {
        const char *prefix;
        gint64 *field, unset;
    } dates[] = {{"since=", &rule->since, G_MININT64}, {"until=", &rule->until, G_MAXINT64}};
    for (gsize i = 0; i < G_N_ELEMENTS (dates); i++) {
        if (g_str_has_prefix (text, dates[i].prefix))
            return *dates[i].field == dates[i].unset &&
                   tamga_keyfile_time (text + strlen (dates[i].prefix), dates[i].field);
    }
    return FALSE;
}

static gboolean read_value (TamgaAlgorithmRule *rule, const char *text)
{
    g_auto (GStrv) parts = g_strsplit (text, ";", -1);
    gsize word = 0;
    while (word < G_N_ELEMENTS (words) && !g_str_equal (words[word], g_strstrip (parts[0])))
        word++;
    gboolean good = word < G_N_ELEMENTS (words);
    rule->word = (TamgaRuleWord)word;
    for (guint i = 1; good && parts[i] != NULL; i++)
        good = read_date (rule, g_strstrip (parts[i]));
    return good && rule->since < rule->until;
}

static gboolean read_rule (TamgaKeyfile *keyfile, const char *key, TamgaProfile *profile,
                           GError **error)
{
    g_autofree char *value = tamga_keyfile_string (keyfile, GROUP, key, error);
    if (value == NULL)
        return FALSE;
    TamgaAlgorithmRule *rule = g_new0 (TamgaAlgorithmRule, 1);
    rule->name = table_name (key);
    rule->since = G_MININT64;
    rule->until = G_MAXINT64;
    gboolean known = rule->name != NULL && g_ascii_strcasecmp (rule->name, key) == 0;
    gboolean twice = known && tamga_profile_rule (profile, rule->name) != NULL;
    gboolean good = known && !twice && read_value (rule, value);
    gboolean split = good && rule->word == TAMGA_RULE_REFUSE && rule->since != G_MININT64 &&
                     rule->until != G_MAXINT64;
    if (!known)
        tamga_keyfile_error (keyfile, GROUP, key, error,
                             "%s is no digest, signature algorithm or kind of key", key);
    else if (twice)
        tamga_keyfile_error (keyfile, GROUP, key, error, "%s has a rule already", rule->name);
    else if (!good)
        tamga_keyfile_error (keyfile, GROUP, key, error,
                             "%s=%s is not accept, warn or refuse, then ;since=YYYY-MM-DD and "
                             ";until=YYYY-MM-DD, where since is before until",
                             key, value);
    else if (split)
        tamga_keyfile_error (keyfile, GROUP, key, error,
                             "%s: refuse goes with since or until, not with both", key);
    if (!good || split) {
        tamga_algorithm_rule_free (rule);
        return FALSE;
    }
    g_ptr_array_add (profile->algorithms, rule);
    return TRUE;
}

gboolean tamga_profile_read_algorithms (TamgaKeyfile *keyfile, TamgaProfile *profile,
                                        GError **error)
{
    g_auto (GStrv) keys = tamga_keyfile_keys (keyfile, GROUP);
    for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
        if (!read_rule (keyfile, keys[i], profile, error))
            return FALSE;
    }
    if (keys != NULL)
        tamga_keyfile_accept_group (keyfile, GROUP);
    return TRUE;
}

static void add_date (GString *text, const char *word, gint64 time)
{
    g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time);
    g_autofree char *day = g_date_time_format (date, "%Y-%m-%d");
    g_string_append_printf (text, " %s %s", word, day);
}

char *tamga_algorithm_rule_text (const TamgaAlgorithmRule *rule)
{
    GString *text = g_string_new (words[rule->word]);
    if (rule->since != G_MININT64)
        add_date (text, "since", rule->since);
    if (rule->until != G_MAXINT64)
        add_date (text, "until", rule->until);
    return g_string_free (text, FALSE);
}

/* accept: what the rule says and nothing else. warn: the general dates unless the rule has some.
 * refuse: what is outside of the refused time keeps the general dates. */
static TamgaSuite suite (const TamgaProfile *profile, const char *name, gint64 since, gint64 until)
{
    const TamgaAlgorithmRule *rule = tamga_profile_rule (profile, name);
    TamgaSuite result = {.name = name, .since = since, .until = until, .rule = rule};
    if (rule == NULL)
        return result;
    gboolean from = rule->since != G_MININT64, to = rule->until != G_MAXINT64;
    switch (rule->word) {
    case TAMGA_RULE_ACCEPT:
        result.since = rule->since;
        result.until = rule->until;
        break;
    case TAMGA_RULE_WARN:
        result.since = from ? rule->since : since;
        result.until = to ? rule->until : until;
        break;
    case TAMGA_RULE_REFUSE:
        result.since = to ? MAX (since, rule->until) : since;
        result.until = from ? MIN (until, rule->since) : to ? until : G_MININT64;
        break;
    }
    return result;
}

TamgaSuite tamga_suite_digest (const TamgaProfile *profile, const TamgaDigest *digest)
{
    return digest != NULL
               ? suite (profile, digest->name, digest->reliance.since, digest->reliance.until)
               : (TamgaSuite){"an unknown digest", G_MININT64, G_MININT64, NULL};
}

TamgaSuite tamga_suite_key (const TamgaProfile *profile, EVP_PKEY *key, TamgaScheme scheme)
{
    const char *kind = key != NULL ? tamga_key_kind (key) : NULL;
    if (kind == NULL)
        return (TamgaSuite){"an unknown kind of key", G_MININT64, G_MININT64, NULL};
    TamgaReliance reliance = tamga_key_reliance (key, scheme);
    return suite (profile, kind, reliance.since, reliance.until);
}

TamgaSuite tamga_suite_algorithm (const TamgaProfile *profile, const TamgaAlgorithm *algorithm)
{
    return suite (profile, algorithm->name, G_MININT64, G_MAXINT64);
}

gboolean tamga_suite_holds (const TamgaSuite *suite, gint64 time)
{
    return suite->since <= time && time < suite->until;
}

gboolean tamga_suite_refused (const TamgaSuite *suite)
{
    return suite->rule != NULL && suite->since >= suite->until;
}
