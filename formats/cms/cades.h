/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CAdES (EN 319 122-1): a SignedData around a document or beside it.
 *
 * `prepare` of a document that is itself a SignedData adds a parallel signer to it: earlier
 * SignerInfos, certificates and CRLs keep their bytes; its content is the encapsulated one, or
 * parameters->content where it is detached. Any other document is signed attached, or detached
 * with parameters->detached. Content is streamed both ways. */
#pragma once

#include "formats/format.h"

extern const TamgaFormat tamga_cades_format;
