/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trust stores that browsers of this user read: NSS databases of Chromium (~/.pki/nssdb) and of
 * each Firefox profile (also of snap and flatpak), and, if the person allows it, the system's. All
 * through `certutil` and `update-ca-certificates`, the programs made for it. */
#pragma once

#include "bridge/trust/certificate.h"

typedef struct {
    char *name;     /* "Chromium", "Firefox profile default-release", "system" */
    char *path;     /* of the database or folder */
    gboolean holds; /* our CA is in it, trusted for web sites */
    char *problem;  /* could not be asked or changed: why; else NULL */
} TamgaTrustStore;

void tamga_trust_store_free (TamgaTrustStore *store);

/* All stores there are, asked whether they hold this CA. Elements: TamgaTrustStore. */
GPtrArray *tamga_trust_stores (const TamgaBridgeCertificate *certificate);
/* Puts the CA into every store (`system`: the system's too), makes Chromium's where there is none,
 * takes out what an older CA of ours left. What failed is in `problem`. */
GPtrArray *tamga_trust_stores_install (const TamgaBridgeCertificate *certificate, gboolean system);
/* Takes every CA of ours out. */
GPtrArray *tamga_trust_stores_remove (gboolean system);
