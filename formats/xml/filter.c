/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XPath filters that are recognised by their text. */
#include "formats/xml/filter.h"

#include <string.h>

#include "formats/xml/qualifying.h"

/* In the texts below: a prefix that is bound to the name space of XMLDSig, one that is bound to one
 * of XAdES, and an identifier. */
#define DSIG "\1"
#define XADES "\2"
#define IDENTIFIER "\3"

typedef enum { MEANS_NO_SIGNATURES, MEANS_NO_ROOT_SIGNATURES, MEANS_SIGNED_PROPERTIES } Meaning;

static const struct {
    const char *algorithm, *operation; /* @Filter, or NULL */
    const char *text;                  /* without white space */
    Meaning meaning;
} known[] = {
    {TAMGA_FILTER_XPATH, NULL, "not(ancestor-or-self::" DSIG ":Signature)", MEANS_NO_SIGNATURES},
    {TAMGA_FILTER_XPATH2, "subtract", "/descendant::" DSIG ":Signature", MEANS_NO_SIGNATURES},
    {TAMGA_FILTER_XPATH2, "subtract", "//" DSIG ":Signature", MEANS_NO_SIGNATURES},
    {TAMGA_FILTER_XPATH2, "subtract", "/*/" DSIG ":Signature", MEANS_NO_ROOT_SIGNATURES},
    /* Austrian signers, XAdES 1.1.1. */
    {TAMGA_FILTER_XPATH2, "intersect",
     "//*[@Id='" IDENTIFIER "']/" XADES ":QualifyingProperties/" XADES ":SignedProperties",
     MEANS_SIGNED_PROPERTIES},
};

static gboolean is_name_character (char c)
{
    return g_ascii_isalnum (c) || strchr ("._-", c) != NULL || (guint8)c >= 0x80;
}

/* Is the name space of a prefix the one that its place in the text asks for? */
static gboolean is_bound (const xmlNode *node, const char *prefix, char place)
{
    xmlNsPtr ns = xmlSearchNs (node->doc, (xmlNodePtr)node, (const xmlChar *)prefix);
    const char *uri = ns != NULL ? (const char *)ns->href : "";

    return place == DSIG[0] ? strcmp (uri, TAMGA_NS_DSIG) == 0
                            : g_str_has_prefix (uri, TAMGA_XADES_ANY);
}

/* Does `text` say `pattern`? Sets `id` where the pattern has an identifier. */
static gboolean says (const xmlNode *node, const char *text, const char *pattern, char **id)
{
    for (; *pattern != '\0'; pattern++) {
        gsize length = 0;
        g_autofree char *name = NULL;
        if (*pattern > IDENTIFIER[0]) {
            if (*text++ != *pattern)
                return FALSE;
            continue;
        }
        while (text[length] != '\0' && is_name_character (text[length]))
            length++;
        name = g_strndup (text, length);
        text += length;
        if (length == 0 || (*pattern != IDENTIFIER[0] && !is_bound (node, name, *pattern)))
            return FALSE;
        if (*pattern == IDENTIFIER[0]) {
            g_free (*id);
            *id = g_steal_pointer (&name);
        }
    }
    return *text == '\0';
}

static char *without_space (const char *text)
{
    GString *out = g_string_new (NULL);

    for (const char *p = text; *p != '\0'; p++) {
        if (!g_ascii_isspace (*p))
            g_string_append_c (out, *p);
    }
    return g_string_free (out, FALSE);
}

static gboolean keep_properties (const TamgaXml *xml, const char *id, TamgaNodeSet *set)
{
    const xmlNode *node = set->apex == NULL ? tamga_xml_by_id (xml, id) : NULL;

    node = node != NULL ? tamga_xades_only (node, "QualifyingProperties") : NULL;
    set->apex = node != NULL ? tamga_xades_only (node, "SignedProperties") : NULL;
    return set->apex != NULL;
}

static gboolean act (Meaning meaning, const TamgaXml *xml, const char *id, TamgaNodeSet *set)
{
    switch (meaning) {
    case MEANS_NO_SIGNATURES:
        set->signatures = TAMGA_SIGNATURES_OUT;
        return TRUE;
    case MEANS_NO_ROOT_SIGNATURES:
        set->signatures = MAX (set->signatures, TAMGA_SIGNATURES_OF_ROOT);
        return TRUE;
    case MEANS_SIGNED_PROPERTIES:
        return keep_properties (xml, id, set);
    }
    g_assert_not_reached ();
}

gboolean tamga_xml_filter (const TamgaXml *xml, const xmlNode *transform, TamgaNodeSet *set,
                           GError **error)
{
    g_autofree char *algorithm = tamga_xml_attribute (transform, "Algorithm");
    gboolean second = g_strcmp0 (algorithm, TAMGA_FILTER_XPATH2) == 0;
    const xmlNode *path =
        tamga_xml_child (transform, second ? TAMGA_FILTER_XPATH2 : TAMGA_NS_DSIG, "XPath");
    gboolean alone = path != NULL && tamga_xml_first_element (transform) == path &&
                     tamga_xml_next_element (path) == NULL;
    g_autofree char *operation = path != NULL ? tamga_xml_attribute (path, "Filter") : NULL;
    g_autofree char *text = tamga_xml_text (path);
    g_autofree char *bare = text != NULL ? without_space (text) : NULL;

    for (gsize i = 0; alone && bare != NULL && i < G_N_ELEMENTS (known); i++) {
        g_autofree char *id = NULL;
        if (strcmp (known[i].algorithm, algorithm) == 0 &&
            g_strcmp0 (known[i].operation, second ? operation : NULL) == 0 &&
            says (path, bare, known[i].text, &id) && act (known[i].meaning, xml, id, set))
            return TRUE;
    }
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "A reference chooses what it covers by an XPath expression that is not evaluated "
                 "here: \"%s\".",
                 text != NULL ? text : "");
    return FALSE;
}
