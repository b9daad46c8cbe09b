/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PDFs for the tests, built and updated by hand: nothing here uses the writer that is tested. */
#pragma once

#include "formats/pdf/pades.h"
#include "tests/unit/cms/fixture.h"

/* A page with text, a form with the text field Text1 (objects 6-8), an empty signature field
 * Approval (9), a link (10), and content that nothing refers to (11). Catalog 1, pages 2, page 3,
 * its content 4, font 5. */
GBytes *sample_form (void);
/* One page, no form: catalog 1, pages 2, page 3, content 4, font 5. */
GBytes *sample_plain (void);
/* A file of objects 1, 2, ... (NULL-terminated) with a cross-reference table. */
GBytes *sample_build (const char *const *objects, const char *trailer);
/* An incremental update with a table: pairs of number and object text, ended by 0. */
GBytes *sample_update (GBytes *pdf, ...);
/* The same with entries added to the trailer. */
GBytes *sample_update_trailer (GBytes *pdf, const char *trailer, ...);
/* Replaces the first `from` by `to` of the same length. */
GBytes *sample_patch (GBytes *pdf, const char *from, const char *to);
/* Bytes of a file that the qpdf program makes of `pdf` with these options (one string). */
GBytes *sample_qpdf (Fixture *fixture, GBytes *pdf, const char *options);

/* The whole way: prepare, key, timestamp from T on, evidence for LT, embed. `parameters` may be
 * NULL; its algorithm, certificate and time are filled in. */
GBytes *sample_sign (Fixture *fixture, const Party *party, GBytes *pdf,
                     const TamgaSigningParameters *parameters, GError **error);
/* The same, failing the test on an error. */
GBytes *sample_must_sign (Fixture *fixture, const Party *party, GBytes *pdf,
                          const TamgaSigningParameters *parameters);
/* Tokens of the fixture's service; SHA-256 imprints. */
TamgaStamper sample_stamper (Fixture *fixture);
/* Extends by these; `password` may be NULL. */
GBytes *sample_extend (Fixture *fixture, GBytes *pdf, GBytes *password,
                       const TamgaExtension *extensions, gsize n, GError **error);
GBytes *sample_must_extend (Fixture *fixture, GBytes *pdf, const TamgaExtension *extensions,
                            gsize n);
GPtrArray *sample_read (GBytes *pdf, GError **error);
GPtrArray *sample_read_with (GBytes *pdf, const char *password, GError **error);
/* "INTACT", "INTACT" ... of all signatures, blanks between; or "error N". */
char *sample_verdict (GBytes *pdf);
/* Is there a change after signature `index` (from 0) of that rule, and is it permitted? -1: none.
 */
int sample_change (GPtrArray *signatures, guint index, const char *rule);
/* Every change of that signature permitted? */
gboolean sample_all_permitted (GPtrArray *signatures, guint index);
/* The changes as text, for messages. */
char *sample_changes (GPtrArray *signatures, guint index);

/* Peers. */
gboolean sample_qpdf_check (Fixture *fixture, GBytes *pdf);
/* How many signatures `pdfsig -nocert` calls valid. */
guint sample_pdfsig_valid (Fixture *fixture, GBytes *pdf);
/* Output of a program on the file; %s in `command` is its path. */
char *sample_run (Fixture *fixture, GBytes *pdf, const char *command);
