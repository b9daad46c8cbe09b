/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kz.gov.pki.knca.commonUtils: one document, one call, positional arguments (bridge-protocols
 * 1.2). */
#include <string.h>

#include "bridge/ncalayer/arguments.h"
#include "bridge/ncalayer/envelope.h"
#include "bridge/ncalayer/key_info.h"
#include "bridge/ncalayer/signing.h"
#include "bridge/page/page.h"

/* Extensions that a site may ask the chooser for: how many, and how long each. */
#define MAX_EXTENSIONS 16
#define MAX_EXTENSION 16

typedef struct _Method Method;
struct _Method {
    const char *name, *types; /* arguments.h */
    /* A new reference; null: there is no result. NULL with an error. */
    json_t *(*run) (TamgaRequest *request, const Method *method, const TamgaArgument *arguments,
                    GError **error);
    /* The document in the third argument. */
    gboolean (*document) (TamgaRequest *request, const char *argument, GPtrArray *documents,
                          GError **error);
    gboolean timestamp;
};

/* ---- What can be asked ---- */

static json_t *get_active_tokens (TamgaRequest *request, const Method *method,
                                  const TamgaArgument *arguments, GError **error)
{
    (void)method;
    (void)arguments;
    if (!tamga_request_grant (request, TAMGA_CAPABILITY_TOKENS, error))
        return NULL;
    return tamga_request_tokens (request, error);
}

static json_t *get_key_info (TamgaRequest *request, const Method *method,
                             const TamgaArgument *arguments, GError **error)
{
    const char *storages[] = {arguments[0].text, NULL};
    TamgaKeyFilter filter = {.storages = storages};
    g_autoptr (TamgaRequestKey) key = NULL;

    (void)method;
    if (!tamga_request_grant (request, TAMGA_CAPABILITY_CERTIFICATE, error))
        return NULL;
    key = tamga_request_choose_key (request, &filter, TRUE, error);
    return key != NULL ? tamga_key_info (key->key) : NULL;
}

static gboolean is_extension (const char *text)
{
    gsize length = strlen (text);

    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isalnum (text[i]))
            return FALSE;
    }
    return length > 0 && length <= MAX_EXTENSION;
}

/* "ALL", one extension, or several with commas between them. Where the dialog begins is the
 * person's matter: the second argument is not looked at. */
static json_t *show_file_chooser (TamgaRequest *request, const Method *method,
                                  const TamgaArgument *arguments, GError **error)
{
    g_auto (GStrv) extensions = g_strsplit (arguments[0].text, ",", MAX_EXTENSIONS + 1);
    gboolean all =
        arguments[0].text[0] == '\0' || g_ascii_strcasecmp (arguments[0].text, "ALL") == 0;
    g_autofree char *path = NULL;

    for (gsize i = 0; !all && extensions[i] != NULL; i++) {
        char *lower = g_ascii_strdown (g_strstrip (extensions[i]), -1);
        g_free (extensions[i]);
        extensions[i] = lower;
        if (i < MAX_EXTENSIONS && is_extension (lower))
            continue;
        g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT,
                     "argument type mismatch. Method: %s (argument 1 is ALL, or extensions such "
                     "as pdf,xml)",
                     method->name);
        return NULL;
    }
    if (!tamga_request_grant (request, TAMGA_CAPABILITY_SIGN, error))
        return NULL;
    path = tamga_request_choose_file (request, "document",
                                      all ? NULL : (const char *const *)extensions, error);
    return path != NULL ? tamga_json_text (path) : NULL;
}

/* For this connection: the session keeps what the request says at its end. */
static json_t *change_locale (TamgaRequest *request, const Method *method,
                              const TamgaArgument *arguments, GError **error)
{
    (void)method;
    (void)error;
    g_free (request->locale);
    request->locale = g_strdup (tamga_language_of_locale (arguments[0].text));
    return json_null ();
}

/* ---- Documents ---- */

static gboolean document_of_base64 (TamgaRequest *request, const char *argument,
                                    GPtrArray *documents, GError **error)
{
    g_autoptr (GBytes) bytes = tamga_argument_base64 ("The data", argument, error);

    (void)request;
    if (bytes == NULL)
        return FALSE;
    g_ptr_array_add (documents, tamga_request_document_new (NULL, bytes));
    return TRUE;
}

static gboolean document_of_digest (TamgaRequest *request, const char *argument,
                                    GPtrArray *documents, GError **error)
{
    g_autoptr (GBytes) digest = tamga_argument_base64 ("The digest", argument, error);

    (void)request;
    return digest != NULL && tamga_ncalayer_add_digest (documents, digest, error);
}

/* Whether a path exists is told to nobody without a grant. */
static gboolean document_of_file (TamgaRequest *request, const char *argument, GPtrArray *documents,
                                  GError **error)
{
    g_autoptr (GBytes) bytes = NULL;
    g_autofree char *name = NULL;

    if (!tamga_request_grant (request, TAMGA_CAPABILITY_SIGN, error))
        return FALSE;
    bytes = tamga_request_read_file (request, argument, error);
    if (bytes == NULL)
        return FALSE;
    name = g_path_get_basename (argument);
    g_ptr_array_add (documents, tamga_request_document_new (name, bytes));
    return TRUE;
}

/* ---- Signatures ---- */

/* Storage and kind of key, the first two arguments; any other word than these two is any key. */
static TamgaKeyFilter filter_of (const TamgaArgument *arguments, const char **storages)
{
    storages[0] = arguments[0].text;
    return (TamgaKeyFilter){
        .storages = storages,
        .signing = strcmp (arguments[1].text, "SIGNATURE") == 0,
        .authentication = strcmp (arguments[1].text, "AUTHENTICATION") == 0,
    };
}

