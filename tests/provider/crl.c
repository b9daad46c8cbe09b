/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CRLs made from the register with libcrypto. */
#include "tests/provider/crl.h"

#include <string.h>

#include <openssl/pem.h>

#include "tests/provider/authority.h"
#include "tests/provider/state.h"

#define REISSUE_AFTER (PROVIDER_CRL_LIFETIME / 2)

/* What one CRL is to be, before the faults are applied. */
typedef struct {
    const ProviderAuthority *authority;
    gint64 now;
    gint64 number;
    gint64 base_number; /* of a delta CRL; 0 for a complete one */
    gboolean as_base;   /* the state at the base, not the present one */
} CrlPlan;

static void add_integer (X509_CRL *crl, int nid, gint64 value, int critical)
{
    g_autoptr (ASN1_INTEGER) number = ASN1_INTEGER_new ();
    PROVIDER_MUST (number != NULL && ASN1_INTEGER_set_int64 (number, value) &&
                   X509_CRL_add1_ext_i2d (crl, nid, number, critical, 0));
}

/* An extension nobody knows, OID 2.999.666, critical. */
static X509_EXTENSION *unknown_extension (void)
{
    static const unsigned char null[] = {0x05, 0x00};
    g_autoptr (ASN1_OBJECT) oid = OBJ_txt2obj ("2.999.666", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new ();
    PROVIDER_MUST (oid != NULL && value != NULL &&
                   ASN1_OCTET_STRING_set (value, null, sizeof null));
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ (NULL, oid, 1, value);
    ASN1_OCTET_STRING_free (value);
    PROVIDER_MUST (extension != NULL);
    return extension;
}

/* Issuing distribution points that narrow the scope (RFC 5280 5.2.5). */
static void add_scope (X509_CRL *crl, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb (&context);
    X509V3_set_ctx (&context, NULL, NULL, NULL, crl, 0);
    g_autoptr (X509_EXTENSION) extension =
        X509V3_EXT_nconf_nid (NULL, &context, NID_issuing_distribution_point, value);
    PROVIDER_MUST (extension != NULL && X509_CRL_add_ext (crl, extension, -1));
}

static void add_entry (X509_CRL *crl, const ProviderEntry *entry, int reason,
                       const ProviderFaultSet *faults)
{
    X509_REVOKED *revoked = X509_REVOKED_new ();
    g_autoptr (ASN1_TIME) since = ASN1_TIME_set (NULL, (time_t)entry->since);
    BIGNUM *parsed = NULL;
    PROVIDER_MUST (revoked != NULL && since != NULL && BN_hex2bn (&parsed, entry->serial));
    g_autoptr (BIGNUM) number = parsed;
    g_autoptr (ASN1_INTEGER) serial = BN_to_ASN1_INTEGER (number, NULL);
    PROVIDER_MUST (serial != NULL && X509_REVOKED_set_serialNumber (revoked, serial) &&
                   X509_REVOKED_set_revocationDate (revoked, since));
    if (reason != PROVIDER_REASON_NONE) {
        ASN1_ENUMERATED *code = ASN1_ENUMERATED_new ();
        PROVIDER_MUST (code != NULL && ASN1_ENUMERATED_set (code, reason) &&
                       X509_REVOKED_add1_ext_i2d (revoked, NID_crl_reason, code, 0, 0));
        ASN1_ENUMERATED_free (code);
    }
    if (provider_fault (faults, PROVIDER_FAULT_UNKNOWN_CRITICAL_ENTRY)) {
        g_autoptr (X509_EXTENSION) extension = unknown_extension ();
        PROVIDER_MUST (X509_REVOKED_add_ext (revoked, extension, -1));
    }
    PROVIDER_MUST (X509_CRL_add0_revoked (crl, revoked));
}

static void add_entries (X509_CRL *crl, const Provider *provider, const CrlPlan *plan,
                         const ProviderFaultSet *faults)
{
    for (guint i = 0; i < provider->entries->len; i++) {
        const ProviderEntry *entry = provider->entries->pdata[i];
        gboolean delta = plan->base_number != 0;
        ProviderStatus status = plan->as_base ? entry->base_status : entry->status;
        if (strcmp (entry->authority, plan->authority->spec->name) != 0 ||
            entry->not_after < plan->now) /* expired ones leave the list (RFC 5280 3.3) */
            continue;
        if (delta && status == entry->base_status)
            continue;
        if (status != PROVIDER_GOOD)
            add_entry (crl, entry, entry->reason, faults);
        else if (delta)
            add_entry (crl, entry, PROVIDER_REASON_REMOVED, faults);
    }
    X509_CRL_sort (crl);
}

static void add_extensions (X509_CRL *crl, const CrlPlan *plan, const ProviderFaultSet *faults)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb (&context);
    X509V3_set_ctx (&context, plan->authority->certificate, NULL, NULL, crl, 0);
    g_autoptr (X509_EXTENSION) key_id =
        X509V3_EXT_nconf_nid (NULL, &context, NID_authority_key_identifier, "keyid:always");
    gint64 number = plan->number;
    gint64 base = plan->base_number;

    PROVIDER_MUST (key_id != NULL && X509_CRL_add_ext (crl, key_id, -1));
    if (provider_fault (faults, PROVIDER_FAULT_LOWER_NUMBER))
        number = 0;
    if (provider_fault (faults, PROVIDER_FAULT_WRONG_BASE))
        base = plan->number + 1000; /* newer than any complete CRL there is */
    if (!provider_fault (faults, PROVIDER_FAULT_NO_NUMBER))
        add_integer (crl, NID_crl_number, number, 0);
    if (plan->base_number != 0)
        add_integer (crl, NID_delta_crl, base, 1);
    if (provider_fault (faults, PROVIDER_FAULT_WRONG_IDP))
        add_scope (crl, "critical,onlyCA:TRUE");
    else if (provider_fault (faults, PROVIDER_FAULT_PARTIAL_REASONS))
        add_scope (crl, "critical,onlysomereasons:keyCompromise");
    else if (provider_fault (faults, PROVIDER_FAULT_INDIRECT))
        add_scope (crl, "critical,indirectCRL:TRUE");
    if (provider_fault (faults, PROVIDER_FAULT_UNKNOWN_CRITICAL)) {
        g_autoptr (X509_EXTENSION) extension = unknown_extension ();
        PROVIDER_MUST (X509_CRL_add_ext (crl, extension, -1));
    }
}

