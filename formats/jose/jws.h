/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JWS taken apart (RFC 7515 7): compact, flattened and general, into one shape. Nothing is verified
 * here. */
#pragma once

#include "formats/format.h"
#include "formats/jose/json.h"

/* One signature. The texts belong to the tree of its TamgaJws. */
typedef struct {
    const char *protected_text; /* base64url, as signed; "" where there is none */
    const char *value_text;     /* base64url of the signature value */
    GBytes *value;              /* decoded; NULL when broken */
    json_t *protected_header;   /* object, owned; NULL when broken */
    json_t *header;             /* unprotected header, borrowed, or NULL */
    char *broken;               /* why it cannot be read (FORMAT_FAILURE), or NULL */
} TamgaJwsSignature;

typedef struct {
    TamgaJoseSerialization form;
    GBytes *text;          /* the whole, where it was read from a document; NULL: part of another */
    json_t *root;          /* owned */
    const char *payload;   /* as it lies; NULL: absent */
    GPtrArray *signatures; /* TamgaJwsSignature */
} TamgaJws;

/* Does it look like one: a JSON object with the members of a JWS, or three parts with dots of which
 * the first is a header with "alg"? */
gboolean tamga_jws_probe (TamgaDocument *document);
/* Errors: TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT, _MALFORMED, _LIMIT, _NO_SIGNATURE. */
TamgaJws *tamga_jws_open (TamgaDocument *document, GError **error);
/* A JWS inside of another one: a string (compact) or an object (flattened). */
TamgaJws *tamga_jws_inner (json_t *value, GError **error);
void tamga_jws_free (TamgaJws *jws);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaJws, tamga_jws_free)
