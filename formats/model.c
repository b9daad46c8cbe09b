/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The neutral picture of a signature. */
#include "formats/model.h"

TamgaFinding *tamga_finding_new (TamgaSeverity severity, const char *code, const char *object,
                                 const char *clause, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    TamgaFinding *finding = g_new (TamgaFinding, 1);
    *finding = (TamgaFinding){.severity = severity,
                              .code = g_strdup (code),
                              .object = g_strdup (object),
                              .clause = g_strdup (clause),
                              .text = g_strdup_vprintf (format, arguments)};
    va_end (arguments);
    return finding;
}

TamgaFinding *tamga_finding_copy (const TamgaFinding *finding)
{
    return tamga_finding_new (finding->severity, finding->code, finding->object, finding->clause,
                              "%s", finding->text);
}

void tamga_finding_free (TamgaFinding *finding)
{
    if (!finding)
        return;
    g_free (finding->code);
    g_free (finding->object);
    g_free (finding->clause);
    g_free (finding->text);
    g_free (finding);
}

void tamga_timestamp_free (TamgaTimestamp *timestamp)
{
    if (!timestamp)
        return;
    g_free (timestamp->id);
    g_clear_pointer (&timestamp->token, g_bytes_unref);
    g_clear_pointer (&timestamp->covered_digest, g_bytes_unref);
    g_free (timestamp->covers);
    g_clear_pointer (&timestamp->proves, g_ptr_array_unref);
    g_free (timestamp);
}

const char *tamga_timestamp_kind_name (TamgaTimestampKind kind)
{
    static const char *const names[] = {
        [TAMGA_TIMESTAMP_CONTENT] = "content",       [TAMGA_TIMESTAMP_SIGNATURE] = "signature",
        [TAMGA_TIMESTAMP_REFERENCES] = "references",
        [TAMGA_TIMESTAMP_REFERENCES_ONLY] = "references-only",
        [TAMGA_TIMESTAMP_ARCHIVE] = "archive",       [TAMGA_TIMESTAMP_DOCUMENT] = "document",
    };
    return names[kind];
}

TamgaObject *tamga_object_new (const char *name, const char *mime_type)
{
    TamgaObject *object = g_new (TamgaObject, 1);
    *object = (TamgaObject){.name = g_strdup (name), .mime_type = g_strdup (mime_type)};
    return object;
}

void tamga_object_free (TamgaObject *object)
{
    if (!object)
        return;
    g_free (object->name);
    g_free (object->mime_type);
    g_clear_pointer (&object->value, g_bytes_unref);
    g_free (object);
}

TamgaChange *tamga_change_new (guint revision, gboolean permitted, const char *rule,
                               const char *object, const char *text)
{
    TamgaChange *change = g_new (TamgaChange, 1);
    *change = (TamgaChange){.revision = revision,
                            .permitted = permitted,
                            .rule = g_strdup (rule),
                            .object = g_strdup (object),
                            .text = g_strdup (text)};
    return change;
}

void tamga_change_free (TamgaChange *change)
{
    if (!change)
        return;
    g_free (change->rule);
    g_free (change->object);
    g_free (change->text);
    g_free (change);
}

TamgaSignature *tamga_signature_new (const char *format)
{
    TamgaSignature *signature = g_new (TamgaSignature, 1);
    *signature = (TamgaSignature){
        .format = format,
        .claimed_time = G_MININT64,
        .coverage = TAMGA_COVERS_NOTHING_KNOWN,
        .objects = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_object_free),
        .commitments = g_ptr_array_new_with_free_func (g_free),
        .roles = g_ptr_array_new_with_free_func (g_free),
        .timestamps = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_timestamp_free),
        .certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free),
        .crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
        .ocsps = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
        .changes = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_change_free),
        .findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free),
    };
    return signature;
}

