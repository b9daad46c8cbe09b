/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing a file with what it was before it was extended. */
#include "client/sign/kept.h"

#include "client/sign/job.h"
#include "formats/cms/token.h"

static gboolean lost (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean lost (GError **error, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_LOST,
                 "Nothing was written: read again, the new file does not keep what was there: %s.",
                 text);
    return FALSE;
}

static gboolean same_bytes (GBytes *a, GBytes *b)
{
    return a == b || (a && b && g_bytes_equal (a, b));
}

/* Evidence may be put into a token (EN 319 122-1 5.5.3, EN 319 162-1 annex A): what its service
 * signed is what it is known by. */
static gboolean same_token (const TamgaTimestamp *a, const TamgaTimestamp *b)
{
    if (same_bytes (a->token, b->token))
        return TRUE;
    g_autoptr (TamgaToken) first = tamga_token_parse (a->token, NULL);
    g_autoptr (TamgaToken) second = tamga_token_parse (b->token, NULL);
    return first && second && first->signature->signature_value &&
           same_bytes (first->signature->signature_value, second->signature->signature_value) &&
           g_bytes_equal (first->imprint, second->imprint);
}

gboolean tamga_kept_find (const GPtrArray *signatures, GBytes *value, guint *index, GError **error)
{
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (same_bytes (signature->signature_value, value)) {
            *index = i;
            return TRUE;
        }
    }
    return lost (error, "the new signature is not found in it");
}

/* Its counterpart: by value and kind, each one taken once. */
static const TamgaSignature *counterpart (const TamgaSignature *signature, const GPtrArray *after,
                                          GHashTable *taken)
{
    for (guint i = 0; i < after->len; i++) {
        const TamgaSignature *other = after->pdata[i];
        gboolean same =
            other->is_document_timestamp == signature->is_document_timestamp &&
            (signature->is_document_timestamp
                 ? signature->timestamps->len > 0 && other->timestamps->len > 0 &&
                       same_token (signature->timestamps->pdata[0], other->timestamps->pdata[0])
                 : same_bytes (signature->signature_value, other->signature_value));
        if (same && g_hash_table_add (taken, (gpointer)other))
            return other;
    }
    return NULL;
}

static gboolean all_in (const GPtrArray *before, const GPtrArray *after)
{
    for (guint i = 0; i < before->len; i++) {
        if (!g_ptr_array_find_with_equal_func ((GPtrArray *)after, before->pdata[i], g_bytes_equal,
                                               NULL))
            return FALSE;
    }
    return TRUE;
}

static gboolean certificates_in (const GPtrArray *before, const GPtrArray *after)
{
    for (guint i = 0; i < before->len; i++) {
        gboolean found = FALSE;
        for (guint k = 0; !found && k < after->len; k++)
            found = X509_cmp (before->pdata[i], after->pdata[k]) == 0;
        if (!found)
            return FALSE;
    }
    return TRUE;
}

static gboolean covers (const TamgaTimestamp *timestamp)
{
    g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);
    return token && tamga_token_covers_digest (token, timestamp->covered_digest);
}

static gboolean check_timestamps (const TamgaSignature *before, const TamgaSignature *after,
                                  GError **error)
{
    g_autoptr (GHashTable) taken = g_hash_table_new (NULL, NULL);
    for (guint i = 0; i < before->timestamps->len; i++) {
        const TamgaTimestamp *old = before->timestamps->pdata[i];
        const TamgaTimestamp *now = NULL;
        for (guint k = 0; !now && k < after->timestamps->len; k++) {
            const TamgaTimestamp *other = after->timestamps->pdata[k];
            if (other->kind == old->kind && same_token (old, other) &&
                g_hash_table_add (taken, (gpointer)other))
                now = other;
        }
        if (!now)
            return lost (error, "%s of %s is missing", old->id, before->id);
        if (covers (old) && !covers (now))
            return lost (error, "%s of %s does not cover it any more", old->id, before->id);
    }
    return TRUE;
}

static guint forbidden_changes (const TamgaSignature *signature)
{
    guint n = 0;
    for (guint i = 0; i < signature->changes->len; i++)
        n += !((const TamgaChange *)signature->changes->pdata[i])->permitted;
    return n;
}

static gboolean check_one (const TamgaSignature *before, const TamgaSignature *after,
                           GError **error)
{
    if (before->integrity == TAMGA_INTEGRITY_INTACT && after->integrity != TAMGA_INTEGRITY_INTACT)
        return lost (error, "%s would be broken (%s%s%s)", before->id,
                     tamga_integrity_name (after->integrity), after->integrity_text ? ": " : "",
                     after->integrity_text ? after->integrity_text : "");
    if (!certificates_in (before->certificates, after->certificates) ||
        !all_in (before->ocsps, after->ocsps) || !all_in (before->crls, after->crls))
        return lost (error, "evidence of %s is missing", before->id);
    if (forbidden_changes (after) > forbidden_changes (before))
        return lost (error, "%s would not permit the change", before->id);
    return check_timestamps (before, after, error);
}

gboolean tamga_kept_check (const GPtrArray *before, const TamgaFormat *format, TamgaOutput *output,
                           const TamgaReadOptions *options, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_output_document (output, error);
    g_autoptr (GPtrArray) after = document ? format->read (document, options, error) : NULL;
    g_autoptr (GHashTable) taken = g_hash_table_new (NULL, NULL);
    for (guint i = 0; after && i < before->len; i++) {
        const TamgaSignature *signature = before->pdata[i];
        const TamgaSignature *other = counterpart (signature, after, taken);
        if (!other)
            return lost (error, "%s is missing", signature->id);
        if (!check_one (signature, other, error))
            return FALSE;
    }
    return after != NULL;
}
