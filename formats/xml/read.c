/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every ds:Signature of a document becomes a TamgaSignature. Checks run in the order of
 * EN 319 102-1: format, references, signing certificate, signature value. Trust, status and time
 * are judged elsewhere. */
#include "formats/cms/evidence.h"
#include "formats/limits.h"
#include "formats/xml/qualifying.h"
#include "formats/xml/signer.h"
#include "formats/xml/xades.h"

/* All signatures of a document. */
typedef struct {
    const TamgaXml *xml;
    const TamgaXmlResolver *resolver;
    GPtrArray *elements; /* xmlNode */
    GHashTable *ids;     /* ds:Signature -> its id (char *) */
    GPtrArray *signatures;
} Reader;

/* The signature whose unsigned properties hold this one as CounterSignature; NULL: none. */
static const xmlNode *countersigned_by_place (const xmlNode *element)
{
    const xmlNode *node = element->parent;

    if (!tamga_xades_is (node, "CounterSignature"))
        return NULL;
    while (node != NULL && !tamga_xml_is (node, TAMGA_NS_DSIG, "Signature"))
        node = node->parent;
    return node;
}

/* "signature N", or "countersignature N of ..." for what lies in another's properties. */
static void name_signatures (Reader *reader)
{
    g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
    guint signatures = 0;

    for (guint i = 0; i < reader->elements->len; i++) {
        const xmlNode *element = reader->elements->pdata[i];
        const xmlNode *above = countersigned_by_place (element);
        guint number = above != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (counts, above)) + 1
                                     : ++signatures;
        char *id = above != NULL
                       ? g_strdup_printf ("countersignature %u of %s", number,
                                          (char *)g_hash_table_lookup (reader->ids, above))
                       : g_strdup_printf ("signature %u", number);
        g_hash_table_insert (counts, (gpointer)above, GUINT_TO_POINTER (number));
        g_hash_table_insert (reader->ids, (gpointer)element, id);
    }
}

static void signer_clear (TamgaXmlSigner *signer)
{
    g_clear_pointer (&signer->references, g_ptr_array_unref);
    g_clear_pointer (&signer->entries, g_ptr_array_unref);
    g_clear_pointer (&signer->found, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TamgaXmlSigner, signer_clear)

static gboolean read_parts (const Reader *reader, TamgaXmlSigner *signer, GError **error)
{
    tamga_xml_signer_algorithm (signer);
    if (!tamga_xml_signer_references (signer, error))
        return FALSE;
    tamga_xml_signer_bind_properties (signer);
    tamga_xml_signer_cover (signer);
    tamga_xml_signer_find_certificates (signer);
    if (!tamga_xml_signer_verify (signer, error))
        return FALSE;
    tamga_xml_signer_claims (signer);
    tamga_xml_signer_find_revocations (signer);
    return tamga_xml_signer_stamps (signer, reader->ids, error);
}

static gboolean read_one (Reader *reader, const xmlNode *element, GError **error)
{
    g_auto (TamgaXmlSigner) signer = {
        .xml = reader->xml,
        .resolver = reader->resolver,
        .element = element,
        .countersigned = countersigned_by_place (element),
        .signature = tamga_signature_new ("XAdES"),
        .references = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_xml_signed_free),
        .entries = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_xml_signed_free),
        .found = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_found_certificate_free),
    };
    TamgaSignature *signature = signer.signature;

    g_ptr_array_add (reader->signatures, signature);
    signature->id = g_strdup (g_hash_table_lookup (reader->ids, element));
    if (tamga_xml_signer_open (&signer) && !read_parts (reader, &signer, error))
        return FALSE;
    if (signature->algorithm_text == NULL)
        signature->algorithm_text = g_strdup ("unknown");
    if (signer.countersigned != NULL)
        signature->countersigned =
            g_strdup (g_hash_table_lookup (reader->ids, signer.countersigned));
    return TRUE;
}

GPtrArray *tamga_xades_read_xml (const TamgaXml *xml, const TamgaXmlResolver *resolver,
                                 GError **error)
{
    g_autoptr (GPtrArray) elements =
        tamga_xml_find (xml, TAMGA_NS_DSIG, "Signature", TAMGA_MAX_SIGNERS, error);
    g_autoptr (GHashTable) ids = g_hash_table_new_full (NULL, NULL, NULL, g_free);
    g_autoptr (GPtrArray) signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    Reader reader = {xml, resolver, elements, ids, signatures};

    if (elements == NULL)
        return NULL;
    if (elements->len == 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE,
                     "The XML document has no signature.");
        return NULL;
    }
    name_signatures (&reader);
    for (guint i = 0; i < elements->len; i++) {
        if (!read_one (&reader, elements->pdata[i], error))
            return NULL;
    }
    tamga_signatures_share_evidence (signatures);
    return g_steal_pointer (&signatures);
}
