/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adding timestamps and evidence to CAdES signatures that exist. */
#include "formats/cms/extend.h"

#include <string.h>

#include "formats/cms/archive.h"
#include "formats/cms/content.h"
#include "formats/cms/der.h"
#include "formats/cms/hash_index.h"
#include "formats/cms/rewrite.h"
#include "formats/cms/signer.h"
#include "formats/cms/token.h"
#include "formats/limits.h"
#include "formats/ossl.h"

#define OID_SIGNATURE_TIMESTAMP "1.2.840.113549.1.9.16.2.14"
#define OID_ARCHIVE_TIMESTAMP_V3 "0.4.0.1733.2.4"

typedef struct {
    TamgaDocument *document;
    const TamgaStamper *stamper;
    TamgaSignedData *data;
    GPtrArray *nodes;      /* TamgaSignerNode, */
    GPtrArray *signatures; /* TamgaSignature: in the same order */
    TamgaCmsContent content;
    TamgaCmsParts *parts;
    gboolean frozen;  /* certificates and crls must stay as they are */
    gboolean changed; /* something was added */
} Extender;

static void extender_clear (Extender *extender)
{
    tamga_cms_content_clear (&extender->content);
    g_clear_pointer (&extender->parts, tamga_cms_parts_free);
    g_clear_pointer (&extender->signatures, g_ptr_array_unref);
    g_clear_pointer (&extender->nodes, g_ptr_array_unref);
    g_clear_pointer (&extender->data, tamga_signed_data_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Extender, extender_clear)

/* ---- What can be extended ---- */

/* A timestamp over a signature that does not verify would only lend it dignity. */
static gboolean check_signature (const Extender *extender, const TamgaExtension *extension,
                                 GError **error)
{
    const char *name = tamga_document_name (extender->document);
    const TamgaSignature *signature;

    if (extension->index >= extender->signatures->len)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                                    "%s has %u signatures and no further.", name,
                                    extender->signatures->len);
    if ((extension->timestamp || extension->archive) && extender->stamper == NULL)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                                    "Without a time-stamping service %s gets no timestamp.", name);
    signature = extender->signatures->pdata[extension->index];
    return tamga_extension_check (extension, signature, error);
}

static gboolean check_frozen (const Extender *extender, const TamgaSignerNode *node,
                              gboolean archive, const char *what, GError **error)
{
    const char *frozen = tamga_signer_node_frozen (node, archive);

    return frozen == NULL ||
           tamga_format_refuse (error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                                "%s in %s cannot get %s: there is %s (EN 319 122-1 5.5).", node->id,
                                tamga_document_name (extender->document), what, frozen);
}

/* ---- Tokens ---- */

/* A token over `input`; it must be about it, whatever the service answered. */
static GBytes *stamp (const Extender *extender, GBytes *input, GError **error)
{
    const TamgaStamper *stamper = extender->stamper;
    g_autoptr (GBytes) imprint = tamga_digest_bytes (stamper->digest, input);
    g_autoptr (GBytes) token = stamper->stamp (stamper, imprint, error);
    g_auto (TamgaTokenClaim) claim = {0};

    if (token == NULL || !tamga_token_claim (token, &claim, error))
        return NULL;
    if (claim.digest != stamper->digest || !g_bytes_equal (claim.imprint, imprint)) {
        tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_PARAMETER,
            "The time-stamping service answered with a timestamp over something else.");
        return NULL;
    }
    return g_steal_pointer (&token);
}

static gboolean check_room (const TamgaSignerNode *node, GError **error)
{
    return node->list->len + node->added->len < TAMGA_MAX_ATTRIBUTES ||
           tamga_format_refuse (error, TAMGA_FORMAT_ERROR_LIMIT,
                                "%s has %u unsigned attributes already.", node->id,
                                TAMGA_MAX_ATTRIBUTES);
}

