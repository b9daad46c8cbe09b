/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a ds:Reference covers. */
#include "formats/xml/reference.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/xml/filter.h"

#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"

/* What a reference is after some of its transforms (XMLDSig 4.4.3.2): nodes or octets. */
typedef struct {
    const TamgaXml *xml; /* of the nodes */
    const TamgaXmlResolver *resolver;
    const xmlNode *element; /* ds:Reference */
    TamgaXml *parsed;       /* octets that became nodes; keeps `xml` */
    gboolean is_set;
    TamgaNodeSet set;
    const TamgaC14n *c14n; /* canonicalization that is still to be done; NULL: none */
    char *prefixes;
    GBytes *octets; /* where these are no nodes; NULL: `uri` leads to them, nothing is read yet */
    const char *uri;
    gboolean plain;
} Data;

static void data_clear (Data *data)
{
    g_clear_pointer (&data->parsed, tamga_xml_free);
    g_clear_pointer (&data->prefixes, g_free);
    g_clear_pointer (&data->octets, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Data, data_clear)

/* ---- Where the URI leads ---- */

/* "x" of "xpointer(id('x'))"; NULL where it is something else. */
static char *pointed_id (const char *fragment)
{
    static const char *const quotes[] = {"'", "\""};

    for (gsize i = 0; i < G_N_ELEMENTS (quotes); i++) {
        g_autofree char *head = g_strconcat ("xpointer(id(", quotes[i], NULL);
        g_autofree char *tail = g_strconcat (quotes[i], "))", NULL);
        gsize length = strlen (fragment), around = strlen (head) + strlen (tail);
        if (length > around && g_str_has_prefix (fragment, head) &&
            g_str_has_suffix (fragment, tail))
            return g_strndup (fragment + strlen (head), length - around);
    }
    return NULL;
}

static gboolean lead_to_id (Data *data, const char *id, GError **error)
{
    data->set.apex = tamga_xml_by_id (data->xml, id);
    if (data->set.apex != NULL)
        return TRUE;
    if (g_hash_table_contains (data->xml->ids, id))
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "More than one element has the Id \"%s\" that the reference leads to: which "
                     "one was signed cannot be told.",
                     id);
    else
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                     "No element has the Id \"%s\" that the reference leads to.", id);
    return FALSE;
}

/* Only the two forms of XPointer that XMLDSig 4.4.3.3 names; these keep comments. */
static gboolean lead_to_fragment (Data *data, const char *fragment, GError **error)
{
    g_autofree char *id = pointed_id (fragment);

    if (strcmp (fragment, "xpointer(/)") == 0)
        return TRUE;
    if (id != NULL)
        return lead_to_id (data, id, error);
    if (strchr (fragment, '(') != NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "The reference is an XPointer that is not evaluated here: \"%s\".", fragment);
        return FALSE;
    }
    data->set.without_comments = TRUE;
    return lead_to_id (data, fragment, error);
}

static gboolean lead (Data *data, GError **error)
{
    data->is_set = data->uri != NULL && (data->uri[0] == '\0' || data->uri[0] == '#');
    if (!data->is_set)
        return TRUE;
    if (data->uri[0] == '#')
        return lead_to_fragment (data, data->uri + 1, error);
    data->set.without_comments = TRUE;
    return TRUE;
}

/* ---- From nodes to octets and back ---- */

static gboolean set_missing (const Data *data, GError **error)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                 "What the reference %s leads to is not here and was not given.",
                 data->uri != NULL ? data->uri : "without URI");
    return FALSE;
}

/* Octets in memory, whatever they are now. */
static gboolean need_octets (Data *data, GError **error)
{
    if (data->octets != NULL)
        return TRUE;
    if (data->is_set) {
        data->octets =
            tamga_c14n_set_bytes (data->xml, &data->set, data->c14n, data->prefixes, error);
        data->is_set = FALSE;
        return data->octets != NULL;
    }
    g_autoptr (GError) local = NULL;
    if (data->resolver != NULL)
        data->octets =
            data->resolver->bytes (data->resolver, data->uri, TAMGA_MAX_XML_CONTENT, &local);
    if (local != NULL) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    return data->octets != NULL || set_missing (data, error);
}

