/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signing job, one for every front end: gate, prepare, key, timestamp, evidence, embed, write,
 * journal, in the order of the design. One PIN serves a batch; one document's failure does not
 * stop the others. */
#pragma once

#include "client/journal/journal.h"
#include "client/keys/keys.h"
#include "client/timestamp/timestamp.h"

#define TAMGA_SIGN_ERROR (tamga_sign_error_quark ())
GQuark tamga_sign_error_quark (void);
typedef enum {
    TAMGA_SIGN_ERROR_REFUSED,     /* by the procedure: exit code 3 */
    TAMGA_SIGN_ERROR_LEVEL,       /* the profile does not allow the level */
    TAMGA_SIGN_ERROR_ALGORITHM,   /* nor, here, any algorithm that the key can make */
    TAMGA_SIGN_ERROR_CERTIFICATE, /* expired, not yet valid, not for signing */
    TAMGA_SIGN_ERROR_CLOCK,       /* the clock differs too much from the TSA's */
    TAMGA_SIGN_ERROR_EVIDENCE,    /* LT was asked and its evidence could not be had */
    TAMGA_SIGN_ERROR_SAME_OUTPUT, /* two documents of one run would end in one file */
    TAMGA_SIGN_ERROR_CANCELLED,
    TAMGA_SIGN_ERROR_LOST,       /* what was written, read again, does not keep what was there */
    TAMGA_SIGN_ERROR_NOT_VALID,  /* extending: a signature in the file is not valid */
    TAMGA_SIGN_ERROR_UNVERIFIED, /* extending: a signature in the file could not be verified */
} TamgaSignError;

typedef struct {
    const char *input; /* path, "-"; where `document` or `digest` is given: a name for people */
    TamgaDocument *document; /* in memory: what comes of it stays in memory too (the outcome's
                                `bytes`); NULL: `input` is opened */
    GBytes *digest; /* of a document that is not here, by any digest of this length that fits the
                       key: a detached signature over it, in memory; NULL: none */
    const char *const *others; /* paths of what is signed together with it in one signature, NULL
                                  at the end; NULL: nothing */
    const char *output;        /* path; NULL: beside the input */
    const char *folder; /* where `output` is NULL: the folder for it; NULL: beside the input */
    gboolean replace;   /* --force */
} TamgaSignItem;

typedef struct {
    const TamgaFormat *format; /* NULL: by content */
    TamgaLevel level;
    gboolean level_given; /* FALSE: the profile's default */
    TamgaPackaging packaging;
    GPtrArray
        *contents; /* TamgaDocument: what the detached signatures in a carrier sign; or NULL */
    const char *countersigned; /* id of the signature that is countersigned, or NULL */
    const TamgaClaims *claims; /* or NULL */
    gboolean content_timestamp;
    TamgaXmlParameters xml;
    TamgaJoseSerialization jose;
    const char *reason, *location, *contact, *field;
    int certification;
    const TamgaVisible *visible;
    gsize contents_size;
    const TamgaDigest *digest; /* NULL: by the key */
    const char *scheme;        /* "PKCS1", "PSS" or NULL */
    char **tsa_urls;           /* NULL: the profile's */
    const char *origin;        /* who asked: NULL for the person at the terminal (bridge: origin) */
} TamgaSignOptions;

/* What the front end shows; all optional. */
typedef struct {
    void (*key) (const TamgaKey *key, const char *store_name, gpointer data);
    void (*step) (const TamgaStep *step, gpointer data);
    void (*notice) (const TamgaFinding *finding, const char *document, gpointer data);
    gboolean (*consent) (const TamgaPreparation *preparation, const TamgaKey *key, gpointer data);
    /* Once for the whole job: after the checks of `gate` have passed, before the PIN (a key file
     * without a `key` in the context shows its keys only after it) and before the key is used.
     * FALSE ends the job: CANCELLED, and nothing is in the journal. */
    gboolean (*approve) (const TamgaProcedure *gate, const TamgaKey *key, gpointer data);
    void (*progress) (const char *document, guint64 done, guint64 total, gpointer data);
    /* The password of an encrypted document; NULL with an error where there is none. */
    GBytes *(*password) (const char *document, gpointer data, GError **error);
    /* A wrong PIN: TRUE asks for another one, FALSE ends the job with the error. */
    gboolean (*wrong_pin) (const GError *error, gpointer data);
    void (*item) (guint index, const TamgaSignItem *item, const char *output, gint64 time,
                  const GError *error, gpointer data);
    gpointer data;
} TamgaSignUi;

typedef struct {
    TamgaStatusContext status; /* profile, trust, fetch, cache; time and now are set by the job */
    TamgaKeyStore *store;
    const TamgaKey
        *key; /* of `store`, chosen before; NULL: the one that the store's reference names */
    TamgaKeysUi keys_ui;
    TamgaJournal *journal;           /* NULL: none (tests of parts) */
    gint64 (*clock) (gpointer data); /* NULL: the system's; seconds UTC */
    gpointer clock_data;
} TamgaSignContext;

typedef struct {
    guint index;
    char *output;  /* NULL when it failed, and where it stays in memory */
    GBytes *bytes; /* what was made of a document in memory; else NULL */
    gint64 time;   /* of the timestamp, else of the clock */
    gboolean timestamped;
    GError *error;
} TamgaSignOutcome;

void tamga_sign_outcome_free (TamgaSignOutcome *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaSignOutcome, tamga_sign_outcome_free)

/* Signs all items. NULL with an error where nothing could begin (key, gate refused, PIN); else one
 * TamgaSignOutcome per item. */
GPtrArray *tamga_sign (const TamgaSignContext *context, const TamgaSignItem *items, gsize n,
                       const TamgaSignOptions *options, const TamgaSignUi *ui,
                       const TamgaCall *call, GError **error);