static gboolean add_timestamp (Extender *extender, const TamgaExtension *extension, GError **error)
{
    TamgaSignerNode *node = extender->nodes->pdata[extension->index];
    g_autoptr (GBytes) token = NULL;

    if (!extension->timestamp)
        return TRUE;
    if (!check_room (node, error) ||
        !check_frozen (extender, node, FALSE, "a signature timestamp", error))
        return FALSE;
    token = stamp (extender, node->info->signature, error);
    if (token == NULL)
        return FALSE;
    tamga_signer_node_add (node, OID_SIGNATURE_TIMESTAMP, token);
    extender->changed = TRUE;
    return TRUE;
}

/* ---- Evidence ---- */

static gboolean holds (GPtrArray *list, GBytes *der)
{
    return g_ptr_array_find_with_equal_func (list, der, g_bytes_equal, NULL);
}

static gboolean holds_certificate (GPtrArray *list, X509 *certificate)
{
    for (guint i = 0; i < list->len; i++) {
        if (X509_cmp (list->pdata[i], certificate) == 0)
            return TRUE;
    }
    return FALSE;
}

/* What of the evidence the signature does not hold, wherever in it. */
static TamgaEvidence *missing_evidence (const TamgaSignature *signature,
                                        const TamgaEvidence *evidence)
{
    TamgaEvidence *missing = tamga_evidence_new ();

    for (guint i = 0; i < evidence->certificates->len; i++) {
        if (!holds_certificate (signature->certificates, evidence->certificates->pdata[i]))
            tamga_evidence_add_certificate (missing, evidence->certificates->pdata[i]);
    }
    for (guint i = 0; i < evidence->crls->len; i++) {
        if (!holds (signature->crls, evidence->crls->pdata[i]))
            tamga_evidence_add_crl (missing, evidence->crls->pdata[i]);
    }
    for (guint i = 0; i < evidence->ocsps->len; i++) {
        if (!holds (signature->ocsps, evidence->ocsps->pdata[i]))
            tamga_evidence_add_ocsp (missing, evidence->ocsps->pdata[i]);
    }
    return missing;
}

/* Writes a token again with what was added to it: none of it is under its signature. */
static GBytes *rewrite_token (TamgaSignedData *data, TamgaCmsParts *parts, GPtrArray *nodes,
                              GError **error)
{
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (GBytes) bytes = NULL;

    if (!tamga_cms_rewrite (data, parts, nodes, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    bytes = tamga_output_steal_bytes (output);
    if (g_bytes_get_size (bytes) > TAMGA_MAX_TIMESTAMP_SIZE) {
        tamga_format_refuse (error, TAMGA_FORMAT_ERROR_LIMIT,
                             "A timestamp would have more than %u bytes with what is added to it.",
                             TAMGA_MAX_TIMESTAMP_SIZE);
        return NULL;
    }
    return g_steal_pointer (&bytes);
}

static GBytes *token_with_evidence (GBytes *token, const TamgaEvidence *evidence, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("The time-stamp token", token);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, error);
    g_autoptr (GPtrArray) nodes = data != NULL ? tamga_signer_nodes (data, error) : NULL;
    g_autoptr (TamgaCmsParts) parts = NULL;

    if (nodes == NULL)
        return NULL;
    parts = tamga_cms_parts_from (data);
    tamga_cms_parts_add_evidence (parts, evidence);
    return rewrite_token (data, parts, nodes, error);
}

/* The newest archive timestamp of a signer: nothing covers it. */
typedef struct {
    guint attribute, value;
    GBytes *token; /* NULL: none */
    gint64 time;
} Newest;

static Newest find_newest (const TamgaSignerNode *node)
{
    Newest newest = {.time = G_MININT64};

    for (guint i = 0; i < node->list->len; i++) {
        g_autoptr (TamgaAttribute) attribute = tamga_attribute_parse (node->list->pdata[i]);
        if (attribute == NULL || (!tamga_attribute_is_old_archive (attribute) &&
                                  attribute->kind != TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3))
            continue;
        for (guint j = 0; j < attribute->values->len; j++) {
            g_auto (TamgaTokenClaim) claim = {0};
            if (!tamga_token_claim (attribute->values->pdata[j], &claim, NULL) ||
                claim.gen_time < newest.time)
                continue;
            g_clear_pointer (&newest.token, g_bytes_unref);
            newest = (Newest){i, j, g_bytes_ref (attribute->values->pdata[j]), claim.gen_time};
        }
    }
    return newest;
}

/* Old archive timestamps cover the fields for evidence, and the attributes too. What can still
 * take it is the SignedData of the newest token itself (TS 101 733 6.4.1). */
static gboolean add_to_newest (Extender *extender, TamgaSignerNode *node,
                               const TamgaEvidence *evidence, GError **error)
{
    Newest newest = find_newest (node);
    g_autoptr (GBytes) token = newest.token, filled = NULL;

    if (token == NULL)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s in %s cannot get certificates and revocation values: another signer has "
            "an archive timestamp of version 2 or older, which covers the place where "
            "they would lie (EN 319 122-1 5.5).",
            node->id, tamga_document_name (extender->document));
    filled = token_with_evidence (token, evidence, error);
    if (filled == NULL)
        return FALSE;
    tamga_signer_node_exchange (node, newest.attribute, newest.value, filled);
    return TRUE;
}

