/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JWS taken apart. */
#include "formats/jose/jws.h"

#include <string.h>

#include "formats/jose/base64.h"
#include "formats/limits.h"

static void signature_free (TamgaJwsSignature *signature)
{
    g_clear_pointer (&signature->value, g_bytes_unref);
    json_decref (signature->protected_header);
    g_free (signature->broken);
    g_free (signature);
}

void tamga_jws_free (TamgaJws *jws)
{
    if (jws == NULL)
        return;
    g_clear_pointer (&jws->text, g_bytes_unref);
    json_decref (jws->root);
    g_ptr_array_unref (jws->signatures);
    g_free (jws);
}

static json_t *load_header (const char *text, char **broken)
{
    g_autoptr (GBytes) bytes = tamga_base64url_decode (text, strlen (text));
    g_autoptr (GError) error = NULL;
    json_t *header;

    if (bytes == NULL) {
        *broken = g_strdup ("The protected header is not base64url (RFC 7515 2).");
        return NULL;
    }
    header = tamga_json_load ("The protected header", g_bytes_get_data (bytes, NULL),
                              g_bytes_get_size (bytes), &error);
    if (header == NULL) {
        *broken = g_strdup (error->message);
    } else if (!json_is_object (header)) {
        *broken = g_strdup ("The protected header is no JSON object (RFC 7515 4).");
        g_clear_pointer (&header, json_decref);
    }
    return header;
}

/* RFC 7515 7.2.1: no name in both headers. */
static void check_disjoint (TamgaJwsSignature *signature)
{
    const char *name;
    json_t *value;

    json_object_foreach (signature->header, name, value)
    {
        if (signature->broken == NULL && json_object_get (signature->protected_header, name))
            signature->broken =
                g_strdup_printf ("The header parameter %s is in the protected and in the "
                                 "unprotected header (RFC 7515 7.2.1).",
                                 name);
    }
}

static TamgaJwsSignature *signature_new (const json_t *object)
{
    TamgaJwsSignature *signature = g_new0 (TamgaJwsSignature, 1);
    json_t *text = json_object_get (object, "protected");
    json_t *header = json_object_get (object, "header");

    signature->protected_text = "";
    signature->value_text = tamga_json_string (object, "signature");
    signature->header = json_is_object (header) ? header : NULL;
    if (signature->value_text != NULL)
        signature->value =
            tamga_base64url_decode (signature->value_text, strlen (signature->value_text));
    if (signature->value == NULL) {
        signature->broken = g_strdup ("The signature value is not base64url (RFC 7515 7.2.1).");
    } else if (header != NULL && signature->header == NULL) {
        signature->broken = g_strdup ("The unprotected header is no object (RFC 7515 7.2.1).");
    } else if (text == NULL) {
        signature->protected_header = json_object ();
    } else if (!json_is_string (text)) {
        signature->broken = g_strdup ("The protected header is no string (RFC 7515 7.2.1).");
    } else {
        signature->protected_text = json_string_value (text);
        signature->protected_header = load_header (signature->protected_text, &signature->broken);
    }
    if (signature->broken == NULL)
        check_disjoint (signature);
    return signature;
}

static gboolean add_general (TamgaJws *jws, const json_t *signatures, GError **error)
{
    if (!json_is_array (signatures) || json_object_get (jws->root, "signature") != NULL ||
        json_object_get (jws->root, "protected") != NULL ||
        json_object_get (jws->root, "header") != NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "The JWS is neither of the general nor of the flattened form (RFC 7515 7.2).");
        return FALSE;
    }
    if (json_array_size (signatures) > TAMGA_MAX_SIGNERS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "The JWS has more than %u signatures.", TAMGA_MAX_SIGNERS);
        return FALSE;
    }
    for (gsize i = 0; i < json_array_size (signatures); i++) {
        const json_t *object = json_array_get (signatures, i);
        if (!json_is_object (object)) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                         "Element %" G_GSIZE_FORMAT " of signatures is no object (RFC 7515 7.2.1).",
                         i + 1);
            return FALSE;
        }
        g_ptr_array_add (jws->signatures, signature_new (object));
    }
    return TRUE;
}

