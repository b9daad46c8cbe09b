/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CRLs (RFC 5280 5, 6.3): parsing, who may have signed one, complete lists with their deltas, and
 * what all of them together say about a certificate. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "client/profile/algorithms.h"
#include "client/status/internal.h"
#include "formats/limits.h"

/* A CRL issuer whose own certificate is checked by a CRL whose issuer ...: deeper is a loop. */
#define MAX_DEPTH 4

void tamga_crl_free (TamgaCrl *crl)
{
    if (crl == NULL)
        return;
    X509_CRL_free (crl->crl);
    g_clear_pointer (&crl->der, g_bytes_unref);
    ISSUING_DIST_POINT_free (crl->idp);
    ASN1_INTEGER_free (crl->number);
    ASN1_INTEGER_free (crl->base);
    g_free (crl->source);
    g_free (crl->problem);
    g_free (crl);
}

static gboolean all_known (const STACK_OF (X509_EXTENSION) *extensions, const int *known, gsize n)
{
    for (int i = 0; i < sk_X509_EXTENSION_num (extensions); i++) {
        X509_EXTENSION *extension = sk_X509_EXTENSION_value (extensions, i);
        gboolean found = !X509_EXTENSION_get_critical (extension);
        int nid = OBJ_obj2nid (X509_EXTENSION_get_object (extension));
        for (gsize k = 0; !found && k < n; k++)
            found = nid == known[k];
        if (!found)
            return FALSE;
    }
    return TRUE;
}

/* RFC 5280 5.2, 5.3: a critical extension that is not understood, of the list or of any entry,
 * makes the whole list useless. */
static gboolean understood (X509_CRL *crl)
{
    static const int list[] = {NID_issuing_distribution_point, NID_delta_crl, NID_crl_number,
                               NID_authority_key_identifier, NID_freshest_crl};
    static const int entry[] = {NID_crl_reason, NID_invalidity_date, NID_certificate_issuer,
                                NID_hold_instruction_code};
    if (!all_known (X509_CRL_get0_extensions (crl), list, G_N_ELEMENTS (list)))
        return FALSE;
    STACK_OF (X509_REVOKED) *entries = X509_CRL_get_REVOKED (crl);
    for (int i = 0; i < sk_X509_REVOKED_num (entries); i++)
        if (!all_known (X509_REVOKED_get0_extensions (sk_X509_REVOKED_value (entries, i)), entry,
                        G_N_ELEMENTS (entry)))
            return FALSE;
    return TRUE;
}

/* An extension that is there and cannot be read, or is there twice, is a problem of the list. */
static gpointer read_extension (TamgaCrl *crl, int nid)
{
    int critical = -1;
    gpointer value = X509_CRL_get_ext_d2i (crl->crl, nid, &critical, NULL);
    if (value == NULL && critical != -1 && crl->problem == NULL)
        crl->problem = g_strdup_printf ("its extension %s is malformed", OBJ_nid2ln (nid));
    return value;
}

static void read_fields (TamgaCrl *crl)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate (crl->crl);
    crl->this_update = tamga_ossl_time (X509_CRL_get0_lastUpdate (crl->crl));
    crl->next_update = next == NULL ? G_MININT64 : tamga_ossl_time (next);
    crl->idp = read_extension (crl, NID_issuing_distribution_point);
    crl->number = read_extension (crl, NID_crl_number);
    crl->base = read_extension (crl, NID_delta_crl);
    if (crl->problem == NULL && crl->this_update == G_MININT64)
        crl->problem = g_strdup ("its time cannot be read");
    if (crl->problem == NULL && next != NULL && crl->next_update == G_MININT64)
        crl->problem = g_strdup ("the time of its next issue cannot be read");
    if (crl->problem == NULL && !understood (crl->crl))
        crl->problem = g_strdup ("it has a critical extension that is not known here");
    if (crl->idp != NULL && crl->idp->distpoint != NULL &&
        !DIST_POINT_set_dpname (crl->idp->distpoint, X509_CRL_get_issuer (crl->crl)) &&
        crl->problem == NULL)
        crl->problem = g_strdup ("the name of its distribution point is malformed");
}

