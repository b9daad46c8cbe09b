/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can go wrong with a document, for all of `formats`. One domain per module, one code per
 * situation that a caller can tell apart; the text names the object and the clause. */
#pragma once

#include <glib.h>

/* Input and output of documents (document.h, output.h). */
#define TAMGA_DOCUMENT_ERROR (tamga_document_error_quark ())
GQuark tamga_document_error_quark (void);
typedef enum {
    TAMGA_DOCUMENT_ERROR_NOT_FOUND,
    TAMGA_DOCUMENT_ERROR_UNREADABLE, /* permission, directory, device */
    TAMGA_DOCUMENT_ERROR_EMPTY,
    TAMGA_DOCUMENT_ERROR_TOO_LARGE,
    TAMGA_DOCUMENT_ERROR_CHANGED, /* two readings of the file differ */
    TAMGA_DOCUMENT_ERROR_READ,    /* input/output error while reading */
    TAMGA_DOCUMENT_ERROR_EXISTS,  /* the output is there and may not be replaced */
    TAMGA_DOCUMENT_ERROR_NO_SPACE,
    TAMGA_DOCUMENT_ERROR_WRITE,
    TAMGA_DOCUMENT_ERROR_CANCELLED,
} TamgaDocumentError;

/* Parsing and making signatures (cms/, pdf/, ...). */
#define TAMGA_FORMAT_ERROR (tamga_format_error_quark ())
GQuark tamga_format_error_quark (void);
typedef enum {
    TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT, /* the input is something else */
    TAMGA_FORMAT_ERROR_MALFORMED,       /* it is, but broken; the text names the clause */
    TAMGA_FORMAT_ERROR_NO_SIGNATURE,    /* whole and unsigned */
    TAMGA_FORMAT_ERROR_ENCRYPTED,       /* and no password was given */
    TAMGA_FORMAT_ERROR_FORBIDDEN,    /* the document's own permissions or certification forbid it */
    TAMGA_FORMAT_ERROR_DAMAGED,      /* readable only after a repair: not signed */
    TAMGA_FORMAT_ERROR_UNSUPPORTED,  /* legal, and not supported; the text says what */
    TAMGA_FORMAT_ERROR_ALGORITHM,    /* algorithm unknown or unfit for the key */
    TAMGA_FORMAT_ERROR_DOES_NOT_FIT, /* the reserved /Contents is too small */
    TAMGA_FORMAT_ERROR_PARAMETER,    /* a parameter of the caller is wrong (page, field, image) */
    TAMGA_FORMAT_ERROR_LIMIT,        /* a ceiling of limits.h */
    TAMGA_FORMAT_ERROR_NO_CONTENT,   /* detached: the content is needed and was not given */
    TAMGA_FORMAT_ERROR_PASSWORD,     /* encrypted, and the password does not open it */
} TamgaFormatError;

/* Sets `error` in the domain of formats and returns FALSE, for checks that end so. */
gboolean tamga_format_refuse (GError **error, TamgaFormatError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
