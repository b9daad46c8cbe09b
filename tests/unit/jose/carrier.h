/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JAdES carriers read and taken apart by the tests. */
#pragma once

#include <jansson.h>

#include "formats/jose/jades.h"
#include "tests/unit/cms/fixture.h"

/* 2026-11-22 10:00:00 UTC. */
#define CARRIER_TIME 1795341600

TamgaDocument *carrier_document (const char *name, const char *text);
/* Tokens of the fixture's TSA. Borrows. */
TamgaStamper carrier_stamper (Fixture *fixture);
/* Prepare, sign, timestamp from T on, evidence for LT, embed. Of `parameters` the algorithm, the
 * certificate and the time are set here. NULL with an error. */
GBytes *carrier_sign (Fixture *fixture, const Party *party, const char *algorithm,
                      TamgaDocument *document, TamgaSigningParameters parameters, GError **error);
/* The text with `from` (that must be in it) replaced by `to`, once. */
GBytes *carrier_replace (GBytes *file, const char *from, const char *to);
/* All signatures of the text; `contents` may be NULL. */
GPtrArray *carrier_read (GBytes *file, GPtrArray *contents, GError **error);
/* The one integrity that all signatures have to have. Returns them. */
GPtrArray *carrier_assert (GBytes *file, GPtrArray *contents, guint n, TamgaIntegrity integrity);
/* Does every timestamp cover what it should? */
void carrier_assert_stamped (const TamgaSignature *signature, guint n);
/* The text as bytes. */
GBytes *carrier_text (const char *text);
/* Extends signature `index` with what is asked for. */
GBytes *carrier_extend (Fixture *fixture, GBytes *file, GPtrArray *contents,
                        const TamgaExtension *extension, GError **error);
