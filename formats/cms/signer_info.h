/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SignerInfo (RFC 5652 5.3) as it was found. */
#pragma once

#include <glib.h>

/* One SignerInfo (RFC 5652 5.3). All GBytes are whole DER (or BER) elements as they were found,
 * unless said otherwise. */
typedef struct {
    GBytes *der;    /* the SignerInfo itself */
    GBytes *fields; /* its elements from version to signature as they lie, one after the other */
    int version;
    GBytes *issuer;        /* Name, or NULL where the sid is a key identifier */
    GBytes *serial;        /* INTEGER, or NULL */
    GBytes *key_id;        /* octets of subjectKeyIdentifier, or NULL */
    GBytes *digest_algor;  /* AlgorithmIdentifier */
    GBytes *signed_attrs;  /* re-tagged as SET, as it is signed (RFC 5652 5.4); NULL when absent */
    GBytes *signed_sorted; /* the same in DER order where it was not in it; else NULL */
    GBytes *signature_algor;
    GBytes *signature;         /* octets */
    GPtrArray *signed_list;    /* GBytes: Attribute elements; NULL when absent */
    GPtrArray *unsigned_list;  /* GBytes: Attribute elements; NULL when absent */
    gboolean unsigned_present; /* [1] is there, even when empty */
} TamgaSignerInfo;

/* One SignerInfo from its bytes (also of a countersignature). */
TamgaSignerInfo *tamga_signer_info_parse (GBytes *der, GError **error);
void tamga_signer_info_free (TamgaSignerInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaSignerInfo, tamga_signer_info_free)
