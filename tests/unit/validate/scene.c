/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scene of the validation tests. */
#include "tests/unit/validate/scene.h"

#include <string.h>

/* What timestamps in these tests are about. */
static const guint8 covered[32] = "what was signed, as a digest...";

Scene *scene_new (void)
{
    g_autoptr (GError) error = NULL;
    Scene *scene = g_new0 (Scene, 1);
    scene->root = pki_issue (NULL, "National Root", PKI_CA, NOW - 2000 * DAY, NOW + 2000 * DAY);
    scene->provider =
        pki_issue (scene->root, "Provider CA", PKI_CA, NOW - 1000 * DAY, NOW + 1000 * DAY);
    scene->signer = pki_issue (scene->provider, "Signer One", PKI_SIGNER, 0, 0);
    scene->tsa = pki_issue (scene->provider, "TSA 1", PKI_TSA, NOW - 900 * DAY, NOW + 900 * DAY);
    scene->profile =
        tamga_profile_load_file (TAMGA_SOURCE_DIR "/client/profile/data/vn.profile", &error);
    g_assert_no_error (error);
    scene->trust = tamga_trust_new ();
    tamga_trust_use (scene->trust, scene->root->certificate);
    scene->context = (TamgaStatusContext){
        .profile = scene->profile, .trust = scene->trust, .time = G_MININT64, .now = NOW};
    return scene;
}

void scene_free (Scene *scene)
{
    if (scene == NULL)
        return;
    entity_free (scene->root);
    entity_free (scene->provider);
    entity_free (scene->signer);
    entity_free (scene->tsa);
    tamga_profile_free (scene->profile);
    tamga_trust_free (scene->trust);
    g_free (scene);
}

static void add_certificate (TamgaSignature *signature, const Entity *entity)
{
    X509_up_ref (entity->certificate);
    g_ptr_array_add (signature->certificates, entity->certificate);
}

void scene_add_lists (const Scene *scene, TamgaSignature *signature, gint64 from, int days,
                      const Entity *issuer, const Entry *entry)
{
    const Entity *issuers[] = {scene->root, scene->provider};
    for (gsize i = 0; i < G_N_ELEMENTS (issuers); i++) {
        List list = {.issuer = issuers[i],
                     .this_update = from,
                     .next_update = from + (gint64)days * DAY,
                     .number = 7,
                     .entries = entry,
                     .n = entry != NULL && issuers[i] == issuer ? 1 : 0};
        g_ptr_array_add (signature->crls, pki_crl (&list));
    }
    signature->has_evidence = TRUE;
}

TamgaSignature *scene_signature (const Scene *scene, const Entity *signer)
{
    TamgaSignature *signature = tamga_signature_new ("CAdES");
    signature->id = g_strdup ("signature 1");
    signature->packaging = "attached";
    signature->algorithm = tamga_algorithm_by_name ("ECDSA-SHA-256");
    g_assert_nonnull (signature->algorithm);
    signature->algorithm_text = g_strdup (signature->algorithm->name);
    signature->message_digest = tamga_digest_by_name ("SHA-256");
    X509_up_ref (signer->certificate);
    signature->certificate = signer->certificate;
    signature->binding = TAMGA_BINDING_V2;
    signature->claimed_time = THEN;
    signature->claimed_time_source = g_strdup ("signing-time attribute");
    signature->coverage = TAMGA_COVERS_WHOLE;
    add_certificate (signature, signer);
    add_certificate (signature, scene->provider);
    return signature;
}

static ASN1_INTEGER *token_serial (TS_RESP_CTX *context G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
    static long last;
    ASN1_INTEGER *serial = ASN1_INTEGER_new ();
    ASN1_INTEGER_set (serial, ++last);
    return serial;
}

static int token_time (TS_RESP_CTX *context G_GNUC_UNUSED, void *data, long *seconds,
                       long *microseconds)
{
    *seconds = (long)*(gint64 *)data;
    *microseconds = 0;
    return 1;
}

