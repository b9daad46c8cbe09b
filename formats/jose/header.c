/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JOSE header of one signature. */
#include "formats/jose/header.h"

#include <string.h>

#include "formats/cms/value.h"
#include "formats/jose/base64.h"
#include "formats/jose/content.h"
#include "formats/limits.h"
#include "formats/ossl.h"

/* Header parameters that are processed here, so that they may be critical. exp and nbf (RFC 7519)
 * are told to the reader. */
static const char *const understood[] = {
    "alg", "cty",   "typ",     "kid",  "x5c",   "x5t",   "x5t#S256", "b64",    "iat",    "exp",
    "nbf", "x5t#o", "sigX5ts", "sigT", "sigPl", "srCms", "srAts",    "adoTst", "sigPId", "sigD",
};

static void fail (TamgaSignature *signature, const char *format, ...) G_GNUC_PRINTF (2, 3);
static void fail (TamgaSignature *signature, const char *format, ...)
{
    va_list arguments;
    g_autofree char *text = NULL;

    va_start (arguments, format);
    text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE, "%s", text);
}

static gboolean is_understood (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (understood); i++) {
        if (strcmp (understood[i], name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void check_critical_name (const json_t *header, const char *name, GHashTable *seen,
                                 TamgaSignature *signature)
{
    g_autofree char *shown = name != NULL ? tamga_text_visible (name) : NULL;

    if (name == NULL)
        fail (signature, "An element of crit is no name (RFC 7515 4.1.11).");
    else if (!g_hash_table_add (seen, (gpointer)name))
        fail (signature, "crit has %s twice (RFC 7515 4.1.11).", shown);
    else if (json_object_get (header, name) == NULL)
        fail (signature, "crit names %s, which is not in the header (RFC 7515 4.1.11).", shown);
    else if (!is_understood (name))
        fail (signature,
              "The header parameter %s is critical and not known here (RFC 7515 4.1.11).", shown);
}

/* RFC 7515 4.1.11. One name that is no array is read as an array of it: writers do that, and what
 * it demands is checked all the same. */
static void check_critical (const TamgaJwsSignature *one, TamgaSignature *signature)
{
    const json_t *header = one->protected_header;
    const json_t *list = json_object_get (header, "crit");
    g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

    if (json_object_get (one->header, "crit") != NULL ||
        json_object_get (one->header, "b64") != NULL)
        fail (signature, "crit or b64 is not under the signature (RFC 7515 4.1.11; RFC 7797 3).");
    if (json_is_string (list)) {
        check_critical_name (header, json_string_value (list), seen, signature);
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "jades-crit-no-array",
                              "RFC 7515 4.1.11", "The header parameter crit is no array.");
    } else if (list != NULL && json_array_size (list) == 0) {
        fail (signature, "crit is empty or no array (RFC 7515 4.1.11).");
    }
    for (gsize i = 0; json_is_array (list) && i < json_array_size (list); i++)
        check_critical_name (header, json_string_value (json_array_get (list, i)), seen, signature);
    if (json_object_get (header, "b64") == NULL)
        return;
    if (!json_is_boolean (json_object_get (header, "b64")))
        fail (signature, "b64 is neither true nor false (RFC 7797 3).");
    else if (json_is_false (json_object_get (header, "b64")) &&
             !g_hash_table_contains (seen, "b64"))
        fail (signature, "b64 is false and not critical (RFC 7797 6).");
}

static void find_algorithm (const TamgaJwsSignature *one, TamgaSignature *signature)
{
    const char *name = tamga_json_string (one->protected_header, "alg");
    g_autoptr (GError) error = NULL;

    if (name == NULL) {
        signature->algorithm_text = g_strdup ("unknown");
        fail (signature, "The header parameter alg is not under the signature "
                         "(TS 119 182-1 5.1.2).");
        return;
    }
    signature->algorithm = tamga_algorithm_by_jwa (name);
    signature->algorithm_text = tamga_text_visible (name);
    if (strcmp (name, "none") == 0 || g_str_has_prefix (name, "HS"))
        fail (signature, "%s is no signature of anybody (RFC 7518 3.2, 3.6).", name);
    else if (signature->algorithm == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "The algorithm %s is not known here.", signature->algorithm_text);
    if (signature->algorithm == NULL)
        return;
    g_free (signature->algorithm_text);
    signature->algorithm_text = g_strdup (signature->algorithm->name);
    signature->message_digest = tamga_algorithm_digest (signature->algorithm);
    tamga_value_warn_digest (signature, signature->message_digest);
    signature->signature_value =
        tamga_algorithm_raw_to_der (signature->algorithm, one->value, &error);
    if (signature->signature_value == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE,
                              "The signature value cannot be one of %s (RFC 7518 3.4).",
                              signature->algorithm_text);
}

/* ---- Claims ---- */

/* An identifier: a string, or an object with one (oId, TS 119 182-1 5.4.1). urn:oid: is cut. */
static char *identifier (const json_t *value)
{
    const char *text =
        json_is_object (value) ? tamga_json_string (value, "id") : json_string_value (value);

    if (text == NULL)
        return NULL;
    return tamga_text_visible (g_str_has_prefix (text, "urn:oid:") ? text + strlen ("urn:oid:")
                                                                   : text);
}

static void read_time (const json_t *header, TamgaSignature *signature)
{
    const json_t *iat = json_object_get (header, "iat");
    const char *text = tamga_json_string (header, "sigT");
    g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

    if (json_is_integer (iat)) {
        signature->claimed_time = json_integer_value (iat);
        signature->claimed_time_source = g_strdup ("iat header");
    } else if (time != NULL) {
        signature->claimed_time = g_date_time_to_unix (time);
        signature->claimed_time_source = g_strdup ("sigT header");
    }
    if ((iat != NULL && !json_is_integer (iat)) ||
        (json_object_get (header, "sigT") != NULL && time == NULL))
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "jades-signing-time-broken",
                              "TS 119 182-1 5.1.11, 5.2.1",
                              "The header parameter %s is not a time.",
                              time == NULL && text != NULL ? "sigT" : "iat");
}

static void read_place (const json_t *header, TamgaSignature *signature)
{
    static const char *const parts[] = {"streetAddress", "addressLocality",     "addressRegion",
                                        "postalCode",    "postOfficeBoxNumber", "addressCountry"};
    const json_t *place = tamga_json_object (header, "sigPl");
    g_autoptr (GString) text = g_string_new (NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
        const char *part = tamga_json_string (place, parts[i]);
        g_autofree char *shown = part != NULL ? tamga_text_visible (part) : NULL;
        if (part != NULL)
            g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", shown);
    }
    if (text->len > 0)
        signature->location = g_strdup (text->str);
}

static void read_commitments (const json_t *header, TamgaSignature *signature)
{
    const json_t *list = tamga_json_array (header, "srCms");

    for (gsize i = 0; i < MIN (json_array_size (list), TAMGA_MAX_ATTRIBUTES); i++) {
        char *id = identifier (json_object_get (json_array_get (list, i), "commId"));
        if (id != NULL)
            g_ptr_array_add (signature->commitments, id);
    }
}

static void read_roles (const json_t *header, TamgaSignature *signature)
{
    const json_t *list = tamga_json_array (tamga_json_object (header, "srAts"), "claimed");

    for (gsize i = 0; i < json_array_size (list); i++) {
        const json_t *values = tamga_json_array (json_array_get (list, i), "qVals");
        for (gsize j = 0; j < json_array_size (values); j++) {
            const char *role = json_string_value (json_array_get (values, j));
            if (role != NULL && signature->roles->len < TAMGA_MAX_ATTRIBUTES)
                g_ptr_array_add (signature->roles, tamga_text_visible (role));
        }
    }
}

static void tell_validity (const json_t *header, TamgaSignature *signature)
{
    static const struct {
        const char *name, *text;
    } rows[] = {{"exp", "not to be accepted after"}, {"nbf", "not to be accepted before"}};

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        const json_t *value = json_object_get (header, rows[i].name);
        g_autofree char *text = NULL, *shown = NULL;
        if (value == NULL)
            continue;
        text = json_is_integer (value) ? tamga_time_text (json_integer_value (value))
                                       : tamga_json_dump (value);
        shown = tamga_text_visible (text);
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "jades-validity", "RFC 7519 4.1",
                              "The signer says that the signature is %s %s.", rows[i].text, shown);
    }
}

