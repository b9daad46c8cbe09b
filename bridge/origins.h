/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which origins are talked to at all, and what the person has granted to each (threats e,
 * bridge-protocols 4). Safe to use from several threads: one lock inside. */
#pragma once

#include "bridge/bridge.h"

typedef enum {
    TAMGA_ORIGIN_SITE,    /* https://HOST[:PORT], or http://localhost[:PORT] */
    TAMGA_ORIGIN_PROGRAM, /* none was sent: a program on this computer */
    TAMGA_ORIGIN_REFUSED, /* "null", other schemes, anything with a path, or not an origin: 403 */
} TamgaOriginKind;

/* RFC 6454 7.1, strict: what browsers send is in lower case and has no default port. NULL or "" is
 * a program. */
TamgaOriginKind tamga_origin_kind (const char *origin);
/* Exactly one of "127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT" (any case of "localhost"): what a
 * Host header may say. */
gboolean tamga_host_allowed (const char *host, guint16 port);

typedef enum {
    TAMGA_CAPABILITY_TOKENS = 1 << 0,      /* see which tokens are plugged in */
    TAMGA_CAPABILITY_CERTIFICATE = 1 << 1, /* read a certificate */
    TAMGA_CAPABILITY_SIGN = 1 << 2,        /* ask for a signature, each with its own consent */
    TAMGA_CAPABILITY_BATCH = 1 << 3,       /* ask for several with one consent */
} TamgaCapability;
#define TAMGA_N_CAPABILITIES 4
const char *
tamga_capability_name (TamgaCapability one); /* "tokens", "certificate", "sign", "batch" */
/* A list of names as the prompter and the JSON output show it. */
json_t *tamga_capabilities_json (guint capabilities);

typedef enum {
    TAMGA_REMEMBER_ONCE,    /* this call */
    TAMGA_REMEMBER_SESSION, /* until the bridge ends */
    TAMGA_REMEMBER_ALWAYS,  /* in the file, until revoked */
} TamgaRemember;
gboolean tamga_remember_from_name (const char *name, TamgaRemember *remember);

typedef struct _TamgaGrants TamgaGrants;

/* NULL path: $XDG_STATE_HOME/tamga/grants.json, mode 0600, replaced atomically. A damaged file is
 * an error: what the person refused for ever must not be forgotten silently. */
TamgaGrants *tamga_grants_open (const char *path, GError **error);
void tamga_grants_free (TamgaGrants *grants);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaGrants, tamga_grants_free)

/* Those of `capabilities` that have to be asked for. For a program (origin NULL): all of them. */
guint tamga_grants_missing (TamgaGrants *grants, const char *origin, guint capabilities);
/* Denied for the session or always: 403 at the upgrade. */
gboolean tamga_grants_denied (TamgaGrants *grants, const char *origin);
/* Something is granted for the session or always: this origin may read /ping. */
gboolean tamga_grants_known (TamgaGrants *grants, const char *origin);
/* The answer of the person. ONCE, and whatever is said about a program, is remembered nowhere; but
 * any denial starts the pause. An error when the file cannot be written. */
gboolean tamga_grants_allow (TamgaGrants *grants, const char *origin, guint capabilities,
                             TamgaRemember remember, gint64 now, GError **error);
gboolean tamga_grants_deny (TamgaGrants *grants, const char *origin, TamgaRemember remember,
                            gint64 now, GError **error);
/* TRUE while the pause after a denial lasts (monotonic microseconds): no dialog for this origin.
 * Programs share one pause. */
gboolean tamga_grants_paused (TamgaGrants *grants, const char *origin, gint64 monotonic);

/* [{"origin","capabilities":[…],"answer":"allow"|"deny","remember":"session"|"always",
 *   "since":"…Z"}], by origin. */
json_t *tamga_grants_list (TamgaGrants *grants);
/* Forgets what was said about `origin` (NULL: about all); FALSE without an error: there was
 * nothing. */
gboolean tamga_grants_revoke (TamgaGrants *grants, const char *origin, GError **error);
