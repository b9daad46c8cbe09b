/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a certificate says, for people: the ten items of VN 130/2018 article 5 in their order, and
 * who its holder is. */
#pragma once

#include <openssl/x509.h>

#include "client/profile/profile.h"
#include "formats/ossl.h"

#define TAMGA_PARTICULARS 10

typedef struct {
    guint number; /* 1 to 10, the order of VN 5 */
    const char *title;
    char *text; /* may have several lines */
} TamgaParticular;

/* TAMGA_PARTICULARS elements, in the words of the profile (may be NULL). */
GPtrArray *tamga_particulars (X509 *certificate, const TamgaProfile *profile);

/* A number of a person or an organisation, by the profile's [identifiers]. */
typedef struct {
    char *label, *value; /* "IIN", "123456789011"; the value is safe on a terminal */
    gboolean malformed;  /* not the text or the count of digits that it must be */
} TamgaIdentifier;

/* Those of the subject and of the subject directory attributes (RFC 5280 4.2.1.8), in this order.
 * Elements: TamgaIdentifier. */
GPtrArray *tamga_certificate_identifiers (X509 *certificate, const TamgaProfile *profile);
/* "IIN 123456789011, BIN 123456789021"; NULL: none. New text. */
char *tamga_identifiers_text (const GPtrArray *identifiers);
/* A string of a certificate in UTF-8, safe on a terminal; NULL where it cannot be read. */
char *tamga_certificate_string (const ASN1_STRING *string);

/* Attributes of the holder's name; NULL where the name has none. Safe on a terminal. */
typedef struct {
    char *name; /* most telling one */
    char *title, *organisation, *unit, *organisation_id, *serial_number, *given_name, *surname,
        *country, *email;
    gboolean malformed; /* an attribute is empty or is not the text it says to be (UA 83) */
} TamgaHolder;

TamgaHolder *tamga_holder_read (X509 *certificate);
void tamga_holder_free (TamgaHolder *holder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaHolder, tamga_holder_free)

/* Single items, new text. */
/* Key usage, extended key usage and policies; OIDs by the profile's names (may be NULL). */
char *tamga_certificate_scope (X509 *certificate, const TamgaProfile *profile);
/* Liability limits: QcLimitValue and policy notices; NULL: none stated (VN 5.8). */
char *tamga_certificate_limits (X509 *certificate);
char *tamga_certificate_key_text (X509 *certificate); /* "RSA 2048 bits" */
/* TRUE for the key of an authority, which signs certificates and no documents (UA 28, 47). */
gboolean tamga_certificate_is_authority (X509 *certificate);
