/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arguments of a call, as types and not as JSON. */
#include "bridge/ncalayer/arguments.h"

#include <string.h>

#include "formats/jose/base64.h"

gboolean tamga_argument_boolean (const json_t *value, gboolean *truth)
{
    const char *text = json_string_value (value);

    *truth = json_is_true (value) || g_strcmp0 (text, "true") == 0;
    return *truth || json_is_false (value) || g_strcmp0 (text, "false") == 0;
}

/* ---- Paths ---- */

static gboolean is_name (const char *name, gsize length)
{
    const char *end = name + length;
    guint colons = 0;

    for (const char *p = name; p < end; p = g_utf8_next_char (p)) {
        gunichar c = g_utf8_get_char (p);
        gboolean first = p == name || p[-1] == ':';
        if (c == ':') {
            if (first || ++colons > 1)
                return FALSE;
        } else if (!g_unichar_isalpha (c) && c != '_' &&
                   (first || (!g_unichar_isalnum (c) && c != '-' && c != '.'))) {
            return FALSE;
        }
    }
    return length > 0 && end[-1] != ':';
}

/* "name", "prefix:name" or one of them with "[number]". */
static gboolean is_step (const char *step)
{
    const char *bracket = strchr (step, '[');
    gsize length = bracket != NULL ? (gsize)(bracket - step) : strlen (step), digits;

    if (!is_name (step, length))
        return FALSE;
    if (bracket == NULL)
        return TRUE;
    digits = strspn (bracket + 1, "0123456789");
    return digits > 0 && bracket[1] != '0' && strcmp (bracket + 1 + digits, "]") == 0;
}

gboolean tamga_argument_is_path (const char *text)
{
    g_auto (GStrv) steps = NULL;

    if (text[0] != '/')
        return FALSE;
    steps = g_strsplit (text + 1, "/", -1);
    for (gsize i = 0; steps[i] != NULL; i++) {
        if (!is_step (steps[i]))
            return FALSE;
    }
    return steps[0] != NULL;
}

/* ---- Positional arguments ---- */

static gboolean take_string (const json_t *value, TamgaArgument *argument)
{
    argument->text = json_string_value (value);
    return argument->text != NULL;
}

static gboolean take_boolean (const json_t *value, TamgaArgument *argument)
{
    return tamga_argument_boolean (value, &argument->truth);
}

static gboolean take_optional (const json_t *value, TamgaArgument *argument)
{
    argument->text = json_string_value (value);
    return value == NULL || json_is_null (value) || argument->text != NULL;
}

static gboolean take_path (const json_t *value, TamgaArgument *argument)
{
    const char *text = json_string_value (value);

    argument->text = text != NULL && text[0] != '\0' ? text : NULL;
    return value == NULL || json_is_null (value) ||
           (text != NULL && (text[0] == '\0' || tamga_argument_is_path (text)));
}

static gboolean take_array (const json_t *value, TamgaArgument *argument)
{
    gsize n = json_array_size (value);

    argument->list = value;
    for (gsize i = 0; i < n; i++) {
        if (!json_is_string (json_array_get (value, i)))
            return FALSE;
    }
    return n > 0 && n <= TAMGA_BRIDGE_MAX_DOCUMENTS;
}

static const struct {
    char type;
    gboolean (*take) (const json_t *value, TamgaArgument *argument);
    const char *what;
} kinds[] = {
    {'s', take_string, "a string"},
    {'b', take_boolean, "true or false"},
    {'o', take_optional, "a string"},
    {'p', take_path, "empty or an absolute path of elements, such as /root/child[2]"},
    {'a', take_array, "an array of strings, 1 to " G_STRINGIFY (500)},
};
G_STATIC_ASSERT (TAMGA_BRIDGE_MAX_DOCUMENTS == 500); /* in the text above */

static gsize kind_of (char type)
{
    gsize i = 0;

    while (kinds[i].type != type)
        i++;
    return i;
}

gboolean tamga_arguments_positional (const char *method, const char *types, const json_t *args,
                                     TamgaArgument arguments[TAMGA_MAX_ARGUMENTS], GError **error)
{
    gsize n = strlen (types);

    g_assert (n <= TAMGA_MAX_ARGUMENTS);
    memset (arguments, 0, sizeof (TamgaArgument) * TAMGA_MAX_ARGUMENTS);
    if ((args != NULL && !json_is_array (args) && !json_is_null (args)) ||
        json_array_size (args) > n) {
        g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT,
                     "argument type mismatch. Method: %s (\"args\" is an array of %" G_GSIZE_FORMAT
                     " or fewer)",
                     method, n);
        return FALSE;
    }
    for (gsize i = 0; i < n; i++) {
        gsize kind = kind_of (types[i]);
        if (kinds[kind].take (json_array_get (args, i), &arguments[i]))
            continue;
        g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT,
                     "argument type mismatch. Method: %s (argument %" G_GSIZE_FORMAT " must be %s)",
                     method, i + 1, kinds[kind].what);
        return FALSE;
    }
    return TRUE;
}

/* ---- Base64 ---- */

/* Without the ends of lines; NULL: there are none. */
static char *join_lines (const char *text)
{
    gsize length = strcspn (text, "\r\n \t");
    GString *joined;

    if (text[length] == '\0')
        return NULL;
    joined = g_string_sized_new (strlen (text));
    while (*text != '\0') {
        length = strcspn (text, "\r\n \t");
        g_string_append_len (joined, text, (gssize)length);
        text += length + strspn (text + length, "\r\n \t");
    }
    return g_string_free (joined, FALSE);
}

GBytes *tamga_argument_base64 (const char *what, const char *text, GError **error)
{
    g_autofree char *joined = join_lines (text);
    g_autoptr (GBytes) bytes = tamga_base64_decode (joined != NULL ? joined : text);

    if (bytes != NULL && g_bytes_get_size (bytes) > 0)
        return g_steal_pointer (&bytes);
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT, "%s %s (RFC 4648 4).",
                 what, bytes == NULL ? "is not base64" : "has no bytes");
    return NULL;
}
