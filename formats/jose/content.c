/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a JWS signs. */
#include "formats/jose/content.h"

#include <string.h>

#include "formats/jose/base64.h"
#include "formats/limits.h"
#include "formats/ossl.h"

#define MECHANISM_URI "http://uri.etsi.org/19182/ObjectIdByURI"
#define MECHANISM_URI_HASH "http://uri.etsi.org/19182/ObjectIdByURIHash"

/* Bytes read at a time: a multiple of three, so that base64 of the pieces is that of the whole. */
#define PIECE (3u * 64 * 1024)

/* TS 119 182-1 annex E and RFC 7518: names of digests. */
static const struct {
    const char *jose, *name;
} digests[] = {
    {"S256", "SHA-256"},    {"S384", "SHA-384"},    {"S512", "SHA-512"},
    {"S3-256", "SHA3-256"}, {"S3-384", "SHA3-384"}, {"S3-512", "SHA3-512"},
};

const TamgaDigest *tamga_jose_digest (const char *name)
{
    for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (digests); i++) {
        if (strcmp (digests[i].jose, name) == 0)
            return tamga_digest_by_name (digests[i].name);
    }
    return NULL;
}

const char *tamga_jose_digest_name (const TamgaDigest *digest)
{
    for (gsize i = 0; i < G_N_ELEMENTS (digests); i++) {
        if (strcmp (digests[i].name, digest->name) == 0)
            return digests[i].jose;
    }
    return NULL;
}

const char *tamga_jose_last_part (const char *name)
{
    const char *slash = strrchr (name, '/');

    return slash != NULL ? slash + 1 : name;
}

static void unref_document (gpointer document)
{
    if (document != NULL)
        tamga_document_unref (document);
}

TamgaJoseContent *tamga_jose_content_new (TamgaJoseMechanism mechanism, gboolean encoded,
                                          GPtrArray *documents)
{
    TamgaJoseContent *content = g_new0 (TamgaJoseContent, 1);

    content->mechanism = mechanism;
    content->encoded = encoded;
    content->documents = g_ptr_array_new_with_free_func (unref_document);
    for (guint i = 0; documents != NULL && i < documents->len; i++)
        g_ptr_array_add (content->documents, tamga_document_ref (documents->pdata[i]));
    return content;
}

void tamga_jose_content_free (TamgaJoseContent *content)
{
    if (content == NULL)
        return;
    g_ptr_array_unref (content->documents);
    g_free (content);
}

gboolean tamga_jose_content_complete (const TamgaJoseContent *content)
{
    for (guint i = 0; i < content->documents->len; i++) {
        if (content->documents->pdata[i] == NULL)
            return FALSE;
    }
    return content->mechanism != TAMGA_JOSE_NOT_AVAILABLE && content->documents->len > 0;
}

typedef void (*Sink) (gpointer to, const void *data, gsize size);

static void sink_hash (gpointer to, const void *data, gsize size)
{
    g_assert (EVP_DigestUpdate (to, data, size) == 1);
}

static void sink_bytes (gpointer to, const void *data, gsize size)
{
    g_byte_array_append (to, data, (guint)size);
}

static gboolean feed (TamgaDocument *document, gboolean encoded, Sink sink, gpointer to,
                      GError **error)
{
    guint64 size = tamga_document_size (document);
    g_autofree guint8 *piece = g_malloc (PIECE);

    for (guint64 at = 0; at < size; at += PIECE) {
        gsize length = (gsize)MIN (size - at, PIECE);
        if (!tamga_document_read (document, at, piece, length, error))
            return FALSE;
        if (encoded) {
            g_autofree char *text = tamga_base64url_encode (piece, length);
            sink (to, text, strlen (text));
        } else {
            sink (to, piece, length);
        }
    }
    return TRUE;
}

gboolean tamga_jose_content_feed (const TamgaJoseContent *content, EVP_MD_CTX *context,
                                  GError **error)
{
    for (guint i = 0; i < content->documents->len; i++) {
        if (!feed (content->documents->pdata[i], content->encoded, sink_hash, context, error))
            return FALSE;
    }
    return TRUE;
}

