/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test provider with a person's side around it: trust, network, cache, a key. */
#pragma once

#include "client/status/procedure.h"
#include "formats/ossl.h"
#include "tests/provider/fixture.h"

typedef struct {
    TamgaProfile *profile;
    TamgaTrust *trust;
    TamgaFetch *fetch;
    TamgaStatusCache *cache;
    char *folder; /* of the cache */
    GPtrArray *pool;
    TamgaStatusContext context; /* fresh, now */
    TamgaCall call;
} World;

/* One provider for the whole program. */
void world_start (void);
void world_stop (void);
extern TamgaProviderFixture *world_provider;

void world_set_up (World *world, gconstpointer profile); /* name; NULL: demo */
void world_tear_down (World *world, gconstpointer profile);
/* Back to now, after time has passed. */
void world_now (World *world);
void world_control (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* A certificate of a new key; `query` as in the provider's README. */
X509 *world_issue (const char *query);
X509 *world_fetch_certificate (const char *path);
char *world_serial (X509 *certificate);
/* The answer about one certificate of `provider`. */
TamgaStatus *world_status (World *world, X509 *certificate);
