/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole way of an XML signature through the format, and xmlsec1 as a peer. */
#pragma once

#include "formats/xml/xades.h"
#include "tests/unit/cms/fixture.h"

/* 2026-11-22 10:00:00 UTC. */
#define MAKING_TIME 1795341600

TamgaDocument *making_document (const char *name, const char *text);
/* Prepare, sign, timestamp from T on, evidence for LT, embed. Of `parameters` the algorithm, the
 * certificate and the time are set here. NULL with an error. */
GBytes *making_sign (Fixture *fixture, const Party *party, const char *algorithm,
                     const TamgaFormat *format, TamgaDocument *document,
                     TamgaSigningParameters parameters, GError **error);
/* The same to the end, with the key, timestamps and evidence. */
GBytes *making_finish (Fixture *fixture, const Party *party, const TamgaFormat *format,
                       TamgaPreparation *preparation, TamgaLevel level, GError **error);
/* All signatures of `file`; `contents` may be NULL. */
GPtrArray *making_read (GBytes *file, GPtrArray *contents, GError **error);
/* Asserts that there are `n` signatures and that all are intact. */
GPtrArray *making_assert_intact (GBytes *file, GPtrArray *contents, guint n);
/* Does xmlsec1 verify signature number `number` (1 is the first in the document)? Detached
 * documents are files of the fixture's folder. Without the network. */
gboolean making_xmlsec (Fixture *fixture, GBytes *file, guint number);
/* The text with `from` (that must be in it) replaced by `to`, once. */
GBytes *making_replace (GBytes *file, const char *from, const char *to);
