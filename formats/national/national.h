/* SPDX-License-Identifier: GPL-3.0-or-later */
/* National algorithms as an OpenSSL provider: Kazakh GOST 34.10-2015 and 34.310-2004, Ukrainian
 * DSTU 4145 with GOST 34.311 and Kupyna. Once it is loaded, certificates, CRLs, OCSP answers,
 * time-stamp tokens, PKCS#8 and PKCS#12 work with them through the calls of OpenSSL that everybody
 * uses; nothing outside this folder, the table of algorithms and the profiles knows them. */
#pragma once

#include <glib.h>

/* Loads the provider into the default library context, beside OpenSSL's own, once; later calls do
 * nothing. To be called at the start of a program, before anything is parsed: a certificate that
 * was parsed earlier never gets its key. FALSE: OpenSSL refused (out of memory, or a build without
 * what is needed); such algorithms are then unknown, and so reported. Thread-safe. */
gboolean tamga_national_load (void);
