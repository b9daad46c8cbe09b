/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XPath filters of references. No expression is ever evaluated: the few texts that signers in use
 * write are recognised as texts, and what they mean is done; any other is not verifiable. */
#pragma once

#include "formats/xml/c14n.h"

#define TAMGA_FILTER_XPATH "http://www.w3.org/TR/1999/REC-xpath-19991116"
#define TAMGA_FILTER_XPATH2 "http://www.w3.org/2002/06/xmldsig-filter2"

/* Applies the ds:Transform of one of these algorithms to `set`. UNSUPPORTED where its text is not
 * one of those known. */
gboolean tamga_xml_filter (const TamgaXml *xml, const xmlNode *transform, TamgaNodeSet *set,
                           GError **error);
