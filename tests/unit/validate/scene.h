/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of validation play with: root, provider, signer, time-stamp service, and models
 * of signatures as a format would have read them. */
#pragma once

#include "client/validate/judge.h"
#include "tests/unit/trust/pki.h"

/* The moment of signing in most tests. */
#define THEN (NOW - 30 * DAY)

typedef struct {
    Entity *root, *provider, *signer, *tsa;
    TamgaProfile *profile;
    TamgaTrust *trust;
    TamgaStatusContext context; /* now = NOW, no network, no cache */
} Scene;

Scene *scene_new (void);
void scene_free (Scene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scene, scene_free)

/* Lists of root and provider with nothing on them but `entry` (may be NULL), which `issuer` puts on
 * its list; valid from `from` for `days`. Adds them to the signature's evidence. */
void scene_add_lists (const Scene *scene, TamgaSignature *signature, gint64 from, int days,
                      const Entity *issuer, const Entry *entry);
/* An intact CAdES signature of `signer`, with the certificates of the scene, no evidence. */
TamgaSignature *scene_signature (const Scene *scene, const Entity *signer);
/* A time-stamp token of `tsa` at `time`; with `good` its imprint is what it should be. */
void scene_add_timestamp (TamgaSignature *signature, const Entity *tsa, TamgaTimestampKind kind,
                          gint64 time, gboolean good);
/* A token of `tsa` at `time` over `imprint`, a value of `digest`. */
GBytes *scene_token (const Entity *tsa, gint64 time, const TamgaDigest *digest, GBytes *imprint);
/* Signs the content of the last timestamp again with `by`, whose certificate may be unfit. */
void scene_resign_timestamp (TamgaSignature *signature, const Entity *by);
/* The model of a document timestamp that covers `revision` of `revisions`. */
TamgaSignature *scene_document_timestamp (const Scene *scene, const Entity *tsa, gint64 time,
                                          guint revision, guint revisions);
/* The signature as LT: timestamp at THEN, lists from THEN on. */
TamgaSignature *scene_lt_signature (const Scene *scene, const Entity *signer);

/* Validates one signature (taken). */
TamgaValidation *scene_validate (const Scene *scene, TamgaSignature *signature);
TamgaValidation *scene_validate_two (const Scene *scene, TamgaSignature *first,
                                     TamgaSignature *second);
const TamgaValidatedSignature *scene_one (const TamgaValidation *validation, guint index);
/* The line with this name; NULL when there is none. */
const TamgaCheck *scene_check (const TamgaValidatedSignature *validated, const char *name);
gboolean scene_has_finding (const TamgaValidatedSignature *validated, const char *code);

/* Indication and sub-indication of signature `index` must be these. */
void scene_assert (const TamgaValidation *validation, guint index, TamgaIndication indication,
                   const char *sub);
void scene_assert_check (const TamgaValidatedSignature *validated, const char *name,
                         const char *result);