/* Takes `root`. */
static TamgaJws *from_object (json_t *root, GError **error)
{
    g_autoptr (TamgaJws) jws = g_new0 (TamgaJws, 1);
    json_t *payload = json_object_get (root, "payload");
    json_t *signatures = json_object_get (root, "signatures");

    jws->root = root;
    jws->signatures = g_ptr_array_new_with_free_func ((GDestroyNotify)signature_free);
    jws->form = signatures != NULL ? TAMGA_JOSE_GENERAL : TAMGA_JOSE_FLATTENED;
    if (!json_is_object (root) ||
        (signatures == NULL && json_object_get (root, "signature") == NULL)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT,
                     "It is no JWS: a signature is missing (RFC 7515 7.2).");
        return NULL;
    }
    if (payload != NULL && !json_is_string (payload)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "The payload of the JWS is no string (RFC 7515 7.2.1).");
        return NULL;
    }
    jws->payload = json_string_value (payload);
    if (signatures == NULL)
        g_ptr_array_add (jws->signatures, signature_new (root));
    else if (!add_general (jws, signatures, error))
        return NULL;
    if (jws->signatures->len == 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE,
                     "The JWS holds no signature.");
        return NULL;
    }
    return g_steal_pointer (&jws);
}

/* RFC 7515 7.1: three parts, brought into the shape of the flattened form. White space behind the
 * last one is what editors and shells leave there. */
static TamgaJws *from_compact (const char *text, gsize size, GError **error)
{
    const char *first, *second;
    g_autoptr (json_t) root = json_object ();
    TamgaJws *jws;

    while (size > 0 && tamga_json_is_space (text[size - 1]))
        size--;
    first = memchr (text, '.', size);
    second = first != NULL ? memchr (first + 1, '.', size - (gsize)(first + 1 - text)) : NULL;
    if (second == NULL || memchr (second + 1, '.', size - (gsize)(second + 1 - text)) != NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT,
                     "It is no JWS: it has not exactly three parts (RFC 7515 7.1).");
        return NULL;
    }
    if (json_object_set_new (root, "payload",
                             json_stringn (first + 1, (gsize)(second - first - 1))) != 0 ||
        json_object_set_new (root, "protected", json_stringn (text, (gsize)(first - text))) != 0 ||
        json_object_set_new (root, "signature",
                             json_stringn (second + 1, size - (gsize)(second + 1 - text))) != 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "The JWS is no text in UTF-8 (RFC 7515 7.1).");
        return NULL;
    }
    jws = from_object (g_steal_pointer (&root), error);
    if (jws != NULL)
        jws->form = TAMGA_JOSE_COMPACT;
    return jws;
}

TamgaJws *tamga_jws_inner (json_t *value, GError **error)
{
    if (json_is_string (value))
        return from_compact (json_string_value (value), json_string_length (value), error);
    return from_object (json_incref (value), error);
}

static gsize first_character (const char *text, gsize size)
{
    gsize at = 0;

    while (at < size && tamga_json_is_space (text[at]))
        at++;
    return at;
}

TamgaJws *tamga_jws_open (TamgaDocument *document, GError **error)
{
    g_autoptr (GBytes) bytes = NULL;
    const char *text;
    gsize size, start;
    TamgaJws *jws;

    if (tamga_document_size (document) > TAMGA_MAX_JSON_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s has more than %u MiB.", tamga_document_name (document),
                     TAMGA_MAX_JSON_SIZE / (1024 * 1024));
        return NULL;
    }
    bytes = tamga_document_bytes (document, 0, tamga_document_size (document), TAMGA_MAX_JSON_SIZE,
                                  error);
    if (bytes == NULL)
        return NULL;
    text = g_bytes_get_data (bytes, &size);
    start = first_character (text, size);
    if (start < size && text[start] == '{') {
        json_t *root = tamga_json_load (tamga_document_name (document), text, size, error);
        jws = root != NULL ? from_object (root, error) : NULL;
    } else {
        jws = from_compact (text, size, error);
    }
    if (jws != NULL)
        jws->text = g_steal_pointer (&bytes);
    return jws;
}