static void set_times (X509_CRL *crl, gint64 now, const ProviderFaultSet *faults)
{
    gint64 from = now;
    if (provider_fault (faults, PROVIDER_FAULT_STALE))
        from -= 2 * PROVIDER_DAY;
    if (provider_fault (faults, PROVIDER_FAULT_FUTURE))
        from += PROVIDER_DAY;
    g_autoptr (ASN1_TIME) this_update = ASN1_TIME_set (NULL, (time_t)from);
    g_autoptr (ASN1_TIME) next_update =
        ASN1_TIME_set (NULL, (time_t)(from + PROVIDER_CRL_LIFETIME));
    PROVIDER_MUST (this_update != NULL && next_update != NULL &&
                   X509_CRL_set1_lastUpdate (crl, this_update));
    if (!provider_fault (faults, PROVIDER_FAULT_NO_NEXT_UPDATE))
        PROVIDER_MUST (X509_CRL_set1_nextUpdate (crl, next_update));
}

static GBytes *make_crl (Provider *provider, const CrlPlan *plan, const ProviderFaultSet *faults)
{
    const ProviderAuthority *authority = plan->authority;
    const ProviderAuthority *stranger =
        provider_authority (provider, authority->spec->prefix[0] == '\0' ? "foreign-root" : "root");
    const ProviderAuthority *named =
        provider_fault (faults, PROVIDER_FAULT_WRONG_ISSUER) ? stranger : authority;
    const ProviderKey *key =
        provider_fault (faults, PROVIDER_FAULT_WRONG_KEY)
            ? &provider_responder (provider, authority, PROVIDER_VARIANT_GOOD)->key
            : &authority->key;
    g_autoptr (X509_CRL) crl = X509_CRL_new ();

    PROVIDER_MUST (crl != NULL && X509_CRL_set_version (crl, X509_CRL_VERSION_2) &&
                   X509_CRL_set_issuer_name (crl, X509_get_subject_name (named->certificate)));
    set_times (crl, plan->now + provider_fault_number (faults, PROVIDER_FAULT_CLOCK, "shift", 0),
               faults);
    add_extensions (crl, plan, faults);
    add_entries (crl, provider, plan, faults);
    PROVIDER_MUST (X509_CRL_sign (crl, key->pkey, provider_algorithm_digest (key->algorithm)));

    const ASN1_BIT_STRING *signature = NULL;
    X509_CRL_get0_signature (crl, &signature, NULL);
    /* No setter exists for a signature that is wrong on purpose; the value belongs to our CRL. */
    if (provider_fault (faults, PROVIDER_FAULT_BAD_SIGNATURE))
        provider_break_signature ((ASN1_STRING *)(uintptr_t)signature);
    if (provider_fault (faults, PROVIDER_FAULT_UNSIGNED))
        PROVIDER_MUST (ASN1_STRING_set ((ASN1_STRING *)(uintptr_t)signature, "", 0));
    return PROVIDER_DER (i2d_X509_CRL, crl);
}

