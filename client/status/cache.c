/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cache of fetched lists and answers, and what must be remembered about them. An entry that is
 * damaged is as if it were not there; nothing here is trusted without its signature. */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "client/status/internal.h"
#include "formats/limits.h"

/* All entries together; the oldest go first. */
#define MAX_CACHE_SIZE (256u * 1024 * 1024)
#define HEADER "tamga status cache 1\n"

struct _TamgaStatusCache {
    char *cache, *state;
};

TamgaStatusCache *tamga_status_cache_open_directory (const char *cache, const char *state,
                                                     GError **error)
{
    const char *folders[] = {cache, state};
    for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
        if (g_mkdir_with_parents (folders[i], 0700) != 0) {
            int code = errno;
            g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (code),
                         "The folder %s cannot be made: %s", folders[i], g_strerror (code));
            return NULL;
        }
    TamgaStatusCache *opened = g_new0 (TamgaStatusCache, 1);
    opened->cache = g_strdup (cache);
    opened->state = g_strdup (state);
    return opened;
}

TamgaStatusCache *tamga_status_cache_open (GError **error)
{
    g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "tamga", "status", NULL);
    g_autofree char *state = g_build_filename (g_get_user_state_dir (), "tamga", "status", NULL);
    return tamga_status_cache_open_directory (cache, state, error);
}

void tamga_status_cache_free (TamgaStatusCache *cache)
{
    if (cache == NULL)
        return;
    g_free (cache->cache);
    g_free (cache->state);
    g_free (cache);
}

static char *entry_path (const char *folder, const char *key, const char *suffix)
{
    g_autofree char *name = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
    return g_strdup_printf ("%s/%s.%s", folder, name, suffix);
}

static gboolean write_file (const char *path, const char *data, gsize size)
{
    return g_file_set_contents_full (path, data, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                     NULL);
}

/* Over the end of validity too: nothing of an entry may change unnoticed. */
static char *entry_sum (gint64 until, const guint8 *data, gsize size)
{
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
    g_checksum_update (sum, (const guint8 *)&until, sizeof until);
    g_checksum_update (sum, data, (gssize)size);
    return g_strdup (g_checksum_get_string (sum));
}

/* An entry is the header, "valid-until sha256\n", the bytes. */
GBytes *tamga_cache_get (TamgaStatusCache *cache, const char *key, gint64 now)
{
    if (cache == NULL)
        return NULL;
    g_autofree char *path = entry_path (cache->cache, key, "entry");
    GStatBuf about;
    if (g_stat (path, &about) != 0 || about.st_size > (goffset)TAMGA_MAX_CRL_SIZE + 1024)
        return NULL;
    g_autofree char *contents = NULL;
    gsize size;
    if (!g_file_get_contents (path, &contents, &size, NULL))
        return NULL;
    gint64 until = 0;
    char sum[65];
    int used = 0;
    gsize start = strlen (HEADER);
    if (size > start && g_str_has_prefix (contents, HEADER) &&
        sscanf (contents + start, "%" G_GINT64_MODIFIER "d %64[0-9a-f]%n", &until, sum, &used) ==
            2 &&
        contents[start + (gsize)used] == '\n') {
        const guint8 *data = (const guint8 *)contents + start + used + 1;
        gsize length = size - start - (gsize)used - 1;
        g_autofree char *own = entry_sum (until, data, length);
        if (g_str_equal (own, sum))
            return until >= now ? g_bytes_new (data, length) : NULL;
    }
    g_unlink (path);
    return NULL;
}

typedef struct {
    char *path;
    gint64 size, changed;
} File;

static void file_free (gpointer data)
{
    File *file = data;
    g_free (file->path);
    g_free (file);
}

static int newest_first (gconstpointer a, gconstpointer b)
{
    const File *one = *(File *const *)a, *other = *(File *const *)b;
    return one->changed == other->changed ? 0 : one->changed > other->changed ? -1 : 1;
}

static void bound_size (TamgaStatusCache *cache)
{
    g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (file_free);
    g_autoptr (GDir) dir = g_dir_open (cache->cache, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        File *file = g_new0 (File, 1);
        file->path = g_build_filename (cache->cache, name, NULL);
        g_ptr_array_add (files, file);
        GStatBuf about;
        if (g_stat (file->path, &about) == 0) {
            file->size = about.st_size;
            file->changed = about.st_mtime;
        }
    }
    g_ptr_array_sort (files, newest_first);
    gint64 total = 0;
    for (guint i = 0; i < files->len; i++) {
        const File *file = files->pdata[i];
        total += file->size;
        if (total > MAX_CACHE_SIZE)
            g_unlink (file->path);
    }
}

