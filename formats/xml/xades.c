/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XAdES and XMLDSig: the rows of the format table. */
#include "formats/xml/xades.h"

#include "formats/xml/make.h"

static GPtrArray *xades_read (TamgaDocument *document, const TamgaReadOptions *options,
                              GError **error)
{
    g_autoptr (TamgaXml) xml = tamga_xml_parse (document, error);
    TamgaXmlResolver resolver =
        tamga_xml_resolver_documents (options != NULL ? options->contents : NULL, xml);
    g_autoptr (GPtrArray) signatures = NULL;

    if (xml == NULL)
        return NULL;
    signatures = tamga_xades_read_xml (xml, &resolver, error);
    if (signatures == NULL || !tamga_document_check (document, error))
        return NULL;
    for (guint i = 0; options != NULL && options->contents != NULL && i < options->contents->len;
         i++) {
        if (!tamga_document_check (options->contents->pdata[i], error))
            return NULL;
    }
    return g_steal_pointer (&signatures);
}

/* A document that XAdES looks like is never plain XMLDSig only: that is asked for by name. */
static gboolean by_name_only (TamgaDocument *document G_GNUC_UNUSED)
{
    return FALSE;
}

const TamgaFormat tamga_xades_format = {
    .name = "xades",
    .title = "XAdES",
    .extension = ".xml",
    .detached_extension = ".xml",
    .many = TRUE,
    .probe = tamga_xml_probe,
    .read = xades_read,
    .prepare = tamga_xades_prepare,
    .embed = tamga_xades_embed,
    .timestamped = tamga_xades_timestamped,
    .extend = tamga_xades_extend,
    .originals = tamga_xades_originals,
};

const TamgaFormat tamga_xmldsig_format = {
    .name = "xmldsig",
    .title = "XMLDSig",
    .extension = ".xml",
    .detached_extension = ".xml",
    .probe = by_name_only,
    .read = xades_read,
    .prepare = tamga_xmldsig_prepare,
    .embed = tamga_xades_embed,
    .timestamped = tamga_xades_timestamped,
    .originals = tamga_xades_originals,
};