TamgaCrl *tamga_crl_parse (GBytes *bytes, const char *source, TamgaOrigin origin)
{
    TamgaCrl *crl = g_new0 (TamgaCrl, 1);
    crl->source = g_strdup (source);
    crl->origin = origin;
    crl->this_update = crl->next_update = G_MININT64;
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);
    if (size == 0 || size > TAMGA_MAX_CRL_SIZE) {
        crl->problem = g_strdup ("it is empty or too large");
        return crl;
    }
    const guint8 *at = data;
    crl->crl = d2i_X509_CRL (NULL, &at, (long)size);
    if (crl->crl != NULL && at == data + size) {
        crl->der = g_bytes_ref (bytes);
    } else {
        g_clear_pointer (&crl->crl, X509_CRL_free);
        g_autoptr (BIO) bio = BIO_new_mem_buf (data, (int)size);
        crl->crl = PEM_read_bio_X509_CRL (bio, NULL, NULL, NULL);
        if (crl->crl != NULL)
            crl->der = tamga_ossl_der (i2d_X509_CRL, crl->crl);
    }
    ERR_clear_error ();
    if (crl->crl == NULL)
        crl->problem = g_strdup ("it is not a revocation list");
    else
        read_fields (crl);
    return crl;
}

/* --- who may have signed it --- */

typedef struct {
    const TamgaStatusContext *context;
    const TamgaStatusQuestion *question;
    GPtrArray *crls; /* TamgaCrl */
    guint depth;
    TamgaStatus *status; /* collects reasons, evidence, findings */
    char *why;           /* the last reason why a list was of no use */
} Judge;

static TamgaStatus *judge (const TamgaStatusContext *context, const TamgaStatusQuestion *question,
                           GPtrArray *crls, guint depth);

