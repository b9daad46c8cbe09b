/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where references lead that leave the XML document: files of a container, detached documents.
 * Nothing is ever fetched. */
#pragma once

#include "formats/document.h"
#include "formats/xml/xml.h"

typedef struct _TamgaXmlResolver TamgaXmlResolver;
struct _TamgaXmlResolver {
    /* Digest of the octets named by `uri` (as written in the reference; the resolver decodes). NULL
     * without error: there is no such object here. */
    GBytes *(*digest) (const TamgaXmlResolver *resolver, const char *uri, const TamgaDigest *digest,
                       GError **error);
    /* The octets themselves, at most `limit`, where a transform asks for them. As above. */
    GBytes *(*bytes) (const TamgaXmlResolver *resolver, const char *uri, guint64 limit,
                      GError **error);
    gpointer data;
    gboolean named; /* documents: each answers its own name only */
};

/* Over detached documents (TamgaDocument; may be NULL): by the last part of their names, decoded
 * and not; a single document also answers a reference without URI or with any one name, unless the
 * references of `xml` (may be NULL) name several: what was not given is missing then, and not
 * something else that has changed. Borrows. */
TamgaXmlResolver tamga_xml_resolver_documents (GPtrArray *documents, const TamgaXml *xml);