static gboolean add_evidence (Extender *extender, const TamgaExtension *extension, GError **error)
{
    TamgaSignerNode *node = extender->nodes->pdata[extension->index];
    const TamgaSignature *signature = extender->signatures->pdata[extension->index];
    g_autoptr (TamgaEvidence) missing = NULL;

    if (extension->evidence == NULL)
        return TRUE;
    missing = missing_evidence (signature, extension->evidence);
    if (missing->certificates->len + missing->crls->len + missing->ocsps->len == 0)
        return TRUE;
    extender->changed = TRUE;
    if (extender->frozen)
        return add_to_newest (extender, tamga_signer_node_top (node), missing, error);
    tamga_cms_parts_add_evidence (extender->parts, missing);
    return TRUE;
}

/* ---- Archive timestamps ---- */

/* The token with ats-hash-index-v3 among its unsigned attributes (5.5.2). */
static GBytes *token_with_index (GBytes *token, GBytes *index, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("The time-stamp token", token);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, error);
    g_autoptr (GPtrArray) nodes = data != NULL ? tamga_signer_nodes (data, error) : NULL;
    g_autoptr (TamgaCmsParts) parts = NULL;

    if (nodes == NULL)
        return NULL;
    if (nodes->len != 1) {
        tamga_format_refuse (error, TAMGA_FORMAT_ERROR_MALFORMED,
                             "The time-stamp token has not exactly one signer (RFC 3161 2.4.2).");
        return NULL;
    }
    parts = tamga_cms_parts_from (data);
    tamga_signer_node_add (nodes->pdata[0], TAMGA_OID_HASH_INDEX_V3, index);
    return rewrite_token (data, parts, nodes, error);
}

/* A countersignature is covered by the archive timestamp of the signature above it. */
static gboolean covered_above (const Extender *extender, const TamgaExtension *extensions, gsize n,
                               TamgaSignerNode *node, GError **error)
{
    const TamgaSignerNode *top = tamga_signer_node_top (node);

    for (gsize i = 0; i < n; i++) {
        if (extensions[i].archive && extender->nodes->pdata[extensions[i].index] == top)
            return TRUE;
    }
    return tamga_format_refuse (
        error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
        "%s in %s gets no archive timestamp of its own: that of %s covers it "
        "(EN 319 122-1 5.5.3).",
        node->id, tamga_document_name (extender->document), top->id);
}

