/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The standard security handler (ISO 32000-1 7.6, ISO 32000-2 7.6): V 1, 2, 4 and 5 with a user or
 * an owner password. Strings and streams are decrypted when objects are read and encrypted when an
 * update is written; whoever is in between sees plain ones. */
#pragma once

#include "formats/pdf/file.h"

/* Bits of /P (ISO 32000-1 table 22), 1 is the lowest. */
#define TAMGA_PDF_MAY_MODIFY 4
#define TAMGA_PDF_MAY_ANNOTATE 6 /* and fill in forms; with MODIFY: create form fields */
#define TAMGA_PDF_MAY_FILL 9     /* existing form fields, signature fields included */

/* Fills pdf->crypt where the file is encrypted. `password` is tried as the owner's and as the
 * user's, then the empty one as the user's. Errors: ENCRYPTED (a password is needed), PASSWORD
 * (none of these opens it), UNSUPPORTED (another handler, V or cipher), MALFORMED. */
gboolean tamga_pdf_unlock (TamgaPdf *pdf, GBytes *password, GError **error);
void tamga_pdf_crypt_free (TamgaPdfCrypt *crypt);
/* The password that opened the file, as its handler takes it; zero-terminated. */
const char *tamga_pdf_crypt_password (const TamgaPdfCrypt *crypt);
/* Is what the bit stands for allowed? The owner is allowed everything; so is everyone where `crypt`
 * is NULL. */
gboolean tamga_pdf_crypt_permits (const TamgaPdfCrypt *crypt, int bit);

/* Every string of the object `number` `generation`, in place. What is never encrypted stays: the
 * /Contents of signature dictionaries, cross-reference streams, the encryption dictionary. */
gboolean tamga_pdf_crypt_strings (TamgaPdf *pdf, gboolean encrypt, TamgaPdfObject *object,
                                  guint32 number, guint32 generation, GError **error);
/* Data of a stream. */
GBytes *tamga_pdf_crypt_stream (const TamgaPdfRevision *view, gboolean encrypt,
                                TamgaPdfObject *stream, guint32 number, guint32 generation,
                                GBytes *data, GError **error);
/* Is the dictionary that of a signature, whose /Contents is not encrypted (7.6.1)? */
gboolean tamga_pdf_crypt_spares (const TamgaPdfObject *dict);
