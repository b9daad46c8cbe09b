/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XML as Tamga reads it: UTF-8, UTF-16 or what its declaration says, no DTD, no entity beyond the
 * five of XML itself, no network, bounded in size and depth (limits.h). The tree is libxml2's; it
 * is never written back: signatures go into the bytes of the file at a place that is looked up. */
#pragma once

#include <libxml/tree.h>

#include "formats/document.h"

#define TAMGA_NS_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define TAMGA_NS_XADES "http://uri.etsi.org/01903/v1.3.2#"
#define TAMGA_NS_XADES_141 "http://uri.etsi.org/01903/v1.4.1#"
#define TAMGA_NS_ASIC "http://uri.etsi.org/02918/v1.2.1#"

typedef struct {
    xmlDocPtr doc;
    GBytes *bytes; /* the file as it was read */
    GHashTable
        *ids; /* const char * (owned by doc) -> xmlNodePtr: Id, ID, id and xml:id attributes */
    GPtrArray *duplicate_ids; /* const char *: values that two elements have; both are unusable */
    guint64 nodes;            /* elements, texts and the like, attributes apart */
    guint64 *work;            /* spent on canonical forms so far, in nodes */
} TamgaXml;

/* Parses. Errors: TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT (not well formed from its first byte on),
 * _MALFORMED (with line and column; also: it has a DTD), _LIMIT. */
TamgaXml *tamga_xml_parse (TamgaDocument *document, GError **error);
TamgaXml *tamga_xml_parse_bytes (const char *name, GBytes *bytes, GError **error);
void tamga_xml_free (TamgaXml *xml);
/* Parses `text` to further children of `parent`, an element of `xml`, as if it stood before its end
 * tag; `xml->bytes` stay as they are. Errors: TAMGA_FORMAT_ERROR_MALFORMED, _LIMIT; the tree is
 * then of no use. */
gboolean tamga_xml_append (TamgaXml *xml, xmlNodePtr parent, const char *text, gsize length,
                           GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaXml, tamga_xml_free)
/* Does the document begin like XML (after a byte order mark and white space)? Reads little. */
gboolean tamga_xml_probe (TamgaDocument *document);

/* Navigation by namespace and local name; NULL where there is none. Lists own no nodes. */
gboolean tamga_xml_is (const xmlNode *node, const char *namespace, const char *name);
xmlNodePtr tamga_xml_child (const xmlNode *parent, const char *namespace, const char *name);
xmlNodePtr tamga_xml_first_element (const xmlNode *parent);
xmlNodePtr tamga_xml_next_element (const xmlNode *node); /* sibling */
/* The node (of any kind) after `node` in document order, within `top`; NULL after the last one. */
xmlNodePtr tamga_xml_walk (const xmlNode *node, const xmlNode *top);
/* The same without what is below `node`. */
xmlNodePtr tamga_xml_skip (const xmlNode *node, const xmlNode *top);
GPtrArray *tamga_xml_children (const xmlNode *parent, const char *namespace, const char *name);
/* All descendants with that name in document order; `limit` exceeded: NULL with LIMIT. */
GPtrArray *tamga_xml_find (const TamgaXml *xml, const char *namespace, const char *name,
                           guint limit, GError **error);
/* The element with that id; NULL where there is none or there are two. */
xmlNodePtr tamga_xml_by_id (const TamgaXml *xml, const char *id);
char *tamga_xml_attribute (const xmlNode *node, const char *name); /* no namespace; or NULL */
/* Text of an element without element children, white space at both ends cut; NULL else. Comments
 * inside make it NULL (threats, part b). */
char *tamga_xml_text (const xmlNode *node);
/* Base64 of an element as bytes; NULL where it is none. */
GBytes *tamga_xml_base64 (const xmlNode *node);
GBytes *tamga_xml_base64_text (GBytes *text); /* the same of text alone */
/* "/root/child[2]/leaf" or "#id" to an element; prefixes are those of the document's root. NULL
 * with PARAMETER. No other XPath is understood. */
xmlNodePtr tamga_xml_locate (const TamgaXml *xml, const char *path, GError **error);
/* Byte offsets of an element in `xml->bytes`: its first byte ("<"), its content's first byte, its
 * end tag's "<" (of an empty-element tag: offset of "/>"), the byte after it. FALSE with an error
 * where the encoding is not one of single bytes or UTF-8. */
typedef struct {
    gsize begin, content, end_tag, end;
    gboolean empty_tag;
} TamgaXmlSpan;
gboolean tamga_xml_span (const TamgaXml *xml, const xmlNode *element, TamgaXmlSpan *span,
                         GError **error);
