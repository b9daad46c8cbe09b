/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The protected header that is signed. */
#include "formats/jose/make_header.h"

#include <string.h>

#include "formats/jose/base64.h"
#include "formats/jose/components.h"
#include "formats/ossl.h"

#define MECHANISM_URI_HASH "http://uri.etsi.org/19182/ObjectIdByURIHash"

typedef struct {
    const TamgaSigningParameters *parameters;
    const TamgaJoseContent *content;
    json_t *header;
    json_t *critical;
} Maker;

static void set (Maker *maker, const char *name, json_t *value, gboolean critical)
{
    json_object_set_new (maker->header, name, value);
    if (critical)
        json_array_append_new (maker->critical, json_string (name));
}

/* RFC 7515 4.1.10: without "application/" where no other slash follows. */
static json_t *short_type (const char *type)
{
    static const char prefix[] = "application/";

    if (g_ascii_strncasecmp (type, prefix, strlen (prefix)) == 0 &&
        strchr (type + strlen (prefix), '/') == NULL)
        type += strlen (prefix);
    return json_string (type);
}

static json_t *base64url_string (GBytes *bytes)
{
    g_autofree char *text = tamga_base64url_encode_bytes (bytes);

    return json_string (text);
}

/* digAlg and digVal. */
static json_t *digest_object (const TamgaDigest *digest, GBytes *value)
{
    json_t *object = json_object ();

    json_object_set_new (object, "digAlg", json_string (tamga_jose_digest_name (digest)));
    json_object_set_new (object, "digVal", base64url_string (value));
    return object;
}

/* oId (5.4.1): a dotted OID as a URN. */
static json_t *identifier (const char *id)
{
    g_autofree char *urn = g_ascii_isdigit (id[0]) ? g_strconcat ("urn:oid:", id, NULL) : NULL;

    return tamga_jose_component ("id", json_string (urn != NULL ? urn : id));
}

static json_t *certificate_string (X509 *certificate)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
    g_autofree char *text = tamga_base64_encode_bytes (der);

    return json_string (text);
}

/* x5t#S256, or x5t#o with the digest of the signature where that is another one. */
static void add_certificates (Maker *maker)
{
    const TamgaSigningParameters *parameters = maker->parameters;
    const TamgaDigest *digest = tamga_algorithm_digest (parameters->algorithm);
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, parameters->certificate);
    g_autoptr (GBytes) value = tamga_digest_bytes (digest, der);
    json_t *chain = json_array ();

    if (strcmp (digest->name, "SHA-256") == 0)
        set (maker, "x5t#S256", base64url_string (value), FALSE);
    else
        set (maker, "x5t#o", digest_object (digest, value), TRUE);
    json_array_append_new (chain, certificate_string (parameters->certificate));
    for (guint i = 0; parameters->chain != NULL && i < parameters->chain->len; i++)
        json_array_append_new (chain, certificate_string (parameters->chain->pdata[i]));
    set (maker, "x5c", chain, FALSE);
}

static void add_place (Maker *maker)
{
    const TamgaClaims *claims = maker->parameters->claims;
    const struct {
        const char *name, *value;
    } rows[] = {
        {"addressCountry", claims->country},
        {"addressLocality", claims->locality},
        {"addressRegion", claims->province},
        {"postalCode", claims->postal_code},
    };
    g_autoptr (json_t) place = json_object ();

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].value != NULL)
            json_object_set_new (place, rows[i].name, json_string (rows[i].value));
    }
    if (json_object_size (place) > 0)
        set (maker, "sigPl", g_steal_pointer (&place), TRUE);
}

static void add_commitments (Maker *maker)
{
    const char *const *ids = maker->parameters->claims->commitments;
    json_t *list;

    if (ids == NULL || ids[0] == NULL)
        return;
    list = json_array ();
    for (gsize i = 0; ids[i] != NULL; i++)
        json_array_append_new (list, tamga_jose_component ("commId", identifier (ids[i])));
    set (maker, "srCms", list, TRUE);
}

/* qArrays (5.2.5): plain text as it is. */
static void add_roles (Maker *maker)
{
    const char *const *roles = maker->parameters->claims->roles;
    json_t *values, *array, *list;

    if (roles == NULL || roles[0] == NULL)
        return;
    values = json_array ();
    for (gsize i = 0; roles[i] != NULL; i++)
        json_array_append_new (values, json_string (roles[i]));
    array = tamga_jose_component ("mediaType", json_string ("text/plain"));
    json_object_set_new (array, "encoding", json_string ("binary"));
    json_object_set_new (array, "qVals", values);
    list = json_array ();
    json_array_append_new (list, array);
    set (maker, "srAts", tamga_jose_component ("claimed", list), TRUE);
}

