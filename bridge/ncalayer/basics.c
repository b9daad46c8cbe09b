/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kz.gov.pki.knca.basics: one method, `sign`, for one document or many, with named arguments
 * (bridge-protocols 1.3). */
#include <openssl/pem.h>
#include <string.h>

#include "bridge/ncalayer/arguments.h"
#include "bridge/ncalayer/envelope.h"
#include "bridge/ncalayer/key_info.h"
#include "bridge/ncalayer/signing.h"
#include "bridge/page/page.h"
#include "formats/ossl.h"

/* Of a picture that a site sends of itself. It is never shown: it could be anybody's. */
#define MAX_LOGO 50000u
/* Certificates that a path may be asked to go through, storages, and key usages. */
#define MAX_CHAIN 64u
#define MAX_NAMES 64u

typedef enum { FORMAT_CMS, FORMAT_XML, FORMAT_RAW, N_FORMATS } Format;

/* The arguments of one call. */
typedef struct {
    Format format;
    GPtrArray *documents; /* TamgaRequestDocument */
    GStrv storages;       /* NULL: any */
    GStrv usages;         /* never NULL */
    const char *iin, *bin, *serial;
    GPtrArray *chain; /* X509; NULL: the profile's trust */
    gboolean decode, encapsulate, digested, output_certificate, timestamp;
} Arguments;

static void arguments_clear (Arguments *arguments)
{
    g_clear_pointer (&arguments->documents, g_ptr_array_unref);
    g_clear_pointer (&arguments->storages, g_strfreev);
    g_clear_pointer (&arguments->usages, g_strfreev);
    g_clear_pointer (&arguments->chain, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

static gboolean invocation (GError **error, const char *text)
{
    g_set_error_literal (error, TAMGA_NCALAYER_ERROR, TAMGA_NCALAYER_ERROR_INVOCATION, text);
    return FALSE;
}

static gboolean parameters (GError **error, const char *text)
{
    g_set_error_literal (error, TAMGA_NCALAYER_ERROR, TAMGA_NCALAYER_ERROR_SIGNING_PARAMS, text);
    return FALSE;
}

/* ---- Types ---- */

/* A string, or NULL where it is null or missing; FALSE: it is something else. */
static gboolean optional_string (const json_t *object, const char *name, const char **text)
{
    const json_t *value = json_object_get (object, name);

    *text = json_string_value (value);
    return value == NULL || json_is_null (value) || *text != NULL;
}

/* An array of strings; NULL: it is not one, or longer than `most`. */
static GStrv strings (const json_t *array, gsize most)
{
    g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
    gsize n = json_array_size (array);

    if (!json_is_array (array) || n > most)
        return NULL;
    for (gsize i = 0; i < n; i++) {
        const char *text = json_string_value (json_array_get (array, i));
        if (text == NULL)
            return NULL;
        g_strv_builder_add (builder, text);
    }
    return g_strv_builder_end (builder);
}

/* An object, or NULL where it is null or missing; FALSE: it is something else. */
static gboolean optional_object (const json_t *object, const char *name, const json_t **value)
{
    *value = json_object_get (object, name);
    if (json_is_null (*value))
        *value = NULL;
    return *value == NULL || json_is_object (*value);
}

/* ---- Reading the call ---- */

/* An array, a text with commas, or null for any. An empty one is any too: as it is with usages. */
static gboolean read_storages (const json_t *args, Arguments *arguments, GError **error)
{
    const json_t *value = json_object_get (args, "allowedStorages");

    if (value == NULL || json_is_null (value))
        return TRUE;
    arguments->storages = json_is_string (value)
                              ? g_strsplit (json_string_value (value), ",", MAX_NAMES)
                              : strings (value, MAX_NAMES);
    if (arguments->storages == NULL)
        return invocation (error, "\"allowedStorages\" must be an array of strings, or null.");
    for (char **name = arguments->storages; *name != NULL; name++)
        g_strstrip (*name);
    if (arguments->storages[0] == NULL || arguments->storages[0][0] == '\0')
        g_clear_pointer (&arguments->storages, g_strfreev);
    return TRUE;
}

static gboolean read_format (const json_t *args, Arguments *arguments, GError **error)
{
    static const char *const names[N_FORMATS] = {"cms", "xml", "raw"};
    const char *name = tamga_json_string (args, "format");

    while (arguments->format < N_FORMATS && g_strcmp0 (name, names[arguments->format]) != 0)
        arguments->format++;
    return arguments->format < N_FORMATS ||
           invocation (error, "\"format\" must be \"cms\", \"xml\" or \"raw\".");
}

/* Booleans, and what is never done: a signature that the signer's own checks would refuse. */
static gboolean read_booleans (const json_t *params, Arguments *arguments, GError **error)
{
    gboolean expired = FALSE, revoked = FALSE;
    const struct {
        const char *name;
        gboolean *value;
    } rows[] = {
        {"decode", &arguments->decode},     {"encapsulate", &arguments->encapsulate},
        {"digested", &arguments->digested}, {"outputCert", &arguments->output_certificate},
        {"allowExpired", &expired},         {"allowRevoked", &revoked},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        const json_t *value = json_object_get (params, rows[i].name);
        if (value == NULL || json_is_null (value))
            continue;
        if (!tamga_argument_boolean (value, rows[i].value)) {
            g_set_error (error, TAMGA_NCALAYER_ERROR, TAMGA_NCALAYER_ERROR_SIGNING_PARAMS,
                         "\"%s\" must be true or false.", rows[i].name);
            return FALSE;
        }
    }
    return !(expired || revoked) ||
           parameters (error, "\"allowExpired\" and \"allowRevoked\" are for tests and never done: "
                              "the certificate must be valid.");
}

/* What goes together with which format. */
static gboolean check_combination (const Arguments *arguments, gboolean encapsulate_said,
                                   GError **error)
{
    const struct {
        gboolean wrong;
        const char *text;
    } rows[] = {
        {arguments->digested && arguments->format != FORMAT_CMS,
         "Only a signature of the format \"cms\" can be made over a digest."},
        {arguments->digested && encapsulate_said && arguments->encapsulate,
         "\"digested\" and \"encapsulate\" exclude each other: the data is not here."},
        {arguments->timestamp && arguments->format != FORMAT_CMS,
         "Only a signature of the format \"cms\" can have a timestamp (\"tsaProfile\")."},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].wrong)
            return parameters (error, rows[i].text);
    }
    return TRUE;
}

