/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which certificates a CRL speaks about: issuing distribution point against the certificate's
 * distribution points (RFC 5280 5.2.5, 6.3.3 (b)). */
#include "client/status/internal.h"

static guint reason_bits (const ASN1_BIT_STRING *flags)
{
    if (flags == NULL)
        return TAMGA_ALL_REASONS;
    const guint8 *data = ASN1_STRING_get0_data (flags);
    int size = ASN1_STRING_length (flags);
    guint bits = size > 0 ? data[0] : 0;
    if (size > 1)
        bits |= (guint)data[1] << 8;
    return bits & TAMGA_ALL_REASONS;
}

static gboolean names_have_directory (const GENERAL_NAMES *names, const X509_NAME *wanted)
{
    for (int i = 0; i < sk_GENERAL_NAME_num (names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);
        if (name->type == GEN_DIRNAME && X509_NAME_cmp (name->d.directoryName, wanted) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean names_meet (const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
    for (int i = 0; i < sk_GENERAL_NAME_num (a); i++)
        for (int j = 0; j < sk_GENERAL_NAME_num (b); j++)
            if (GENERAL_NAME_cmp (sk_GENERAL_NAME_value (a, i), sk_GENERAL_NAME_value (b, j)) == 0)
                return TRUE;
    return FALSE;
}

/* Do the names of a distribution point in the list and of one in the certificate meet? A relative
 * name stands below its issuer's name; `dpname` is that whole name. */
static gboolean points_meet (const DIST_POINT_NAME *list, const DIST_POINT_NAME *own)
{
    if (list->type == 1 && own->type == 1)
        return list->dpname != NULL && own->dpname != NULL &&
               X509_NAME_cmp (list->dpname, own->dpname) == 0;
    if (list->type == 1)
        return list->dpname != NULL && names_have_directory (own->name.fullname, list->dpname);
    if (own->type == 1)
        return own->dpname != NULL && names_have_directory (list->name.fullname, own->dpname);
    return names_meet (list->name.fullname, own->name.fullname);
}

/* RFC 5280 6.3.3 (b)(1): is the CRL's issuer the one this distribution point names? */
static gboolean issuer_fits (const TamgaCrl *crl, const DIST_POINT *point,
                             const TamgaStatusQuestion *question)
{
    const X509_NAME *issuer = X509_CRL_get_issuer (crl->crl);
    if (point == NULL || point->CRLissuer == NULL)
        return X509_NAME_cmp (issuer, X509_get_issuer_name (question->certificate)) == 0;
    return names_have_directory (point->CRLissuer, issuer) && crl->idp != NULL &&
           crl->idp->indirectCRL > 0;
}

/* (b)(2)(i): the list's own distribution point against the certificate's. */
static gboolean point_fits (const TamgaCrl *crl, const DIST_POINT *point,
                            const TamgaStatusQuestion *question)
{
    if (crl->idp == NULL || crl->idp->distpoint == NULL)
        return TRUE;
    const DIST_POINT_NAME *list = crl->idp->distpoint;
    if (point == NULL) { /* the implied point is named for the issuer of the certificate */
        const X509_NAME *issuer = X509_get_issuer_name (question->certificate);
        return list->type == 1 ? list->dpname != NULL && X509_NAME_cmp (list->dpname, issuer) == 0
                               : names_have_directory (list->name.fullname, issuer);
    }
    if (point->distpoint != NULL)
        return points_meet (list, point->distpoint);
    return point->CRLissuer != NULL && list->type == 0 &&
           names_meet (list->name.fullname, point->CRLissuer);
}

/* (b)(2)(ii)-(iv) */
static gboolean kind_fits (const TamgaCrl *crl, X509 *certificate)
{
    if (crl->idp == NULL)
        return TRUE;
    gboolean authority = (X509_get_extension_flags (certificate) & EXFLAG_CA) != 0;
    if (crl->idp->onlyattr > 0 || (crl->idp->onlyuser > 0 && authority) ||
        (crl->idp->onlyCA > 0 && !authority))
        return FALSE;
    return TRUE;
}

guint tamga_crl_scope (const TamgaCrl *crl, const TamgaStatusQuestion *question)
{
    if (!kind_fits (crl, question->certificate))
        return 0;
    guint list =
        reason_bits (crl->idp == NULL ? NULL : crl->idp->onlysomereasons) & TAMGA_ALL_REASONS;
    guint reasons = 0;
    CRL_DIST_POINTS *points =
        X509_get_ext_d2i (question->certificate, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; i < sk_DIST_POINT_num (points); i++) {
        DIST_POINT *point = sk_DIST_POINT_value (points, i);
        /* A relative name of a point with a cRLIssuer stands below that issuer's name. */
        const X509_NAME *base = X509_get_issuer_name (question->certificate);
        for (int k = 0; k < sk_GENERAL_NAME_num (point->CRLissuer); k++) {
            const GENERAL_NAME *name = sk_GENERAL_NAME_value (point->CRLissuer, k);
            if (name->type == GEN_DIRNAME)
                base = name->d.directoryName;
        }
        if (point->distpoint != NULL)
            DIST_POINT_set_dpname (point->distpoint, base);
        if (issuer_fits (crl, point, question) && point_fits (crl, point, question))
            reasons |= reason_bits (point->reasons) & list;
    }
    CRL_DIST_POINTS_free (points);
    if (reasons == 0 && issuer_fits (crl, NULL, question) && point_fits (crl, NULL, question))
        reasons = list;
    return reasons;
}
