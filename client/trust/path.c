/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths to an anchor. OpenSSL's verifier judges one chain by RFC 5280 6.1, but it commits itself to
 * the first issuer that fits by name; so the candidate chains are made here, over every issuer
 * among anchors and pool, and each is judged alone until one is good (cross certificates, several
 * generations of one root: FPKI 3, MD 4:15). */
#include <openssl/err.h>
#include <string.h>

#include "client/trust/internal.h"
#include "client/trust/statements.h"
#include "formats/limits.h"

/* Chains judged and issuers tried for one certificate: a hostile pool of certificates that all
 * carry one name must not cost more. */
#define MAX_CHAINS 64u
#define MAX_STEPS 4096u
/* OpenSSL's level 1: at least 80 bits of security, so no SHA-1 and no RSA below 1024 bits. */
#define AUTH_LEVEL 1

void tamga_path_free (TamgaPath *path)
{
    if (path == NULL)
        return;
    g_ptr_array_unref (path->certificates);
    g_ptr_array_unref (path->findings);
    g_free (path);
}

static void certificate_free (gpointer data)
{
    X509_free (data);
}

static TamgaPath *path_new (GPtrArray *chain, gint64 time)
{
    TamgaPath *path = g_new0 (TamgaPath, 1);
    path->certificates = g_ptr_array_new_with_free_func (certificate_free);
    path->findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    path->time = time;
    for (guint i = 0; i < chain->len; i++) {
        X509_up_ref (chain->pdata[i]);
        g_ptr_array_add (path->certificates, chain->pdata[i]);
    }
    return path;
}

X509 *tamga_path_issuer (const TamgaPath *path, guint index)
{
    return index + 1 < path->certificates->len ? path->certificates->pdata[index + 1] : NULL;
}

gboolean tamga_path_has (const TamgaPath *path, const char *finding_code)
{
    for (guint i = 0; i < path->findings->len; i++) {
        const TamgaFinding *finding = path->findings->pdata[i];
        if (g_str_equal (finding->code, finding_code))
            return TRUE;
    }
    return FALSE;
}

/* What is wrong with certificates, by the verifier's codes. `%s` is the certificate's name. */
static const struct {
    int error;
    const char *code, *clause, *text;
} verdicts[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "expired", "RFC 5280 6.1.3 (a)(2)", "%s: expired at that time"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "not-yet-valid", "RFC 5280 6.1.3 (a)(2)",
     "%s: not yet valid at that time"},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, "malformed", "RFC 5280 4.1.2.5",
     "%s: its start of validity cannot be read"},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, "malformed", "RFC 5280 4.1.2.5",
     "%s: its end of validity cannot be read"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, "signature", "RFC 5280 6.1.3 (a)(1)",
     "%s: its signature does not verify with the issuer's key"},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, "signature", "RFC 5280 6.1.3 (a)(1)",
     "%s: its signature cannot be computed"},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, "algorithm", "RFC 5280 4.1.2.7",
     "%s: its key is of a kind that is not known here"},
    {X509_V_ERR_INVALID_CA, "basic-constraints", "RFC 5280 6.1.4 (k)",
     "%s: issued certificates without being an authority"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, "basic-constraints", "RFC 5280 6.1.4 (m)",
     "%s: the path below it is longer than it allows"},
    {X509_V_ERR_INVALID_PURPOSE, "key-usage", "RFC 5280 4.2.1.12",
     "%s: not issued for this purpose"},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "key-usage", "RFC 5280 6.1.4 (n)",
     "%s: its key may not sign certificates"},
    {X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, "key-usage", "RFC 5280 4.2.1.3",
     "%s: its key may not sign"},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, "unknown-critical-extension", "RFC 5280 4.2",
     "%s: has a critical extension that is not known here"},
    {X509_V_ERR_INVALID_EXTENSION, "malformed", "RFC 5280 4.2", "%s: has a malformed extension"},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, "policy", "RFC 5280 4.2.1.4",
     "%s: has a malformed policy extension"},
    {X509_V_ERR_NO_EXPLICIT_POLICY, "policy", "RFC 5280 6.1.5 (g)",
     "%s: no policy that holds on the whole path"},
    {X509_V_ERR_PERMITTED_VIOLATION, "name-constraints", "RFC 5280 6.1.3 (b)",
     "%s: its name is not among those its authority may name"},
    {X509_V_ERR_EXCLUDED_VIOLATION, "name-constraints", "RFC 5280 6.1.3 (c)",
     "%s: its name is excluded by its authority's certificate"},
    {X509_V_ERR_SUBTREE_MINMAX, "name-constraints", "RFC 5280 4.2.1.10",
     "%s: name constraints of a kind that is not known here"},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, "name-constraints", "RFC 5280 4.2.1.10",
     "%s: name constraints of a kind that is not known here"},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, "name-constraints", "RFC 5280 4.2.1.10",
     "%s: name constraints that cannot be read"},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, "name-constraints", "RFC 5280 4.2.1.10",
     "%s: a name that cannot be compared with the constraints"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "weak-algorithm", "TS 119 312", "%s: its key is too short"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "weak-algorithm", "TS 119 312", "%s: its key is too short"},
    {X509_V_ERR_CA_MD_TOO_WEAK, "weak-algorithm", "TS 119 312",
     "%s: signed with a digest that is too weak"},
    {X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH, "algorithm", "RFC 5280 4.1.1.2",
     "%s: its signature algorithm does not fit the issuer's key"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "no-anchor", "RFC 5280 6.1.1 (d)",
     "%s: no way from it to a trusted root"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "no-anchor", "RFC 5280 6.1.1 (d)",
     "%s: no way from it to a trusted root"},
};