static gboolean read_signing_params (const json_t *args, Arguments *arguments, GError **error)
{
    const json_t *params, *profile, *encapsulate;

    arguments->encapsulate = TRUE;
    if (!optional_object (args, "signingParams", &params))
        return invocation (error, "\"signingParams\" must be an object.");
    if (!optional_object (params, "tsaProfile", &profile))
        return parameters (error, "\"tsaProfile\" must be an object, or null for no timestamp.");
    arguments->timestamp = profile != NULL;
    encapsulate = json_object_get (params, "encapsulate");
    return read_booleans (params, arguments, error) &&
           check_combination (arguments, encapsulate != NULL && !json_is_null (encapsulate), error);
}

static gboolean read_chain (const json_t *params, Arguments *arguments, GError **error)
{
    const json_t *value = json_object_get (params, "chain");
    g_auto (GStrv) texts = NULL;

    if (value == NULL || json_is_null (value))
        return TRUE;
    texts = strings (value, MAX_CHAIN);
    if (texts == NULL)
        return invocation (error, "\"chain\" must be an array of certificates in PEM, or null.");
    arguments->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    for (char **text = texts; *text != NULL; text++) {
        g_autoptr (GBytes) pem = g_bytes_new (*text, strlen (*text));
        g_autoptr (GPtrArray) found = tamga_ossl_certificates (pem, MAX_CHAIN);
        if (found->len == 0)
            return invocation (error, "\"chain\" has something in it that is no certificate in "
                                      "PEM.");
        for (guint i = 0; i < found->len; i++) {
            X509_up_ref (found->pdata[i]);
            g_ptr_array_add (arguments->chain, found->pdata[i]);
        }
    }
    return TRUE;
}