static gboolean has_reference (const json_t *header)
{
    static const char *const names[] = {"x5t#S256", "x5t#o", "sigX5ts", "x5c"};

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        if (json_object_get (header, names[i]) != NULL)
            return TRUE;
    }
    return FALSE;
}

void tamga_jose_header_read (const TamgaJwsSignature *one, TamgaSignature *signature)
{
    const json_t *header = one->protected_header;
    const json_t *policy = json_object_get (header, "sigPId");

    /* 5.1.7 and 6.3: a reference to the certificate and the time make a JWS one of JAdES. */
    if (has_reference (header) &&
        (json_object_get (header, "sigT") != NULL || json_object_get (header, "iat") != NULL))
        signature->format = "JAdES";
    find_algorithm (one, signature);
    check_critical (one, signature);
    read_time (header, signature);
    read_place (header, signature);
    read_commitments (header, signature);
    read_roles (header, signature);
    tell_validity (header, signature);
    signature->policy_oid = identifier (json_object_get (policy, "id"));
    if (json_object_get (header, "sigD") != NULL && (json_object_get (header, "crit") == NULL))
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "jades-sigd-not-critical",
                              "TS 119 182-1 5.1.9",
                              "sigD is not critical: other programs may pass over it.");
}

/* ---- Certificate ---- */

