/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the status of a certificate is told: authority information access, CRL distribution points,
 * freshest CRL; the profile's addresses where the certificate has none. */
#include <string.h>

#include "client/profile/keyfile.h"
#include "client/status/internal.h"

void tamga_status_add_url (GStrvBuilder *urls, const GENERAL_NAME *name)
{
    if (name->type != GEN_URI)
        return;
    const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
    g_autofree char *url =
        g_strndup ((const char *)ASN1_STRING_get0_data (uri), (gsize)ASN1_STRING_length (uri));
    if ((int)strlen (url) == ASN1_STRING_length (uri) && tamga_keyfile_url_ok (url))
        g_strv_builder_add (urls, url);
}

static char **or_profile (char **found, char **from_profile)
{
    if (found[0] != NULL || from_profile == NULL)
        return found;
    g_strfreev (found);
    return g_strdupv (from_profile);
}

char **tamga_status_ocsp_urls (const TamgaProfile *profile, X509 *certificate)
{
    g_autoptr (GStrvBuilder) urls = g_strv_builder_new ();
    AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i (certificate, NID_info_access, NULL, NULL);
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num (access); i++) {
        const ACCESS_DESCRIPTION *row = sk_ACCESS_DESCRIPTION_value (access, i);
        if (OBJ_obj2nid (row->method) == NID_ad_OCSP)
            tamga_status_add_url (urls, row->location);
    }
    AUTHORITY_INFO_ACCESS_free (access);
    return or_profile (g_strv_builder_end (urls), profile->ocsp_urls);
}

/* Takes the points. */
static char **point_urls (CRL_DIST_POINTS *points)
{
    g_autoptr (GStrvBuilder) urls = g_strv_builder_new ();
    for (int i = 0; i < sk_DIST_POINT_num (points); i++) {
        const DIST_POINT *point = sk_DIST_POINT_value (points, i);
        if (point->distpoint == NULL || point->distpoint->type != 0)
            continue;
        const GENERAL_NAMES *names = point->distpoint->name.fullname;
        for (int j = 0; j < sk_GENERAL_NAME_num (names); j++)
            tamga_status_add_url (urls, sk_GENERAL_NAME_value (names, j));
    }
    CRL_DIST_POINTS_free (points);
    return g_strv_builder_end (urls);
}

char **tamga_status_crl_urls (const TamgaProfile *profile, X509 *certificate, X509 *issuer)
{
    /* The lists of a self-signed issuer are the root's, those of any other the provider's. */
    gboolean root = (X509_get_extension_flags (issuer) & EXFLAG_SS) != 0;
    return or_profile (
        point_urls (X509_get_ext_d2i (certificate, NID_crl_distribution_points, NULL, NULL)),
        root ? profile->root_crl_urls : profile->crl_urls);
}

char **tamga_status_delta_urls (const TamgaProfile *profile, X509 *certificate)
{
    return or_profile (point_urls (X509_get_ext_d2i (certificate, NID_freshest_crl, NULL, NULL)),
                       profile->delta_crl_urls);
}

char **tamga_status_list_delta_urls (const TamgaCrl *crl, X509 *issuer)
{
    EVP_PKEY *key = X509_get0_pubkey (issuer);
    if (crl->problem != NULL || crl->base != NULL || key == NULL ||
        !tamga_ossl_crl_verify (crl->crl, key))
        return g_new0 (char *, 1);
    return point_urls (X509_CRL_get_ext_d2i (crl->crl, NID_freshest_crl, NULL, NULL));
}