/* The list of usages must be there: null is an error for sites to this day. */
static gboolean read_signer_params (const json_t *args, Arguments *arguments, GError **error)
{
    const json_t *params;

    if (!optional_object (args, "signerParams", &params) || params == NULL)
        return invocation (error, "\"signerParams\" must be an object.");
    arguments->usages = strings (json_object_get (params, "extKeyUsageOids"), MAX_NAMES);
    if (arguments->usages == NULL)
        return invocation (error, "\"extKeyUsageOids\" must be an array of strings; [] is any.");
    if (!optional_string (params, "iin", &arguments->iin) ||
        !optional_string (params, "bin", &arguments->bin) ||
        !optional_string (params, "serialNumber", &arguments->serial))
        return invocation (error, "\"iin\", \"bin\" and \"serialNumber\" must be strings.");
    return read_chain (params, arguments, error);
}

/* ---- Documents ---- */

static gboolean add_document (Arguments *arguments, const char *text, GError **error)
{
    g_autoptr (GBytes) bytes = NULL;

    if (!arguments->decode && !arguments->digested)
        return tamga_ncalayer_add_text (arguments->documents, text, error);
    bytes = tamga_argument_base64 ("\"data\"", text, error);
    if (bytes == NULL)
        return FALSE;
    if (arguments->digested)
        return tamga_ncalayer_add_digest (arguments->documents, bytes, error);
    g_ptr_array_add (arguments->documents, tamga_request_document_new (NULL, bytes));
    return TRUE;
}