/* Nodes without a canonicalization, whatever they are now. */
static gboolean need_nodes (Data *data, GError **error)
{
    TamgaXml *parsed;

    if (data->is_set && data->c14n == NULL)
        return TRUE;
    if (!need_octets (data, error))
        return FALSE;
    parsed = tamga_xml_parse_bytes ("What the reference leads to", data->octets, error);
    if (parsed == NULL)
        return FALSE;
    g_clear_pointer (&data->octets, g_bytes_unref);
    g_clear_pointer (&data->prefixes, g_free);
    g_clear_pointer (&data->parsed, tamga_xml_free);
    data->xml = data->parsed = parsed;
    data->set = (TamgaNodeSet){0};
    data->is_set = TRUE;
    data->c14n = NULL;
    return TRUE;
}

/* ---- Transforms ---- */

const TamgaC14n *tamga_c14n_of_element (const xmlNode *method, char **prefixes, GError **error)
{
    g_autofree char *uri = method != NULL ? tamga_xml_attribute (method, "Algorithm") : NULL;
    const TamgaC14n *c14n = uri != NULL ? tamga_c14n_by_name (uri) : NULL;
    const xmlNode *inclusive;

    if (c14n == NULL || strcmp (c14n->uri, uri) != 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "The canonicalization %s is not known here.", uri != NULL ? uri : "(none)");
        return NULL;
    }
    inclusive = tamga_xml_child (method, EXC_C14N, "InclusiveNamespaces");
    *prefixes = inclusive != NULL ? tamga_xml_attribute (inclusive, "PrefixList") : NULL;
    return c14n;
}

static gboolean canonicalize (Data *data, const xmlNode *transform, GError **error)
{
    g_autofree char *prefixes = NULL;
    const TamgaC14n *c14n = tamga_c14n_of_element (transform, &prefixes, error);

    if (c14n == NULL || !need_nodes (data, error))
        return FALSE;
    data->c14n = c14n;
    g_free (data->prefixes);
    data->prefixes = g_steal_pointer (&prefixes);
    return TRUE;
}

/* The string value of nodes: their text without tags and comments (XMLDSig 6.6.2). */
static GBytes *set_text (const TamgaNodeSet *set, const xmlNode *top)
{
    g_autoptr (GString) text = g_string_new (NULL);

    for (const xmlNode *node = top; node != NULL; node = tamga_xml_walk (node, top)) {
        gboolean is_text = node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
        if (is_text && tamga_node_set_has (set, node))
            g_string_append (text, (const char *)node->content);
    }
    return g_string_free_to_bytes (g_steal_pointer (&text));
}

static gboolean decode_base64 (Data *data, const xmlNode *transform G_GNUC_UNUSED, GError **error)
{
    g_autoptr (GBytes) text = NULL;

    if (data->is_set && data->c14n == NULL)
        text =
            set_text (&data->set, data->set.apex != NULL ? data->set.apex
                                                         : xmlDocGetRootElement (data->xml->doc));
    else if (need_octets (data, error))
        text = g_bytes_ref (data->octets);
    else
        return FALSE;
    g_clear_pointer (&data->octets, g_bytes_unref);
    data->octets = tamga_xml_base64_text (text);
    data->is_set = FALSE;
    data->plain = FALSE;
    if (data->octets == NULL)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "What the reference %s leads to is not base64 (XMLDSig 6.6.2).", data->uri);
    return data->octets != NULL;
}

/* A filter speaks of the nodes of this document (XMLDSig 6.6.3, 6.6.4). */
static gboolean check_own_nodes (const Data *data, const char *what, GError **error)
{
    if (data->is_set && data->c14n == NULL && data->parsed == NULL)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "The transform %s of the reference %s is not applied to nodes of this document.",
                 what, data->uri != NULL ? data->uri : "without URI");
    return FALSE;
}

static gboolean leave_enveloped_out (Data *data, const xmlNode *transform, GError **error)
{
    const xmlNode *signature = transform;

    if (!check_own_nodes (data, "enveloped-signature", error))
        return FALSE;
    while (signature != NULL && !tamga_xml_is (signature, TAMGA_NS_DSIG, "Signature"))
        signature = signature->parent;
    data->set.without = signature;
    return TRUE;
}

static gboolean filter (Data *data, const xmlNode *transform, GError **error)
{
    return check_own_nodes (data, "XPath", error) &&
           tamga_xml_filter (data->xml, transform, &data->set, error);
}

