/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of a signed file as a tree. Everything in it came out of the file: it passes
 * tamga_text_visible on its way. */
#include "client/show/show.h"

#include <string.h>

#include "client/validate/report.h"
#include "formats/ossl.h"

#define LABEL_WIDTH 9
/* Lines of one list; the rest is counted, and all of it is in the JSON. */
#define MAX_LINES 200

typedef struct {
    char *text;
    GPtrArray *children; /* Node */
} Node;

static void node_free (gpointer data)
{
    Node *node = data;
    g_free (node->text);
    g_ptr_array_unref (node->children);
    g_free (node);
}

static Node *node_new (char *text)
{
    Node *node = g_new0 (Node, 1);
    node->text = tamga_text_visible (text);
    node->children = g_ptr_array_new_with_free_func (node_free);
    g_free (text);
    return node;
}

static Node *G_GNUC_PRINTF (2, 3) add (Node *parent, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    Node *node = node_new (g_strdup_vprintf (format, arguments));
    va_end (arguments);
    g_ptr_array_add (parent->children, node);
    return node;
}

static void print_children (GString *out, const Node *node, const char *indent)
{
    for (guint i = 0; i < node->children->len; i++) {
        const Node *child = node->children->pdata[i];
        gboolean last = i + 1 == node->children->len;
        g_autofree char *deeper = g_strconcat (indent, last ? "   " : "\xe2\x94\x82  ", NULL);
        g_string_append_printf (out, "%s%s %s\n", indent,
                                last ? "\xe2\x94\x94\xe2\x94\x80" : "\xe2\x94\x9c\xe2\x94\x80",
                                child->text);
        print_children (out, child, deeper);
    }
}

/* --- members of the JSON --- */

static const char *text_of (json_t *object, const char *key)
{
    return json_string_value (json_object_get (object, key));
}

static const char *text_or (json_t *object, const char *key, const char *other)
{
    const char *text = text_of (object, key);
    return text != NULL ? text : other;
}

static gint64 number_of (json_t *object, const char *key)
{
    return json_integer_value (json_object_get (object, key));
}

/* "2026-11-22 10:42:11 UTC" from RFC 3339. */
static char *time_of (json_t *object, const char *key)
{
    const char *text = text_of (object, key);
    if (text == NULL)
        return g_strdup ("unknown time");
    char *time = g_strdup (text);
    gsize length = strlen (time);
    if (length == strlen ("2026-11-22T10:42:11Z")) {
        time[10] = ' ';
        time[length - 1] = '\0';
        char *utc = g_strconcat (time, " UTC", NULL);
        g_free (time);
        return utc;
    }
    return time;
}

/* "label     text" under `parent`, where there is such a member. */
static void add_fact (Node *parent, const char *label, json_t *object, const char *key)
{
    const char *text = text_of (object, key);
    if (text != NULL && *text != '\0')
        add (parent, "%-*s %s", LABEL_WIDTH, label, text);
}

/* Adds `line` for each element; beyond MAX_LINES only their number. */
static void add_each (Node *parent, json_t *array, void (*line) (Node *, json_t *))
{
    gsize n = json_array_size (array);
    for (gsize i = 0; i < MIN (n, MAX_LINES); i++)
        line (parent, json_array_get (array, i));
    if (n > MAX_LINES)
        add (parent, "and %" G_GSIZE_FORMAT " more (--json lists them)", n - MAX_LINES);
}

/* --- lines --- */

static void line_entry (Node *parent, json_t *entry)
{
    add (parent, "%s   %" G_GINT64_FORMAT " bytes, %s", text_or (entry, "name", ""),
         number_of (entry, "size"), text_or (entry, "role", ""));
}

static void line_object (Node *parent, json_t *object)
{
    gboolean found = json_is_true (json_object_get (object, "found"));
    gboolean equal = json_is_true (json_object_get (object, "equal"));
    const char *type = text_of (object, "mime_type");
    add (parent, "%s   %s%s%s%s", text_or (object, "name", "without a name"),
         text_or (object, "digest_algorithm", "unknown digest"), type != NULL ? ", " : "",
         type != NULL ? type : "",
         !found   ? "   NOT THERE"
         : !equal ? "   NOT THE SIGNED ONE"
                  : "");
}

static void line_change (Node *parent, json_t *change)
{
    add (parent, "%-*s revision %" G_GINT64_FORMAT ": %s (%s)", LABEL_WIDTH, "later",
         number_of (change, "revision"), text_or (change, "text", ""),
         text_or (change, "rule", ""));
}

