/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key stores: where private keys live. Every store is behind a `tamga-key` process of its own; this
 * is its client. A key signs arrays of digests, so that batches and remote keys fit.
 *
 * Nothing here sees a PIN: the caller's callback writes it to a pipe whose other end only
 * `tamga-key` has. */
#pragma once

#include <openssl/x509.h>

#include "client/call.h"
#include "formats/algorithm.h"

#define TAMGA_KEYS_ERROR (tamga_keys_error_quark ())
GQuark tamga_keys_error_quark (void);
typedef enum {
    TAMGA_KEYS_ERROR_FAILED,    /* the driver reports an error; text names module and call */
    TAMGA_KEYS_ERROR_NO_MODULE, /* no PKCS#11 module, or the file is not one */
    TAMGA_KEYS_ERROR_MODULE_CRASHED,
    TAMGA_KEYS_ERROR_MODULE_HANGS, /* killed after the deadline */
    TAMGA_KEYS_ERROR_NO_TOKEN,     /* no token or card that fits */
    TAMGA_KEYS_ERROR_TOKEN_REMOVED,
    TAMGA_KEYS_ERROR_NO_KEY,
    TAMGA_KEYS_ERROR_AMBIGUOUS,      /* several keys fit: choose one */
    TAMGA_KEYS_ERROR_NO_CERTIFICATE, /* a key without a certificate, or the reverse */
    TAMGA_KEYS_ERROR_WRONG_PIN,
    TAMGA_KEYS_ERROR_PIN_LOCKED,
    TAMGA_KEYS_ERROR_PIN_INVALID, /* length or characters; not counted as a try by the token */
    TAMGA_KEYS_ERROR_PIN_NOT_SET, /* CKF_USER_PIN_INITIALIZED is off */
    TAMGA_KEYS_ERROR_CANCELLED,
    TAMGA_KEYS_ERROR_URI,       /* malformed pkcs11: URI */
    TAMGA_KEYS_ERROR_ALGORITHM, /* the token cannot do it */
    TAMGA_KEYS_ERROR_FILE,      /* the key file: unreadable, not one, damaged */
} TamgaKeysError;

/* "AITMATOVA CHYNGYZ": a slot with a token in it. */
typedef struct {
    char *module;      /* path of the PKCS#11 module */
    char *module_name; /* of its .module file, or the base name */
    gulong slot;
    char *reader; /* slot description */
    char *label, *manufacturer, *model, *serial;
    gboolean present; /* a token is in the slot */
    gboolean initialized, login_required, pinpad;
    gboolean pin_initialized, pin_count_low, pin_final_try, pin_locked, pin_to_be_changed;
    int tries_left; /* exact where it can be known (PKCS#15/PIV do not tell through PKCS#11): -1 */
    gulong pin_min, pin_max;
    gboolean write_protected;
    char *uri;                   /* RFC 7512 */
    char *problem;               /* module could not be asked: why; other fields are then empty */
    TamgaKeysError problem_code; /* where there is a `problem` */
} TamgaKeyToken;

void tamga_key_token_free (TamgaKeyToken *token);

/* One private key with its certificate. */
typedef struct {
    char *id; /* CKA_ID as lower-case hex; PKCS#12: localKeyID or "1"; PKCS#8: "1" */
    char *label;
    char *uri;            /* RFC 7512, or "file:PATH" */
    const char *store;    /* "PKCS#11", "PKCS#12" or "PKCS#8" */
    X509 *certificate;    /* NULL: a key without one */
    GPtrArray *chain;     /* X509: other certificates of the store that issue it, in order */
    EVP_PKEY *public_key; /* NULL when it cannot be known */
    gboolean always_authenticate; /* the PIN is needed for each use */
    gboolean on_token;            /* hardware or token: not exportable */
    GPtrArray *algorithms;        /* const TamgaAlgorithm *: what the token can do with it */
    gboolean matched_by_id;       /* FALSE: the certificate was found by public key */
    gboolean seen;  /* FALSE: the token hides private keys until the login; `sign` looks again */
    guint64 handle; /* of the store's own: for `sign` */
} TamgaKey;

void tamga_key_free (TamgaKey *key);
/* Does the certificate let its key sign documents (RFC 5280 4.2.1.3: digitalSignature or
 * contentCommitment, or no key usage at all)? The one for key agreement does not. */
gboolean tamga_keys_may_sign (X509 *certificate);

/* What is asked of the person. All run on the thread of the call. */
typedef struct {
    const char *store_name; /* token label or file name */
    const char *reader;
    int tries_left; /* -1 unknown */
    gboolean count_low, final_try, locked;
    gboolean pinpad;           /* the PIN is typed on the reader: just tell the person */
    gboolean context_specific; /* this PIN is for one signature */
    guint attempt;             /* 1, 2, ... within this session */
    gulong pin_min, pin_max;
} TamgaPinRequest;