GBytes *tamga_jose_content_hash (TamgaDocument *document, gboolean encoded,
                                 const TamgaDigest *digest, GError **error)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    if (!encoded)
        return tamga_document_digest (document, digest, NULL, 0, NULL, NULL, error);
    g_assert (EVP_DigestInit_ex (context, tamga_digest_md (digest), NULL) == 1);
    if (!feed (document, TRUE, sink_hash, context, error))
        return NULL;
    g_assert (EVP_DigestFinal_ex (context, value, &size) == 1);
    return g_bytes_new (value, size);
}

GBytes *tamga_jose_content_input (const TamgaJoseContent *content, const char *protected_text,
                                  GError **error)
{
    g_autoptr (GByteArray) input = g_byte_array_new ();
    guint64 size = 0;

    sink_bytes (input, protected_text, strlen (protected_text));
    sink_bytes (input, ".", 1);
    for (guint i = 0; content->mechanism != TAMGA_JOSE_BY_URI_HASH && i < content->documents->len;
         i++) {
        TamgaDocument *document = content->documents->pdata[i];
        size += tamga_document_size (document);
        if (size > TAMGA_MAX_JSON_SIZE) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "%s has more than the %u MiB that a JWS may sign without digests "
                         "(TS 119 182-1 5.2.8.3.3).",
                         tamga_document_name (document), TAMGA_MAX_JSON_SIZE / (1024 * 1024));
            return NULL;
        }
        if (!feed (document, content->encoded, sink_bytes, input, error))
            return NULL;
    }
    return g_byte_array_free_to_bytes (g_steal_pointer (&input));
}

/* ---- Finding ---- */

static TamgaDocument *find_given (const TamgaReadOptions *options, const char *name)
{
    GPtrArray *contents = options != NULL ? options->contents : NULL;
    g_autofree char *unescaped = g_uri_unescape_string (name, NULL);
    const char *wanted = tamga_jose_last_part (unescaped != NULL ? unescaped : name);

    for (guint i = 0; contents != NULL && i < contents->len; i++) {
        const char *given = tamga_jose_last_part (tamga_document_name (contents->pdata[i]));
        if (strcmp (given, wanted) == 0 || strcmp (given, tamga_jose_last_part (name)) == 0)
            return contents->pdata[i];
    }
    return NULL;
}

/* One document and one object need no name to find each other. */
static TamgaDocument *find_object (const TamgaReadOptions *options, const char *name, gsize objects)
{
    GPtrArray *contents = options != NULL ? options->contents : NULL;
    TamgaDocument *given = find_given (options, name);

    if (given == NULL && objects == 1 && contents != NULL && contents->len == 1)
        given = contents->pdata[0];
    return given;
}

static void fail_format (TamgaSignature *signature, const char *what)
{
    tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                          "sigD is broken: %s (TS 119 182-1 5.2.8).", what);
}

/* Is the digest of the object the one in hashV? */
static gboolean check_hash (TamgaObject *object, TamgaDocument *document, gboolean encoded,
                            const json_t *value, TamgaSignature *signature, GError **error)
{
    const char *text = json_string_value (value);
    g_autoptr (GBytes) computed = NULL;

    object->value = text != NULL ? tamga_base64url_decode (text, strlen (text)) : NULL;
    if (object->value == NULL) {
        fail_format (signature, "an element of hashV is not base64url");
        return TRUE;
    }
    if (document == NULL)
        return TRUE;
    computed = tamga_jose_content_hash (document, encoded, object->digest, error);
    if (computed == NULL || !tamga_document_check (document, error))
        return FALSE;
    object->equal = g_bytes_equal (computed, object->value);
    if (!object->equal)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE,
                              "The digest of %s is not the one in the signature "
                              "(TS 119 182-1 5.2.8.3.3).",
                              object->name);
    return TRUE;
}

