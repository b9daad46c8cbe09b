/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Qualified certificate statements (EN 319 412-5, RFC 3739 3.2.6) as a certificate makes them. */
#pragma once

#include <openssl/x509.h>

#include "formats/ossl.h"

typedef struct {
    gboolean present;        /* the extension is there */
    gboolean malformed;      /* ... and cannot be read in whole */
    gboolean qualified;      /* QcCompliance */
    gboolean device;         /* QcSSCD: the key is on a certified device */
    char *limit;             /* QcLimitValue: "10000 EUR" or "3 x 10^5 EUR"; NULL: none stated */
    int retention_years;     /* QcRetentionPeriod or -1 */
    GPtrArray *types;        /* char *: "electronic signature", "electronic seal", "web", OIDs */
    GPtrArray *pds;          /* char *: "https://... (en)" */
    GPtrArray *legislations; /* char *: country codes (QcCClegislation) */
    GPtrArray *others;       /* char *: OIDs of statements that are not known here */
} TamgaStatements;

/* Never NULL. */
TamgaStatements *tamga_statements_read (X509 *certificate);
/* There is one such extension, and every statement in it is known here and can be read: what a
 * critical one needs (RFC 5280 4.2). */
gboolean tamga_statements_understood (X509 *certificate);
void tamga_statements_free (TamgaStatements *statements);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaStatements, tamga_statements_free)
