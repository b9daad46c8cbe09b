/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict reading of key files (profiles, the user's configuration): a table says which groups and
 * keys there may be and what their values look like; anything else is an error with file and line,
 * because a mistyped key that is silently ignored would switch a rule off. */
#pragma once

#include <glib.h>

typedef enum {
    TAMGA_KEY_STRING,       /* char *: not empty */
    TAMGA_KEY_BOOLEAN,      /* gboolean: true, false */
    TAMGA_KEY_NUMBER,       /* guint within minimum..maximum */
    TAMGA_KEY_WORD,         /* int: one of `words` by its index */
    TAMGA_KEY_LIST,         /* char **: not empty strings */
    TAMGA_KEY_URLS,         /* char **: http or https URLs */
    TAMGA_KEY_OID,          /* char *: dotted */
    TAMGA_KEY_FINGERPRINT,  /* char *: SHA-256 as 64 hexadecimal digits, kept in lower case */
    TAMGA_KEY_FINGERPRINTS, /* char **: the same, several */
    TAMGA_KEY_TIME,         /* gint64: "2026-01-31" or "2026-01-31T12:00:00Z" */
} TamgaKeyKind;

/* One key. Rows of a group need not be together. */
typedef struct {
    const char *group, *key;
    TamgaKeyKind kind;
    gsize offset; /* of the field in the target struct */
    gboolean required;
    guint minimum, maximum;   /* TAMGA_KEY_NUMBER */
    const char *const *words; /* TAMGA_KEY_WORD, NULL-terminated */
} TamgaKeyRow;

typedef struct _TamgaKeyfile TamgaKeyfile;

/* Reads and checks the syntax: every line is empty, a comment, a group or key=value; no group and
 * no key twice; UTF-8. Errors are of `domain` with `syntax_code`, "FILE:LINE: ...". */
TamgaKeyfile *tamga_keyfile_read (const char *path, GQuark domain, int syntax_code, int value_code,
                                  GError **error);
void tamga_keyfile_free (TamgaKeyfile *keyfile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaKeyfile, tamga_keyfile_free)

/* Fills `target` from `group` (the group of the file; NULL: that of each row) by the rows.
 * Fields of keys that are absent stay as they are. What was there before in a pointer field is not
 * freed: targets begin with NULL. */
gboolean tamga_keyfile_fill (TamgaKeyfile *keyfile, const char *group, const TamgaKeyRow *rows,
                             gsize n, gpointer target, GError **error);
/* Groups of the file in order; keys of a group; raw string of a key (not empty). */
char **tamga_keyfile_groups (TamgaKeyfile *keyfile);
char **tamga_keyfile_keys (TamgaKeyfile *keyfile, const char *group);
char *tamga_keyfile_string (TamgaKeyfile *keyfile, const char *group, const char *key,
                            GError **error);
/* Marks a group as known: its keys were read by the caller. */
void tamga_keyfile_accept_group (TamgaKeyfile *keyfile, const char *group);
/* An error with the file and the line of `key` (NULL: of the group). */
void tamga_keyfile_error (TamgaKeyfile *keyfile, const char *group, const char *key, GError **error,
                          const char *format, ...) G_GNUC_PRINTF (5, 6);
/* FALSE when a group or key was neither filled nor accepted. */
gboolean tamga_keyfile_finish (TamgaKeyfile *keyfile, GError **error);

/* Is it an absolute http or https URL with a host, without credentials and spaces, within
 * limits.h? */
gboolean tamga_keyfile_url_ok (const char *url);
/* Is it a dotted object identifier? */
gboolean tamga_keyfile_oid_ok (const char *text);
/* "2026-01-31" or "2026-01-31T12:00:00Z" to seconds UTC. */
gboolean tamga_keyfile_time (const char *text, gint64 *value);
