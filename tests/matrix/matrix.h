/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The round-trip matrix: every form of signature × key × number of signers, made at each level,
 * judged, extended, judged again, damaged. One row per form; a new format is a row. */
#pragma once

#include "formats/format.h"

typedef enum { MATRIX_TEXT, MATRIX_XML, MATRIX_PDF } MatrixContent;

typedef struct {
    const char *name;   /* of the form: part of test and file names */
    const char *format; /* --format */
    TamgaPackaging packaging;
    TamgaJoseSerialization jose;
    MatrixContent content;
    guint documents;    /* signed together */
    TamgaLevel highest; /* that this form can have */
    const char *reads_as;
    guint signers; /* at most */
    const char *extension;
} MatrixForm;

extern const MatrixForm matrix_forms[]; /* ends with a row without a name */

typedef struct {
    const char *name;
    const char *type, *group; /* of the key, for EVP_PKEY_CTX; group NULL: has none */
    const char *algorithm;
    const char *imprints; /* digest that time-stamp services are asked with */
} MatrixKey;

extern const MatrixKey matrix_keys[]; /* ends with a row without a name */
/* Can the form name the algorithm? */
gboolean matrix_takes (const MatrixForm *form, const MatrixKey *key);

/* The documents that a form signs: TamgaDocument, `documents` of them. */
GPtrArray *matrix_documents (const MatrixForm *form);
/* Text that lies in every document, for finding a byte of it again. */
#define MATRIX_MARK "Tamga matrix content"
