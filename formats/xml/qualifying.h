/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where XAdES properties lie in a signature. Any version of XAdES (1.1.1 to 1.4.1) is found: older
 * ones have the same names, and what they lack is not there. */
#pragma once

#include "formats/xml/xml.h"

#define TAMGA_XADES_ANY "http://uri.etsi.org/01903/v" /* what all their name spaces begin with */

gboolean tamga_xades_is (const xmlNode *node, const char *name);
/* First child of that name, and the only one (NULL where there are several). `parent` may be NULL.
 */
xmlNodePtr tamga_xades_child (const xmlNode *parent, const char *name);
xmlNodePtr tamga_xades_only (const xmlNode *parent, const char *name);
/* Every QualifyingProperties in the ds:Object children of a ds:Signature. Owns no nodes. */
GPtrArray *tamga_xades_qualifying (const xmlNode *signature);
/* UnsignedProperties/UnsignedSignatureProperties of the first of them, or NULL. */
xmlNodePtr tamga_xades_unsigned (const xmlNode *signature);
