/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal: what was signed and what was refused. Versioned JSON lines, appended under flock,
 * each with the SHA-256 of the line before; a torn tail is repaired. */
#pragma once

#include <glib.h>
#include <jansson.h>

#define TAMGA_JOURNAL_ERROR (tamga_journal_error_quark ())
GQuark tamga_journal_error_quark (void);
typedef enum {
    TAMGA_JOURNAL_ERROR_WRITE, /* cannot be written: nothing is signed then */
    TAMGA_JOURNAL_ERROR_READ,
    TAMGA_JOURNAL_ERROR_BROKEN, /* the chain does not hold; the text names the line */
} TamgaJournalError;

typedef struct _TamgaJournal TamgaJournal;
/* NULL path: $XDG_STATE_HOME/tamga/journal.jsonl, mode 0600. */
TamgaJournal *tamga_journal_open (const char *path, GError **error);
void tamga_journal_free (TamgaJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaJournal, tamga_journal_free)
const char *tamga_journal_path (TamgaJournal *journal);

/* Appends one entry ("version", "time", "event", then the members of `entry`, "previous"), synced
 * to disk. `event`: "signed", "refused", "failed", "trust-added", ... Takes no ownership. */
gboolean tamga_journal_append (TamgaJournal *journal, const char *event, gint64 now,
                               const json_t *entry, GError **error);
/* Entries, oldest first; json_t objects. */
GPtrArray *tamga_journal_read (TamgaJournal *journal, GError **error);
/* Walks the chain. `*entries` is the number of good ones. */
gboolean tamga_journal_check (TamgaJournal *journal, guint *entries, GError **error);
