/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON texts of others. */
#include "formats/jose/json.h"

#include <string.h>

#include "formats/error.h"
#include "formats/limits.h"

/* Before anything is allocated for it: how deep and how many. Commas and openings are an upper
 * bound of the values. */
static gboolean check_limits (const char *what, const char *text, gsize size, GError **error)
{
    gboolean quoted = FALSE;
    guint depth = 0, values = 1;

    if (size > TAMGA_MAX_JSON_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s has more than %u MiB.", what, TAMGA_MAX_JSON_SIZE / (1024 * 1024));
        return FALSE;
    }
    for (gsize i = 0; i < size; i++) {
        if (quoted) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                quoted = FALSE;
            continue;
        }
        switch (text[i]) {
        case '"':
            quoted = TRUE;
            break;
        case '{':
        case '[':
            depth++;
            values++;
            break;
        case '}':
        case ']':
            depth -= depth > 0;
            break;
        case ',':
            values++;
            break;
        default:
            break;
        }
        if (depth > TAMGA_MAX_JSON_DEPTH || values > TAMGA_MAX_JSON_VALUES) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "%s has more than %u values or %u levels of them.", what,
                         TAMGA_MAX_JSON_VALUES, TAMGA_MAX_JSON_DEPTH);
            return FALSE;
        }
    }
    return TRUE;
}

json_t *tamga_json_load (const char *what, const char *text, gsize size, GError **error)
{
    json_error_t failure;
    json_t *value;

    if (!check_limits (what, text, size, error))
        return NULL;
    value = json_loadb (text, size, JSON_REJECT_DUPLICATES, &failure);
    if (value == NULL)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "%s is broken JSON in line %d: %s (RFC 8259; RFC 7515 4).", what, failure.line,
                     failure.text);
    return value;
}

const char *tamga_json_string (const json_t *object, const char *name)
{
    return json_string_value (json_object_get (object, name));
}

json_t *tamga_json_object (const json_t *object, const char *name)
{
    json_t *value = json_object_get (object, name);

    return json_is_object (value) ? value : NULL;
}

json_t *tamga_json_array (const json_t *object, const char *name)
{
    json_t *value = json_object_get (object, name);

    return json_is_array (value) ? value : NULL;
}

char *tamga_json_dump (const json_t *value)
{
    char *made = json_dumps (value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *text = g_strdup (made);

    g_assert (made != NULL);
    free (made);
    return text;
}

static gsize skip_space (const char *text, gsize at, gsize end)
{
    while (at < end && tamga_json_is_space (text[at]))
        at++;
    return at;
}

/* Behind the string that begins at `at`. */
static gsize skip_string (const char *text, gsize at, gsize end)
{
    for (at++; at < end && text[at] != '"'; at++) {
        if (text[at] == '\\')
            at++;
    }
    return MIN (at + 1, end);
}

static gsize skip_value (const char *text, gsize at, gsize end)
{
    guint depth = 0;

    while (at < end) {
        char c = text[at];
        if (c == '"') {
            at = skip_string (text, at, end);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
            continue;
        } else if (c == '}' || c == ']') {
            depth--;
            at++;
        } else if (depth == 0) {
            while (at < end && strchr (" \t\r\n,]}", text[at]) == NULL)
                at++;
        } else {
            at++;
            continue;
        }
        if (depth == 0)
            break;
    }
    return at;
}

TamgaJsonSpan tamga_json_whole (const char *text, gsize size)
{
    gsize start = skip_space (text, 0, size);

    return (TamgaJsonSpan){start, skip_value (text, start, size)};
}

void tamga_json_visit (const char *text, TamgaJsonSpan container, TamgaJsonVisit visit,
                       gpointer data)
{
    gsize end = container.end - 1;
    gsize at = skip_space (text, container.start + 1, end);

    while (at < end) {
        TamgaJsonSpan name = {at, at}, value;
        if (text[container.start] == '{') {
            name.end = skip_string (text, at, end);
            at = skip_space (text, name.end, end);
            at = skip_space (text, at + 1, end); /* the colon */
        }
        value = (TamgaJsonSpan){at, skip_value (text, at, end)};
        visit (text, name, value, data);
        at = skip_space (text, value.end, end);
        at = skip_space (text, MIN (at + 1, end), end); /* the comma */
    }
}

typedef struct {
    const char *name;
    TamgaJsonSpan *value;
    gboolean found;
} Search;

static void compare_name (const char *text, TamgaJsonSpan name, TamgaJsonSpan value, gpointer data)
{
    Search *search = data;
    gsize length = strlen (search->name);

    if (name.end - name.start != length + 2 ||
        memcmp (text + name.start + 1, search->name, length) != 0)
        return;
    search->found = TRUE;
    *search->value = value;
}

gboolean tamga_json_find_member (const char *text, TamgaJsonSpan object, const char *name,
                                 TamgaJsonSpan *value)
{
    Search search = {.name = name, .value = value};

    tamga_json_visit (text, object, compare_name, &search);
    return search.found;
}