void tamga_signature_free (TamgaSignature *signature)
{
    if (!signature)
        return;
    char **texts[] = {&signature->id,
                      &signature->name,
                      &signature->carrier,
                      &signature->countersigned,
                      &signature->integrity_text,
                      &signature->algorithm_text,
                      &signature->claimed_time_source,
                      &signature->reason,
                      &signature->location,
                      &signature->contact,
                      &signature->signer_name,
                      &signature->policy_oid,
                      &signature->coverage_text};
    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        g_clear_pointer (texts[i], g_free);
    g_clear_pointer (&signature->signature_value, g_bytes_unref);
    g_clear_pointer (&signature->content_digest, g_bytes_unref);
    X509_free (signature->certificate);
    g_clear_pointer (&signature->proves, g_ptr_array_unref);
    g_ptr_array_unref (signature->objects);
    g_ptr_array_unref (signature->commitments);
    g_ptr_array_unref (signature->roles);
    g_ptr_array_unref (signature->timestamps);
    g_ptr_array_unref (signature->certificates);
    g_ptr_array_unref (signature->crls);
    g_ptr_array_unref (signature->ocsps);
    g_ptr_array_unref (signature->changes);
    g_ptr_array_unref (signature->findings);
    g_free (signature);
}

void tamga_signature_find (TamgaSignature *signature, TamgaSeverity severity, const char *code,
                           const char *clause, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_ptr_array_add (signature->findings,
                     tamga_finding_new (severity, code, signature->id, clause, "%s", text));
}

void tamga_signature_fail (TamgaSignature *signature, TamgaIntegrity integrity, const char *format,
                           ...)
{
    if (signature->integrity != TAMGA_INTEGRITY_INTACT || integrity == TAMGA_INTEGRITY_INTACT)
        return;
    va_list arguments;
    va_start (arguments, format);
    signature->integrity = integrity;
    g_free (signature->integrity_text);
    signature->integrity_text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
}

/* The signature that stands under all countersignatures of this one; it itself where there is none,
 * or where they go round in a circle. */
static const TamgaSignature *lowest (GHashTable *by_id, const TamgaSignature *signature)
{
    const TamgaSignature *below = signature;
    for (guint steps = g_hash_table_size (by_id); below->countersigned != NULL; steps--) {
        const TamgaSignature *next = g_hash_table_lookup (by_id, below->countersigned);
        if (next == NULL || steps == 0)
            return signature;
        below = next;
    }
    return below;
}

static void share_values (GPtrArray *own, GPtrArray *shared)
{
    for (guint i = 0; i < shared->len; i++) {
        if (!g_ptr_array_find_with_equal_func (own, shared->pdata[i], g_bytes_equal, NULL))
            g_ptr_array_add (own, g_bytes_ref (shared->pdata[i]));
    }
}

static void share_evidence (TamgaSignature *signature, const TamgaSignature *below)
{
    for (guint i = 0; i < below->certificates->len; i++) {
        X509 *certificate = below->certificates->pdata[i];
        gboolean found = FALSE;
        for (guint k = 0; !found && k < signature->certificates->len; k++)
            found = X509_cmp (signature->certificates->pdata[k], certificate) == 0;
        if (!found && X509_up_ref (certificate) == 1)
            g_ptr_array_add (signature->certificates, certificate);
    }
    share_values (signature->crls, below->crls);
    share_values (signature->ocsps, below->ocsps);
    signature->has_evidence = signature->has_evidence || below->has_evidence;
}

void tamga_signatures_share_evidence (const GPtrArray *signatures)
{
    g_autoptr (GHashTable) by_id = g_hash_table_new (g_str_hash, g_str_equal);
    for (guint i = 0; i < signatures->len; i++)
        g_hash_table_insert (by_id, ((TamgaSignature *)signatures->pdata[i])->id,
                             signatures->pdata[i]);
    for (guint i = 0; i < signatures->len; i++) {
        TamgaSignature *signature = signatures->pdata[i];
        const TamgaSignature *below = lowest (by_id, signature);
        if (below != signature)
            share_evidence (signature, below);
    }
}

const char *tamga_integrity_name (TamgaIntegrity integrity)
{
    static const char *const names[] = {
        [TAMGA_INTEGRITY_INTACT] = "INTACT",
        [TAMGA_INTEGRITY_HASH_FAILURE] = "HASH_FAILURE",
        [TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE] = "SIG_CRYPTO_FAILURE",
        [TAMGA_INTEGRITY_FORMAT_FAILURE] = "FORMAT_FAILURE",
        [TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND] = "SIGNED_DATA_NOT_FOUND",
        [TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE] = "NO_SIGNING_CERTIFICATE_FOUND",
        [TAMGA_INTEGRITY_NOT_VERIFIABLE] = "NOT_VERIFIABLE",
    };
    return names[integrity];
}
