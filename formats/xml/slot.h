/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting text into the bytes of an XML file, and taking it out again. */
#pragma once

#include "formats/xml/xml.h"

/* Number of an element in document order, 0 for the root; what is put in behind it does not change
 * it. The element with a number; NULL where there are fewer. */
gsize tamga_xml_order (const xmlNode *element);
xmlNodePtr tamga_xml_nth (const TamgaXml *xml, gsize order);

/* A place: `skip` bytes at `at` give way to `head`, the text, `tail`. */
typedef struct {
    gsize at, skip;
    char *head, *tail; /* or NULL */
} TamgaXmlSlot;

void tamga_xml_slot_clear (TamgaXmlSlot *slot);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TamgaXmlSlot, tamga_xml_slot_clear)

/* The end of the content of `parent`. Where that is an empty-element tag it is opened, and its new
 * end tag has a space before the ">": tamga_xml_cut knows by it how the file was. */
gboolean tamga_xml_slot (const TamgaXml *xml, const xmlNode *parent, TamgaXmlSlot *slot,
                         GError **error);
GBytes *tamga_xml_slot_fill (GBytes *bytes, const TamgaXmlSlot *slot, const char *text,
                             gsize length);
/* The bytes without these elements (none inside another; document order). Not for the root. */
GBytes *tamga_xml_cut (const TamgaXml *xml, GPtrArray *elements, GError **error);
