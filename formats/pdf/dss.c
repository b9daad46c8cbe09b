/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing and reading the DSS. */
#include "formats/pdf/dss.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/ossl.h"

static const char *const kinds[] = {"Certs", "OCSPs", "CRLs"};
static const char *const vri_kinds[] = {"Cert", "OCSP", "CRL"};

char *tamga_pdf_date (gint64 time)
{
    g_autoptr (GDateTime) moment = g_date_time_new_from_unix_utc (time);
    return moment != NULL ? g_date_time_format (moment, "D:%Y%m%d%H%M%S+00'00'") : NULL;
}

gint64 tamga_pdf_date_parse (const char *text)
{
    int part[6] = {0, 1, 1, 0, 0, 0};
    static const int width[6] = {4, 2, 2, 2, 2, 2};
    const char *at = g_str_has_prefix (text, "D:") ? text + 2 : text;
    for (int i = 0; i < 6 && g_ascii_isdigit (*at); i++) {
        part[i] = 0;
        for (int k = 0; k < width[i]; k++, at++) {
            if (!g_ascii_isdigit (*at))
                return G_MININT64;
            part[i] = part[i] * 10 + (*at - '0');
        }
    }
    g_autoptr (GDateTime) moment =
        g_date_time_new_utc (part[0], part[1], part[2], part[3], part[4], MIN (part[5], 59));
    if (moment == NULL || part[0] == 0)
        return G_MININT64;
    gint64 offset = 0;
    if (*at == '+' || *at == '-') {
        int hours = 0, minutes = 0;
        if (sscanf (at + 1, "%2d'%2d", &hours, &minutes) < 1 || hours > 23 || minutes > 59)
            return G_MININT64;
        offset = (*at == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    }
    return g_date_time_to_unix (moment) - offset;
}

static GBytes *stream_bytes (const TamgaPdfRevision *view, TamgaPdfObject *object)
{
    TamgaPdfObject *stream = tamga_pdf_resolve (view, object);
    return stream->type == TAMGA_PDF_STREAM
               ? tamga_pdf_stream_data (view, stream, TAMGA_MAX_CRL_SIZE, NULL)
               : NULL;
}

/* The DER of everything to be stored, by kind. */
static GPtrArray *evidence_of_kind (const TamgaEvidence *evidence, guint kind)
{
    GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    GPtrArray *source = kind == 0   ? evidence->certificates
                        : kind == 1 ? evidence->ocsps
                                    : evidence->crls;
    for (guint i = 0; i < source->len; i++)
        g_ptr_array_add (list, kind == 0 ? tamga_ossl_der (i2d_X509, source->pdata[i])
                                         : g_bytes_ref (source->pdata[i]));
    return list;
}

/* The array of a /VRI entry that is being made, a copy of its own; NULL when it is something
 * else. */
static TamgaPdfObject *vri_array (const TamgaPdfRevision *view, TamgaPdfArena *arena,
                                  TamgaPdfObject *vri, guint kind)
{
    TamgaPdfObject *old = tamga_pdf_get (view, vri, vri_kinds[kind]);
    if (old->type != TAMGA_PDF_NULL && old->type != TAMGA_PDF_ARRAY)
        return NULL;
    TamgaPdfObject *array = old->type == TAMGA_PDF_ARRAY ? tamga_pdf_clone (arena, old)
                                                         : tamga_pdf_new (arena, TAMGA_PDF_ARRAY);
    tamga_pdf_dict_set (arena, vri, vri_kinds[kind], array);
    return array;
}

/* The pieces of the store that are there: GBytes to the reference. */
static GHashTable *pieces_present (const TamgaPdfRevision *view, TamgaPdfObject *array)
{
    GHashTable *present =
        g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    for (gsize i = 0; i < array->array.n; i++) {
        GBytes *bytes = stream_bytes (view, array->array.items[i]);
        if (bytes != NULL)
            g_hash_table_insert (present, bytes, array->array.items[i]);
    }
    return present;
}

static gboolean has_ref (const TamgaPdfObject *array, const TamgaPdfObject *ref)
{
    for (gsize i = 0; i < array->array.n; i++) {
        if (tamga_pdf_equal (array->array.items[i], ref))
            return TRUE;
    }
    return FALSE;
}

/* Adds what is missing to the array of one kind; each of `vris` gets a reference to its pieces. */
static gboolean add_kind (TamgaPdfUpdate *update, TamgaPdfObject *dss, guint kind,
                          const TamgaPdfDssEntry *entries, TamgaPdfObject **vris, gsize n,
                          GError **error)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    const TamgaPdfRevision *view = tamga_pdf_latest (tamga_pdf_update_pdf (update));
    g_autoptr (GHashTable) present = NULL;
    TamgaPdfObject *array = NULL;
    for (gsize e = 0; e < n; e++) {
        g_autoptr (GPtrArray) pieces = evidence_of_kind (entries[e].evidence, kind);
        if (pieces->len == 0)
            continue;
        if (array == NULL)
            array = tamga_pdf_update_child (update, dss, kinds[kind], TAMGA_PDF_ARRAY);
        TamgaPdfObject *used = vri_array (view, arena, vris[e], kind);
        if (array == NULL || used == NULL) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                         "/%s of the document security store is not an array "
                         "(ISO 32000-2 12.8.4.3)",
                         kinds[kind]);
            return FALSE;
        }
        if (present == NULL)
            present = pieces_present (view, array);
        for (guint i = 0; i < pieces->len; i++) {
            GBytes *piece = pieces->pdata[i];
            TamgaPdfObject *ref = g_hash_table_lookup (present, piece);
            if (ref == NULL) {
                TamgaPdfObject *dict = tamga_pdf_new (arena, TAMGA_PDF_DICT);
                guint32 number = tamga_pdf_update_add_stream (update, dict, piece, TRUE);
                ref = tamga_pdf_new_ref (arena, number, 0);
                tamga_pdf_array_append (arena, array, ref);
                g_hash_table_insert (present, g_bytes_ref (piece), ref);
            }
            if (!has_ref (used, ref))
                tamga_pdf_array_append (arena, used, ref);
        }
    }
    return TRUE;
}