static void add_policy (Maker *maker)
{
    const TamgaPolicy *policy = maker->parameters->claims->policy;
    json_t *object;

    if (policy == NULL)
        return;
    object = tamga_jose_component ("id", identifier (policy->id));
    if (policy->digest != NULL && policy->value != NULL) {
        json_t *digest = digest_object (policy->digest, policy->value);
        json_object_update (object, digest);
        json_decref (digest);
    }
    if (policy->uri != NULL) {
        json_t *qualifiers = json_array ();
        json_array_append_new (qualifiers,
                               tamga_jose_component ("spURI", json_string (policy->uri)));
        json_object_set_new (object, "sigPQuals", qualifiers);
    }
    set (maker, "sigPId", object, TRUE);
}

static gboolean add_content_timestamp (Maker *maker, GError **error)
{
    const TamgaStamper *stamper = maker->parameters->content_stamper;
    TamgaJoseImprints imprints;
    g_autoptr (GBytes) imprint = NULL, token = NULL;

    if (stamper == NULL)
        return TRUE;
    tamga_jose_imprints_init (&imprints, NULL, maker->content, NULL);
    imprint = tamga_jose_imprint (&imprints, "adoTst", 0, stamper->digest, error);
    tamga_jose_imprints_clear (&imprints);
    if (imprint == NULL)
        return FALSE;
    token = stamper->stamp (stamper, imprint, error);
    if (token == NULL)
        return FALSE;
    set (maker, "adoTst", tamga_jose_tokens (token), TRUE);
    return TRUE;
}

/* 5.2.8.3.3 */
static gboolean add_references (Maker *maker, GError **error)
{
    const TamgaDigest *digest = tamga_algorithm_digest (maker->parameters->algorithm);
    GPtrArray *documents = maker->content->documents;
    json_t *sig_d = tamga_jose_component ("mId", json_string (MECHANISM_URI_HASH));
    json_t *names = json_array (), *values = json_array (), *types = json_array ();

    set (maker, "sigD", sig_d, TRUE);
    json_object_set_new (sig_d, "pars", names);
    json_object_set_new (sig_d, "hashM", json_string (tamga_jose_digest_name (digest)));
    json_object_set_new (sig_d, "hashV", values);
    json_object_set_new (sig_d, "ctys", types);
    for (guint i = 0; i < documents->len; i++) {
        const char *name = tamga_jose_last_part (tamga_document_name (documents->pdata[i]));
        const char *type = i == 0 ? maker->parameters->content_type : NULL;
        g_autofree char *uri = g_uri_escape_string (name, NULL, FALSE);
        g_autoptr (GBytes) value =
            tamga_jose_content_hash (documents->pdata[i], maker->content->encoded, digest, error);
        if (value == NULL)
            return FALSE;
        json_array_append_new (names, json_string (uri));
        json_array_append_new (values, base64url_string (value));
        json_array_append_new (types, short_type (type != NULL ? type : "octet-stream"));
    }
    return TRUE;
}

static gboolean add_all (Maker *maker, GError **error)
{
    const TamgaSigningParameters *parameters = maker->parameters;

    set (maker, "alg", json_string (parameters->algorithm->jwa), FALSE);
    if (maker->content->mechanism == TAMGA_JOSE_ATTACHED && parameters->content_type != NULL)
        set (maker, "cty", short_type (parameters->content_type), FALSE);
    add_certificates (maker);
    set (maker, "iat", json_integer (parameters->signing_time), FALSE);
    if (!maker->content->encoded)
        set (maker, "b64", json_false (), TRUE);
    if (parameters->claims != NULL) {
        add_commitments (maker);
        add_place (maker);
        add_roles (maker);
        add_policy (maker);
    }
    if (!add_content_timestamp (maker, error) ||
        (maker->content->mechanism == TAMGA_JOSE_BY_URI_HASH && !add_references (maker, error)))
        return FALSE;
    if (json_array_size (maker->critical) > 0)
        json_object_set (maker->header, "crit", maker->critical);
    return TRUE;
}

char *tamga_jose_make_header (const TamgaSigningParameters *parameters,
                              const TamgaJoseContent *content, GError **error)
{
    g_autoptr (json_t) header = json_object (), critical = json_array ();
    Maker maker = {parameters, content, header, critical};

    if (parameters->algorithm->jwa == NULL ||
        tamga_jose_digest_name (tamga_algorithm_digest (parameters->algorithm)) == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "%s has no name in JSON signatures (RFC 7518 3.1).",
                     parameters->algorithm->name);
        return NULL;
    }
    if (!add_all (&maker, error))
        return NULL;
    return tamga_json_dump (header);
}