static void find_error (TamgaPath *path, X509 *certificate, int error)
{
    g_autofree char *name = certificate == NULL
                                ? g_strdup ("the path")
                                : tamga_ossl_short_name (X509_get_subject_name (certificate));
    /* all that OpenSSL says of the last certificate's key when it cannot read it */
    if (error == X509_V_ERR_UNSPECIFIED && certificate != NULL &&
        X509_get0_pubkey (certificate) == NULL)
        error = X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY;
    for (gsize i = 0; i < G_N_ELEMENTS (verdicts); i++) {
        if (verdicts[i].error != error)
            continue;
        g_autoptr (GString) text = g_string_new (verdicts[i].text);
        g_string_replace (text, "%s", name, 1);
        g_ptr_array_add (path->findings,
                         tamga_finding_new (TAMGA_SEVERITY_FATAL, verdicts[i].code, name,
                                            verdicts[i].clause, "%s", text->str));
        return;
    }
    g_ptr_array_add (path->findings,
                     tamga_finding_new (TAMGA_SEVERITY_FATAL, "malformed", name, "RFC 5280 6.1",
                                        "%s: %s", name, X509_verify_cert_error_string (error)));
}

/* Certificates with a critical qcStatements extension are in use (EN 319 412-5 wants it not
 * critical, some roots have it so). OpenSSL does not know it; it is no unknown extension where
 * each of its statements is known here. */
static gboolean only_known_critical (X509 *certificate)
{
    for (int i = 0; i < X509_get_ext_count (certificate); i++) {
        X509_EXTENSION *extension = X509_get_ext (certificate, i);
        if (X509_EXTENSION_get_critical (extension) && !X509_supported_extension (extension) &&
            (OBJ_obj2nid (X509_EXTENSION_get_object (extension)) != NID_qcStatements ||
             !tamga_statements_understood (certificate)))
            return FALSE;
    }
    return TRUE;
}

static int collect_errors (int ok, X509_STORE_CTX *store)
{
    if (ok)
        return 1;
    TamgaPath *path = X509_STORE_CTX_get_app_data (store);
    int error = X509_STORE_CTX_get_error (store);
    X509 *certificate = X509_STORE_CTX_get_current_cert (store);
    if (error == X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION && certificate != NULL &&
        only_known_critical (certificate))
        return 1;
    find_error (path, certificate, error);
    return 1;
}

static gboolean set_policies (X509_VERIFY_PARAM *param, const TamgaTrust *trust)
{
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK;
    if (trust->explicit_policy)
        flags |= X509_V_FLAG_EXPLICIT_POLICY;
    if (trust->inhibit_mapping)
        flags |= X509_V_FLAG_INHIBIT_MAP;
    if (trust->inhibit_any)
        flags |= X509_V_FLAG_INHIBIT_ANY;
    X509_VERIFY_PARAM_set_flags (param, flags);
    static const char *const any[] = {"2.5.29.32.0", NULL};
    const char *const *policies =
        trust->policies != NULL ? (const char *const *)trust->policies : any;
    for (guint i = 0; policies[i] != NULL; i++) {
        ASN1_OBJECT *policy = OBJ_txt2obj (policies[i], 1);
        if (policy == NULL || !X509_VERIFY_PARAM_add0_policy (param, policy))
            return FALSE;
    }
    return TRUE;
}

/* RFC 5280 6.1 over exactly this chain. X509_V_FLAG_X509_STRICT is not set: it refuses what
 * conforming authorities did before RFC 5280 (a root without key identifiers), while what it adds
 * for security, authorities proven by basicConstraints, OpenSSL 3 always asks of intermediates. */
