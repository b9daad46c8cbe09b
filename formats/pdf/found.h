/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signature dictionaries as they lie in a file, and whether each names its bytes honestly. */
#pragma once

#include "formats/model.h"
#include "formats/pdf/field.h"

typedef enum {
    TAMGA_PDF_CADES,     /* ETSI.CAdES.detached */
    TAMGA_PDF_PKCS7,     /* adbe.pkcs7.detached, adbe.pkcs7.sha1 */
    TAMGA_PDF_TIMESTAMP, /* ETSI.RFC3161 */
    TAMGA_PDF_X509,      /* adbe.x509.rsa_sha1: named, not verified */
    TAMGA_PDF_UNKNOWN,
} TamgaPdfKind;

/* One signature dictionary. */
typedef struct {
    TamgaPdfObject *dict;
    guint32 number, generation;
    char *field;
    guint32 field_number, field_generation;
    guint first, last; /* revisions that have it in a field */
    guint revision;    /* the revision it signs; 0 when none */
    TamgaPdfKind kind;
    TamgaRange ranges[2]; /* what it covers; valid when `failure` is NULL */
    guint64 end;          /* end of the second range */
    GBytes *der;          /* /Contents without padding */
    char *failure;        /* why it is FORMAT_FAILURE; NULL when the bytes are as they should be */
} TamgaPdfFound;

/* Every signature dictionary that a field of any revision holds, in the order of the
 * revisions that they sign. */
GPtrArray *tamga_pdf_find_signatures (TamgaPdf *pdf);