void tamga_cache_put (TamgaStatusCache *cache, const char *key, GBytes *bytes, gint64 valid_until)
{
    if (cache == NULL)
        return;
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);
    g_autofree char *sum = entry_sum (valid_until, data, size);
    g_autoptr (GString) entry = g_string_new (HEADER);
    g_string_append_printf (entry, "%" G_GINT64_FORMAT " %s\n", valid_until, sum);
    g_string_append_len (entry, (const char *)data, (gssize)size);
    g_autofree char *path = entry_path (cache->cache, key, "entry");
    /* A cache that cannot be written is only slower. */
    if (write_file (path, entry->str, entry->len))
        bound_size (cache);
}

/* --- what must not be forgotten --- */

/* Issuer, its key, kind and scope: numbers of different scopes are unrelated. */
static char *crl_key (const TamgaCrl *crl)
{
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
    g_autoptr (GBytes) name = tamga_ossl_der (i2d_X509_NAME, X509_CRL_get_issuer (crl->crl));
    gsize size;
    const guint8 *data = g_bytes_get_data (name, &size);
    g_checksum_update (sum, data, (gssize)size);
    static const int scope[] = {NID_authority_key_identifier, NID_issuing_distribution_point};
    for (gsize i = 0; i < G_N_ELEMENTS (scope); i++) {
        int at = X509_CRL_get_ext_by_NID (crl->crl, scope[i], -1);
        g_checksum_update (sum, (const guint8 *)(at < 0 ? "-" : "+"), 1);
        if (at < 0)
            continue;
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data (X509_CRL_get_ext (crl->crl, at));
        g_checksum_update (sum, ASN1_STRING_get0_data (value), ASN1_STRING_length (value));
    }
    return g_strconcat (crl->base != NULL ? "delta " : "complete ", g_checksum_get_string (sum),
                        NULL);
}

/* As hexadecimal digits of one length per sign, so that text comparison by length then by digits
 * orders numbers of any size (RFC 5280 5.2.3: up to 20 octets). */
static int compare_numbers (const char *a, const char *b)
{
    gsize length_a = strlen (a), length_b = strlen (b);
    return length_a == length_b ? strcmp (a, b) : length_a < length_b ? -1 : 1;
}

gboolean tamga_cache_note_crl (TamgaStatusCache *cache, const TamgaCrl *crl)
{
    if (cache == NULL)
        return TRUE;
    g_autofree char *key = crl_key (crl);
    g_autofree char *path = entry_path (cache->state, key, "crl");
    g_autofree char *number =
        crl->number == NULL ? g_strdup ("0") : tamga_ossl_serial (crl->number);
    g_autofree char *seen = NULL;
    char seen_number[128];
    gint64 seen_time;
    if (g_file_get_contents (path, &seen, NULL, NULL) &&
        sscanf (seen, "%127[0-9A-F] %" G_GINT64_MODIFIER "d", seen_number, &seen_time) == 2) {
        /* Without a number only the time can tell which one is older (RFC 5280 5.2.3). */
        gboolean numbered = crl->number != NULL;
        int order = numbered ? compare_numbers (number, seen_number)
                             : (crl->this_update > seen_time) - (crl->this_update < seen_time);
        if (order <= 0)
            return order == 0;
        if (!numbered) {
            g_free (number);
            number = g_strdup (seen_number);
        }
    }
    g_autofree char *text = g_strdup_printf ("%s %" G_GINT64_FORMAT "\n", number, crl->this_update);
    write_file (path, text, strlen (text));
    return TRUE;
}

static char *listing_path (TamgaStatusCache *cache, const TamgaStatusQuestion *question)
{
    g_autofree char *issuer = tamga_ossl_fingerprint (question->issuer);
    g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (question->certificate));
    g_autofree char *key = g_strdup_printf ("certificate %s %s", issuer, serial);
    return entry_path (cache->state, key, "listing");
}

gboolean tamga_cache_listing (TamgaStatusCache *cache, const TamgaStatusQuestion *question,
                              TamgaListing *listing)
{
    if (cache == NULL)
        return FALSE;
    g_autofree char *path = listing_path (cache, question);
    g_autofree char *text = NULL;
    return g_file_get_contents (path, &text, NULL, NULL) &&
           sscanf (text, "%" G_GINT64_MODIFIER "d %" G_GINT64_MODIFIER "d %d",
                   &listing->first_listed, &listing->revocation_time, &listing->reason) == 3;
}

void tamga_cache_note_listing (TamgaStatusCache *cache, const TamgaStatusQuestion *question,
                               const TamgaListing *listing)
{
    if (cache == NULL)
        return;
    g_autofree char *path = listing_path (cache, question);
    g_autofree char *text =
        g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %d\n", listing->first_listed,
                         listing->revocation_time, listing->reason);
    write_file (path, text, strlen (text));
}

void tamga_cache_forget_listing (TamgaStatusCache *cache, const TamgaStatusQuestion *question)
{
    if (cache == NULL)
        return;
    g_autofree char *path = listing_path (cache, question);
    g_unlink (path);
}