static void line_finding (Node *parent, json_t *finding)
{
    add (parent, "%-*s %s (%s)", LABEL_WIDTH, "finding", text_or (finding, "text", ""),
         text_or (finding, "code", ""));
}

static void line_role (Node *parent, json_t *role)
{
    add (parent, "%-*s %s", LABEL_WIDTH, "role", json_string_value (role));
}

static void line_commitment (Node *parent, json_t *commitment)
{
    add (parent, "%-*s to %s", LABEL_WIDTH, "commits",
         tamga_commitment_name (json_string_value (commitment)));
}

static char *joined (json_t *array)
{
    GString *text = g_string_new (NULL);
    for (gsize i = 0; i < json_array_size (array); i++)
        g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
                                json_string_value (json_array_get (array, i)));
    return g_string_free (text, FALSE);
}

static void line_timestamp (Node *parent, json_t *stamp)
{
    g_autofree char *time = time_of (stamp, "time");
    const char *problem = text_of (stamp, "problem");
    const char *covers = text_of (stamp, "covers");
    Node *node =
        add (parent, "%s   %s, %s by %s%s%s", text_or (stamp, "id", "timestamp"),
             text_or (stamp, "kind", ""), time, text_or (stamp, "tsa", "an unknown service"),
             problem != NULL ? "   " : "", problem != NULL ? problem : "");
    if (covers != NULL)
        add (node, "%-*s %s", LABEL_WIDTH, "covers", covers);
    if (json_array_size (json_object_get (stamp, "proves")) > 0) {
        g_autofree char *proves = joined (json_object_get (stamp, "proves"));
        add (node, "%-*s %s", LABEL_WIDTH, "over", proves);
    }
}

static void add_signer (Node *node, json_t *signature)
{
    json_t *signer = json_object_get (signature, "signer");
    if (text_of (signer, "name") == NULL) {
        if (g_strcmp0 (text_of (signature, "kind"), "signature") == 0)
            add (node, "%-*s its certificate is not in the file", LABEL_WIDTH, "signer");
        return;
    }
    add (node, "%-*s %s, number %s, by %s", LABEL_WIDTH, "signer", text_of (signer, "name"),
         text_or (signer, "serial", ""), text_or (signer, "issuer", "nobody"));
}

static void add_covers (Node *node, json_t *signature)
{
    json_t *covers = json_object_get (signature, "covers");
    json_t *objects = json_object_get (signature, "objects");
    const char *under = text_of (signature, "countersigns");
    g_autoptr (GString) text = g_string_new (NULL);
    if (under != NULL)
        g_string_append_printf (text, "the value of %s", under);
    else
        g_string_append (text, text_or (covers, "text", text_or (covers, "what", "unknown")));
    if (number_of (covers, "revisions") > 0 && !g_str_has_prefix (text->str, "revision"))
        g_string_append_printf (text, " (revision %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ")",
                                number_of (covers, "revision"), number_of (covers, "revisions"));
    Node *child = add (node, "%-*s %s", LABEL_WIDTH, "covers", text->str);
    add_each (child, objects, line_object);
}

static void add_claims (Node *node, json_t *signature)
{
    static const struct {
        const char *label, *key;
    } rows[] = {
        {"reason", "signing_reason"}, {"place", "signing_location"}, {"contact", "contact"},
        {"says", "signer_name"},      {"policy", "policy"},
    };
    if (text_of (signature, "signing_time") != NULL) {
        g_autofree char *time = time_of (signature, "signing_time");
        add (node, "%-*s %s (%s)", LABEL_WIDTH, "time", time,
             text_or (signature, "signing_time_source", "says the signer"));
    }
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        add_fact (node, rows[i].label, signature, rows[i].key);
    add_each (node, json_object_get (signature, "roles"), line_role);
    add_each (node, json_object_get (signature, "commitments"), line_commitment);
    if (number_of (signature, "certification") > 0)
        add (node, "%-*s the author's, P %" G_GINT64_FORMAT " (ISO 32000-2 12.8.2.2)", LABEL_WIDTH,
             "certifies", number_of (signature, "certification"));
}

