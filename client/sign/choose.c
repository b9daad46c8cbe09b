/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of what. */
#include "client/sign/choose.h"

#include <string.h>

/* What several documents become where nothing else is said. */
#define CONTAINER "asic-e-xades"
/* Enough to see how a document begins. */
#define SNIFF 256u

/* An XML declaration, in the encodings that documents are found in. */
static gboolean is_xml (TamgaDocument *document)
{
    static const struct {
        const char *bytes;
        gsize length;
    } starts[] = {
        {"<?xml", 5},
        {"\xef\xbb\xbf<?xml", 8},
        {"\xff\xfe<\0?\0x\0", 8},
        {"\xfe\xff\0<\0?\0x", 8},
    };
    gsize size = (gsize)MIN (tamga_document_size (document), SNIFF);
    char begin[SNIFF];
    if (!tamga_document_read (document, 0, begin, size, NULL))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (starts); i++) {
        if (size >= starts[i].length && memcmp (begin, starts[i].bytes, starts[i].length) == 0)
            return TRUE;
    }
    /* The declaration may be left out: then the name has to say it too. */
    gsize at = 0;
    while (at < size && g_ascii_isspace (begin[at]))
        at++;
    const char *name = tamga_document_name (document), *dot = strrchr (name, '.');
    return at < size && begin[at] == '<' && dot && g_ascii_strcasecmp (dot, ".xml") == 0;
}

/* Formats whose probe takes any document of the language that they are written in: only signatures
 * in it make one a carrier. */
static const char *const languages[] = {"xades", "xmldsig", "jades", NULL};

/* The format whose carrier the document is. */
static const TamgaFormat *carrier_of (TamgaDocument *document)
{
    const TamgaFormat *carrier = tamga_format_probe (document);
    if (!carrier || !g_strv_contains (languages, carrier->name))
        return carrier;
    /* What only begins like that language, as a web page does, is a document like any other. */
    g_autoptr (GPtrArray) signatures = carrier->read (document, NULL, NULL);
    return signatures ? carrier : NULL;
}

static const TamgaFormat *named (const char *name)
{
    const TamgaFormat *format = name ? tamga_format_by_name (name) : NULL;
    return format ? format : tamga_format_default;
}

const TamgaFormat *tamga_sign_choose_format (TamgaDocument *document, gboolean several,
                                             const TamgaSignOptions *options,
                                             const TamgaProfile *profile)
{
    if (options->format)
        return options->format;
    const TamgaFormat *carrier = carrier_of (document);
    if (several)
        return carrier && carrier->many ? carrier : named (CONTAINER);
    /* Asked for a signature beside the document, one that can only lie in it will not do. */
    gboolean detached = options->packaging == TAMGA_PACKAGING_DETACHED;
    if (carrier && !(detached && !carrier->detached_extension))
        return carrier;
    return named (is_xml (document) ? profile->format_xml : profile->format_other);
}

static gboolean is_carrier (const char *path)
{
    g_autoptr (TamgaDocument) document = tamga_document_open (path, NULL);
    return document && carrier_of (document) != NULL;
}

gboolean tamga_sign_choose_together (char **inputs, gsize n, const TamgaSignOptions *options)
{
    if (n < 2)
        return FALSE;
    /* A container for several has no other form. */
    if (options->format)
        return options->format->many && !options->format->detached_extension;
    if (options->packaging != TAMGA_PACKAGING_DEFAULT)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        if (strcmp (inputs[i], "-") == 0 || is_carrier (inputs[i]))
            continue;
        return TRUE;
    }
    return FALSE;
}

gboolean tamga_sign_check_options (const TamgaFormat *format, const TamgaSignOptions *options,
                                   GError **error)
{
    const TamgaXmlParameters *xml = &options->xml;
    const struct {
        gboolean given;
        const char *what;
        const char *formats[8]; /* that know it, NULL at the end */
    } rows[] = {
        {xml->c14n || xml->parent || xml->elements || xml->layout != TAMGA_LAYOUT_COMPACT,
         "options for XML",
         {"xades", "xmldsig", "asic-e-xades", "asic-s-xades", NULL}},
        {options->jose != TAMGA_JOSE_FLATTENED, "a JSON serialization", {"jades", NULL}},
        {options->field || options->certification != 0 || options->visible,
         "a field, a certification or a picture on a page",
         {"pades", NULL}},
        {options->packaging == TAMGA_PACKAGING_ENVELOPED,
         "an enveloped form",
         {"xades", "xmldsig", "pades", NULL}},
        {options->packaging == TAMGA_PACKAGING_ENVELOPING,
         "an enveloping form",
         {"xades", "xmldsig", "cades", "jades", NULL}},
        {options->countersigned != NULL,
         "a countersignature",
         {"cades", "xades", "jades", "asic-e-xades", "asic-e-cades", "asic-s-xades", "asic-s-cades",
          NULL}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (!rows[i].given || g_strv_contains (rows[i].formats, format->name))
            continue;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "A %s signature cannot have %s.", format->title, rows[i].what);
        return FALSE;
    }
    return TRUE;
}

static gboolean has_extension (const TamgaFormat *format, const char *extension)
{
    return g_ascii_strcasecmp (format->extension, extension) == 0 ||
           (format->detached_extension &&
            g_ascii_strcasecmp (format->detached_extension, extension) == 0);
}

gboolean tamga_sign_check_name (const char *output, const TamgaFormat *format, GError **error)
{
    const char *extension = strrchr (output, '.');
    if (!extension || has_extension (format, extension))
        return TRUE;
    for (gsize i = 0; tamga_formats[i]; i++) {
        if (!has_extension (tamga_formats[i], extension))
            continue;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "%s is the name of a file of the format %s, and what is made is %s: name it "
                     "something%s, or say what to make with --format.",
                     output, tamga_formats[i]->title, format->title, format->extension);
        return FALSE;
    }
    return TRUE;
}
