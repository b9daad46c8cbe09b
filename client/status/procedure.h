/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two procedures of VN 130/2018 (other profiles use the same steps with their own gate):
 * the signer's before signing (article 78) and the recipient's (article 79). Both are made of the
 * same steps; the signer's is asked with "now" and fresh answers only. */
#pragma once

#include "client/status/status.h"

/* One step per issuing level: signer at its provider, provider at the root, ... */
typedef struct {
    guint number; /* 1, 2, ... */
    char *rule;   /* "VN 78.1", "VN 78.2", "VN 79.1a", ... */
    char *title;  /* "your certificate at Provider CA" */
    X509 *certificate, *issuer;
    TamgaStatus *status; /* never NULL */
    gboolean passed;     /* good, or tolerated by the profile's gate */
    gboolean tolerated;  /* passed, but not good: gate = negative */
} TamgaStep;

typedef struct {
    gboolean allowed; /* conjunction of all steps and of the path (VN 78.3, 79.2c) */
    TamgaPath *path;
    GPtrArray *steps;        /* TamgaStep */
    char *refusal_rule;      /* clause of the first thing that refuses, or NULL */
    char *refusal;           /* a sentence for the person: what refuses and why */
    char *next;              /* what to do next */
    TamgaEvidence *evidence; /* certificates, OCSP, CRLs of all steps: for LT */
} TamgaProcedure;

void tamga_procedure_free (TamgaProcedure *procedure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaProcedure, tamga_procedure_free)

/* Called as each step is known, in order: for the screen. */
typedef void (*TamgaStepShown) (const TamgaStep *step, gpointer data);

/* May this certificate sign now at `level`? Refuses also on: no path, expired, not yet valid, key
 * usage not for signing. With gate = negative and no anchors (basic, level B) the steps are
 * reported as not available and tolerated. */
TamgaProcedure *tamga_procedure_signer (const TamgaStatusContext *context, X509 *signer,
                                        TamgaLevel level, TamgaStepShown shown, gpointer data,
                                        const TamgaCall *call);
/* The recipient's view at context->time for a signature's certificate. */
TamgaProcedure *tamga_procedure_recipient (const TamgaStatusContext *context, X509 *signer,
                                           TamgaUse use, const TamgaCall *call);

/* Several at once, asked together: answer i belongs to question i. */
typedef struct {
    X509 *certificate;
    TamgaUse use;
} TamgaProcedureQuestion;

GPtrArray *tamga_procedure_recipients (const TamgaStatusContext *context,
                                       const TamgaProcedureQuestion *questions, gsize n,
                                       const TamgaCall *call);

/* Every step answered "good", nothing tolerated. */
gboolean tamga_procedure_is_good (const TamgaProcedure *procedure);
/* A step answered "revoked" or "suspended": no evidence for any level. */
gboolean tamga_procedure_is_bad (const TamgaProcedure *procedure);
