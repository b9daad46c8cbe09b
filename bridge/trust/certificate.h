/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TLS certificate of this machine and this user: a name-constrained CA whose key is destroyed
 * after it issued one leaf (RFC 5280 4.2.1.10: IP 127.0.0.1, ::1, DNS localhost; pathlen 0), and
 * that leaf (EC P-256, SAN localhost, 127.0.0.1, ::1, serverAuth, at most 397 days). */
#pragma once

#include "bridge/bridge.h"

typedef struct {
    char *folder;                 /* $XDG_DATA_HOME/tamga/bridge, mode 0700 */
    char *chain_path;             /* leaf and CA, PEM */
    char *key_path;               /* of the leaf, PEM, mode 0600 */
    char *ca_path;                /* PEM: what trust stores get */
    gint64 not_before, not_after; /* of the leaf */
    char *ca_sha256;              /* hex; its first digits are in the name of the CA */
} TamgaBridgeCertificate;

/* NULL folder: the default. NULL without an error: there is none yet. A damaged one, or a key that
 * others may read, is an error that says what to do. */
TamgaBridgeCertificate *tamga_bridge_certificate_load (const char *folder, GError **error);
/* A new CA and a new leaf, valid from `now` less an hour; replaces what there was only when all
 * files are written. */
TamgaBridgeCertificate *tamga_bridge_certificate_create (const char *folder, gint64 now,
                                                         GError **error);
void tamga_bridge_certificate_free (TamgaBridgeCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaBridgeCertificate, tamga_bridge_certificate_free)