static void judge_chain (TamgaPath *path, TamgaTrust *trust, TamgaUse use)
{
    GPtrArray *chain = path->certificates;
    for (guint i = 1; i < chain->len; i++)
        if ((X509_get_key_usage (chain->pdata[i]) & KU_KEY_CERT_SIGN) == 0)
            find_error (path, chain->pdata[i], X509_V_ERR_KEYUSAGE_NO_CERTSIGN);
    if (path->findings->len > 0)
        return; /* the verifier would not even see the issuer */
    g_autoptr (X509_STORE) store = X509_STORE_new ();
    g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new ();
    STACK_OF (X509) *untrusted = sk_X509_new_null ();
    for (guint i = 1; i + 1 < chain->len; i++)
        sk_X509_push (untrusted, chain->pdata[i]);
    X509_STORE_add_cert (store, chain->pdata[chain->len - 1]);
    X509_STORE_CTX_init (context, store, chain->pdata[0], untrusted);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param (context);
    X509_VERIFY_PARAM_set_time (param, (time_t)path->time);
    X509_VERIFY_PARAM_set_depth (param, TAMGA_MAX_PATH_LENGTH);
    X509_VERIFY_PARAM_set_auth_level (param, AUTH_LEVEL);
    if (use == TAMGA_USE_TIMESTAMP)
        X509_VERIFY_PARAM_set_purpose (param, X509_PURPOSE_TIMESTAMP_SIGN);
    X509_STORE_CTX_set_app_data (context, path);
    X509_STORE_CTX_set_verify_cb (context, collect_errors);
    gboolean judged = set_policies (param, trust) && X509_verify_cert (context) > 0;
    if (!judged && path->findings->len == 0)
        find_error (path, chain->pdata[0], X509_STORE_CTX_get_error (context));
    sk_X509_free (untrusted);
    ERR_clear_error ();
}

/* Only the key usage of the end entity depends on what it is used for. */
static const char *wrong_use (X509 *certificate, TamgaUse use)
{
    guint32 usage = X509_get_key_usage (certificate); /* all bits when the extension is absent */
    guint32 flags = X509_get_extension_flags (certificate);
    guint32 extended = (flags & EXFLAG_XKUSAGE) ? X509_get_extended_key_usage (certificate) : 0;
    switch (use) {
    case TAMGA_USE_SIGNING:
        if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
            return "its key usage is neither digitalSignature nor nonRepudiation";
        /* UA 28, MD 2:14: authorities' keys sign certificates and status data only. */
        if ((flags & EXFLAG_KUSAGE) && (usage & KU_KEY_CERT_SIGN))
            return "it is the key of an authority, which signs certificates and no documents";
        return NULL;
    case TAMGA_USE_TIMESTAMP: {
        int at = X509_get_ext_by_NID (certificate, NID_ext_key_usage, -1);
        if (extended != XKU_TIMESTAMP ||
            !X509_EXTENSION_get_critical (X509_get_ext (certificate, at)))
            return "timestamping must be its only extended key usage and critical (RFC 3161 2.3)";
        if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
            return "its key usage does not allow signatures";
        return NULL;
    }
    case TAMGA_USE_OCSP:
        if ((extended & XKU_OCSP_SIGN) == 0 && X509_check_ca (certificate) != 1)
            return "it is not issued for OCSP signing (RFC 6960 4.2.2.2)";
        return NULL;
    case TAMGA_USE_CRL:
        return (usage & KU_CRL_SIGN) == 0 ? "its key may not sign revocation lists" : NULL;
    default:
        return NULL;
    }
}

/* What holds for the end entity whatever path it has. */
static void judge_end (TamgaPath *path, TamgaTrust *trust, TamgaUse use)
{
    X509 *end = path->certificates->pdata[0];
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (end));
    const char *wrong = wrong_use (end, use);
    if (wrong != NULL)
        g_ptr_array_add (path->findings,
                         tamga_finding_new (TAMGA_SEVERITY_FATAL, "key-usage", name,
                                            "RFC 5280 4.2.1.3", "%s: %s", name, wrong));
    for (guint i = 0; i < path->certificates->len; i++) {
        if (!tamga_trust_distrusts (trust, path->certificates->pdata[i]))
            continue;
        g_autofree char *which =
            tamga_ossl_short_name (X509_get_subject_name (path->certificates->pdata[i]));
        g_ptr_array_add (path->findings,
                         tamga_finding_new (TAMGA_SEVERITY_FATAL, "distrusted", which, "VN 79.3",
                                            "%s is on your list of distrusted certificates",
                                            which));
    }
    if (path->complete)
        return; /* the verifier has looked at the rest */
    gint64 from = tamga_ossl_time (X509_get0_notBefore (end));
    gint64 until = tamga_ossl_time (X509_get0_notAfter (end));
    if (path->time < from)
        find_error (path, end, X509_V_ERR_CERT_NOT_YET_VALID);
    if (path->time > until)
        find_error (path, end, X509_V_ERR_CERT_HAS_EXPIRED);
    if ((X509_get_extension_flags (end) & EXFLAG_CRITICAL) && !only_known_critical (end))
        find_error (path, end, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION);
    if (X509_get_extension_flags (end) & EXFLAG_INVALID)
        find_error (path, end, X509_V_ERR_INVALID_EXTENSION);
}

