/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates, OCSP responses and CRLs as they lie in a file. */
#include "client/show/inside.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "client/json.h"
#include "formats/ossl.h"

/* Answers of one OCSP response that are listed. */
#define MAX_ANSWERS 100

TamgaInside *tamga_inside_new (void)
{
    TamgaInside *inside = g_new0 (TamgaInside, 1);
    inside->certificates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    inside->evidence = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    inside->certificate_list = json_array ();
    inside->evidence_list = json_array ();
    return inside;
}

void tamga_inside_free (TamgaInside *inside)
{
    if (inside == NULL)
        return;
    g_hash_table_unref (inside->certificates);
    g_hash_table_unref (inside->evidence);
    json_decref (inside->certificate_list);
    json_decref (inside->evidence_list);
    g_free (inside);
}

static void set_text (json_t *object, const char *key, const char *text)
{
    json_object_set_new (object, key, tamga_json_text (text));
}

/* What a certificate is for, as far as it says so itself. */
static const char *role_of (X509 *certificate)
{
    guint32 flags = X509_get_extension_flags (certificate);
    guint32 usage = (flags & EXFLAG_XKUSAGE) ? X509_get_extended_key_usage (certificate) : 0;
    if (X509_check_ca (certificate) > 0)
        return (flags & EXFLAG_SS) ? "root" : "authority";
    if (usage & XKU_TIMESTAMP)
        return "timestamping";
    if (usage & XKU_OCSP_SIGN)
        return "status answers";
    return "end entity";
}

static json_t *certificate_json (X509 *certificate, const char *sha256)
{
    g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (certificate));
    g_autofree char *issuer = tamga_ossl_name (X509_get_issuer_name (certificate));
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (certificate));
    g_autofree char *by = tamga_ossl_short_name (X509_get_issuer_name (certificate));
    g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (certificate));
    json_t *object = json_object ();
    set_text (object, "name", name);
    set_text (object, "subject", subject);
    set_text (object, "issuer_name", by);
    set_text (object, "issuer", issuer);
    set_text (object, "serial", serial);
    set_text (object, "sha256", sha256);
    json_object_set_new (object, "valid_from",
                         tamga_json_time (tamga_ossl_time (X509_get0_notBefore (certificate))));
    json_object_set_new (object, "valid_until",
                         tamga_json_time (tamga_ossl_time (X509_get0_notAfter (certificate))));
    set_text (object, "role", role_of (certificate));
    json_object_set_new (object, "in", json_array ());
    return object;
}

/* Appends `id` to where an item lies, once. */
static void add_place (json_t *item, const char *id)
{
    json_t *places = json_object_get (item, "in");
    gsize n = json_array_size (places);
    if (n == 0 || g_strcmp0 (json_string_value (json_array_get (places, n - 1)), id) != 0)
        json_array_append_new (places, tamga_json_text (id));
}

static void add_certificate (TamgaInside *self, X509 *certificate, const char *id)
{
    g_autofree char *sha256 = tamga_ossl_fingerprint (certificate);
    json_t *item = g_hash_table_lookup (self->certificates, sha256);
    if (item == NULL) {
        item = certificate_json (certificate, sha256);
        json_array_append_new (self->certificate_list, item);
        g_hash_table_insert (self->certificates, g_steal_pointer (&sha256), item);
    }
    add_place (item, id);
}

static const char *status_name (int status)
{
    return status == V_OCSP_CERTSTATUS_GOOD      ? "good"
           : status == V_OCSP_CERTSTATUS_REVOKED ? "revoked"
                                                 : "unknown";
}

static json_t *answer_json (OCSP_SINGLERESP *single)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
    ASN1_INTEGER *number = NULL;
    int reason;
    int status = OCSP_single_get0_status (single, &reason, &revoked, &from, &until);
    OCSP_id_get0_info (NULL, NULL, NULL, &number, (OCSP_CERTID *)OCSP_SINGLERESP_get0_id (single));
    g_autofree char *serial = number != NULL ? tamga_ossl_serial (number) : NULL;
    json_t *object = json_object ();
    set_text (object, "serial", serial);
    set_text (object, "status", status_name (status));
    json_object_set_new (object, "this_update",
                         tamga_json_time (from != NULL ? tamga_ossl_time (from) : G_MININT64));
    json_object_set_new (object, "next_update",
                         tamga_json_time (until != NULL ? tamga_ossl_time (until) : G_MININT64));
    json_object_set_new (
        object, "revoked",
        tamga_json_time (revoked != NULL ? tamga_ossl_time (revoked) : G_MININT64));
    return object;
}

