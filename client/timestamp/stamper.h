/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stamper that formats take, over timestamp services: asks, makes the checks of UA 115(6), and
 * remembers every answer, whose certificate and time the job needs afterwards. */
#pragma once

#include "client/timestamp/timestamp.h"

typedef struct _TamgaTsaStamper TamgaTsaStamper;

/* `context` and `urls` (NULL: the profile's) are borrowed; `clock` (NULL: the system's) tells the
 * time of each request. `key`: the signer's, whose kind the profile may have timestamps of its own
 * for; NULL: none. `digest`: of the imprints where the profile names none; NULL: SHA-256. */
TamgaTsaStamper *tamga_tsa_stamper_new (const TamgaStatusContext *context, char **urls,
                                        EVP_PKEY *key, const TamgaDigest *digest,
                                        gint64 (*clock) (gpointer data), gpointer clock_data,
                                        const TamgaCall *call);
void tamga_tsa_stamper_free (TamgaTsaStamper *stamper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaTsaStamper, tamga_tsa_stamper_free)

/* What formats are given; lives as long as `stamper`. Its errors are those of tamga_tsa_request. */
const TamgaStamper *tamga_tsa_stamper_interface (TamgaTsaStamper *stamper);
/* Every answer with a token, in the order of asking. Elements: TamgaTsaAnswer. */
GPtrArray *tamga_tsa_stamper_answers (TamgaTsaStamper *stamper);
/* The last one; NULL where none was had yet. */
const TamgaTsaAnswer *tamga_tsa_stamper_last (TamgaTsaStamper *stamper);
