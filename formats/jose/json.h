/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON texts of others: read within limits, and found again in their own bytes, so that something
 * can be put into them without any other byte changing. */
#pragma once

#include <glib.h>
#include <jansson.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (json_t, json_decref)

/* Strict: names of one object are different, nothing follows, no NUL in strings; a ceiling for
 * size, depth and number of values. Errors: TAMGA_FORMAT_ERROR_MALFORMED, _LIMIT; `what` names the
 * text in them. */
json_t *tamga_json_load (const char *what, const char *text, gsize size, GError **error);
/* Members of an object: NULL where missing or of another type. */
const char *tamga_json_string (const json_t *object, const char *name);
json_t *tamga_json_object (const json_t *object, const char *name);
json_t *tamga_json_array (const json_t *object, const char *name);
/* One line, in the order of making. */
char *tamga_json_dump (const json_t *value);

/* White space of RFC 8259 2. */
static inline gboolean tamga_json_is_space (char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Half-open range of a JSON text. The functions below take texts that tamga_json_load accepted. */
typedef struct {
    gsize start, end;
} TamgaJsonSpan;

/* The one value of the text. */
TamgaJsonSpan tamga_json_whole (const char *text, gsize size);
/* Where the value of a member lies; FALSE where there is none, or only with an escaped name. */
gboolean tamga_json_find_member (const char *text, TamgaJsonSpan object, const char *name,
                                 TamgaJsonSpan *value);
/* Calls for each member of an object (name with its quotes) or element of an array (empty name). */
typedef void (*TamgaJsonVisit) (const char *text, TamgaJsonSpan name, TamgaJsonSpan value,
                                gpointer data);
void tamga_json_visit (const char *text, TamgaJsonSpan container, TamgaJsonVisit visit,
                       gpointer data);