void tamga_jose_add_certificate (TamgaSignature *signature, const char *text)
{
    g_autoptr (GBytes) der = text != NULL ? tamga_base64_decode (text) : NULL;
    g_autoptr (X509) certificate = NULL;

    if (der != NULL && g_bytes_get_size (der) <= TAMGA_MAX_CERTIFICATE_SIZE)
        certificate = tamga_ossl_certificate (der);
    if (certificate == NULL) {
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "jades-certificate-broken",
                              "RFC 7515 4.1.6", "A certificate in the signature cannot be read.");
        return;
    }
    for (guint i = 0; i < signature->certificates->len; i++) {
        if (X509_cmp (signature->certificates->pdata[i], certificate) == 0)
            return;
    }
    if (signature->certificates->len < TAMGA_MAX_CERTIFICATES)
        g_ptr_array_add (signature->certificates, g_steal_pointer (&certificate));
}

void tamga_jose_header_certificates (const TamgaJwsSignature *one, TamgaSignature *signature)
{
    const json_t *headers[] = {one->protected_header, one->header};

    for (gsize i = 0; i < G_N_ELEMENTS (headers); i++) {
        const json_t *chain = tamga_json_array (headers[i], "x5c");
        for (gsize j = 0; j < MIN (json_array_size (chain), TAMGA_MAX_CERTIFICATES); j++)
            tamga_jose_add_certificate (signature, json_string_value (json_array_get (chain, j)));
    }
}

/* A digest of the signer's certificate that is under the signature. */
typedef struct {
    const char *name;
    const TamgaDigest *digest; /* NULL: not known */
    GBytes *value;             /* NULL: broken */
} Reference;

static void clear_reference (Reference *reference)
{
    g_clear_pointer (&reference->value, g_bytes_unref);
}

static void add_reference (GArray *references, const char *name, const TamgaDigest *digest,
                           const char *text)
{
    Reference reference = {name, digest, NULL};

    if (text != NULL)
        reference.value = tamga_base64url_decode (text, strlen (text));
    g_array_append_val (references, reference);
}