static BIO *token_request (const TamgaDigest *digest, GBytes *imprint)
{
    g_autoptr (TS_REQ) request = TS_REQ_new ();
    TS_MSG_IMPRINT *message = TS_MSG_IMPRINT_new ();
    g_autoptr (X509_ALGOR) algor = X509_ALGOR_new ();
    X509_ALGOR_set_md (algor, tamga_digest_md (digest));
    TS_REQ_set_version (request, 1);
    TS_MSG_IMPRINT_set_algo (message, algor);
    TS_MSG_IMPRINT_set_msg (message, (unsigned char *)g_bytes_get_data (imprint, NULL),
                            (int)g_bytes_get_size (imprint));
    TS_REQ_set_msg_imprint (request, message);
    TS_REQ_set_cert_req (request, 1);
    TS_MSG_IMPRINT_free (message);
    BIO *bio = BIO_new (BIO_s_mem ());
    i2d_TS_REQ_bio (bio, request);
    return bio;
}

GBytes *scene_token (const Entity *tsa, gint64 time, const TamgaDigest *digest, GBytes *imprint)
{
    TS_RESP_CTX *context = TS_RESP_CTX_new ();
    ASN1_OBJECT *policy = OBJ_txt2obj ("1.2.3.4.1", 1);
    TS_RESP_CTX_set_time_cb (context, token_time, &time);
    TS_RESP_CTX_set_serial_cb (context, token_serial, NULL);
    g_assert_cmpint (TS_RESP_CTX_set_signer_cert (context, tsa->certificate), ==, 1);
    TS_RESP_CTX_set_signer_key (context, tsa->key);
    TS_RESP_CTX_set_signer_digest (context, EVP_sha256 ());
    TS_RESP_CTX_set_ess_cert_id_digest (context, EVP_sha256 ());
    TS_RESP_CTX_set_def_policy (context, policy);
    TS_RESP_CTX_add_md (context, tamga_digest_md (digest));
    g_autoptr (BIO) request = token_request (digest, imprint);
    g_autoptr (TS_RESP) response = TS_RESP_create_response (context, request);
    g_assert_nonnull (response);
    g_assert_nonnull (TS_RESP_get_token (response));
    GBytes *token = tamga_ossl_der (i2d_PKCS7, TS_RESP_get_token (response));
    TS_RESP_CTX_free (context);
    ASN1_OBJECT_free (policy);
    return token;
}

static GBytes *make_token (const Entity *tsa, gint64 time, gboolean good)
{
    guint8 imprint[sizeof covered];
    memcpy (imprint, covered, sizeof covered);
    imprint[5] ^= good ? 0 : 1;
    g_autoptr (GBytes) bytes = g_bytes_new (imprint, sizeof imprint);
    return scene_token (tsa, time, tamga_digest_by_name ("SHA-256"), bytes);
}

void scene_add_timestamp (TamgaSignature *signature, const Entity *tsa, TamgaTimestampKind kind,
                          gint64 time, gboolean good)
{
    TamgaTimestamp *timestamp = g_new0 (TamgaTimestamp, 1);
    timestamp->kind = kind;
    timestamp->id = g_strdup_printf ("timestamp %u", signature->timestamps->len + 1);
    timestamp->token = make_token (tsa, time, good);
    timestamp->covered_digest = g_bytes_new_static (covered, sizeof covered);
    g_ptr_array_add (signature->timestamps, timestamp);
}

