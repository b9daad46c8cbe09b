/* SPDX-License-Identifier: GPL-3.0-or-later */
/* References to documents beside the signature. */
#include "formats/xml/resolver.h"

#include <string.h>

#include "formats/limits.h"

/* Is the last part of the URI the last part of the document's name? */
static gboolean names (const char *uri, TamgaDocument *document)
{
    g_autofree char *name = g_path_get_basename (tamga_document_name (document));
    const char *slash = strrchr (uri, '/');
    const char *last = slash != NULL ? slash + 1 : uri;
    g_autofree char *decoded = g_uri_unescape_string (last, NULL);

    return strcmp (name, last) == 0 || g_strcmp0 (name, decoded) == 0;
}

/* The document that a URI leads to; NULL where none fits, or two do: a digest may not choose. */
static TamgaDocument *find_document (const TamgaXmlResolver *resolver, const char *uri)
{
    GPtrArray *documents = resolver->data;
    TamgaDocument *found = NULL;

    if (documents == NULL)
        return NULL;
    if (documents->len == 1 && !resolver->named)
        return documents->pdata[0];
    for (guint i = 0; uri != NULL && i < documents->len; i++) {
        if (!names (uri, documents->pdata[i]))
            continue;
        if (found != NULL)
            return NULL;
        found = documents->pdata[i];
    }
    return found;
}

static GBytes *documents_digest (const TamgaXmlResolver *resolver, const char *uri,
                                 const TamgaDigest *digest, GError **error)
{
    TamgaDocument *document = find_document (resolver, uri);

    return document != NULL ? tamga_document_digest (document, digest, NULL, 0, NULL, NULL, error)
                            : NULL;
}

static GBytes *documents_bytes (const TamgaXmlResolver *resolver, const char *uri, guint64 limit,
                                GError **error)
{
    TamgaDocument *document = find_document (resolver, uri);

    return document != NULL
               ? tamga_document_bytes (document, 0, tamga_document_size (document), limit, error)
               : NULL;
}

/* Do the references lead to more than one document beside the XML? */
static gboolean names_several (const TamgaXml *xml)
{
    g_autoptr (GPtrArray) references =
        tamga_xml_find (xml, TAMGA_NS_DSIG, "Reference", TAMGA_MAX_REFERENCES, NULL);
    g_autofree char *first = NULL;

    for (guint i = 0; references != NULL && i < references->len; i++) {
        g_autofree char *uri = tamga_xml_attribute (references->pdata[i], "URI");
        if (uri == NULL || uri[0] == '\0' || uri[0] == '#')
            continue;
        if (first != NULL && strcmp (first, uri) != 0)
            return TRUE;
        if (first == NULL)
            first = g_steal_pointer (&uri);
    }
    return references == NULL;
}

TamgaXmlResolver tamga_xml_resolver_documents (GPtrArray *documents, const TamgaXml *xml)
{
    return (TamgaXmlResolver){documents_digest, documents_bytes, documents,
                              xml != NULL && documents != NULL && names_several (xml)};
}