typedef struct {
    TamgaTrust *trust;
    GPtrArray *pool; /* may be NULL */
    TamgaUse use;
    gint64 time;
    guint chains, steps;
    TamgaPath *best;    /* of those that reached an anchor */
    GPtrArray *longest; /* chain without an anchor that got farthest */
} Search;

/* Did `issuer` issue `certificate`, as far as names and key identifiers tell? An issuer that may
 * not sign certificates is kept, so that the reason can be told. */
static gboolean may_have_issued (X509 *issuer, X509 *certificate)
{
    int result = X509_check_issued (issuer, certificate);
    return result == X509_V_OK || result == X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
}

static gboolean chain_has (GPtrArray *chain, X509 *certificate)
{
    for (guint i = 0; i < chain->len; i++)
        if (X509_cmp (chain->pdata[i], certificate) == 0)
            return TRUE;
    return FALSE;
}

/* Judges `chain`, which ends at an anchor; TRUE ends the search. */
static gboolean try_chain (Search *search, GPtrArray *chain)
{
    search->chains++;
    g_autoptr (TamgaPath) path = path_new (chain, search->time);
    judge_chain (path, search->trust, search->use);
    path->complete = !tamga_path_has (path, "signature") && !tamga_path_has (path, "no-anchor");
    judge_end (path, search->trust, search->use);
    gboolean good = path->findings->len == 0;
    TamgaPath *best = search->best;
    if (best == NULL || (path->complete && !best->complete) ||
        (path->complete == best->complete && path->findings->len < best->findings->len)) {
        tamga_path_free (best);
        search->best = g_steal_pointer (&path);
    }
    return good;
}

static gboolean search_from (Search *search, GPtrArray *chain);

static gboolean try_issuer (Search *search, GPtrArray *chain, X509 *issuer)
{
    X509 *top = chain->pdata[chain->len - 1];
    if (++search->steps > MAX_STEPS || search->chains >= MAX_CHAINS ||
        !may_have_issued (issuer, top) || chain_has (chain, issuer))
        return FALSE;
    g_ptr_array_add (chain, issuer);
    gboolean found = search_from (search, chain);
    g_ptr_array_set_size (chain, (int)chain->len - 1);
    return found;
}

/* Depth first, anchors before the pool: the shortest way is tried early. Chains through a
 * distrusted certificate are judged last and never good, so that another way is preferred and the
 * reason is known when there is none. */
static gboolean search_from (Search *search, GPtrArray *chain)
{
    X509 *top = chain->pdata[chain->len - 1];
    if (tamga_trust_is_anchor (search->trust, top) && try_chain (search, chain))
        return TRUE;
    if (search->longest->len < chain->len) {
        g_ptr_array_set_size (search->longest, 0);
        g_ptr_array_extend (search->longest, chain, NULL, NULL);
    }
    if (chain->len >= TAMGA_MAX_PATH_LENGTH || (X509_get_extension_flags (top) & EXFLAG_SS))
        return FALSE;
    GPtrArray *anchors = search->trust->anchors;
    for (guint i = 0; i < anchors->len; i++) {
        const TamgaAnchor *anchor = anchors->pdata[i];
        if (try_issuer (search, chain, anchor->certificate))
            return TRUE;
    }
    for (guint i = 0; search->pool != NULL && i < search->pool->len; i++)
        if (try_issuer (search, chain, search->pool->pdata[i]))
            return TRUE;
    return FALSE;
}

TamgaPath *tamga_trust_path (TamgaTrust *trust, X509 *certificate, GPtrArray *pool, TamgaUse use,
                             gint64 time)
{
    g_autoptr (GPtrArray) chain = g_ptr_array_new ();
    g_autoptr (GPtrArray) longest = g_ptr_array_new ();
    Search search = {.trust = trust, .pool = pool, .use = use, .time = time, .longest = longest};
    g_ptr_array_add (chain, certificate);
    if (search_from (&search, chain) || search.best != NULL)
        return search.best;
    TamgaPath *path = path_new (longest, time);
    judge_end (path, trust, use);
    find_error (path, path->certificates->pdata[path->certificates->len - 1],
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    return path;
}
