/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sentences in which a site's request is told: whole sentences, one table for all screens. */
#include <string.h>

#include "bridge/prompters/prompt.h"
#include "formats/ossl.h"

char *tamga_prompt_string (const json_t *object, const char *name)
{
    const char *text = json_string_value (json_object_get (object, name));
    return text ? tamga_text_visible (text) : NULL;
}

/* A longer text: lines are kept and marked, so that none of them looks like one of ours; everything
 * else that is no letter is made visible. */
static char *lines_visible (const char *text)
{
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *visible = tamga_text_visible (g_strchomp (*line));
        g_free (*line);
        *line = g_strconcat ("│ ", visible, NULL);
        g_free (visible);
    }
    return g_strjoinv ("\n", lines);
}

static const struct {
    const char *name, *sentence;
} capabilities[] = {
    {"tokens", N_ ("see which tokens are plugged in")},
    {"certificate", N_ ("read one of your certificates: your name and your numbers are in it")},
    {"sign", N_ ("ask you for signatures; you will see each document before")},
    {"batch", N_ ("ask you for signatures under several documents at once")},
};

char *tamga_prompt_grant_text (const TamgaPrompt *prompt, const json_t *question)
{
    GString *text = g_string_new (prompt->who);
    g_string_append_printf (text, "\n\n%s\n", _ ("wants to:"));
    gsize index;
    json_t *name;
    json_array_foreach (json_object_get (question, "capabilities"), index, name)
    {
        for (gsize i = 0; i < G_N_ELEMENTS (capabilities); i++) {
            if (g_strcmp0 (json_string_value (name), capabilities[i].name) == 0)
                g_string_append_printf (text, "  • %s\n", _ (capabilities[i].sentence));
        }
    }
    g_string_append_printf (text, "\n%s",
                            _ ("Allow it only if you have just opened this site yourself."));
    return g_string_free (text, FALSE);
}

char *tamga_prompt_key_text (const json_t *key)
{
    g_autofree char *subject = tamga_prompt_string (key, "subject");
    g_autofree char *issuer = tamga_prompt_string (key, "issuer");
    g_autofree char *until = tamga_prompt_string (key, "not_after");
    g_autofree char *store = tamga_prompt_string (key, "store");
    g_autofree char *why = tamga_prompt_string (key, "why");
    if (!subject)
        return g_strdup (_ ("A key file…"));
    GString *text = g_string_new (subject);
    if (issuer)
        g_string_append_printf (text, " · %s", issuer);
    if (until)
        g_string_append_printf (text, _ (" · until %.10s"), until);
    g_string_append_printf (text, " · %s", store ? store : "");
    if (why)
        g_string_append_printf (text, " · %s", _ (why));
    return g_string_free (text, FALSE);
}

static void add_document (GString *text, const json_t *document)
{
    g_autofree char *name = tamga_prompt_string (document, "name");
    g_autofree char *type = tamga_prompt_string (document, "type");
    g_autofree char *sha256 = tamga_prompt_string (document, "sha256");
    g_autofree char *digest = tamga_prompt_string (document, "digest");
    g_autofree char *view = tamga_prompt_string (document, "view");
    const char *content = json_string_value (json_object_get (document, "text"));
    json_int_t size = json_integer_value (json_object_get (document, "size"));
    if (name)
        g_string_append_printf (text, _ ("The site calls it: %s\n"), name);
    if (type)
        g_string_append_printf (text, _ ("%s, %lld bytes\n"), type, (long long)size);
    if (sha256)
        g_string_append_printf (text, "SHA-256 %s\n", sha256);
    if (digest)
        g_string_append_printf (text, _ ("Digest %s\n"), digest);
    if (view)
        g_string_append_printf (text, _ ("A copy to look at: %s\n"), view);
    gsize index;
    json_t *page;
    json_array_foreach (json_object_get (document, "pages"), index, page)
    {
        g_autofree char *path = tamga_text_visible (json_string_value (page));
        g_string_append_printf (text, _ ("Picture of page %u: %s\n"), (guint)index + 1, path);
    }
    if (content) {
        g_autofree char *visible = lines_visible (content);
        g_string_append_printf (text, "%s\n", visible);
    }
}

static void add_checks (GString *text, const json_t *checks)
{
    gsize index;
    json_t *check;
    json_array_foreach (checks, index, check)
    {
        g_autofree char *name = tamga_prompt_string (check, "name");
        g_autofree char *result = tamga_prompt_string (check, "result");
        g_autofree char *detail = tamga_prompt_string (check, "text");
        g_string_append_printf (text, "  %s: %s%s%s\n", name ? name : "", result ? _ (result) : "",
                                detail ? " · " : "", detail ? detail : "");
    }
}

char *tamga_prompt_consent_text (const TamgaPrompt *prompt, const json_t *question)
{
    GString *text = g_string_new (prompt->who);
    g_autofree char *format = tamga_prompt_string (question, "format");
    g_autofree char *packaging = tamga_prompt_string (question, "packaging");
    g_autofree char *key = tamga_prompt_key_text (json_object_get (question, "key"));
    guint count = (guint)json_integer_value (json_object_get (question, "count"));
    gboolean timestamp = json_is_true (json_object_get (question, "timestamp"));
    gsize index;
    json_t *item;
    g_string_append_printf (text, "\n%s\n\n",
                            count == 1 ? _ ("asks you to sign this document.")
                                       : _ ("asks you to sign these documents."));
    json_array_foreach (json_object_get (question, "warnings"), index, item)
    {
        g_autofree char *warning = tamga_text_visible (json_string_value (item));
        g_string_append_printf (text, "⚠ %s\n\n", _ (warning));
    }
    json_array_foreach (json_object_get (question, "documents"), index, item)
    {
        if (count > 1)
            g_string_append_printf (text, _ ("Document %u of %u\n"), (guint)index + 1, count);
        add_document (text, item);
        g_string_append_c (text, '\n');
    }
    g_string_append_printf (text, _ ("Signature: %s, %s, %s\n"), format ? format : "",
                            packaging ? _ (packaging) : "",
                            timestamp ? _ ("with a timestamp") : _ ("without a timestamp"));
    g_string_append_printf (text, _ ("Key: %s\n"), key);
    add_checks (text, json_object_get (question, "checks"));
    return g_string_free (text, FALSE);
}

char *tamga_prompt_pin_text (const TamgaPrompt *prompt, const json_t *question)
{
    const json_t *key = json_object_get (question, "key");
    const json_t *tries = json_object_get (question, "tries_left");
    g_autofree char *subject = tamga_prompt_string (key, "subject");
    gboolean file = g_strcmp0 (json_string_value (json_object_get (key, "store")), "PKCS12") == 0;
    GString *text = g_string_new (prompt->who);
    g_string_append_printf (text, "\n%s", subject ? subject : "");
    g_string_append_printf (text, "\n%s",
                            file ? _ ("Password of the key file") : _ ("PIN of the token"));
    if (json_is_integer (tries))
        g_string_append_printf (text, _ (" (%d tries left)"), (int)json_integer_value (tries));
    if (json_is_true (json_object_get (question, "final_try")))
        g_string_append_printf (text, "\n%s",
                                _ ("This is the last try: a wrong PIN locks the token."));
    return g_string_free (text, FALSE);
}
