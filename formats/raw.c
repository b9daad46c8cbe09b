/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bare signature value over the bytes of a document.
 *
 * Whoever chooses these bytes could choose what another format makes the key sign for another
 * document, and put the value there: such bytes are refused. */
#include <string.h>

#include "formats/cms/attributes.h"
#include "formats/format.h"
#include "formats/limits.h"

static void preparation_free (TamgaPreparation *preparation)
{
    g_free (preparation);
}

/* The root element has the local name SignedInfo (XMLDSIG 4.4): what XAdES signs, canonical. */
static gboolean is_signed_info (GBytes *content)
{
    gsize size;
    const char *text = g_bytes_get_data (content, &size), *end = text + size;
    if (size >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (text < end && g_ascii_isspace (*text))
        text++;
    if (text == end || *text++ != '<')
        return FALSE;
    const char *name = text;
    for (; text < end && !g_ascii_isspace (*text) && *text != '>' && *text != '/'; text++) {
        if (*text == ':')
            name = text + 1;
    }
    const char wanted[] = "SignedInfo";
    return (gsize)(text - name) == strlen (wanted) && memcmp (name, wanted, strlen (wanted)) == 0;
}

/* JWS Signing Input (RFC 7515 5.1): a header in base64url, a full stop, anything (RFC 7797). The
 * header is a JSON object, perhaps after white space. */
static gboolean is_jws_input (GBytes *content)
{
    gsize size;
    const char *text = g_bytes_get_data (content, &size);
    const char *stop = memchr (text, '.', size);
    if (!stop || stop == text)
        return FALSE;
    g_autoptr (GString) header = g_string_new_len (text, stop - text);
    for (gsize i = 0; i < header->len; i++) {
        char c = header->str[i];
        if (!g_ascii_isalnum (c) && c != '-' && c != '_')
            return FALSE;
        header->str[i] = (char)(c == '-' ? '+' : c == '_' ? '/' : c);
    }
    while (header->len % 4 != 0)
        g_string_append_c (header, '=');
    gsize length;
    g_autofree char *json = (char *)g_base64_decode (header->str, &length);
    gsize at = 0;
    while (at < length && g_ascii_isspace (json[at]))
        at++;
    return at < length && json[at] == '{';
}

static gboolean check_bytes (GBytes *bytes, const char *name, GError **error)
{
    static const struct {
        gboolean (*is) (GBytes *content);
        const char *what;
    } rows[] = {
        {tamga_attributes_look_like, "the signed attributes of a CMS signature (RFC 5652 5.4)"},
        {is_signed_info, "the SignedInfo of an XML signature (XMLDSIG 4.4)"},
        {is_jws_input, "the signing input of a JSON signature (RFC 7515 5.1)"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].is (bytes))
            return tamga_format_refuse (
                error, TAMGA_FORMAT_ERROR_FORBIDDEN,
                "%s looks like %s: a bare signature of it would be one of another document.", name,
                rows[i].what);
    }
    return TRUE;
}

static gboolean check_parameters (const TamgaSigningParameters *parameters, GError **error)
{
    const struct {
        gboolean given;
        const char *what;
    } rows[] = {
        {parameters->level > TAMGA_LEVEL_B, "a timestamp, and no level but B"},
        {parameters->content_stamper != NULL, "a content timestamp"},
        {parameters->claims != NULL, "a policy, commitment, role or place"},
        {parameters->content_digest != NULL, "a digest instead of the document"},
        {parameters->documents != NULL, "a second document"},
        {parameters->contents != NULL && parameters->contents->len > 0, "a content of its own"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].given)
            return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                                        "A bare signature cannot have %s.", rows[i].what);
    }
    return tamga_format_check_no_pdf (parameters, "A bare signature", error);
}

static TamgaPreparation *prepare (TamgaDocument *document, const TamgaSigningParameters *parameters,
                                  GError **error)
{
    if (!check_parameters (parameters, error))
        return NULL;
    g_autoptr (GBytes) bytes = tamga_document_bytes (document, 0, tamga_document_size (document),
                                                     TAMGA_MAX_DER_SIZE, error);
    if (!bytes || !check_bytes (bytes, tamga_document_name (document), error))
        return NULL;
    TamgaPreparation *preparation = g_new0 (TamgaPreparation, 1);
    preparation->format = &tamga_format_raw;
    preparation->document = tamga_document_ref (document);
    preparation->algorithm = parameters->algorithm;
    preparation->to_be_signed = g_bytes_ref (bytes);
    preparation->content_digest =
        tamga_digest_bytes (tamga_algorithm_digest (parameters->algorithm), bytes);
    preparation->findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    preparation->free = preparation_free;
    return preparation;
}

static gboolean embed (TamgaPreparation *preparation, GBytes *signature, GBytes *timestamp,
                       const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    g_assert (!timestamp && !evidence);
    g_autoptr (GBytes) value = tamga_preparation_signature_value (preparation, signature, error);
    return value && tamga_output_write_bytes (output, value, error) &&
           tamga_document_check (preparation->document, error);
}

const TamgaFormat tamga_format_raw = {
    .name = "raw",
    .title = "bare",
    .extension = ".sig",
    .detached_extension = ".sig",
    .prepare = prepare,
    .embed = embed,
};