static void set_responder (json_t *object, const OCSP_BASICRESP *basic)
{
    const ASN1_OCTET_STRING *key = NULL;
    const X509_NAME *name = NULL;
    g_autofree char *text = NULL;
    if (OCSP_resp_get0_id (basic, &key, &name) == 1 && name != NULL) {
        text = tamga_ossl_short_name (name);
    } else if (key != NULL) {
        g_autofree char *hex =
            tamga_text_hex (ASN1_STRING_get0_data (key), (gsize)ASN1_STRING_length (key));
        text = g_strconcat ("key ", hex, NULL);
    }
    set_text (object, "responder", text);
}

static json_t *ocsp_json (GBytes *der)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (der, &size);
    g_autoptr (OCSP_RESPONSE) response = d2i_OCSP_RESPONSE (NULL, &data, (long)size);
    g_autoptr (OCSP_BASICRESP) basic =
        response != NULL ? OCSP_response_get1_basic (response) : NULL;
    json_t *object = json_object ();
    set_text (object, "type", "OCSP");
    if (basic == NULL) {
        set_text (object, "problem", "it cannot be read");
        ERR_clear_error ();
        return object;
    }
    json_t *answers = json_array ();
    set_responder (object, basic);
    json_object_set_new (object, "produced_at",
                         tamga_json_time (tamga_ossl_time (OCSP_resp_get0_produced_at (basic))));
    for (int i = 0; i < MIN (OCSP_resp_count (basic), MAX_ANSWERS); i++)
        json_array_append_new (answers, answer_json (OCSP_resp_get0 (basic, i)));
    json_object_set_new (object, "answers", answers);
    return object;
}

static char *extension_number (X509_CRL *crl, int nid)
{
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i (crl, nid, NULL, NULL);
    char *text = number != NULL ? tamga_ossl_serial (number) : NULL;
    ASN1_INTEGER_free (number);
    return text;
}

static json_t *crl_json (GBytes *der)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (der, &size);
    g_autoptr (X509_CRL) crl = d2i_X509_CRL (NULL, &data, (long)size);
    json_t *object = json_object ();
    set_text (object, "type", "CRL");
    if (crl == NULL) {
        set_text (object, "problem", "it cannot be read");
        ERR_clear_error ();
        return object;
    }
    STACK_OF (X509_REVOKED) *entries = X509_CRL_get_REVOKED (crl);
    const ASN1_TIME *until = X509_CRL_get0_nextUpdate (crl);
    g_autofree char *issuer = tamga_ossl_short_name (X509_CRL_get_issuer (crl));
    g_autofree char *number = extension_number (crl, NID_crl_number);
    g_autofree char *base = extension_number (crl, NID_delta_crl);
    set_text (object, "issuer", issuer);
    set_text (object, "number", number);
    set_text (object, "base_number", base);
    json_object_set_new (object, "this_update",
                         tamga_json_time (tamga_ossl_time (X509_CRL_get0_lastUpdate (crl))));
    json_object_set_new (object, "next_update",
                         tamga_json_time (until != NULL ? tamga_ossl_time (until) : G_MININT64));
    json_object_set_new (object, "revoked",
                         json_integer (entries != NULL ? sk_X509_REVOKED_num (entries) : 0));
    return object;
}

static void add_evidence (TamgaInside *self, GBytes *der, json_t *(*read) (GBytes *),
                          const char *id)
{
    g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, der);
    json_t *item = g_hash_table_lookup (self->evidence, sha256);
    if (item == NULL) {
        item = read (der);
        json_object_set_new (item, "size", json_integer ((json_int_t)g_bytes_get_size (der)));
        set_text (item, "sha256", sha256);
        json_object_set_new (item, "in", json_array ());
        json_array_append_new (self->evidence_list, item);
        g_hash_table_insert (self->evidence, g_steal_pointer (&sha256), item);
    }
    add_place (item, id);
}

void tamga_inside_add (TamgaInside *inside, const TamgaSignature *signature, const char *id)
{
    for (guint i = 0; i < signature->certificates->len; i++)
        add_certificate (inside, signature->certificates->pdata[i], id);
    for (guint i = 0; i < signature->ocsps->len; i++)
        add_evidence (inside, signature->ocsps->pdata[i], ocsp_json, id);
    for (guint i = 0; i < signature->crls->len; i++)
        add_evidence (inside, signature->crls->pdata[i], crl_json, id);
}
