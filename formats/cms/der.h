/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tag-length-value of ASN.1 (X.690): a strict cursor over bytes that keeps every element's own
 * encoding, and a small writer of DER. Reading accepts BER (indefinite lengths, constructed
 * strings), because signatures of others have it; writing makes DER only. */
#pragma once

#include <glib.h>

/* Identifier octets of the elements met in CMS. */
enum {
    TAMGA_DER_INTEGER = 0x02,
    TAMGA_DER_BIT_STRING = 0x03,
    TAMGA_DER_OCTET_STRING = 0x04,
    TAMGA_DER_NULL = 0x05,
    TAMGA_DER_OID = 0x06,
    TAMGA_DER_ENUMERATED = 0x0a,
    TAMGA_DER_UTF8_STRING = 0x0c,
    TAMGA_DER_UTC_TIME = 0x17,
    TAMGA_DER_GENERALIZED_TIME = 0x18,
    TAMGA_DER_SEQUENCE = 0x30,
    TAMGA_DER_SET = 0x31,
    TAMGA_DER_CONTEXT = 0x80,             /* | number: implicit, primitive */
    TAMGA_DER_CONTEXT_CONSTRUCTED = 0xa0, /* | number */
};

/* Nested elements beyond this are refused: no structure of CMS, X.509 or OCSP is near it. */
#define TAMGA_DER_MAX_DEPTH 64

/* Identifier and length octets of one element. */
typedef struct {
    guint8 tag;          /* first identifier octet; high tag numbers are refused */
    gboolean indefinite; /* ends with 00 00 */
    gsize header;        /* identifier plus length octets */
    guint64 length;      /* of the contents; 0 where indefinite */
} TamgaDerHead;

/* Decodes the head of an element from at most `available` bytes. FALSE when they are too few or
 * the encoding is not one. */
gboolean tamga_der_head (const guint8 *data, gsize available, TamgaDerHead *head);

/* A position in bytes that someone else owns. */
typedef struct {
    const guint8 *data;
    gsize left;
} TamgaDer;

/* One element, pointing into the bytes it was read from. */
typedef struct {
    guint8 tag;
    gboolean indefinite;
    const guint8 *raw; /* the whole element */
    gsize raw_length;
    TamgaDer contents; /* without head and without the end-of-contents octets */
} TamgaDerElement;

TamgaDer tamga_der (GBytes *bytes); /* borrows */
gboolean tamga_der_at_end (const TamgaDer *der);
/* Tag of the next element; 0 at the end (no element has it: end-of-contents is consumed). */
guint8 tamga_der_peek (const TamgaDer *der);
/* Takes the next element; FALSE at the end or where the encoding is broken. */
gboolean tamga_der_next (TamgaDer *der, TamgaDerElement *element);
/* The same, and its tag must be `tag`. Nothing is consumed otherwise. */
gboolean tamga_der_take (TamgaDer *der, guint8 tag, TamgaDerElement *element);
/* `bytes` as exactly one element with that tag. */
gboolean tamga_der_whole (GBytes *bytes, guint8 tag, TamgaDerElement *element);
GBytes *tamga_der_raw (const TamgaDerElement *element); /* a copy of the whole element */
GBytes *tamga_der_copy (TamgaDer der);                  /* a copy of what is left */
/* The octets of an OCTET STRING, joined where it is constructed (BER). NULL when broken. */
GBytes *tamga_der_octets (const TamgaDerElement *element);
/* Dotted text of an OBJECT IDENTIFIER; NULL when it is not one. */
char *tamga_der_oid_text (const TamgaDerElement *element);
/* A non-negative INTEGER below 2^31; -1 when it is not. */
int tamga_der_small_integer (const TamgaDerElement *element);

/* Appends the elements (GBytes) of a SET OF, SEQUENCE OF or an implicitly tagged one; FALSE when it
 * is broken or has more than `limit`. Sets `indefinite` (may be NULL) where its length is. */
gboolean tamga_der_split (GBytes *set, guint limit, GPtrArray *elements, gboolean *indefinite);

/* Writing. All return new bytes. */
GBytes *tamga_der_tlv (guint8 tag, const void *contents, gsize length);
GBytes *tamga_der_wrap (guint8 tag, GBytes *contents);
/* SEQUENCE and others from parts in this order; NULL parts are left out. Ends with
 * TAMGA_DER_END. Borrows the parts. */
#define TAMGA_DER_END ((GBytes *)-1)
GBytes *tamga_der_join (int tag, ...);
/* SET OF: elements (GBytes) in the order of DER (X.690 11.6), equal ones once. */
GBytes *tamga_der_set_of (guint8 tag, GPtrArray *elements);
GBytes *tamga_der_oid (const char *dotted);
GBytes *tamga_der_integer (gint64 value); /* not negative */
/* Head only: for contents that are written elsewhere. */
GBytes *tamga_der_head_bytes (guint8 tag, guint64 length);
/* Octets that head needs for contents of `length`. */
gsize tamga_der_head_size (guint64 length);
/* UTCTime until 2049, GeneralizedTime after (RFC 5652 11.3). `time`: seconds since the epoch. */
GBytes *tamga_der_time (gint64 time);