typedef enum {
    TAMGA_PIN_GIVEN,  /* written to the pipe, with a newline (nothing on a pinpad) */
    TAMGA_PIN_CANCEL, /* nothing was written */
} TamgaPinAnswer;

typedef struct {
    /* Writes the PIN and a newline to `pin_fd` (-1 on a pinpad) and says so. Wiping its own copy is
     * the callback's duty. On `final_try` it must have asked whether to use the last try. */
    TamgaPinAnswer (*pin) (const TamgaPinRequest *request, int pin_fd, gpointer data);
    gpointer data;
    /* 0: a new pipe for each PIN, whose end `pin` gets. Else the read end of a pipe into which
     * another process (a prompter) writes: `pin` gets -1, and returns once that process has written
     * the line. `tamga-key` throws away what is in the pipe before `pin` is called, and reads one
     * line after it has answered GIVEN. */
    int pin_source;
} TamgaKeysUi;

typedef struct {
    char **modules;   /* paths; NULL: found by p11-kit's .module files */
    guint timeout_ms; /* for each call into a module; 0: 10 000 */
} TamgaKeysConfig;

/* Asks every module in parallel, one process each. A module that fails gives one element with
 * `problem`. Elements: TamgaKeyToken. */
GPtrArray *tamga_keys_tokens (const TamgaKeysConfig *config, const TamgaCall *call, GError **error);

typedef struct _TamgaKeyStore TamgaKeyStore;

/* The modules that would be asked when none is named: from p11-kit's .module files, those for trust
 * policy left out. Elements: char *, absolute paths, highest priority first. */
GPtrArray *tamga_keys_modules (void);

/* Opens the one store that `reference` names: a pkcs11: URI (RFC 7512), a key file (path or file:
 * URI; PKCS#12, or an encrypted PKCS#8 key with its certificate beside it), or NULL: the only token
 * present. Ambiguity is an error that lists the choices. */
TamgaKeyStore *tamga_key_store_open (const char *reference, const TamgaKeysConfig *config,
                                     const TamgaCall *call, GError **error);
void tamga_key_store_free (TamgaKeyStore *store); /* logs out, ends the process */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaKeyStore, tamga_key_store_free)

const char *tamga_key_store_name (TamgaKeyStore *store);
/* A key file: its keys show only after the password. */
gboolean tamga_key_store_is_file (TamgaKeyStore *store);
GPid tamga_key_store_pid (TamgaKeyStore *store);
/* Token facts re-read now; NULL for files. */
TamgaKeyToken *tamga_key_store_token (TamgaKeyStore *store, const TamgaCall *call, GError **error);
/* Whether the person has to be asked for a PIN now: FALSE after a login, and for tokens that want
 * none. */
gboolean tamga_key_store_needs_login (TamgaKeyStore *store);
/* One PIN, one attempt on one token. Does nothing where no login is needed. A key file needs it
 * before its keys can be listed. */
gboolean tamga_key_store_login (TamgaKeyStore *store, const TamgaKeysUi *ui, const TamgaCall *call,
                                GError **error);
/* Keys that may sign; before login those whose certificates are public. Elements: TamgaKey. */
GPtrArray *tamga_key_store_keys (TamgaKeyStore *store, const TamgaCall *call, GError **error);
/* Certificates without a key too. Elements: X509. */
GPtrArray *tamga_key_store_certificates (TamgaKeyStore *store, const TamgaCall *call,
                                         GError **error);
/* The key that `reference` (of the open, its id/object parts) names among those of `keys` whose
 * certificates let them sign. Where the only one it names has a certificate that does not, that
 * one: signing refuses it by the certificate. */
TamgaKey *tamga_key_store_select (TamgaKeyStore *store, GPtrArray *keys, GError **error);
/* Signs each digest; answers one raw signature per digest (RSA: bytes, ECDSA: r||s), in order.
 * On an error `*done` says how many were made before it (they are lost). Keys with
 * always_authenticate ask `ui` for each. */
GPtrArray *tamga_key_store_sign (TamgaKeyStore *store, TamgaKey *key,
                                 const TamgaAlgorithm *algorithm, GPtrArray *digests,
                                 const TamgaKeysUi *ui, const TamgaCall *call, GError **error);
/* Changes the PIN: `ui` is asked for the old one, then twice for the new one by `new_pin`. Both
 * without a pin_source. */
gboolean tamga_key_store_change_pin (TamgaKeyStore *store, const TamgaKeysUi *old_pin,
                                     const TamgaKeysUi *new_pin, const TamgaCall *call,
                                     GError **error);