static gboolean add_objects (TamgaJoseContent *content, const json_t *sig_d,
                             const TamgaReadOptions *options, TamgaSignature *signature,
                             GError **error)
{
    const json_t *pars = tamga_json_array (sig_d, "pars");
    const json_t *values = tamga_json_array (sig_d, "hashV");
    const json_t *types = tamga_json_array (sig_d, "ctys");
    gboolean hashed = content->mechanism == TAMGA_JOSE_BY_URI_HASH;
    const TamgaDigest *digest = tamga_jose_digest (tamga_json_string (sig_d, "hashM"));
    g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

    for (gsize i = 0; i < json_array_size (pars); i++) {
        const char *name = json_string_value (json_array_get (pars, i));
        TamgaDocument *document;
        TamgaObject *object;
        if (name == NULL || !g_hash_table_add (names, (gpointer)name)) {
            fail_format (signature, "pars has an element twice, or one that is no string");
            return TRUE;
        }
        document = find_object (options, name, json_array_size (pars));
        object = tamga_object_new (NULL, json_string_value (json_array_get (types, i)));
        object->name = tamga_text_visible (name);
        object->digest = digest;
        object->found = document != NULL;
        g_ptr_array_add (signature->objects, object);
        g_ptr_array_add (content->documents,
                         document != NULL ? tamga_document_ref (document) : NULL);
        if (document != NULL)
            signature->covered_bytes += tamga_document_size (document);
        if (hashed && !check_hash (object, document, content->encoded, json_array_get (values, i),
                                   signature, error))
            return FALSE;
        if (document == NULL)
            tamga_signature_fail (signature, TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND,
                                  "%s, which the signature names, was not given.", object->name);
    }
    return TRUE;
}

static gboolean find_by_reference (TamgaJoseContent *content, const json_t *sig_d,
                                   const TamgaJws *jws, const TamgaReadOptions *options,
                                   TamgaSignature *signature, GError **error)
{
    const char *mechanism = tamga_json_string (sig_d, "mId");
    const json_t *pars = tamga_json_array (sig_d, "pars");
    gsize n = json_array_size (pars);
    gboolean hashed = g_strcmp0 (mechanism, MECHANISM_URI_HASH) == 0;

    signature->packaging = "detached";
    content->mechanism = TAMGA_JOSE_NOT_AVAILABLE;
    if (n > TAMGA_MAX_REFERENCES) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "sigD names more than %u objects.", TAMGA_MAX_REFERENCES);
        return FALSE;
    }
    if (mechanism == NULL || n == 0) {
        fail_format (signature, "mId or pars is missing");
    } else if (jws->payload != NULL && jws->payload[0] != '\0') {
        fail_format (signature, "there is a payload beside it");
    } else if (!hashed && strcmp (mechanism, MECHANISM_URI) != 0) {
        g_autofree char *name = tamga_text_visible (mechanism);
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "What was signed is named by the mechanism %s, which is not known "
                              "here (TS 119 182-1 5.2.8.2).",
                              name);
    } else if (hashed && tamga_jose_digest (tamga_json_string (sig_d, "hashM")) == NULL) {
        fail_format (signature, "hashM names no digest of annex E");
    } else if (hashed && json_array_size (tamga_json_array (sig_d, "hashV")) != n) {
        fail_format (signature, "hashV has another number of elements than pars");
    } else {
        content->mechanism = hashed ? TAMGA_JOSE_BY_URI_HASH : TAMGA_JOSE_BY_URI;
        return add_objects (content, sig_d, options, signature, error);
    }
    return TRUE;
}

