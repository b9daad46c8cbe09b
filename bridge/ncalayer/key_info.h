/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What getKeyInfo tells of a key: never more than its certificate. */
#pragma once

#include "bridge/ncalayer/modules.h"

/* The object of bridge-protocols 1.2; the key must have a certificate. */
json_t *tamga_key_info (const TamgaKey *key);
/* A name as BouncyCastle writes it: in the order of the certificate, "," without space between the
 * parts, SURNAME, SERIALNUMBER, G and E for what others call otherwise. */
char *tamga_key_info_name (const X509_NAME *name);
/* PEM with \n. */
char *tamga_key_info_pem (X509 *certificate);
