/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What extending and timestamping share: files one after the other, outputs, journal. Private to
 * client/sign. */
#pragma once

#include <jansson.h>

#include "client/sign/extend.h"
#include "client/timestamp/stamper.h"

typedef struct {
    const TamgaSignContext *context;
    const TamgaExtendOptions *options;
    const TamgaSignUi *ui;
    const TamgaCall *call;
    const char *event; /* of the journal: "extended", "timestamped" */
} TamgaKeylessRun;

typedef struct {
    const TamgaSignItem *item;
    guint index;
    TamgaDocument *document;
    const TamgaFormat *format;
    GBytes *password; /* of an encrypted document; NULL: none */
    TamgaTsaStamper *stamper;
    char *output;         /* path that is or will be written */
    TamgaEvidence *added; /* what was embedded; NULL: none */
    GHashTable *outputs;  /* of all files of this run: paths that are taken */
    json_t *signatures;   /* ids of what was extended; NULL: none */
    TamgaExtendOutcome *outcome;
} TamgaKeylessTask;

/* Does the work on one file: chooses format and output, writes. TRUE with `outcome->unchanged`
 * where nothing was to be done. */
typedef gboolean (*TamgaKeylessWork) (TamgaKeylessTask *task, const TamgaKeylessRun *run,
                                      GError **error);

GPtrArray *tamga_keyless_files (const TamgaKeylessRun *run, const TamgaSignItem *items, gsize n,
                                TamgaKeylessWork work, GError **error);

/* Decides the output's name ("lta" in "a.signed.lta.pdf"; `mark` NULL: the input's with the
 * extension of the format, for what is put into a container); an error where it exists. */
gboolean tamga_keyless_output (TamgaKeylessTask *task, const TamgaKeylessRun *run, const char *mark,
                               GError **error);
/* Journal, then name. */
gboolean tamga_keyless_publish (TamgaKeylessTask *task, const TamgaKeylessRun *run,
                                TamgaOutput *output, GError **error);
/* TRUE with an error where the person gave up: that is then the reason, and no other. */
gboolean tamga_keyless_cancelled (const TamgaKeylessTask *task, const TamgaKeylessRun *run,
                                  GError **error);
/* The error `failed`, unless the person gave up. Always FALSE. */
gboolean tamga_keyless_fail (const TamgaKeylessTask *task, const TamgaKeylessRun *run,
                             GError *failed, GError **error);
/* Options to read this task's document, with progress. `work` must outlive them. */
typedef struct {
    const TamgaKeylessRun *run;
    const char *name;
} TamgaKeylessProgress;
TamgaReadOptions tamga_keyless_read_options (const TamgaKeylessTask *task,
                                             TamgaKeylessProgress *progress);

/* "a.signed.pdf" with mark "lta" → "a.signed.lta.pdf"; again → "a.signed.lta-2.pdf"; the mark of a
 * lower level is replaced. `extension`: of the format; a name without it gets it. */
char *tamga_extend_output_name (const char *input, const char *folder, const char *extension,
                                const char *mark);