void scene_resign_timestamp (TamgaSignature *signature, const Entity *by)
{
    TamgaTimestamp *timestamp = signature->timestamps->pdata[signature->timestamps->len - 1];
    gsize size;
    const guint8 *der = g_bytes_get_data (timestamp->token, &size);
    CMS_ContentInfo *old = d2i_CMS_ContentInfo (NULL, &der, (long)size);
    const ASN1_OCTET_STRING *info = *CMS_get0_content (old);
    g_autoptr (BIO) content =
        BIO_new_mem_buf (ASN1_STRING_get0_data (info), ASN1_STRING_length (info));
    unsigned flags = CMS_PARTIAL | CMS_BINARY;
    CMS_ContentInfo *cms = CMS_sign (NULL, NULL, NULL, NULL, flags);
    CMS_set1_eContentType (cms, OBJ_nid2obj (NID_id_smime_ct_TSTInfo));
    g_assert_nonnull (
        CMS_add1_signer (cms, by->certificate, by->key, EVP_sha256 (), flags | CMS_CADES));
    g_assert_cmpint (CMS_final (cms, content, NULL, flags), ==, 1);
    g_bytes_unref (timestamp->token);
    timestamp->token = tamga_ossl_der (i2d_CMS_ContentInfo, cms);
    CMS_ContentInfo_free (cms);
    CMS_ContentInfo_free (old);
}

TamgaSignature *scene_document_timestamp (const Scene *scene, const Entity *tsa, gint64 time,
                                          guint revision, guint revisions)
{
    TamgaSignature *signature = tamga_signature_new ("PAdES");
    signature->id = g_strdup ("timestamp 9");
    signature->packaging = "enveloped";
    signature->is_document_timestamp = TRUE;
    signature->revision = revision;
    signature->revisions = revisions;
    signature->coverage = revision == revisions ? TAMGA_COVERS_WHOLE : TAMGA_COVERS_REVISION;
    add_certificate (signature, scene->provider);
    scene_add_timestamp (signature, tsa, TAMGA_TIMESTAMP_DOCUMENT, time, TRUE);
    return signature;
}

TamgaSignature *scene_lt_signature (const Scene *scene, const Entity *signer)
{
    TamgaSignature *signature = scene_signature (scene, signer);
    scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
    scene_add_lists (scene, signature, THEN + 60, 7, NULL, NULL);
    return signature;
}

TamgaValidation *scene_validate (const Scene *scene, TamgaSignature *signature)
{
    return scene_validate_two (scene, signature, NULL);
}

TamgaValidation *scene_validate_two (const Scene *scene, TamgaSignature *first,
                                     TamgaSignature *second)
{
    TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GPtrArray) signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    g_ptr_array_add (signatures, first);
    if (second != NULL)
        g_ptr_array_add (signatures, second);
    return tamga_validate_signatures ("file", NULL, signatures, &scene->context, G_MININT64, &call);
}

const TamgaValidatedSignature *scene_one (const TamgaValidation *validation, guint index)
{
    g_assert_cmpuint (index, <, validation->signatures->len);
    return validation->signatures->pdata[index];
}

const TamgaCheck *scene_check (const TamgaValidatedSignature *validated, const char *name)
{
    for (guint i = 0; i < validated->checks->len; i++) {
        const TamgaCheck *check = validated->checks->pdata[i];
        if (g_str_equal (check->name, name))
            return check;
    }
    return NULL;
}

gboolean scene_has_finding (const TamgaValidatedSignature *validated, const char *code)
{
    for (guint i = 0; i < validated->findings->len; i++) {
        const TamgaFinding *finding = validated->findings->pdata[i];
        if (g_str_equal (finding->code, code))
            return TRUE;
    }
    return FALSE;
}

void scene_assert (const TamgaValidation *validation, guint index, TamgaIndication indication,
                   const char *sub)
{
    const TamgaValidatedSignature *validated = scene_one (validation, index);
    g_autofree char *text = tamga_validation_text (validation, NULL, TRUE);
    g_test_message ("%s", text);
    g_assert_cmpstr (validated->sub_indication, ==, sub);
    g_assert_cmpint (validated->indication, ==, indication);
    g_assert_cmpint (validated->reason != NULL, ==, sub != NULL);
}

void scene_assert_check (const TamgaValidatedSignature *validated, const char *name,
                         const char *result)
{
    const TamgaCheck *check = scene_check (validated, name);
    g_test_message ("%s", name);
    g_assert_nonnull (check);
    g_assert_cmpstr (check->result, ==, result);
    g_assert_nonnull (check->text);
}