/* Upper-case hex SHA-1 of the /Contents value (EN 319 142-1 5.4.2.2, table 2). */
static char *vri_key (GBytes *contents)
{
    g_autofree char *hex = g_compute_checksum_for_bytes (G_CHECKSUM_SHA1, contents);
    return g_ascii_strup (hex, -1);
}

/* The dictionary of the store, to be changed. */
static TamgaPdfObject *edit_store (TamgaPdfUpdate *update)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    const TamgaPdfRevision *view = tamga_pdf_latest (tamga_pdf_update_pdf (update));
    TamgaPdfObject *root = tamga_pdf_key (view->trailer, "Root");
    TamgaPdfObject *old = tamga_pdf_key (tamga_pdf_catalog (view), "DSS");
    if (old->type == TAMGA_PDF_REF && tamga_pdf_resolve (view, old)->type == TAMGA_PDF_DICT)
        return tamga_pdf_update_edit (update, old->ref.number, old->ref.generation);
    TamgaPdfObject *catalog =
        tamga_pdf_update_edit (update, root->ref.number, root->ref.generation);
    TamgaPdfObject *dss = old->type == TAMGA_PDF_DICT
                              ? tamga_pdf_clone (arena, old)
                              : tamga_pdf_new_parsed (arena, "<< /Type /DSS >>");
    guint32 number = tamga_pdf_update_add (update, dss);
    tamga_pdf_dict_set (arena, catalog, "DSS", tamga_pdf_new_ref (arena, number, 0));
    return dss;
}

/* A new /VRI entry that begins with what the file has for this signature. */
static TamgaPdfObject *begin_vri (TamgaPdfUpdate *update, TamgaPdfObject *map, const char *key,
                                  gint64 time)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    const TamgaPdfRevision *view = tamga_pdf_latest (tamga_pdf_update_pdf (update));
    TamgaPdfObject *old = tamga_pdf_get (view, map, key);
    TamgaPdfObject *vri = old->type == TAMGA_PDF_DICT
                              ? tamga_pdf_clone (arena, old)
                              : tamga_pdf_new_parsed (arena, "<< /Type /VRI >>");
    /* /TU is when this entry was made, so that of an older one does not stay. */
    tamga_pdf_dict_remove (vri, "TU");
    g_autofree char *date = time != G_MININT64 ? tamga_pdf_date (time) : NULL;
    if (date != NULL)
        tamga_pdf_dict_set (arena, vri, "TU", tamga_pdf_new_text (arena, date));
    return vri;
}

