/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text of XML elements that are put into the bytes of a file. ASCII only, whatever the values hold,
 * so that it fits every encoding that signatures are put into; no escape is needed in names, which
 * are ours. */
#pragma once

#include "formats/format.h"

typedef struct {
    GString *text;
    TamgaLayout layout;
    GPtrArray *open; /* char *: names of the elements that are open */
    gboolean inside; /* what is written goes into an element of the same layout */
} TamgaXmlWriter;

TamgaXmlWriter *tamga_xml_writer_new (TamgaLayout layout);
TamgaXmlWriter *tamga_xml_writer_new_inside (TamgaLayout layout);
void tamga_xml_writer_free (TamgaXmlWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaXmlWriter, tamga_xml_writer_free)
/* What was written; ends the writer. Every element must be closed. */
GString *tamga_xml_writer_finish (TamgaXmlWriter *writer);

/* `...`: names and values of attributes, ends with NULL. One without a value is left out. */
void tamga_xml_writer_begin (TamgaXmlWriter *writer, const char *name, ...) G_GNUC_NULL_TERMINATED;
void tamga_xml_writer_end (TamgaXmlWriter *writer);
/* An element with text, or with none (NULL): written as an empty-element tag then. */
void tamga_xml_writer_leaf (TamgaXmlWriter *writer, const char *name, const char *text,
                            ...) G_GNUC_NULL_TERMINATED;

typedef enum {
    TAMGA_XML_INLINE, /* base64 begins behind the start tag */
    TAMGA_XML_BLOCK,  /* in lines of its own, where the layout has lines */
} TamgaXmlBase64;
void tamga_xml_writer_base64 (TamgaXmlWriter *writer, TamgaXmlBase64 kind, const char *name,
                              GBytes *bytes, ...) G_GNUC_NULL_TERMINATED;
/* ds:DigestMethod and ds:DigestValue. */
void tamga_xml_writer_digest (TamgaXmlWriter *writer, const TamgaDigest *digest, GBytes *value);

/* Text that was made elsewhere, as it is. */
void tamga_xml_writer_raw (TamgaXmlWriter *writer, const void *text, gsize length);
/* Base64 as a parser gives it back: what tamga_xml_writer_base64 writes INLINE. */
char *tamga_xml_writer_parsed_base64 (TamgaLayout layout, GBytes *bytes);

/* May `text` stand in XML (1.0, 2.2) as it is? UTF-8 without control characters. */
gboolean tamga_xml_writer_takes (const char *text);