static GArray *collect_references (const json_t *header)
{
    static const struct {
        const char *name, *digest;
    } thumbprints[] = {{"x5t#S256", "SHA-256"}, {"x5t", "SHA-1"}};
    GArray *references = g_array_new (FALSE, FALSE, sizeof (Reference));
    const json_t *other = json_object_get (header, "x5t#o");
    const json_t *several = json_object_get (header, "sigX5ts");

    g_array_set_clear_func (references, (GDestroyNotify)clear_reference);
    for (gsize i = 0; i < G_N_ELEMENTS (thumbprints); i++) {
        if (json_object_get (header, thumbprints[i].name) != NULL)
            add_reference (references, thumbprints[i].name,
                           tamga_digest_by_name (thumbprints[i].digest),
                           tamga_json_string (header, thumbprints[i].name));
    }
    if (other != NULL)
        add_reference (references, "x5t#o", tamga_jose_digest (tamga_json_string (other, "digAlg")),
                       tamga_json_string (other, "digVal"));
    if (several != NULL) { /* 5.2.2.3: the first is the signer's, the others its issuers' */
        const json_t *first = json_array_get (several, 0);
        add_reference (references, "sigX5ts",
                       tamga_jose_digest (tamga_json_string (first, "digAlg")),
                       tamga_json_string (first, "digVal"));
    }
    return references;
}

static gboolean refers_to (const Reference *reference, X509 *certificate)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
    g_autoptr (GBytes) value =
        reference->digest != NULL ? tamga_digest_bytes (reference->digest, der) : NULL;

    return value != NULL && reference->value != NULL && g_bytes_equal (value, reference->value);
}

/* RFC 7515 4.1.6: the first of x5c is the signer's. NULL where it is not there or broken. */
static X509 *first_of_chain (const TamgaJwsSignature *one)
{
    const char *text =
        json_string_value (json_array_get (tamga_json_array (one->protected_header, "x5c"), 0));
    g_autoptr (GBytes) der = text != NULL ? tamga_base64_decode (text) : NULL;

    return der != NULL && g_bytes_get_size (der) <= TAMGA_MAX_CERTIFICATE_SIZE
               ? tamga_ossl_certificate (der)
               : NULL;
}

/* Without x5c under the signature a reference finds it. */
static X509 *choose (const GArray *references, const TamgaSignature *signature)
{
    for (guint i = 0; references->len > 0 && i < signature->certificates->len; i++) {
        if (refers_to (&g_array_index (references, Reference, 0),
                       signature->certificates->pdata[i]))
            return signature->certificates->pdata[i];
    }
    /* Something to verify with, though not what the signature names. */
    return signature->certificates->len > 0 ? signature->certificates->pdata[0] : NULL;
}

void tamga_jose_header_bind (const TamgaJwsSignature *one, TamgaSignature *signature)
{
    g_autoptr (GArray) references = collect_references (one->protected_header);
    g_autoptr (X509) first = first_of_chain (one);
    gboolean chain = first != NULL;
    gboolean weak = references->len > 0 && !chain;
    X509 *chosen = chain ? first : choose (references, signature);

    if (chosen == NULL) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE,
                              "The signature does not carry the signer's certificate.");
        return;
    }
    X509_up_ref (chosen);
    signature->certificate = chosen;
    for (guint i = 0; i < references->len; i++)
        weak &= g_strcmp0 (g_array_index (references, Reference, i).name, "x5t") == 0;
    signature->binding = references->len == 0 && !chain ? TAMGA_BINDING_NONE
                         : weak                         ? TAMGA_BINDING_V1
                                                        : TAMGA_BINDING_V2;
    for (guint i = 0; i < references->len; i++) {
        const Reference *reference = &g_array_index (references, Reference, i);
        if (refers_to (reference, chosen))
            continue;
        signature->binding = TAMGA_BINDING_MISMATCH;
        tamga_signature_find (signature, TAMGA_SEVERITY_FATAL, "jades-certificate-mismatch",
                              "TS 119 182-1 5.1.7, 5.2.2",
                              "The header parameter %s names another certificate than the one in "
                              "the signature, or by a digest not known here.",
                              reference->name);
    }
}