static gboolean add_archive (Extender *extender, TamgaSignerNode *node, GError **error)
{
    const TamgaDigest *digest = extender->stamper->digest;
    g_autoptr (GPtrArray) list = tamga_signer_node_attributes (extender->nodes, node);
    g_autoptr (GPtrArray) attributes = tamga_attributes_parse (list);
    const TamgaIndexed indexed = {extender->parts->certificates, extender->parts->crls, attributes};
    g_autoptr (GBytes) content = NULL, index = NULL, input = NULL, token = NULL, whole = NULL;

    if (!check_room (node, error))
        return FALSE;
    content = tamga_cms_content_digest (digest, &extender->content, error);
    if (content == NULL)
        return FALSE;
    index = tamga_hash_index_make (&indexed, digest);
    input = tamga_archive_v3_input (extender->data, node->info, content, index);
    token = stamp (extender, input, error);
    whole = token != NULL ? token_with_index (token, index, error) : NULL;
    if (whole == NULL)
        return FALSE;
    tamga_signer_node_add (node, OID_ARCHIVE_TIMESTAMP_V3, whole);
    tamga_cms_parts_add_digest (extender->parts, digest);
    extender->changed = TRUE;
    return TRUE;
}

/* ---- ---- */

static gboolean extender_open (Extender *extender, const TamgaReadOptions *options,
                               gboolean archive, GError **error)
{
    TamgaDocument *given = tamga_read_options_content (options);
    const TamgaDigest *also = archive && extender->stamper ? extender->stamper->digest : NULL;

    extender->data = tamga_signed_data_parse (extender->document, error);
    if (extender->data == NULL)
        return FALSE;
    extender->content = tamga_cms_content (extender->data, given);
    if (!tamga_cms_content_hash (&extender->content, extender->data, also,
                                 options != NULL ? options->progress : NULL,
                                 options != NULL ? options->progress_data : NULL, error))
        return FALSE;
    extender->signatures = tamga_cms_read_signed_data (extender->data, tamga_cms_content_digest,
                                                       &extender->content, "CAdES", error);
    if (extender->signatures == NULL)
        return FALSE;
    extender->nodes = tamga_signer_nodes (extender->data, error);
    if (extender->nodes == NULL)
        return FALSE;
    g_assert (extender->nodes->len == extender->signatures->len);
    extender->frozen = tamga_signed_data_frozen (extender->nodes);
    extender->parts = tamga_cms_parts_from (extender->data);
    return TRUE;
}

/* Timestamps and evidence of all first: an archive timestamp covers what lies there then. */
static gboolean add_all (Extender *extender, const TamgaExtension *extensions, gsize n,
                         GError **error)
{
    if (tamga_signed_data_recorded (extender->nodes))
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s has an evidence record, which covers all of it: whatever is added would "
            "break it (RFC 4998).",
            tamga_document_name (extender->document));
    for (gsize i = 0; i < n; i++) {
        if (!check_signature (extender, &extensions[i], error))
            return FALSE;
    }
    for (gsize i = 0; i < n; i++) {
        if (!add_timestamp (extender, &extensions[i], error) ||
            !add_evidence (extender, &extensions[i], error))
            return FALSE;
    }
    for (gsize i = 0; i < n; i++) {
        TamgaSignerNode *node = extender->nodes->pdata[extensions[i].index];
        if (!extensions[i].archive)
            continue;
        if (node->parent != NULL ? !covered_above (extender, extensions, n, node, error)
                                 : !add_archive (extender, node, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tamga_cades_extend (TamgaDocument *document, const TamgaReadOptions *options,
                             const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                             TamgaOutput *output, GError **error)
{
    g_auto (Extender) extender = {.document = document, .stamper = stamper};
    gboolean archive = FALSE;

    for (gsize i = 0; i < n; i++)
        archive |= extensions[i].archive;
    if (!extender_open (&extender, options, archive, error) ||
        !add_all (&extender, extensions, n, error))
        return FALSE;
    /* Looked at last: what was hashed and what is copied is one file. */
    return (extender.changed
                ? tamga_cms_rewrite (extender.data, extender.parts, extender.nodes, output, error)
                : tamga_output_copy (output, document, 0, tamga_document_size (document), NULL,
                                     NULL, error)) &&
           tamga_document_check (document, error) &&
           (extender.content.document == NULL ||
            tamga_document_check (extender.content.document, error));
}
