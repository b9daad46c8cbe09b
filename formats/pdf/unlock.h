/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an encryption dictionary says, and the key that a password gives: shared by unlock.c and
 * crypt.c only. */
#pragma once

#include "formats/pdf/cipher.h"
#include "formats/pdf/crypt.h"

#define TAMGA_PDF_MAX_KEY 32u

struct _TamgaPdfCrypt {
    guint32 number;             /* of the encryption dictionary; 0 when it is direct */
    const TamgaPdfObject *dict; /* of the file */
    int version, revision;      /* /V and /R */
    guint32 permissions;        /* /P */
    gboolean metadata;          /* /EncryptMetadata */
    TamgaPdfCipher strings, streams, files;
    guint8 key[TAMGA_PDF_MAX_KEY];
    gsize key_length;
    gboolean owner; /* opened with the owner's password */
    char *password;
};

/* What a crypt filter of that name does (7.6.5). UNSUPPORTED when it is not there or other. */
gboolean tamga_pdf_crypt_filter (const TamgaPdfCrypt *crypt, const char *name,
                                 TamgaPdfCipher *cipher, GError **error);