static void line_signature (Node *parent, json_t *signature)
{
    const char *name = text_of (signature, "name"), *packaging = text_of (signature, "packaging");
    const char *carrier = text_of (signature, "carrier");
    const char *algorithm = text_of (signature, "algorithm");
    Node *node = add (parent, "%s%s%s%s   %s%s%s%s%s%s%s", text_or (signature, "id", "signature"),
                      name != NULL ? " (" : "", name != NULL ? name : "", name != NULL ? ")" : "",
                      text_or (signature, "format", ""), packaging != NULL ? ", " : "",
                      packaging != NULL ? packaging : "", algorithm != NULL ? ", " : "",
                      algorithm != NULL ? algorithm : "", carrier != NULL ? ", in " : "",
                      carrier != NULL ? carrier : "");
    add_fact (node, "problem", signature, "problem");
    add_signer (node, signature);
    add_claims (node, signature);
    add_covers (node, signature);
    if (json_array_size (json_object_get (signature, "proves")) > 0) {
        g_autofree char *proves = joined (json_object_get (signature, "proves"));
        add (node, "%-*s %s", LABEL_WIDTH, "over", proves);
    }
    add_each (node, json_object_get (signature, "timestamps"), line_timestamp);
    add_each (node, json_object_get (signature, "changes"), line_change);
    add_each (node, json_object_get (signature, "findings"), line_finding);
    add_each (node, json_object_get (signature, "countersignatures"), line_signature);
}

static void line_certificate (Node *parent, json_t *certificate)
{
    g_autofree char *from = time_of (certificate, "valid_from");
    g_autofree char *until = time_of (certificate, "valid_until");
    add (parent, "%s   %s, by %s, %.10s to %.10s", text_or (certificate, "name", ""),
         text_or (certificate, "role", ""), text_or (certificate, "issuer_name", ""), from, until);
}

static void line_evidence (Node *parent, json_t *evidence)
{
    if (text_of (evidence, "problem") != NULL) {
        add (parent, "%s   %s", text_or (evidence, "type", ""), text_of (evidence, "problem"));
        return;
    }
    if (g_strcmp0 (text_of (evidence, "type"), "OCSP") == 0) {
        g_autofree char *time = time_of (evidence, "produced_at");
        Node *node =
            add (parent, "OCSP   by %s, %s", text_or (evidence, "responder", "nobody"), time);
        json_t *answers = json_object_get (evidence, "answers");
        for (gsize i = 0; i < json_array_size (answers); i++)
            add (node, "number %s: %s", text_or (json_array_get (answers, i), "serial", "unknown"),
                 text_or (json_array_get (answers, i), "status", ""));
        return;
    }
    g_autofree char *from = time_of (evidence, "this_update");
    g_autofree char *until = time_of (evidence, "next_update");
    const char *number = text_of (evidence, "number");
    add (parent, "CRL   of %s%s%s, %s to %s, %" G_GINT64_FORMAT " revoked%s",
         text_or (evidence, "issuer", "nobody"), number != NULL ? ", number " : "",
         number != NULL ? number : "", from, until, number_of (evidence, "revoked"),
         text_of (evidence, "base_number") != NULL ? " (delta)" : "");
}

static const char *plural (gsize n)
{
    return n == 1 ? "" : "s";
}

char *tamga_show_text (json_t *show)
{
    static const struct {
        const char *title, *key;
        void (*line) (Node *, json_t *);
    } lists[] = {
        {"entries", "entries", line_entry},
        {"certificates", "certificates", line_certificate},
        {"evidence", "evidence", line_evidence},
    };
    gsize signatures = json_array_size (json_object_get (show, "signatures"));
    gint64 revisions = number_of (show, "revisions");
    g_autoptr (GString) head = g_string_new (text_or (show, "file", ""));
    g_string_append_printf (head,
                            ": %s, %" G_GSIZE_FORMAT " signature%s or timestamp%s, "
                            "%" G_GINT64_FORMAT " bytes",
                            text_or (show, "title", ""), signatures, plural (signatures),
                            plural (signatures), number_of (show, "size"));
    if (revisions > 0)
        g_string_append_printf (head, ", %" G_GINT64_FORMAT " revision%s", revisions,
                                plural ((gsize)revisions));
    Node *root = node_new (g_strdup (head->str));
    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
        json_t *list = json_object_get (show, lists[i].key);
        if (json_array_size (list) > 0)
            add_each (add (root, "%s", lists[i].title), list, lists[i].line);
        if (i == 0)
            add_each (root, json_object_get (show, "signatures"), line_signature);
    }
    GString *out = g_string_new (root->text);
    g_string_append_c (out, '\n');
    print_children (out, root, "");
    g_string_append (out, "Nothing of this was judged: tamga verify does.\n");
    node_free (root);
    return g_string_free (out, FALSE);
}
