/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The unsigned components of a JAdES signature (etsiU, TS 119 182-1 5.3), and what each kind of
 * timestamp covers: one computation for reading and for making. */
#pragma once

#include "formats/jose/content.h"

/* One element of etsiU. */
typedef struct {
    const char *text; /* base64url as it lies, borrowed; NULL: in the clear */
    json_t *holder;   /* object, owned; NULL where it cannot be read */
    const char *name; /* of its one member, borrowed from `holder`; "" where it cannot be read */
    json_t *value;    /* of its one member, borrowed */
} TamgaJoseComponent;

typedef struct {
    GArray *list;        /* TamgaJoseComponent */
    gboolean all_base64; /* none is in the clear */
    gboolean all_clear;  /* none is base64url */
} TamgaJoseComponents;

/* Never NULL; empty where there is no etsiU. What cannot be read is a finding in `signature`
 * (may be NULL). */
TamgaJoseComponents *tamga_jose_components_new (const TamgaJwsSignature *one,
                                                TamgaSignature *signature);
/* One more at the end, as it will be written. `text` is borrowed. */
void tamga_jose_components_append (TamgaJoseComponents *components, const char *text);
void tamga_jose_components_free (TamgaJoseComponents *components);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaJoseComponents, tamga_jose_components_free)

/* Computes imprints of one signature; keeps running digests, so that many timestamps over the same
 * long beginning take no longer than one. All members are borrowed. */
typedef struct {
    const TamgaJwsSignature *one;
    const TamgaJoseContent *content;
    const TamgaJoseComponents *components;
    GPtrArray *running;
    GArray *places; /* of the timestamps of the signature, as they were found */
} TamgaJoseImprints;

void tamga_jose_imprints_init (TamgaJoseImprints *imprints, const TamgaJwsSignature *one,
                               const TamgaJoseContent *content,
                               const TamgaJoseComponents *components);
void tamga_jose_imprints_clear (TamgaJoseImprints *imprints);
/* adoTst (5.2.6), sigTst (5.3.4), sigRTst and rfsTst (A.1.5), arcTst (5.3.6), by its name.
 * `before`: number of components in front of it. NULL without error: it cannot be computed (content
 * missing, components in the clear without a canonical form). */
GBytes *tamga_jose_imprint (TamgaJoseImprints *imprints, const char *name, guint before,
                            const TamgaDigest *digest, GError **error);

/* Evidence: xVals, rVals, axVals, arVals, tstVD. */
void tamga_jose_read_evidence (const TamgaJoseComponents *components, TamgaSignature *signature);
/* Timestamps of the header and of the components. Errors: _LIMIT, input and output. */
gboolean tamga_jose_read_timestamps (TamgaJoseImprints *imprints, TamgaSignature *signature,
                                     GError **error);
