/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a damaged file is put through, and what must hold whatever became of it. */
#pragma once

#include "tests/matrix/cell.h"

typedef struct {
    const Cell *cell;
    GPtrArray *signatures; /* TamgaSignature of the undamaged file */
    GPtrArray *originals;  /* GBytes in a form that does not depend on spelling; NULL: none in it */
    gsize gap, after;      /* octets that are no content (PDF: /Contents); equal: none */
    guint good, refused, errors; /* what became of the damaged ones, for the log */
} Subject;

void subject_begin (Subject *subject, const Cell *cell, GBytes *file);
void subject_end (Subject *subject);

/* Whole, with nothing fatal found and no change that may not be. */
gboolean signature_is_good (const TamgaSignature *signature);

/* Reading and taking out: where all signatures of people are good, everything that is said of them
 * and what comes out is as in the undamaged file. `place` (an octet that differs, or -1) is for
 * the message and for what lies in the gap. */
void subject_read (Subject *subject, GBytes *damaged, const char *what, gssize place);
/* All other operations on it as well: probe, prepare and embed, extend, timestamp. What they write
 * has no good signature that was not good before, other than their own. */
void subject_operate (Subject *subject, GBytes *damaged, const char *what);
/* One format on something that may not be its own: no result is asked for, only an answer. */
void operate_all (const Cell *cell, const TamgaFormat *format, TamgaDocument *document);