/* storage, keyType, document, attach. A digest has no fourth: nothing can be attached. */
static json_t *sign_cms (TamgaRequest *request, const Method *method,
                         const TamgaArgument *arguments, GError **error)
{
    const char *storages[] = {NULL, NULL};
    TamgaKeyFilter filter = filter_of (arguments, storages);
    g_autoptr (GPtrArray) documents = tamga_ncalayer_documents (), made = NULL;
    TamgaRequestSigning signing = {
        .documents = documents,
        .format = tamga_format_by_name ("cades"),
        .packaging = arguments[3].truth ? TAMGA_PACKAGING_DEFAULT : TAMGA_PACKAGING_DETACHED,
        .timestamp = method->timestamp,
    };

    if (!method->document (request, arguments[2].text, documents, error))
        return NULL;
    made = tamga_ncalayer_sign (request, &filter, &signing, NULL, error);
    return made != NULL ? tamga_ncalayer_base64_json (made->pdata[0]) : NULL;
}

/* storage, keyType, CMS: no key is needed, so that nothing is asked about it. */
static json_t *apply_cadest (TamgaRequest *request, const Method *method,
                             const TamgaArgument *arguments, GError **error)
{
    g_autoptr (GBytes) cms = tamga_argument_base64 ("The CMS", arguments[2].text, error);
    g_autoptr (GBytes) stamped = NULL;

    (void)method;
    if (cms == NULL || !tamga_request_grant (request, TAMGA_CAPABILITY_SIGN, error))
        return NULL;
    stamped = tamga_request_timestamp (request, cms, error);
    return stamped != NULL ? tamga_ncalayer_base64_json (stamped) : NULL;
}

/* storage, keyType, XML or an array of it, path of what is signed, path of what gets it. */
static json_t *sign_xml (TamgaRequest *request, const Method *method,
                         const TamgaArgument *arguments, GError **error)
{
    const char *storages[] = {NULL, NULL};
    const char *elements[] = {arguments[3].text, NULL};
    TamgaKeyFilter filter = filter_of (arguments, storages);
    g_autoptr (GPtrArray) documents = tamga_ncalayer_documents (), made = NULL;
    g_autoptr (json_t) results = json_array ();
    TamgaRequestSigning signing = {
        .documents = documents,
        .format = tamga_format_by_name ("xmldsig"),
        .xml = {.parent = arguments[4].text,
                .elements = elements[0] != NULL ? elements : NULL,
                .layout = TAMGA_LAYOUT_CRLF},
    };

    (void)method;
    if (arguments[2].text != NULL && !tamga_ncalayer_add_text (documents, arguments[2].text, error))
        return NULL;
    for (gsize i = 0; i < json_array_size (arguments[2].list); i++) {
        const char *text = json_string_value (json_array_get (arguments[2].list, i));
        if (!tamga_ncalayer_add_text (documents, text, error))
            return NULL;
    }
    if (!tamga_ncalayer_check_xml (documents, error))
        return NULL;
    made = tamga_ncalayer_sign (request, &filter, &signing, NULL, error);
    if (made == NULL)
        return NULL;
    for (guint i = 0; i < made->len; i++) {
        json_t *text = tamga_ncalayer_xml_json (made->pdata[i], error);
        if (text == NULL)
            return NULL;
        json_array_append_new (results, text);
    }
    return arguments[2].list != NULL ? g_steal_pointer (&results)
                                     : json_incref (json_array_get (results, 0));
}

/* ---- The table ---- */

static const Method methods[] = {
    {"getActiveTokens", "", get_active_tokens, NULL, FALSE},
    {"getKeyInfo", "s", get_key_info, NULL, FALSE},
    {"createCAdESFromBase64", "sssb", sign_cms, document_of_base64, FALSE},
    {"createCAdESFromBase64Hash", "sss", sign_cms, document_of_digest, FALSE},
    {"createCAdESFromFile", "sssb", sign_cms, document_of_file, FALSE},
    {"createCMSSignatureFromBase64", "sssb", sign_cms, document_of_base64, TRUE},
    {"createCMSSignatureFromFile", "sssb", sign_cms, document_of_file, TRUE},
    {"applyCAdEST", "sss", apply_cadest, NULL, FALSE},
    {"signXml", "ssspp", sign_xml, NULL, FALSE},
    {"signXmls", "ssapp", sign_xml, NULL, FALSE},
    {"showFileChooser", "so", show_file_chooser, NULL, FALSE},
    {"changeLocale", "s", change_locale, NULL, FALSE},
};

static const Method *find (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (methods); i++) {
        if (g_strcmp0 (name, methods[i].name) == 0)
            return &methods[i];
    }
    return NULL;
}

json_t *tamga_ncalayer_common_utils (TamgaRequest *request, const json_t *message)
{
    const Method *method = find (tamga_json_string (message, "method"));
    TamgaArgument arguments[TAMGA_MAX_ARGUMENTS];
    g_autoptr (GError) error = NULL;
    json_t *result = NULL;

    if (method == NULL)
        g_set_error (&error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT,
                     "The module kz.gov.pki.knca.commonUtils has no such method.");
    else if (tamga_arguments_positional (method->name, method->types,
                                         json_object_get (message, "args"), arguments, &error))
        result = method->run (request, method, arguments, &error);
    return result != NULL ? tamga_envelope_common (result) : tamga_envelope_common_error (error);
}