void provider_crl_touch (ProviderAuthority *authority)
{
    authority->crl_number++;
    g_clear_pointer (&authority->crl, g_bytes_unref);
}

/* The complete CRL without faults, made again when entries changed or half its time is over. */
static GBytes *current_crl (Provider *provider, ProviderAuthority *authority)
{
    static const ProviderFaultSet none;
    gint64 now = provider_now (provider);
    if (authority->crl != NULL && now >= authority->crl_issued + REISSUE_AFTER) {
        provider_crl_touch (authority);
        provider_save (provider);
    }
    if (authority->crl == NULL) {
        CrlPlan plan = {authority, now, authority->crl_number, 0, FALSE};
        authority->crl = make_crl (provider, &plan, &none);
        authority->crl_issued = now;
    }
    return authority->crl;
}

void provider_crl_new_base (Provider *provider, ProviderAuthority *authority, gboolean freeze)
{
    provider_crl_touch (authority);
    authority->base_number = authority->crl_number;
    for (guint i = 0; i < provider->entries->len; i++) {
        ProviderEntry *entry = provider->entries->pdata[i];
        if (strcmp (entry->authority, authority->spec->name) == 0)
            entry->base_status = entry->status;
    }
    g_clear_pointer (&authority->base_crl, g_bytes_unref);
    authority->frozen = freeze;
    if (freeze) {
        g_autofree char *path = provider_path (provider, authority->spec->name, "-base.crl");
        authority->base_crl = g_bytes_ref (current_crl (provider, authority));
        PROVIDER_MUST (g_file_set_contents (path, g_bytes_get_data (authority->base_crl, NULL),
                                            (gssize)g_bytes_get_size (authority->base_crl), NULL));
    }
    provider_save (provider);
}

static GBytes *pem_text (GBytes *der)
{
    g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
    gsize length = 0;
    const unsigned char *bytes = g_bytes_get_data (der, &length);
    char *text = NULL;
    PROVIDER_MUST (out != NULL &&
                   PEM_write_bio (out, PEM_STRING_X509_CRL, "", bytes, (long)length));
    long text_length = BIO_get_mem_data (out, &text);
    return g_bytes_new (text, (gsize)text_length);
}

void provider_crl_answer (Provider *provider, const ProviderService *service,
                          const ProviderRequest *request, const ProviderFaultSet *faults,
                          ProviderAnswer *answer, GString *detail)
{
    ProviderAuthority *authority = provider_authority (provider, service->subject);
    gboolean frozen = authority->frozen && !service->delta;
    CrlPlan plan = {authority, provider_now (provider),
                    frozen ? authority->base_number : authority->crl_number,
                    service->delta ? authority->base_number : 0, frozen};
    GBytes *der = NULL;

    (void)request;
    if (service->delta || !provider_fault_only_transport (faults))
        der = make_crl (provider, &plan, faults);
    else
        der = g_bytes_ref (frozen ? authority->base_crl : current_crl (provider, authority));
    g_string_append_printf (detail, "number=%" G_GINT64_FORMAT, plan.number);
    if (provider_fault (faults, PROVIDER_FAULT_PEM)) {
        GBytes *text = pem_text (der);
        g_bytes_unref (der);
        der = text;
    }
    provider_answer_set (answer, 200, service->type, der);
}
