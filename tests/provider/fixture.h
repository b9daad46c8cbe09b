/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test provider for C tests: starts tamga-provider as a child, controls it over HTTP, stops it.
 *
 *   g_autoptr (TamgaProviderFixture) provider = tamga_provider_fixture_start (NULL, &error);
 *   g_assert_no_error (error);
 *   g_autoptr (GBytes) certificate = tamga_provider_fixture_issue (provider, csr, "days=30",
 * &error); tamga_provider_fixture_control (provider, "revoke?serial=0A", &error);
 *
 * Link `tamga-provider-fixture`. The program is $TAMGA_BUILD/bin/tamga-provider. Errors are
 * G_IO_ERROR: TIMED_OUT when it does not start, INVALID_ARGUMENT for what the provider refuses
 * (with its reason), FAILED for the rest. Used from one thread at a time. */
#pragma once

#include <gio/gio.h>

typedef struct TamgaProviderFixture TamgaProviderFixture;

/* Starts the provider on DIRECTORY, or on a temporary directory (removed at the end) when it is
 * NULL, and waits until it listens. It also ends by itself after ten minutes. */
TamgaProviderFixture *tamga_provider_fixture_start (const char *directory, GError **error);
/* The same with authorities of another algorithm: a row of algorithm.c, NULL for the usual ones. */
TamgaProviderFixture *tamga_provider_fixture_start_with (const char *directory,
                                                         const char *algorithm, GError **error);

/* Stops the process and waits for its end; frees. NULL is allowed. */
void tamga_provider_fixture_free (TamgaProviderFixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaProviderFixture, tamga_provider_fixture_free)

/* Ends the process, keeps directory and port; then starts it again. For tests of an outage. */
gboolean tamga_provider_fixture_stop (TamgaProviderFixture *fixture, GError **error);
gboolean tamga_provider_fixture_restart (TamgaProviderFixture *fixture, GError **error);

/* A value of the ready file, which the fixture owns: "url" (http://127.0.0.1:PORT, no slash),
 * "pid", "directory"; "root", "provider", "provider2", "foreign_root", … (PEM files), the same
 * with "_sha256" (hex fingerprint of the certificate); "tsa_url", "tsa2_url". NULL when unknown. */
const char *tamga_provider_fixture_get (const TamgaProviderFixture *fixture, const char *name);

/* POST /control/COMMAND, for instance "fault?service=tsa&kind=delay&ms=200". */
gboolean tamga_provider_fixture_control (TamgaProviderFixture *fixture, const char *command,
                                         GError **error);

/* POST /issue?QUERY with a PKCS#10 request in DER or PEM. Returns the certificate in DER. */
GBytes *tamga_provider_fixture_issue (TamgaProviderFixture *fixture, GBytes *request,
                                      const char *query, GError **error);

/* One HTTP exchange: GET, or POST of BODY unless it is NULL. PATH starts with a slash. Returns the
 * body of a 200 answer. */
GBytes *tamga_provider_fixture_fetch (TamgaProviderFixture *fixture, const char *path, GBytes *body,
                                      GError **error);
