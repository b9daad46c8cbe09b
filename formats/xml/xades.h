/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XAdES (EN 319 132-1) and plain XMLDSig: rows of the format table, and the parts that containers
 * build on. */
#pragma once

#include "formats/format.h"
#include "formats/xml/resolver.h"
#include "formats/xml/xml.h"

extern const TamgaFormat tamga_xades_format;
/* The same without XAdES properties, in the layout that Kazakh portals expect. */
extern const TamgaFormat tamga_xmldsig_format;

/* Every ds:Signature of the document, countersignatures after what they countersign. Elements:
 * TamgaSignature; `format` is "XAdES", or "XMLDSig" where there are no qualifying properties.
 * Errors as `read` of the table. */
GPtrArray *tamga_xades_read_xml (const TamgaXml *xml, const TamgaXmlResolver *resolver,
                                 GError **error);

/* An object beside the signature. */
typedef struct {
    char *uri;       /* for Reference/@URI, encoded (RFC 3986) */
    char *mime_type; /* DataObjectFormat/MimeType, or NULL */
    GBytes *digest;  /* by the algorithm's digest */
} TamgaXmlObject;

/* A detached signature over `objects` (TamgaXmlObject) as a file of its own, as containers hold it:
 * inside of asic:XAdESSignatures (EN 319 162-1 A.1). `embed` of the preparation writes that file.
 * `carrier`: an existing file of that kind that gets one more signature, or NULL. */
TamgaPreparation *tamga_xades_prepare_objects (TamgaDocument *carrier, GPtrArray *objects,
                                               const TamgaSigningParameters *parameters,
                                               GError **error);

/* `extend` of the table with references resolved by `resolver`. */
gboolean tamga_xades_extend_xml (TamgaDocument *document, const TamgaXmlResolver *resolver,
                                 const TamgaExtension *extensions, gsize n,
                                 const TamgaStamper *stamper, TamgaOutput *output, GError **error);
