/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each kind of XAdES timestamp covers: one computation for reading and for making. */
#pragma once

#include "formats/model.h"
#include "formats/xml/c14n.h"
#include "formats/xml/resolver.h"

/* Digest of the input of the timestamp `property` (SignatureTimeStamp, ArchiveTimeStamp, ...:
 * EN 319 132-1 5.1.4.4, 5.3, 5.5.2) inside of `signature` (ds:Signature). For one that is not there
 * yet `property` is NULL: it will be the last one of the unsigned properties. NULL with an error
 * where it cannot be computed. */
GBytes *tamga_xades_imprint (const TamgaXml *xml, const xmlNode *signature, const xmlNode *property,
                             TamgaTimestampKind kind, const TamgaC14n *c14n,
                             const TamgaXmlResolver *resolver, const TamgaDigest *digest,
                             GError **error);

/* The kind of an element that holds a timestamp (XAdESTimeStampType); FALSE where it is none. */
gboolean tamga_xades_timestamp_kind (const xmlNode *property, TamgaTimestampKind *kind);