gboolean tamga_pdf_dss_add (TamgaPdfUpdate *update, const TamgaPdfDssEntry *entries, gsize n,
                            gint64 time, GError **error)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    TamgaPdfObject *dss = edit_store (update);
    TamgaPdfObject *map = tamga_pdf_update_child (update, dss, "VRI", TAMGA_PDF_DICT);
    if (map == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "/VRI of the document security store is not a dictionary "
                     "(ISO 32000-2 12.8.4.4)");
        return FALSE;
    }
    g_autofree TamgaPdfObject **vris = g_new0 (TamgaPdfObject *, n);
    for (gsize e = 0; e < n; e++) {
        g_autofree char *key = vri_key (entries[e].contents);
        vris[e] = begin_vri (update, map, key, time);
        tamga_pdf_dict_set (arena, map, key,
                            tamga_pdf_new_ref (arena, tamga_pdf_update_add (update, vris[e]), 0));
    }
    for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++) {
        if (!add_kind (update, dss, kind, entries, vris, n, error))
            return FALSE;
    }
    return TRUE;
}

static void read_array (const TamgaPdfRevision *view, TamgaPdfObject *array, guint kind,
                        TamgaEvidence *evidence)
{
    for (gsize i = 0; array->type == TAMGA_PDF_ARRAY && i < array->array.n; i++) {
        if (evidence->certificates->len >= TAMGA_MAX_CERTIFICATES ||
            evidence->crls->len + evidence->ocsps->len >= TAMGA_MAX_REVOCATIONS)
            return;
        g_autoptr (GBytes) bytes = stream_bytes (view, array->array.items[i]);
        if (bytes == NULL)
            continue;
        if (kind == 0) {
            g_autoptr (X509) certificate = tamga_ossl_certificate (bytes);
            if (certificate != NULL)
                tamga_evidence_add_certificate (evidence, certificate);
        } else if (kind == 1) {
            tamga_evidence_add_ocsp (evidence, bytes);
        } else {
            tamga_evidence_add_crl (evidence, bytes);
        }
    }
}

gboolean tamga_pdf_dss_has (const TamgaPdfRevision *view, const TamgaPdfDssEntry *entry)
{
    TamgaPdfObject *dss = tamga_pdf_get (view, tamga_pdf_catalog (view), "DSS");
    g_autofree char *key = vri_key (entry->contents);
    TamgaPdfObject *vri = tamga_pdf_get (view, tamga_pdf_get (view, dss, "VRI"), key);
    g_autoptr (TamgaEvidence) present = tamga_evidence_new ();
    for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
        read_array (view, tamga_pdf_get (view, vri, vri_kinds[kind]), kind, present);
    guint before = present->certificates->len + present->crls->len + present->ocsps->len;
    tamga_evidence_merge (present, entry->evidence);
    return vri->type == TAMGA_PDF_DICT &&
           before == present->certificates->len + present->crls->len + present->ocsps->len;
}

TamgaEvidence *tamga_pdf_dss_read (const TamgaPdfRevision *view)
{
    TamgaEvidence *evidence = tamga_evidence_new ();
    TamgaPdfObject *dss = tamga_pdf_get (view, tamga_pdf_catalog (view), "DSS");
    for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
        read_array (view, tamga_pdf_get (view, dss, kinds[kind]), kind, evidence);
    TamgaPdfObject *vri = tamga_pdf_get (view, dss, "VRI");
    for (gsize i = 0; vri->type == TAMGA_PDF_DICT && i < vri->dict.n; i++) {
        TamgaPdfObject *entry = tamga_pdf_resolve (view, vri->dict.entries[i].value);
        for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
            read_array (view, tamga_pdf_get (view, entry, vri_kinds[kind]), kind, evidence);
    }
    return evidence;
}
