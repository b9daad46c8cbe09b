/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of `tamga sign`. */
#include "client/cli/sign_options.h"

#include <string.h>

#include "client/cli/password.h"
#include "formats/limits.h"
#include "formats/ossl.h"

#define STRING(name, letter, where, help, value)                                                   \
    {                                                                                              \
        name, letter, 0, G_OPTION_ARG_STRING, where, help, value                                   \
    }
#define STRINGS(name, where, help, value)                                                          \
    {                                                                                              \
        name, 0, 0, G_OPTION_ARG_STRING_ARRAY, where, help, value                                  \
    }
#define FILENAME(name, letter, where, help)                                                        \
    {                                                                                              \
        name, letter, 0, G_OPTION_ARG_FILENAME, where, help, "FILE"                                \
    }
#define FLAG(name, letter, where, help)                                                            \
    {                                                                                              \
        name, letter, 0, G_OPTION_ARG_NONE, where, help, NULL                                      \
    }

GOptionEntry *tamga_cli_sign_entries (TamgaCliSign *o)
{
    const GOptionEntry entries[] = {
        TAMGA_CLI_HEADING ("What is signed, and where it goes"),
        FILENAME ("out", 'o', &o->output,
                  "The new file (a folder for several, - for standard output)"),
        FLAG ("force", 'f', &o->force, "Replace the output where it exists"),
        FLAG ("together", 0, &o->together, "One signature over all files, in a container"),
        FLAG ("each", 0, &o->each, "A signature for each file"),
        STRING ("format", 0, &o->format,
                "pades, cades, xades, jades, asic-e-xades, ... (by the content)", "NAME"),
        STRING ("packaging", 0, &o->packaging,
                "attached, detached, enveloped or enveloping (the format's usual)", "WAY"),
        FLAG ("detached", 'd', &o->detached, "The same as --packaging detached"),
        {"document", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->documents,
         "What a detached signature signs that gets one more signer", "FILE"},
        STRING ("countersign", 0, &o->countersign,
                "Sign this signature of the file instead of the document", "SIGNATURE"),
        TAMGA_CLI_PASSWORD_OPTION (&o->password_fd),
        TAMGA_CLI_HEADING ("Level, timestamps and algorithms"),
        STRING ("level", 'l', &o->level, "B, T, LT or LTA (the profile's)", "LEVEL"),
        STRINGS ("tsa", &o->tsa, "Timestamp service; several are tried in turn", "URL"),
        FLAG ("content-timestamp", 0, &o->content_timestamp,
              "Prove that the content existed before the signature"),
        STRING ("digest", 0, &o->digest, "SHA-256, SHA-384 or SHA-512", "NAME"),
        STRING ("scheme", 0, &o->scheme, "RSA: PKCS1 or PSS", "NAME"),
        TAMGA_CLI_HEADING ("What the signer states"),
        STRINGS ("commitment", &o->commitments,
                 "proof-of-origin, -receipt, -delivery, -sender, -approval, -creation, or an OID",
                 "NAME"),
        STRINGS ("role", &o->roles, "Claimed role of the signer", "TEXT"),
        STRING ("city", 0, &o->city, "Where it is signed: the town,", "TEXT"),
        STRING ("province", 0, &o->province, "  the province,", "TEXT"),
        STRING ("postal-code", 0, &o->postal_code, "  the postal code,", "TEXT"),
        STRING ("country", 0, &o->country, "  the country in two letters", "CODE"),
        STRING ("policy", 0, &o->policy, "Signature policy, with --policy-file", "OID"),
        FILENAME ("policy-file", 0, &o->policy_file, "The policy document, whose digest is signed"),
        STRING ("policy-uri", 0, &o->policy_uri, "Where the policy document can be had", "URI"),
        TAMGA_CLI_HEADING ("PDF"),
        STRING ("reason", 0, &o->reason, "Why it is signed", "TEXT"),
        STRING ("location", 0, &o->location, "Where it is signed", "TEXT"),
        STRING ("contact", 0, &o->contact, "How to reach the signer", "TEXT"),
        STRING ("visible", 0, &o->visible, "Show it on a page; points from the upper left corner",
                "PAGE,X,Y,W,H"),
        STRING ("text", 0, &o->text, "Text of the visible signature", "TEXT"),
        FILENAME ("image", 0, &o->image, "PNG of the visible signature"),
        STRING ("field", 0, &o->field, "Signature field to use", "NAME"),
        {"certify", 0, 0, G_OPTION_ARG_INT, &o->certify,
         "Certify, allowing 1 no changes, 2 forms, 3 forms and comments", "1..3"},
        {"contents-size", 0, 0, G_OPTION_ARG_INT, &o->contents_size,
         "Bytes reserved for the signature", "N"},
        TAMGA_CLI_HEADING ("XML and JSON"),
        STRING ("xml-parent", 0, &o->xml_parent,
                "Element that gets the signature: a path such as /a/b[2], or #id", "PATH"),
        STRINGS ("xml-element", &o->xml_elements, "Sign this element only: a path or #id", "PATH"),
        STRING ("c14n", 0, &o->c14n, "Canonicalization, a short name or URI", "NAME"),
        STRING ("xml-layout", 0, &o->xml_layout, "White space: compact, lf or crlf", "NAME"),
        STRING ("serialization", 0, &o->serialization, "JSON: flattened, general or compact",
                "NAME"),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    return g_memdup2 (entries, sizeof entries);
}

static gboolean wrong (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean wrong (GError **error, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
    return FALSE;
}

/* A word of a list to its index; NULL leaves `value`. */
static gboolean read_word (const char *option, const char *word, const char *const *words,
                           int *value, GError **error)
{
    if (!word)
        return TRUE;
    for (int i = 0; words[i]; i++) {
        if (g_ascii_strcasecmp (word, words[i]) == 0) {
            *value = i;
            return TRUE;
        }
    }
    g_autofree char *list = g_strjoinv (", ", (char **)words);
    return wrong (error, "%s takes %s, not \"%s\"", option, list, word);
}

static gboolean read_words (TamgaCliSign *o, GError **error)
{
    static const char *const packagings[] = {"attached", "detached", "enveloped", "enveloping",
                                             NULL};
    static const char *const layouts[] = {"compact", "lf", "crlf", NULL};
    static const char *const serializations[] = {"flattened", "general", "compact", NULL};
    static const char *const schemes[] = {"PKCS1", "PSS", NULL};
    TamgaSignOptions *options = &o->options;
    int packaging = o->detached ? TAMGA_PACKAGING_DETACHED : TAMGA_PACKAGING_DEFAULT;
    int layout = TAMGA_LAYOUT_COMPACT, serialization = TAMGA_JOSE_FLATTENED, scheme = -1;
    if (!read_word ("--packaging", o->packaging, packagings, &packaging, error) ||
        !read_word ("--xml-layout", o->xml_layout, layouts, &layout, error) ||
        !read_word ("--serialization", o->serialization, serializations, &serialization, error) ||
        !read_word ("--scheme", o->scheme, schemes, &scheme, error))
        return FALSE;
    if (o->detached && packaging != TAMGA_PACKAGING_DETACHED)
        return wrong (error, "--detached and --packaging %s contradict each other", o->packaging);
    options->packaging = (TamgaPackaging)packaging;
    options->scheme = scheme >= 0 ? schemes[scheme] : NULL;
    options->xml = (TamgaXmlParameters){.c14n = o->c14n,
                                        .parent = o->xml_parent,
                                        .elements = (const char *const *)o->xml_elements,
                                        .layout = (TamgaLayout)layout};
    options->jose = (TamgaJoseSerialization)serialization;
    return TRUE;
}

static gboolean wrong_format (const char *name, GError **error)
{
    g_autoptr (GString) known = g_string_new (NULL);
    for (gsize i = 0; tamga_formats[i]; i++) {
        if (tamga_formats[i]->prepare)
            g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "",
                                    tamga_formats[i]->name);
    }
    return wrong (error, "--format takes %s, not \"%s\"", known->str, name);
}

static gboolean read_names (TamgaCliSign *o, GError **error)
{
    TamgaSignOptions *options = &o->options;
    if (o->format && !(options->format = tamga_format_by_name (o->format)))
        return wrong_format (o->format, error);
    options->level_given = o->level != NULL;
    if (o->level && !tamga_level_from_name (o->level, &options->level))
        return wrong (error, "--level takes B, T, LT or LTA, not \"%s\"", o->level);
    if (o->digest &&
        (!(options->digest = tamga_digest_by_name (o->digest)) || options->digest->weak))
        return wrong (error, "--digest does not take \"%s\"", o->digest);
    if (o->certify < 0 || o->certify > 3)
        return wrong (error, "--certify does not take \"a number other than 1, 2 and 3\"");
    if (o->together && o->each)
        return wrong (error, "--together and --each contradict each other");
    return TRUE;
}

/* "2" is "signature 2". */
static void read_countersigned (TamgaCliSign *o)
{
    guint64 number;
    if (!o->countersign)
        return;
    gboolean only = g_ascii_string_to_unsigned (o->countersign, 10, 1, G_MAXUINT, &number, NULL);
    o->countersigned = g_strconcat (only ? "signature " : "", o->countersign, NULL);
    o->options.countersigned = o->countersigned;
}

/* "1,50,700,200,60": page and box. */
static gboolean read_visible (TamgaCliSign *o, GError **error)
{
    if (!o->visible)
        return TRUE;
    g_auto (GStrv) parts = g_strsplit (o->visible, ",", -1);
    double numbers[5];
    gboolean good = g_strv_length (parts) == 5;
    for (int i = 0; good && i < 5; i++) {
        char *end = NULL;
        numbers[i] = g_ascii_strtod (parts[i], &end);
        good = end != parts[i] && *end == '\0' && numbers[i] >= 0 && numbers[i] < 100000;
    }
    if (!good || numbers[0] < 1 || numbers[0] != (guint)numbers[0])
        return wrong (error,
                      "--visible takes PAGE,X,Y,WIDTH,HEIGHT in points from the upper left corner, "
                      "not \"%s\"",
                      o->visible);
    TamgaVisible *visible = o->visible_value = g_new0 (TamgaVisible, 1);
    *visible = (TamgaVisible){.page = (guint)numbers[0],
                              .x = numbers[1],
                              .y = numbers[2],
                              .width = numbers[3],
                              .height = numbers[4],
                              .text = g_strdup (o->text)};
    o->options.visible = visible;
    if (!o->image)
        return TRUE;
    g_autoptr (TamgaDocument) image = tamga_document_open (o->image, error);
    if (image)
        visible->image = tamga_document_bytes (image, 0, tamga_document_size (image),
                                               TAMGA_MAX_IMAGE_SIZE, error);
    return visible->image != NULL;
}

/* TS 119 172-1 annex B. */
static const struct {
    const char *name, *oid;
} commitments[] = {
    {"proof-of-origin", "1.2.840.113549.1.9.16.6.1"},
    {"proof-of-receipt", "1.2.840.113549.1.9.16.6.2"},
    {"proof-of-delivery", "1.2.840.113549.1.9.16.6.3"},
    {"proof-of-sender", "1.2.840.113549.1.9.16.6.4"},
    {"proof-of-approval", "1.2.840.113549.1.9.16.6.5"},
    {"proof-of-creation", "1.2.840.113549.1.9.16.6.6"},
};

static gboolean read_commitments (TamgaCliSign *o, GError **error)
{
    g_autoptr (GStrvBuilder) oids = g_strv_builder_new ();
    for (char **name = o->commitments; name && *name; name++) {
        const char *oid = NULL;
        for (gsize i = 0; i < G_N_ELEMENTS (commitments); i++) {
            if (g_ascii_strcasecmp (*name, commitments[i].name) == 0)
                oid = commitments[i].oid;
        }
        g_autoptr (ASN1_OBJECT) object = oid ? NULL : OBJ_txt2obj (*name, 1);
        if (!oid && !object)
            return wrong (error,
                          "--commitment takes proof-of-origin and the like, or an OID, not "
                          "\"%s\"",
                          *name);
        g_strv_builder_add (oids, oid ? oid : *name);
    }
    o->commitment_oids = g_strv_builder_end (oids);
    return TRUE;
}

static gboolean read_policy (TamgaCliSign *o, GError **error)
{
    if (!o->policy != !o->policy_file || (o->policy_uri && !o->policy))
        return wrong (error, "A signature policy needs both --policy and --policy-file");
    if (!o->policy)
        return TRUE;
    g_autoptr (TamgaDocument) document = tamga_document_open (o->policy_file, error);
    const TamgaDigest *digest =
        o->options.digest ? o->options.digest : tamga_digest_by_name ("SHA-256");
    if (document)
        o->policy_digest = tamga_document_digest (document, digest, NULL, 0, NULL, NULL, error);
    o->policy_value = (TamgaPolicy){
        .id = o->policy, .digest = digest, .value = o->policy_digest, .uri = o->policy_uri};
    return o->policy_digest != NULL;
}

static gboolean read_claims (TamgaCliSign *o, GError **error)
{
    if (!read_commitments (o, error) || !read_policy (o, error))
        return FALSE;
    if (o->country && (strlen (o->country) != 2 || !g_ascii_isalpha (o->country[0]) ||
                       !g_ascii_isalpha (o->country[1])))
        return wrong (error, "--country takes two letters such as KG, not \"%s\"", o->country);
    o->claims = (TamgaClaims){
        .policy = o->policy ? &o->policy_value : NULL,
        .commitments = o->commitments ? (const char *const *)o->commitment_oids : NULL,
        .roles = (const char *const *)o->roles,
        .locality = o->city,
        .province = o->province,
        .postal_code = o->postal_code,
        .country = o->country,
    };
    gboolean any = o->policy || o->commitments || o->roles || o->city || o->province ||
                   o->postal_code || o->country;
    o->options.claims = any ? &o->claims : NULL;
    return TRUE;
}

static gboolean read_documents (TamgaCliSign *o, GError **error)
{
    o->options.contents = o->contents = tamga_cli_documents (o->documents, error);
    return o->contents != NULL;
}

gboolean tamga_cli_sign_read (TamgaCliSign *o, GError **error)
{
    TamgaSignOptions *options = &o->options;
    if (!read_names (o, error) || !read_words (o, error) || !read_visible (o, error) ||
        !read_claims (o, error) || !read_documents (o, error))
        return FALSE;
    read_countersigned (o);
    options->content_timestamp = o->content_timestamp;
    options->reason = o->reason;
    options->location = o->location;
    options->contact = o->contact;
    options->field = o->field;
    options->certification = o->certify;
    options->contents_size = o->contents_size > 0 ? (gsize)o->contents_size : 0;
    options->tsa_urls = o->tsa;
    return TRUE;
}

void tamga_cli_sign_use_config (TamgaCliSign *o, const TamgaConfig *config)
{
    TamgaSignOptions *options = &o->options;
    if (!options->level_given && config->level_given) {
        options->level = config->level;
        options->level_given = TRUE;
    }
    if (!options->tsa_urls)
        options->tsa_urls = config->tsa_urls;
    if (!options->digest)
        options->digest = config->digest;
    if (!options->scheme)
        options->scheme = config->scheme;
}

void tamga_cli_sign_clear (TamgaCliSign *o)
{
    char *texts[] = {
        o->format,    o->level,         o->output,       o->reason,     o->location, o->contact,
        o->field,     o->visible,       o->image,        o->text,       o->digest,   o->scheme,
        o->packaging, o->countersign,   o->password_fd,  o->xml_parent, o->c14n,     o->xml_layout,
        o->policy,    o->policy_file,   o->policy_uri,   o->city,       o->province, o->postal_code,
        o->country,   o->countersigned, o->serialization};
    char **lists[] = {o->tsa,         o->documents, o->xml_elements,
                      o->commitments, o->roles,     o->commitment_oids};
    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        g_free (texts[i]);
    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
        g_strfreev (lists[i]);
    g_clear_pointer (&o->policy_digest, g_bytes_unref);
    g_clear_pointer (&o->visible_value, tamga_visible_free);
    g_clear_pointer (&o->contents, g_ptr_array_unref);
    *o = (TamgaCliSign){0};
}
