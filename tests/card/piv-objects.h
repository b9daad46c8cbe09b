/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data objects of the virtual card (NIST SP 800-73-4 part 1, appendix A) and their TLV. */
#pragma once

#include <glib.h>

#define PIV_AID_LENGTH 11
#define PIV_RID_LENGTH 5 /* the part of the AID that names its authority */
#define PIV_GUID_LENGTH 16

extern const guint8 piv_aid[PIV_AID_LENGTH];

/* Appends a TLV; TAG has one to three bytes, LENGTH is below 64 KiB. */
void piv_append_tlv (GByteArray *out, guint32 tag, const void *data, gsize length);

/* Takes one TLV with a one-byte tag off the front of *DATA; the value is part of that memory. FALSE
 * when it is not whole. */
gboolean piv_read_tlv (const guint8 **data, gsize *length, guint8 *tag, const guint8 **value,
                       gsize *value_length);

/* Appends the discovery object (7E), the card capability container (5FC107) or the card holder
 * unique identifier (5FC102); FALSE for other tags. */
gboolean piv_build_object (guint32 tag, const guint8 *guid, GByteArray *out);

/* Appends a certificate object. */
void piv_build_certificate (GBytes *certificate, GByteArray *out);