static void give_why (Judge *judge_, const TamgaCrl *crl, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static void give_why (Judge *judge_, const TamgaCrl *crl, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_free (judge_->why);
    judge_->why = g_strdup_printf ("The list %s is not used: %s%s", crl->source, text,
                                   g_str_has_suffix (text, ".") ? "" : ".");
}

static gboolean verifies (const TamgaCrl *crl, X509 *signer)
{
    EVP_PKEY *key = X509_get0_pubkey (signer);
    return key != NULL && tamga_ossl_crl_verify (crl->crl, key);
}

/* A signer other than the issuer of the certificate: its path must end at the same anchor (6.3.3
 * (f)) and its own certificate must not be revoked. */
static gboolean other_signer_good (Judge *j, const TamgaCrl *crl, X509 *signer)
{
    const TamgaStatusContext *context = j->context;
    if (context->trust == NULL || j->depth >= MAX_DEPTH)
        return FALSE;
    g_autoptr (TamgaPath) path =
        tamga_trust_path (context->trust, signer, context->pool, TAMGA_USE_CRL, context->time);
    g_autoptr (TamgaPath) own = tamga_trust_path (context->trust, j->question->issuer,
                                                  context->pool, TAMGA_USE_ANY, context->time);
    if (path->findings->len > 0 || !own->complete)
        return FALSE;
    GPtrArray *a = path->certificates, *b = own->certificates;
    if (X509_cmp (a->pdata[a->len - 1], b->pdata[b->len - 1]) != 0)
        return FALSE;
    X509 *issuer = tamga_path_issuer (path, 0);
    if (issuer == NULL)
        return TRUE; /* the anchor itself */
    /* Without this list, else it would vouch for its own signer. */
    g_autoptr (GPtrArray) others = g_ptr_array_new ();
    for (guint i = 0; i < j->crls->len; i++)
        if (j->crls->pdata[i] != crl)
            g_ptr_array_add (others, j->crls->pdata[i]);
    TamgaStatusQuestion question = {.certificate = signer, .issuer = issuer};
    g_autoptr (TamgaStatus) status = judge (context, &question, others, j->depth + 1);
    if (status->value != TAMGA_STATUS_GOOD) {
        give_why (j, crl, "the certificate of its signer is %s (%s)",
                  tamga_status_name (status->value), status->text);
        return FALSE;
    }
    for (guint i = 0; i < a->len; i++)
        tamga_status_add_certificate (j->status, a->pdata[i]);
    return TRUE;
}

static gboolean may_sign_lists (X509 *certificate)
{
    return (X509_get_key_usage (certificate) & KU_CRL_SIGN) != 0;
}

/* The certificate that signed the list and may do so; NULL with a reason. */
static X509 *find_signer (Judge *j, const TamgaCrl *crl)
{
    const X509_NAME *name = X509_CRL_get_issuer (crl->crl);
    X509 *issuer = j->question->issuer;
    give_why (j, crl, "its signature does not verify with a key that may sign it (UA 99)");
    if (X509_NAME_cmp (X509_get_subject_name (issuer), name) == 0 && verifies (crl, issuer)) {
        if (may_sign_lists (issuer))
            return issuer;
        give_why (j, crl, "its issuer's key may not sign revocation lists");
        return NULL;
    }
    GPtrArray *pool = j->context->pool;
    for (guint i = 0; pool != NULL && i < pool->len; i++) {
        X509 *candidate = pool->pdata[i];
        if (X509_NAME_cmp (X509_get_subject_name (candidate), name) == 0 &&
            may_sign_lists (candidate) && verifies (crl, candidate) &&
            other_signer_good (j, crl, candidate))
            return candidate;
    }
    GPtrArray *anchors = j->context->trust == NULL ? NULL : tamga_trust_anchors (j->context->trust);
    for (guint i = 0; anchors != NULL && i < anchors->len; i++) {
        X509 *candidate = ((TamgaAnchor *)anchors->pdata[i])->certificate;
        if (X509_NAME_cmp (X509_get_subject_name (candidate), name) == 0 &&
            may_sign_lists (candidate) && verifies (crl, candidate) &&
            other_signer_good (j, crl, candidate))
            return candidate;
    }
    return NULL;
}

/* --- one list --- */

/* What the list was signed with; FALSE where the digest is in parameters or part of the scheme. */
static gboolean digest_of (const TamgaCrl *crl, const TamgaDigest **digest)
{
    int digest_nid = NID_undef;
    if (OBJ_find_sigid_algs (X509_CRL_get_signature_nid (crl->crl), &digest_nid, NULL) != 1 ||
        digest_nid == NID_undef)
        return FALSE;
    g_autofree char *oid = tamga_ossl_oid (OBJ_nid2obj (digest_nid));
    *digest = tamga_digest_by_oid (oid);
    return TRUE;
}

/* Weak digests are no signature of a list that was just fetched; what the profile refuses is none
 * of any list. */
static gboolean digest_good (Judge *j, const TamgaCrl *crl)
{
    const TamgaDigest *digest;
    if (!digest_of (crl, &digest))
        return TRUE;
    const TamgaSuite suite = tamga_suite_digest (j->context->profile, digest);
    if (suite.rule != NULL && !tamga_suite_holds (&suite, crl->this_update)) {
        give_why (j, crl, "it is signed with %s, which the profile %s does not accept", suite.name,
                  j->context->profile->name);
        return FALSE;
    }
    if (j->context->fresh && (digest == NULL || digest->weak)) {
        give_why (j, crl, "it is signed with a weak digest");
        return FALSE;
    }
    return TRUE;
}

/* Is it current where it must be? Gives the reason where not. */
static gboolean current (Judge *j, const TamgaCrl *crl)
{
    g_autoptr (TamgaStatus) times = tamga_status_new ("CRL", crl->source);
    times->value = TAMGA_STATUS_UNKNOWN;
    times->this_update = crl->this_update;
    times->next_update = crl->next_update;
    tamga_status_judge_times (j->context, times, crl->origin);
    if (times->value == TAMGA_STATUS_NOT_AVAILABLE)
        give_why (j, crl, "%s", times->text);
    return times->value != TAMGA_STATUS_NOT_AVAILABLE;
}

/* Not older than one that was seen before. Asked last, of lists that are good otherwise: what is
 * noted here must not be a list of a wrong time. What lies in a document is of the past. */
static gboolean not_replayed (Judge *j, const TamgaCrl *crl)
{
    if (crl->origin == TAMGA_ORIGIN_EMBEDDED || tamga_cache_note_crl (j->context->cache, crl))
        return TRUE;
    give_why (j, crl, "a newer one was seen before; the number of a list never goes back");
    return FALSE;
}

/* Whole and signed by whoever may. */
static X509 *acceptable (Judge *j, const TamgaCrl *crl)
{
    if (crl->problem != NULL) {
        give_why (j, crl, "%s", crl->problem);
        return NULL;
    }
    X509 *signer = find_signer (j, crl);
    if (signer == NULL)
        return NULL;
    return digest_good (j, crl) ? signer : NULL;
}

static gboolean same_extension (const TamgaCrl *a, const TamgaCrl *b, int nid)
{
    int at_a = X509_CRL_get_ext_by_NID (a->crl, nid, -1);
    int at_b = X509_CRL_get_ext_by_NID (b->crl, nid, -1);
    if (at_a < 0 || at_b < 0)
        return at_a < 0 && at_b < 0;
    return ASN1_OCTET_STRING_cmp (X509_EXTENSION_get_data (X509_CRL_get_ext (a->crl, at_a)),
                                  X509_EXTENSION_get_data (X509_CRL_get_ext (b->crl, at_b))) == 0;
}

/* RFC 5280 5.2.4: may this delta be laid over this complete list? */
static gboolean delta_fits (const TamgaCrl *complete, const TamgaCrl *delta)
{
    return complete->number != NULL && delta->number != NULL &&
           X509_NAME_cmp (X509_CRL_get_issuer (complete->crl), X509_CRL_get_issuer (delta->crl)) ==
               0 &&
           same_extension (complete, delta, NID_issuing_distribution_point) &&
           same_extension (complete, delta, NID_authority_key_identifier) &&
           ASN1_INTEGER_cmp (complete->number, delta->base) >= 0 &&
           ASN1_INTEGER_cmp (complete->number, delta->number) < 0;
}

/* The newest usable delta of a complete list, or NULL. */
static const TamgaCrl *find_delta (Judge *j, const TamgaCrl *complete, X509 *signer)
{
    const TamgaCrl *best = NULL;
    for (guint i = 0; i < j->crls->len; i++) {
        const TamgaCrl *delta = j->crls->pdata[i];
        if (delta->base == NULL || delta->problem != NULL || !delta_fits (complete, delta) ||
            !verifies (delta, signer) || !current (j, delta) || !not_replayed (j, delta))
            continue;
        if (best == NULL || ASN1_INTEGER_cmp (delta->number, best->number) > 0)
            best = delta;
    }
    return best;
}

static gint64 entry_invalidity (X509_REVOKED *entry)
{
    ASN1_GENERALIZEDTIME *date = X509_REVOKED_get_ext_d2i (entry, NID_invalidity_date, NULL, NULL);
    gint64 time = date == NULL ? G_MININT64 : tamga_ossl_time (date);
    ASN1_GENERALIZEDTIME_free (date);
    return time;
}

static int entry_reason (X509_REVOKED *entry)
{
    ASN1_ENUMERATED *value = X509_REVOKED_get_ext_d2i (entry, NID_crl_reason, NULL, NULL);
    int reason = value == NULL ? -1 : (int)ASN1_ENUMERATED_get (value);
    ASN1_ENUMERATED_free (value);
    return reason;
}

/* The entry of the certificate in a list and its delta, or NULL. */
static X509_REVOKED *find_entry (const TamgaCrl *complete, const TamgaCrl *delta, X509 *certificate)
{
    X509_REVOKED *entry = NULL;
    /* 2: the entry says removeFromCRL (5.3.1), which only a delta may. */
    if (delta != NULL) {
        int listed = X509_CRL_get0_by_cert (delta->crl, &entry, certificate);
        if (listed == 2)
            return NULL;
        if (listed == 1)
            return entry;
    }
    return X509_CRL_get0_by_cert (complete->crl, &entry, certificate) == 1 ? entry : NULL;
}

static gint64 expired_on_list_since (const TamgaCrl *crl)
{
    /* expiredCertsOnCRL, ISO 9594-8 9.5.2.8 */
    g_autoptr (ASN1_OBJECT) object = OBJ_txt2obj ("2.5.29.60", 1);
    int at = X509_CRL_get_ext_by_OBJ (crl->crl, object, -1);
    if (at < 0)
        return G_MININT64;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data (X509_CRL_get_ext (crl->crl, at));
    const guint8 *data = ASN1_STRING_get0_data (value);
    ASN1_GENERALIZEDTIME *time = d2i_ASN1_GENERALIZEDTIME (NULL, &data, ASN1_STRING_length (value));
    gint64 since = time == NULL ? G_MININT64 : tamga_ossl_time (time);
    ASN1_GENERALIZEDTIME_free (time);
    return since;
}

/* Makes the answer from one complete list, its delta and its entry (NULL: not listed). */
static void set_answer (Judge *j, const TamgaCrl *complete, const TamgaCrl *delta, X509 *signer,
                        X509_REVOKED *entry)
{
    TamgaStatus *status = j->status;
    const TamgaCrl *newest = delta != NULL ? delta : complete;
    status->method = delta != NULL ? "CRL+delta" : "CRL";
    g_free (status->source);
    status->source = g_strdup (newest->source);
    g_free (status->responder);
    status->responder = tamga_ossl_short_name (X509_get_subject_name (signer));
    status->this_update = status->produced_at = newest->this_update;
    status->next_update = newest->next_update;
    g_clear_pointer (&status->crl, g_bytes_unref);
    g_clear_pointer (&status->delta_crl, g_bytes_unref);
    status->crl = g_bytes_ref (complete->der);
    status->delta_crl = delta == NULL ? NULL : g_bytes_ref (delta->der);
    tamga_status_add_certificate (status, signer);
    status->value = TAMGA_STATUS_UNKNOWN;
    tamga_status_judge_times (j->context, status, newest->origin);
    if (status->value == TAMGA_STATUS_NOT_AVAILABLE)
        return;
    if (entry != NULL)
        tamga_status_set_listed (j->context, status, j->question,
                                 tamga_ossl_time (X509_REVOKED_get0_revocationDate (entry)),
                                 entry_reason (entry), entry_invalidity (entry));
    else
        tamga_status_set_good (j->context, status, j->question, expired_on_list_since (newest));
}

/* One complete list; TRUE when it settles the question (listed). `covered` collects reasons. */
static gboolean try_list (Judge *j, const TamgaCrl *crl, guint *covered)
{
    if (crl->problem != NULL || crl->base != NULL) {
        if (crl->problem != NULL)
            give_why (j, crl, "%s", crl->problem);
        return FALSE;
    }
    guint reasons = tamga_crl_scope (crl, j->question);
    if (reasons == 0) {
        give_why (j, crl, "it is not about this certificate (RFC 5280 6.3.3)");
        return FALSE;
    }
    X509 *signer = acceptable (j, crl);
    if (signer == NULL)
        return FALSE;
    const TamgaCrl *delta = find_delta (j, crl, signer);
    /* A complete list past its time is as new as the delta that is laid over it. */
    if ((delta == NULL && !current (j, crl)) || !not_replayed (j, crl))
        return FALSE;
    X509_REVOKED *entry = find_entry (crl, delta, j->question->certificate);
    /* Lists come newest first. An older one adds nothing, unless it tells of a revocation: that is
     * for ever (MD 2:55), while a suspension that is no longer listed is over. */
    gboolean news = (reasons & ~*covered) != 0 || crl->this_update == j->status->this_update;
    if (!news && (entry == NULL || entry_reason (entry) == CRL_REASON_CERTIFICATE_HOLD))
        return FALSE;
    *covered |= reasons;
    set_answer (j, crl, delta, signer, entry);
    return entry != NULL;
}

static TamgaStatus *judge (const TamgaStatusContext *context, const TamgaStatusQuestion *question,
                           GPtrArray *crls, guint depth)
{
    TamgaStatus *status = tamga_status_new ("CRL", NULL);
    Judge j = {context, question, crls, depth, status, NULL};
    guint covered = 0;
    gboolean listed = FALSE;
    for (guint i = 0; i < crls->len && !listed; i++)
        listed = try_list (&j, crls->pdata[i], &covered);
    if (!listed && covered != TAMGA_ALL_REASONS) {
        g_autofree char *why = g_steal_pointer (&j.why);
        if (covered != 0)
            tamga_status_not_available (status,
                                        "The lists at hand do not cover every reason for which a "
                                        "certificate can be revoked.");
        else
            tamga_status_not_available (
                status, "%s", why != NULL ? why : "There is no revocation list about it.");
    }
    g_free (j.why);
    tamga_status_set_text (status);
    return status;
}

static int newest_first (gconstpointer a, gconstpointer b)
{
    const TamgaCrl *one = *(TamgaCrl *const *)a, *other = *(TamgaCrl *const *)b;
    return one->this_update == other->this_update  ? 0
           : one->this_update > other->this_update ? -1
                                                   : 1;
}

TamgaStatus *tamga_crl_judge (const TamgaStatusContext *context,
                              const TamgaStatusQuestion *question, GPtrArray *crls)
{
    g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
    g_ptr_array_extend (sorted, crls, NULL, NULL);
    g_ptr_array_sort (sorted, newest_first);
    return judge (context, question, sorted, 0);
}