static const struct {
    const char *uri;
    gboolean (*apply) (Data *data, const xmlNode *transform, GError **error);
} transforms[] = {
    {TAMGA_NS_DSIG "enveloped-signature", leave_enveloped_out},
    {TAMGA_NS_DSIG "base64", decode_base64},
    {TAMGA_FILTER_XPATH, filter},
    {TAMGA_FILTER_XPATH2, filter},
};

static gboolean apply (Data *data, const xmlNode *transform, GError **error)
{
    g_autofree char *uri = tamga_xml_attribute (transform, "Algorithm");

    for (gsize i = 0; uri != NULL && i < G_N_ELEMENTS (transforms); i++) {
        if (strcmp (transforms[i].uri, uri) == 0)
            return transforms[i].apply (data, transform, error);
    }
    if (uri != NULL && tamga_c14n_by_name (uri) != NULL)
        return canonicalize (data, transform, error);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "The transform %s is not allowed: only base64, enveloped-signature and "
                 "canonicalizations are computed.",
                 uri != NULL ? uri : "without Algorithm");
    return FALSE;
}

static gboolean apply_all (Data *data, GError **error)
{
    const xmlNode *list = tamga_xml_child (data->element, TAMGA_NS_DSIG, "Transforms");
    guint count = 0;

    for (const xmlNode *one = list != NULL ? tamga_xml_first_element (list) : NULL; one != NULL;
         one = tamga_xml_next_element (one)) {
        if (!tamga_xml_is (one, TAMGA_NS_DSIG, "Transform") || ++count > TAMGA_MAX_TRANSFORMS) {
            g_set_error (
                error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                "The reference \"%s\" has more than %u transforms, or something else among "
                "them.",
                data->uri != NULL ? data->uri : "without URI", TAMGA_MAX_TRANSFORMS);
            return FALSE;
        }
        if (!apply (data, one, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean dereference (Data *data, GError **error)
{
    return lead (data, error) && apply_all (data, error);
}

/* ---- Results ---- */

void tamga_xml_signed_free (TamgaXmlSigned *one)
{
    if (one == NULL)
        return;
    g_free (one->id);
    g_free (one->uri);
    g_free (one->type);
    g_free (one->text);
    g_clear_pointer (&one->claimed, g_bytes_unref);
    g_clear_pointer (&one->value, g_bytes_unref);
    g_free (one);
}

/* Nodes that no transform canonicalized go through Canonical XML 1.0 (XMLDSig 4.4.3.2). */
static gboolean update (const Data *data, const TamgaC14n *c14n, EVP_MD_CTX *context,
                        GError **error)
{
    gsize length;
    gconstpointer octets;
    int done;

    if (data->is_set)
        return tamga_c14n_set_update (data->xml, &data->set, data->c14n != NULL ? data->c14n : c14n,
                                      data->prefixes, context, error);
    octets = g_bytes_get_data (data->octets, &length);
    done = EVP_DigestUpdate (context, octets, length);
    g_assert (done == 1);
    return TRUE;
}

static GBytes *compute (Data *data, const TamgaDigest *digest, GError **error)
{
    g_autoptr (EVP_MD_CTX) context = NULL;
    g_autoptr (GError) local = NULL;
    GBytes *value;

    if (data->is_set || data->octets != NULL) {
        context = tamga_digest_start (digest);
        return update (data, tamga_c14n_by_name ("c14n"), context, error)
                   ? tamga_digest_finish (context)
                   : NULL;
    }
    value = data->resolver != NULL
                ? data->resolver->digest (data->resolver, data->uri, digest, &local)
                : NULL;
    if (local != NULL)
        g_propagate_error (error, g_steal_pointer (&local));
    else if (value == NULL)
        set_missing (data, error);
    return value;
}

static void fail (TamgaXmlSigned *one, TamgaIntegrity integrity, const char *text)
{
    if (one->integrity != TAMGA_INTEGRITY_INTACT)
        return;
    one->integrity = integrity;
    one->text = g_strdup (text);
}

/* Errors that say something of the reference become its integrity; others are left. */
static gboolean settle (TamgaXmlSigned *one, GError *failure, GError **error)
{
    static const struct {
        TamgaFormatError code;
        TamgaIntegrity integrity;
    } rows[] = {
        {TAMGA_FORMAT_ERROR_NO_CONTENT, TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND},
        {TAMGA_FORMAT_ERROR_UNSUPPORTED, TAMGA_INTEGRITY_NOT_VERIFIABLE},
        {TAMGA_FORMAT_ERROR_MALFORMED, TAMGA_INTEGRITY_FORMAT_FAILURE},
        {TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT, TAMGA_INTEGRITY_FORMAT_FAILURE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (!g_error_matches (failure, TAMGA_FORMAT_ERROR, (int)rows[i].code))
            continue;
        fail (one, rows[i].integrity, failure->message);
        g_error_free (failure);
        return TRUE;
    }
    g_propagate_error (error, failure);
    return FALSE;
}

static void read_digest (TamgaXmlSigned *one)
{
    const xmlNode *method = tamga_xml_child (one->element, TAMGA_NS_DSIG, "DigestMethod");
    g_autofree char *uri = method != NULL ? tamga_xml_attribute (method, "Algorithm") : NULL;
    g_autofree char *text = NULL;

    one->claimed = tamga_xml_base64 (tamga_xml_child (one->element, TAMGA_NS_DSIG, "DigestValue"));
    one->digest = uri != NULL ? tamga_digest_by_uri (uri) : NULL;
    if (uri == NULL || one->claimed == NULL)
        fail (one, TAMGA_INTEGRITY_FORMAT_FAILURE,
              "A reference has no DigestMethod or no DigestValue (XMLDSig 4.4.3).");
    else if (one->digest == NULL) {
        text = g_strdup_printf ("The digest algorithm %s is not known here.", uri);
        fail (one, TAMGA_INTEGRITY_NOT_VERIFIABLE, text);
    }
}

static void note_nodes (TamgaXmlSigned *one, const Data *data, gboolean resolved)
{
    one->external = one->uri == NULL || (one->uri[0] != '\0' && one->uri[0] != '#');
    if (one->external || data->parsed != NULL || !resolved)
        return;
    one->node = data->set.apex;
    one->whole = one->node == NULL;
    one->decoded = !data->plain;
    one->carrier = data->set.without;
    one->less_all = data->set.signatures != TAMGA_SIGNATURES_STAY;
    one->less = one->carrier != NULL || one->less_all;
    one->plain = data->plain && one->node != NULL && !one->less;
}

TamgaXmlSigned *tamga_xml_signed_read (const TamgaXml *xml, const xmlNode *element,
                                       const TamgaXmlResolver *resolver, GError **error)
{
    g_autoptr (TamgaXmlSigned) one = g_new0 (TamgaXmlSigned, 1);
    GError *failure = NULL;
    gboolean resolved;

    one->element = element;
    one->id = tamga_xml_attribute (element, "Id");
    one->uri = tamga_xml_attribute (element, "URI");
    one->type = tamga_xml_attribute (element, "Type");
    g_auto (Data) data = {
        .xml = xml, .resolver = resolver, .element = element, .uri = one->uri, .plain = TRUE};
    read_digest (one);
    resolved = dereference (&data, &failure);
    if (resolved && one->digest != NULL)
        one->value = compute (&data, one->digest, &failure);
    note_nodes (one, &data, resolved);
    if (failure != NULL && !settle (one, failure, error))
        return NULL;
    if (one->value != NULL && one->claimed != NULL && !g_bytes_equal (one->value, one->claimed)) {
        g_autofree char *text = g_strdup_printf (
            "What the reference %s%s%s covers is not what was signed: its %s digest differs.",
            one->uri != NULL ? "\"" : "", one->uri != NULL ? one->uri : "without URI",
            one->uri != NULL ? "\"" : "", one->digest->name);
        fail (one, TAMGA_INTEGRITY_HASH_FAILURE, text);
    }
    return g_steal_pointer (&one);
}

gboolean tamga_xml_signed_update (const TamgaXml *xml, const xmlNode *element,
                                  const TamgaXmlResolver *resolver, const TamgaC14n *c14n,
                                  EVP_MD_CTX *context, GError **error)
{
    g_autofree char *uri = tamga_xml_attribute (element, "URI");
    g_auto (Data) data = {.xml = xml, .resolver = resolver, .element = element, .uri = uri};

    return dereference (&data, error) && (data.is_set || need_octets (&data, error)) &&
           update (&data, c14n, context, error);
}
