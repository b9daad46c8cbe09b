/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a SignedData again with something added. The ContentInfo gets definite lengths; the
 * encapsulated content, every certificate, revocation value and SignerInfo, and their order, stay
 * as they lie, except for the unsigned attributes that are added. */
#pragma once

#include "formats/cms/build.h"
#include "formats/cms/tree.h"

/* Everything around the content, each element with its own bytes; signers are not in it yet. */
TamgaCmsParts *tamga_cms_parts_from (const TamgaSignedData *data);
/* Writes `parts`, then `body` of `source` within it. LIMIT where it could not be read again. */
gboolean tamga_cms_parts_write (const TamgaCmsParts *parts, TamgaDocument *source,
                                const TamgaRange *body, TamgaOutput *output, GError **error);
/* `data` with the additions of `parts` (of tamga_cms_parts_from) and of `nodes`. */
gboolean tamga_cms_rewrite (const TamgaSignedData *data, TamgaCmsParts *parts, GPtrArray *nodes,
                            TamgaOutput *output, GError **error);
/* Why nothing may be added to the unsigned attributes of a node: an archive timestamp covers them
 * as they are. NULL: it may. `archive`: what is added is an archive timestamp, which comes later by
 * its nature. Static text to be continued with "... has". */
const char *tamga_signer_node_frozen (const TamgaSignerNode *node, gboolean archive);
/* Does an archive timestamp of any signer cover certificates and crls as they are? */
gboolean tamga_signed_data_frozen (GPtrArray *nodes);
/* Does an evidence record of any signer cover the whole SignedData, so that nothing can be added?
 */
gboolean tamga_signed_data_recorded (GPtrArray *nodes);