static gboolean read_data (const json_t *args, Arguments *arguments, GError **error)
{
    const json_t *data = json_object_get (args, "data");
    const char *one = json_string_value (data);
    gsize n = json_array_size (data);

    arguments->documents = tamga_ncalayer_documents ();
    if (one != NULL)
        return add_document (arguments, one, error);
    if (n == 0 || n > TAMGA_BRIDGE_MAX_DOCUMENTS) {
        g_set_error (error, TAMGA_NCALAYER_ERROR, TAMGA_NCALAYER_ERROR_INVOCATION,
                     "\"data\" must be a string, or an array of 1 to %u of them.",
                     TAMGA_BRIDGE_MAX_DOCUMENTS);
        return FALSE;
    }
    for (gsize i = 0; i < n; i++) {
        const char *text = json_string_value (json_array_get (data, i));
        if (text == NULL)
            return invocation (error, "\"data\" has something in it that is no string.");
        if (!add_document (arguments, text, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_looks (const json_t *args, const char **locale, GError **error)
{
    const char *logo;

    if (!optional_string (args, "locale", locale) || !optional_string (args, "logo", &logo))
        return invocation (error, "\"locale\" and \"logo\" must be strings.");
    return logo == NULL || strlen (logo) <= MAX_LOGO ||
           invocation (error, "\"logo\" has more than 50 000 characters.");
}

/* ---- Results ---- */

/* Lines of 64 with \n, as sites expect them (RFC 7468). */
static json_t *armoured (GBytes *cms)
{
    gsize size;
    const unsigned char *der = g_bytes_get_data (cms, &size);
    g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
    char *data = NULL;
    long length;

    g_assert (bio != NULL && size <= G_MAXINT &&
              PEM_write_bio (bio, "CMS", "", der, (long)size) > 0);
    length = BIO_get_mem_data (bio, &data);
    return json_stringn_nocheck (data, (gsize)length);
}

static json_t *signature_json (const Arguments *arguments, GBytes *made, GError **error)
{
    if (arguments->format == FORMAT_XML)
        return tamga_ncalayer_xml_json (made, error);
    return arguments->format == FORMAT_CMS ? armoured (made) : tamga_ncalayer_base64_json (made);
}

/* An array also of one; in an object where the certificate is wanted, which bare values need. */
static json_t *result_of (const Arguments *arguments, const TamgaRequestKey *key, GPtrArray *made,
                          GError **error)
{
    g_autoptr (json_t) signatures = json_array ();
    g_autofree char *pem = NULL;

    for (guint i = 0; i < made->len; i++) {
        json_t *signature = signature_json (arguments, made->pdata[i], error);
        if (signature == NULL)
            return NULL;
        json_array_append_new (signatures, signature);
    }
    if (arguments->format != FORMAT_RAW && !arguments->output_certificate)
        return g_steal_pointer (&signatures);
    pem = tamga_key_info_pem (key->key->certificate);
    return json_pack ("{s:O, s:s}", "signatures", signatures, "certificate", pem);
}

/* ---- The method ---- */

static const TamgaFormat *format_of (Format format)
{
    const TamgaFormat *const formats[N_FORMATS] = {
        tamga_format_by_name ("cades"), tamga_format_by_name ("xmldsig"), &tamga_format_raw};

    return formats[format];
}

static json_t *make (TamgaRequest *request, const Arguments *arguments, GError **error)
{
    gboolean detached =
        arguments->format == FORMAT_CMS && (arguments->digested || !arguments->encapsulate);
    TamgaKeyFilter filter = {
        .storages = (const char *const *)arguments->storages,
        .extended_key_usages = (const char *const *)arguments->usages,
        .iin = arguments->iin,
        .bin = arguments->bin,
        .serial = arguments->serial,
        .chain = arguments->chain,
    };
    TamgaRequestSigning signing = {
        .documents = arguments->documents,
        .format = format_of (arguments->format),
        .packaging = detached ? TAMGA_PACKAGING_DETACHED : TAMGA_PACKAGING_DEFAULT,
        .timestamp = arguments->timestamp,
        .xml = {.layout = TAMGA_LAYOUT_COMPACT},
    };
    g_autoptr (TamgaRequestKey) key = NULL;
    g_autoptr (GPtrArray) made = tamga_ncalayer_sign (request, &filter, &signing, &key, error);

    return made != NULL ? result_of (arguments, key, made, error) : NULL;
}

/* "locale" is of this call only: the one of the connection comes back after it. */
static json_t *make_in_locale (TamgaRequest *request, const Arguments *arguments,
                               const char *locale, GError **error)
{
    char *usual = request->locale;
    json_t *result;

    if (locale == NULL || locale[0] == '\0')
        return make (request, arguments, error);
    request->locale = g_strdup (tamga_language_of_locale (locale));
    result = make (request, arguments, error);
    g_free (request->locale);
    request->locale = usual;
    return result;
}

static json_t *sign (TamgaRequest *request, const json_t *args, GError **error)
{
    g_auto (Arguments) arguments = {0};
    const char *locale = NULL;

    if (!json_is_object (args)) {
        invocation (error, "\"args\" must be an object.");
        return NULL;
    }
    if (!read_format (args, &arguments, error) || !read_storages (args, &arguments, error) ||
        !read_looks (args, &locale, error) || !read_signing_params (args, &arguments, error) ||
        !read_signer_params (args, &arguments, error) || !read_data (args, &arguments, error) ||
        (arguments.format == FORMAT_XML && !tamga_ncalayer_check_xml (arguments.documents, error)))
        return NULL;
    return make_in_locale (request, &arguments, locale, error);
}

json_t *tamga_ncalayer_basics (TamgaRequest *request, const json_t *message)
{
    const char *method = tamga_json_string (message, "method");
    g_autoptr (GError) error = NULL;
    json_t *result = NULL;

    if (g_strcmp0 (method, "sign") == 0)
        result = sign (request, json_object_get (message, "args"), &error);
    else
        invocation (&error, "The module kz.gov.pki.knca.basics has no such method.");
    return result != NULL ? tamga_envelope_basics (result) : tamga_envelope_basics_error (error);
}