/* ---- Probe ---- */

typedef struct {
    gboolean signature, signatures, payload, header;
} Members;

static void note_member (const char *text, TamgaJsonSpan name, TamgaJsonSpan value, gpointer data)
{
    Members *members = data;
    const struct {
        const char *name;
        char begins; /* of the value */
        gboolean *found;
    } rows[] = {
        {"\"signature\"", '"', &members->signature}, {"\"signatures\"", '[', &members->signatures},
        {"\"payload\"", '"', &members->payload},     {"\"protected\"", '"', &members->header},
        {"\"header\"", '{', &members->header},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (strlen (rows[i].name) == name.end - name.start &&
            memcmp (rows[i].name, text + name.start, name.end - name.start) == 0 &&
            text[value.start] == rows[i].begins)
            *rows[i].found = TRUE;
    }
}

/* An element of signatures that looks like a signature. */
static void note_signature (const char *text, TamgaJsonSpan name, TamgaJsonSpan value,
                            gpointer data)
{
    gboolean *found = data;
    Members members = {0};

    (void)name;
    if (*found || text[value.start] != '{')
        return;
    tamga_json_visit (text, value, note_member, &members);
    *found = members.signature && members.header;
}

static gboolean probe_json (const char *text, gsize size)
{
    TamgaJsonSpan whole = tamga_json_whole (text, size), list;
    Members members = {0};
    gboolean found = FALSE;

    if (whole.end < whole.start + 2 || text[whole.end - 1] != '}')
        return FALSE;
    tamga_json_visit (text, whole, note_member, &members);
    if (members.signatures && tamga_json_find_member (text, whole, "signatures", &list)) {
        tamga_json_visit (text, list, note_signature, &found);
        return found;
    }
    return members.signature && members.header;
}

static gboolean probe_compact (const char *text, gsize size)
{
    const char *dot = memchr (text, '.', size);
    const char *second = dot != NULL ? memchr (dot + 1, '.', size - (gsize)(dot + 1 - text)) : NULL;
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (json_t) header = NULL;

    if (second == NULL || memchr (second + 1, '.', size - (gsize)(second + 1 - text)) != NULL)
        return FALSE;
    bytes = tamga_base64url_decode (text, (gsize)(dot - text));
    if (bytes == NULL || g_bytes_get_size (bytes) < 2 ||
        *(const char *)g_bytes_get_data (bytes, NULL) != '{')
        return FALSE;
    header =
        tamga_json_load ("header", g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
    return tamga_json_string (header, "alg") != NULL;
}

gboolean tamga_jws_probe (TamgaDocument *document)
{
    guint64 size = tamga_document_size (document);
    char begin[16];
    gsize start;
    g_autoptr (GBytes) bytes = NULL;

    /* Most other files end here, unread. */
    if (size < sizeof begin || size > TAMGA_MAX_JSON_SIZE ||
        !tamga_document_read (document, 0, begin, sizeof begin, NULL))
        return FALSE;
    start = first_character (begin, sizeof begin);
    if (start < sizeof begin && begin[start] != '{' && begin[0] != 'e')
        return FALSE;
    bytes = tamga_document_bytes (document, 0, size, TAMGA_MAX_JSON_SIZE, NULL);
    if (bytes == NULL)
        return FALSE;
    start = first_character (g_bytes_get_data (bytes, NULL), size);
    return start < size && ((const char *)g_bytes_get_data (bytes, NULL))[start] == '{'
               ? probe_json (g_bytes_get_data (bytes, NULL), size)
               : probe_compact (g_bytes_get_data (bytes, NULL), size);
}
