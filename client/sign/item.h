/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One document on its way through the job. Private to client/sign. */
#pragma once

#include <jansson.h>

#include "client/sign/choose.h"
#include "client/sign/job.h"
#include "client/timestamp/stamper.h"

/* What all documents of one job share once the gate is passed. */
typedef struct {
    const TamgaSignContext *context;
    const TamgaSignOptions *options;
    const TamgaSignUi *ui;
    const TamgaCall *call;
    TamgaLevel level;
    TamgaKey *key;
    const TamgaAlgorithm *algorithm;
    TamgaProcedure *gate;
    const char *store_name;
} TamgaSignRun;

typedef struct {
    const TamgaSignItem *item;
    guint index;
    TamgaDocument *document;
    GPtrArray *others; /* TamgaDocument: signed together with it */
    const TamgaFormat *format;
    GBytes *password; /* of an encrypted document; NULL: none */
    TamgaTsaStamper *stamper;
    const TamgaTsaAnswer *timestamp; /* over the signature; of the stamper */
    TamgaPreparation *preparation;
    GBytes *signature;  /* raw, of the key */
    char *output;       /* path that is or will be written */
    GPtrArray *notices; /* TamgaFinding: shown by the thread that called tamga_sign */
    TamgaSignOutcome *outcome;
} TamgaSignTask;

TamgaSignTask *tamga_sign_task_new (const TamgaSignItem *item, guint index);
void tamga_sign_task_free (TamgaSignTask *task);

/* Opens the input and decides format and output name: everything that can be wrong before a PIN. */
gboolean tamga_sign_task_open (TamgaSignTask *task, const TamgaSignRun *run, GError **error);
/* Gives the descriptors back; `open` opens them again. */
void tamga_sign_task_close (TamgaSignTask *task);
/* Fixes what will be signed. */
gboolean tamga_sign_task_prepare (TamgaSignTask *task, const TamgaSignRun *run, GError **error);
/* Timestamp, evidence, embed, journal, name. Uses no key: may run on another thread than the one
 * that signs the next document. */
gboolean tamga_sign_task_finish (TamgaSignTask *task, const TamgaSignRun *run, GError **error);

/* Is it a document in memory, whose output stays there? */
gboolean tamga_sign_item_in_memory (const TamgaSignItem *item);
/* The input of an item, opened or another reference; of a digest alone: an empty document. An empty
 * input is an error. */
TamgaDocument *tamga_sign_item_open (const TamgaSignItem *item, GError **error);
/* For `path`; NULL: in memory. */
TamgaOutput *tamga_sign_open_output (const char *path, gboolean replace, GError **error);
/* What the journal says of an item: the path, or the name of what is in memory. */
json_t *tamga_sign_item_json (const TamgaSignItem *item);
/* Seconds since the epoch by the context's clock. */
gint64 tamga_sign_now (const TamgaSignContext *context);
/* A journal entry about one document: who, with what, what was answered. `error` for refusals. */
gboolean tamga_sign_record (const TamgaSignRun *run, const char *event, const TamgaSignTask *task,
                            const GError *reason, GError **error);
/* FALSE with TAMGA_DOCUMENT_ERROR_EXISTS where `output` is one of these documents (paths, NULL at
 * the end; TamgaDocument): the signed file does not hold them, so that their only copy would be
 * lost whatever may be replaced. Each may be NULL. */
gboolean tamga_sign_check_kept (const char *output, const char *const *paths,
                                const GPtrArray *documents, GError **error);
/* "contract.pdf" → "contract.signed.pdf": beside the input, never the input. `several`: the first
 * of the documents that are signed together ("a.txt" → "a.asice"). */
char *tamga_sign_output_name (const char *input, const char *folder, const TamgaFormat *format,
                              gboolean detached, gboolean several);
