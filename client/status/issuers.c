/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Issuers that a token does not carry: fetched from where one's own certificate, or the profile,
 * says they are. What comes back is only a candidate; the path decides. */
#include <openssl/err.h>
#include <string.h>

#include "client/profile/keyfile.h"
#include "client/status/internal.h"
#include "formats/limits.h"

/* Levels fetched one after another, and how long a certificate is kept. */
#define MAX_LEVELS 4u
#define KEEP_SECONDS (7 * 86400)

static void add_new (GPtrArray *pool, X509 *certificate)
{
    for (guint i = 0; i < pool->len; i++)
        if (X509_cmp (pool->pdata[i], certificate) == 0)
            return;
    X509_up_ref (certificate);
    g_ptr_array_add (pool, certificate);
}

/* DER certificate, certs-only SignedData (RFC 5280 4.2.2.1), or PEM. */
static void add_parsed (GPtrArray *pool, GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);
    g_autoptr (GPtrArray) certificates = tamga_ossl_certificates (bytes, 1);
    if (certificates->len > 0) {
        add_new (pool, certificates->pdata[0]);
    } else {
        const guint8 *at = data;
        g_autoptr (PKCS7) bundle = d2i_PKCS7 (NULL, &at, (long)size);
        STACK_OF (X509) *list =
            bundle != NULL && PKCS7_type_is_signed (bundle) && bundle->d.sign != NULL
                ? bundle->d.sign->cert
                : NULL;
        for (int i = 0; i < sk_X509_num (list) && i < (int)TAMGA_MAX_CERTIFICATES; i++)
            add_new (pool, sk_X509_value (list, i));
    }
    ERR_clear_error ();
}

static char **issuer_urls (X509 *certificate)
{
    g_autoptr (GStrvBuilder) urls = g_strv_builder_new ();
    AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i (certificate, NID_info_access, NULL, NULL);
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num (access); i++) {
        const ACCESS_DESCRIPTION *row = sk_ACCESS_DESCRIPTION_value (access, i);
        if (OBJ_obj2nid (row->method) == NID_ad_ca_issuers)
            tamga_status_add_url (urls, row->location);
    }
    AUTHORITY_INFO_ACCESS_free (access);
    return g_strv_builder_end (urls);
}

/* All URLs at once; TRUE when anything came. */
static gboolean fetch_all (const TamgaStatusContext *context, GPtrArray *pool, char **urls,
                           const TamgaCall *call)
{
    guint before = pool->len;
    g_autoptr (GArray) requests = g_array_new (FALSE, TRUE, sizeof (TamgaFetchRequest));
    for (guint i = 0; urls != NULL && urls[i] != NULL; i++) {
        g_autofree char *key = g_strconcat ("certificate ", urls[i], NULL);
        g_autoptr (GBytes) cached = tamga_cache_get (context->cache, key, context->now);
        if (cached != NULL) {
            add_parsed (pool, cached);
            continue;
        }
        TamgaFetchRequest request = {
            .url = urls[i], .accept = "application/pkix-cert", .limit = TAMGA_MAX_CERTIFICATE_SIZE};
        g_array_append_val (requests, request);
    }
    if (requests->len > 0) {
        TamgaFetchRequest *list = (TamgaFetchRequest *)(void *)requests->data;
        g_autoptr (GPtrArray) results = tamga_fetch_all (context->fetch, list, requests->len, call);
        for (guint i = 0; i < results->len; i++) {
            const TamgaFetchResult *result = results->pdata[i];
            if (result->error != NULL)
                continue; /* the path says what is missing */
            guint had = pool->len;
            add_parsed (pool, result->body);
            g_autofree char *key = g_strconcat ("certificate ", list[i].url, NULL);
            if (pool->len > had)
                tamga_cache_put (context->cache, key, result->body, context->now + KEEP_SECONDS);
        }
    }
    return pool->len > before;
}

TamgaPath *tamga_status_path (const TamgaStatusContext *context, X509 *certificate, GPtrArray *pool,
                              TamgaUse use, const TamgaCall *call)
{
    TamgaPath *path = tamga_trust_path (context->trust, certificate, pool, use, context->time);
    /* Without any anchor no issuer could complete the path (basic profile, level B). */
    if (!context->fresh || context->fetch == NULL || tamga_fetch_is_offline (context->fetch) ||
        tamga_trust_anchors (context->trust)->len == 0)
        return path;
    for (guint level = 0; level < MAX_LEVELS && tamga_path_has (path, "no-anchor"); level++) {
        X509 *top = path->certificates->pdata[path->certificates->len - 1];
        g_auto (GStrv) urls = issuer_urls (top);
        gboolean news = fetch_all (context, pool, urls, call);
        if (!news && level == 0)
            news = fetch_all (context, pool, context->profile->certificate_urls, call);
        if (!news)
            break;
        tamga_path_free (path);
        path = tamga_trust_path (context->trust, certificate, pool, use, context->time);
    }
    return path;
}