/* The payload as it was before encoding, and against a document that was given beside it. */
static gboolean find_attached (TamgaJoseContent *content, const TamgaJws *jws, TamgaDocument *given,
                               TamgaSignature *signature, GError **error)
{
    gsize length = strlen (jws->payload);
    g_autoptr (GBytes) bytes = content->encoded ? tamga_base64url_decode (jws->payload, length)
                                                : g_bytes_new (jws->payload, length);
    const TamgaDigest *digest = tamga_digest_by_name ("SHA-256");
    g_autoptr (GBytes) inside = NULL, outside = NULL;

    signature->packaging = "attached";
    content->mechanism = TAMGA_JOSE_ATTACHED;
    if (bytes == NULL) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The payload is not base64url (RFC 7515 2).");
        content->mechanism = TAMGA_JOSE_NOT_AVAILABLE;
        return TRUE;
    }
    g_ptr_array_add (content->documents, tamga_document_new ("The payload", bytes));
    signature->coverage = TAMGA_COVERS_WHOLE;
    signature->coverage_text = g_strdup ("the whole payload of the JWS");
    signature->covered_bytes = g_bytes_get_size (bytes);
    if (given == NULL)
        return TRUE;
    inside = tamga_digest_bytes (digest, bytes);
    outside = tamga_document_digest (given, digest, NULL, 0, NULL, NULL, error);
    if (outside == NULL)
        return FALSE;
    if (!g_bytes_equal (inside, outside)) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE,
                              "%s is not the document inside the signature.",
                              tamga_document_name (given));
        tamga_signature_find (signature, TAMGA_SEVERITY_FATAL, "jades-other-document",
                              "RFC 7515 5.2", "%s is not the document inside the signature.",
                              tamga_document_name (given));
    }
    return TRUE;
}

static gboolean find_detached (TamgaJoseContent *content, TamgaDocument *given,
                               TamgaSignature *signature)
{
    signature->packaging = "detached";
    content->mechanism = TAMGA_JOSE_DETACHED;
    g_ptr_array_add (content->documents, given != NULL ? tamga_document_ref (given) : NULL);
    if (given == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND,
                              "The signature is detached, and the document was not given "
                              "(RFC 7515 annex F).");
    else
        signature->covered_bytes = tamga_document_size (given);
    return TRUE;
}

/* 5.3.2: what a countersignature signs is the value above it. */
static gboolean find_countersigned (TamgaJoseContent *content, const TamgaJws *jws, GBytes *value,
                                    TamgaSignature *signature)
{
    g_autofree char *text = tamga_base64url_encode_bytes (value);
    g_autoptr (TamgaDocument) document = tamga_document_new ("The signature value", value);

    signature->packaging = "detached";
    signature->coverage = TAMGA_COVERS_PART;
    signature->coverage_text = g_strdup ("the value of the signature above it only");
    signature->covered_bytes = g_bytes_get_size (value);
    content->mechanism = TAMGA_JOSE_DETACHED;
    g_ptr_array_add (content->documents, g_steal_pointer (&document));
    if (jws->payload != NULL && jws->payload[0] != '\0' && strcmp (jws->payload, text) != 0)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE,
                              "The countersignature signs something else than the value above it "
                              "(TS 119 182-1 5.3.2).");
    return TRUE;
}

static void describe_detached (const TamgaJoseContent *content, TamgaSignature *signature)
{
    TamgaDocument *first = content->documents->len > 0 ? content->documents->pdata[0] : NULL;

    if (signature->coverage_text != NULL || !tamga_jose_content_complete (content))
        return;
    signature->coverage = TAMGA_COVERS_WHOLE;
    signature->coverage_text =
        content->documents->len == 1
            ? g_strdup_printf ("the whole of %s", tamga_document_name (first))
            : g_strdup_printf ("%u documents", content->documents->len);
}

TamgaJoseContent *tamga_jose_content_find (const TamgaJws *jws, const TamgaJwsSignature *one,
                                           const TamgaReadOptions *options, GBytes *value,
                                           TamgaSignature *signature, GError **error)
{
    json_t *sig_d = json_object_get (one->protected_header, "sigD");
    gboolean encoded = !json_is_false (json_object_get (one->protected_header, "b64"));
    g_autoptr (TamgaJoseContent) content =
        tamga_jose_content_new (TAMGA_JOSE_NOT_AVAILABLE, encoded, NULL);
    TamgaDocument *given = tamga_read_options_content (options);
    gboolean good;

    if (value != NULL)
        good = find_countersigned (content, jws, value, signature);
    else if (sig_d != NULL)
        good = find_by_reference (content, sig_d, jws, options, signature, error);
    else if (jws->payload != NULL && jws->payload[0] != '\0')
        good = find_attached (content, jws, given, signature, error);
    else
        good = find_detached (content, given, signature);
    if (!good)
        return NULL;
    describe_detached (content, signature);
    return g_steal_pointer (&content);
}
