/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where XAdES properties lie in a signature. */
#include "formats/xml/qualifying.h"

#include <string.h>

/* DIGIDOC-XML up to 1.2 wrote them in the name space of XMLDSig, which has no such names. */
gboolean tamga_xades_is (const xmlNode *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           strcmp ((const char *)node->name, name) == 0 &&
           (g_str_has_prefix ((const char *)node->ns->href, TAMGA_XADES_ANY) ||
            strcmp ((const char *)node->ns->href, TAMGA_NS_DSIG) == 0);
}

static xmlNodePtr find (const xmlNode *parent, const char *name, guint *count)
{
    xmlNodePtr found = NULL;

    for (xmlNodePtr node = parent != NULL ? tamga_xml_first_element (parent) : NULL; node != NULL;
         node = tamga_xml_next_element (node)) {
        if (!tamga_xades_is (node, name))
            continue;
        found = found != NULL ? found : node;
        (*count)++;
    }
    return found;
}

xmlNodePtr tamga_xades_child (const xmlNode *parent, const char *name)
{
    guint count = 0;

    return find (parent, name, &count);
}

xmlNodePtr tamga_xades_only (const xmlNode *parent, const char *name)
{
    guint count = 0;
    xmlNodePtr found = find (parent, name, &count);

    return count == 1 ? found : NULL;
}

GPtrArray *tamga_xades_qualifying (const xmlNode *signature)
{
    g_autoptr (GPtrArray) objects = tamga_xml_children (signature, TAMGA_NS_DSIG, "Object");
    GPtrArray *list = g_ptr_array_new ();

    for (guint i = 0; i < objects->len; i++) {
        for (xmlNodePtr node = tamga_xml_first_element (objects->pdata[i]); node != NULL;
             node = tamga_xml_next_element (node)) {
            if (tamga_xades_is (node, "QualifyingProperties"))
                g_ptr_array_add (list, node);
        }
    }
    return list;
}

xmlNodePtr tamga_xades_unsigned (const xmlNode *signature)
{
    g_autoptr (GPtrArray) list = tamga_xades_qualifying (signature);
    xmlNodePtr properties =
        list->len > 0 ? tamga_xades_child (list->pdata[0], "UnsignedProperties") : NULL;

    return tamga_xades_child (properties, "UnsignedSignatureProperties");
}
