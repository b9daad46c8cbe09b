/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One cell of the matrix: a form, a key and signers, with the world that they live in. */
#pragma once

#include "tests/matrix/matrix.h"
#include "tests/unit/validate/scene.h"

/* Later moments of a file's life: everything is told when it happens, no clock is read. */
#define STAMPED (THEN + 10)
#define EVIDENCE (THEN + 60)
#define ARCHIVED (THEN + 1 * DAY)
#define ARCHIVE_EVIDENCE (ARCHIVED + 60)
#define RENEWED (THEN + 10 * DAY)

typedef struct {
    const MatrixForm *form;
    const MatrixKey *key;
    guint signers;
    const TamgaFormat *format;
    Scene *scene;
    GPtrArray *parties; /* Entity */
    GPtrArray *documents;
    TamgaReadOptions options; /* with the detached documents */
} Cell;

Cell *cell_new (const MatrixForm *form, const MatrixKey *key, guint signers);
void cell_free (Cell *cell);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Cell, cell_free)
gboolean cell_is_detached (const Cell *cell);

/* Stamps by the service of the scene at `time`; pass `base`. */
typedef struct {
    TamgaStamper base;
    const Scene *scene;
    gint64 time;
} CellStamper;

CellStamper cell_stamper (const Cell *cell, gint64 time);
/* Lists of root and provider as of `time`, and the way to the root: what LT asks for. */
TamgaEvidence *cell_evidence (const Scene *scene, gint64 time);
/* The value by the key of `party`, as a key store gives it. */
GBytes *cell_raw_signature (const Entity *party, const TamgaAlgorithm *algorithm, GBytes *data);
/* Commits an output of memory and takes what was written. */
GBytes *cell_finish (TamgaOutput *output);

/* `file` as a document with the name that its form gives it. */
TamgaDocument *cell_open (const Cell *cell, GBytes *file);
/* The file with the signatures of all signers at `level`, LT at most. */
GBytes *cell_make (const Cell *cell, TamgaLevel level);
/* The same file raised to `level` at `time`, every signature of it. */
GBytes *cell_extend (const Cell *cell, GBytes *file, TamgaLevel level, gint64 time);
GPtrArray *cell_read (const Cell *cell, GBytes *file, GError **error);
/* Judged NOW, with the lists that a network would bring. */
TamgaValidation *cell_judge (const Cell *cell, GBytes *file);
