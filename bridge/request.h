/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call of a site on its way through the person: grant, key, checks, consent, PIN, in this
 * order (prompter-protocol). Methods (ncalayer/) say what they need; nothing of a country's
 * protocol is here. A request lives on one worker thread. */
#pragma once

#include "bridge/origins.h"
#include "bridge/prompter.h"
#include "bridge/preview.h"
#include "bridge/server.h"

/* What all requests share; made in main.c, outlives them. */
typedef struct {
    const TamgaBridgeConfig *config;
    TamgaGrants *grants;
    TamgaKeysWatch *tokens; /* with `tokens_lock` held */
    GMutex tokens_lock;
    struct _TamgaTurn *turn; /* whose dialog is open: one at a time (turn.h) */
    gint64 (*clock) (void);  /* seconds UTC */
} TamgaBridge;

typedef struct {
    TamgaBridge *bridge;
    TamgaCaller *caller;
    TamgaCall call;          /* cancelled when the connection goes away or the bridge stops */
    char *locale;            /* "kk", "ru", "en": of the call, else of the connection */
    GHashTable *paths;       /* char *: what the chooser returned on this connection (session's) */
    TamgaPrompter *prompter; /* NULL before the first question */
    gboolean has_turn;
    guint granted; /* capabilities granted for this call */
} TamgaRequest;

/* Closes the prompter, gives the turn on, frees what the call held. */
void tamga_request_clear (TamgaRequest *request);

/* All of `capabilities` are granted, or were before; else the person is asked once for those that
 * are missing. Errors: DENIED, BUSY, PROMPTER, GONE, CANCELLED. */
gboolean tamga_request_grant (TamgaRequest *request, guint capabilities, GError **error);

/* Asks for a file; remembers it as one that this connection may name. `purpose`: "document" or
 * "save"; `extensions`: without dots, NULL: any. */
char *tamga_request_choose_file (TamgaRequest *request, const char *purpose,
                                 const char *const *extensions, GError **error);
/* The bytes of a file that the chooser gave on this connection; else TAMGA_BRIDGE_ERROR_PATH. */
GBytes *tamga_request_read_file (TamgaRequest *request, const char *path, GError **error);

/* Which keys a call accepts. All members may be NULL or zero: any. */
typedef struct {
    const char *const *storages; /* kinds of stores: "PKCS12" is a key file; other names are kinds
                                    of tokens (storages.h); NULL: all */
    const char *const *extended_key_usages; /* dotted OIDs: all of them (AND) */
    const char *iin, *bin, *serial;         /* hex; NULL or "": any */
    GPtrArray *chain;                       /* X509: the path must go through one of them; NULL: the
                                               trust of the checks; empty: no path asked for */
    gboolean signing;                       /* for documents, not only for authentication */
    gboolean authentication;                /* keyType AUTHENTICATION */
} TamgaKeyFilter;

/* A key that the person chose, with its open store. */
typedef struct {
    TamgaKeyStore *store;
    GPtrArray *keys; /* owns `key` */
    const TamgaKey *key;
    const char *storage; /* "PKCS12", or the name of the kind of token */
    char *path;          /* of a key file, or NULL */
} TamgaRequestKey;

void tamga_request_key_free (TamgaRequestKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaRequestKey, tamga_request_key_free)

/* Lists the keys that fit and lets the person choose (`always`: also where there is only one). The
 * password of a key file is asked for here. Keys that do not fit are listed with the reason. */
TamgaRequestKey *tamga_request_choose_key (TamgaRequest *request, const TamgaKeyFilter *filter,
                                           gboolean always, GError **error);

/* The `key` object of the protocol: key, store, subject, issuer, serial, not_after, usable, why. */
json_t *tamga_request_key_json (const char *id, const char *storage, const TamgaKey *key,
                                const char *why);

/* What is signed, and how. */
typedef struct {
    GPtrArray *documents; /* TamgaRequestDocument: one signature each */
    const TamgaFormat *format;
    TamgaPackaging packaging;
    gboolean timestamp; /* level T */
    TamgaXmlParameters xml;
} TamgaRequestSigning;

/* Checks, consent, PIN, signatures: through the same job as the command. One GBytes per document,
 * in order; all of them, or an error. */
GPtrArray *tamga_request_sign (TamgaRequest *request, TamgaRequestKey *key,
                               const TamgaRequestSigning *signing, GError **error);
/* A timestamp over each signature of the CMS that has none (level T); needs no key. */
GBytes *tamga_request_timestamp (TamgaRequest *request, GBytes *cms, GError **error);
/* The names of the kinds of tokens that are plugged in (storages.h), without key files; a json
 * array of strings, each name once. */
json_t *tamga_request_tokens (TamgaRequest *request, GError **error);
