/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table over all error domains: stable name, exit code, advice. */
#include "client/failure.h"

#include "client/helper/helper.h"
#include "client/tamga.h"

typedef TamgaFailureRow Row;

#define DOCUMENT(code, name, exit, advice)                                                         \
    {                                                                                              \
        tamga_document_error_quark, TAMGA_DOCUMENT_ERROR_##code, "document/" name, exit, advice    \
    }
#define FORMAT(code, name, exit, advice)                                                           \
    {                                                                                              \
        tamga_format_error_quark, TAMGA_FORMAT_ERROR_##code, "format/" name, exit, advice          \
    }
#define KEYS(code, name, exit, advice)                                                             \
    {                                                                                              \
        tamga_keys_error_quark, TAMGA_KEYS_ERROR_##code, "keys/" name, exit, advice                \
    }
#define HELPER(code, name, advice)                                                                 \
    {                                                                                              \
        tamga_helper_error_quark, TAMGA_HELPER_ERROR_##code, "helper/" name, TAMGA_EXIT_KEY,       \
            advice                                                                                 \
    }
#define FETCH(code, name, advice)                                                                  \
    {                                                                                              \
        tamga_fetch_error_quark, TAMGA_FETCH_ERROR_##code, "network/" name, TAMGA_EXIT_NETWORK,    \
            advice                                                                                 \
    }
#define PROFILE(code, name, advice)                                                                \
    {                                                                                              \
        tamga_profile_error_quark, TAMGA_PROFILE_ERROR_##code, "profile/" name, TAMGA_EXIT_INPUT,  \
            advice                                                                                 \
    }
#define TRUST(code, name, exit, advice)                                                            \
    {                                                                                              \
        tamga_trust_error_quark, TAMGA_TRUST_ERROR_##code, "trust/" name, exit, advice             \
    }
#define TSA(code, name, exit, advice)                                                              \
    {                                                                                              \
        tamga_tsa_error_quark, TAMGA_TSA_ERROR_##code, "timestamp/" name, exit, advice             \
    }
#define JOURNAL(code, name, advice)                                                                \
    {                                                                                              \
        tamga_journal_error_quark, TAMGA_JOURNAL_ERROR_##code, "journal/" name, TAMGA_EXIT_INPUT,  \
            advice                                                                                 \
    }
#define SIGN(code, name, exit, advice)                                                             \
    {                                                                                              \
        tamga_sign_error_quark, TAMGA_SIGN_ERROR_##code, "sign/" name, exit, advice                \
    }

static const Row rows[] = {
    DOCUMENT (NOT_FOUND, "not-found", TAMGA_EXIT_INPUT, "Check the name of the file."),
    DOCUMENT (UNREADABLE, "unreadable", TAMGA_EXIT_INPUT, "Name a file that you may read."),
    DOCUMENT (EMPTY, "empty", TAMGA_EXIT_INPUT, NULL),
    DOCUMENT (TOO_LARGE, "too-large", TAMGA_EXIT_INPUT, NULL),
    DOCUMENT (CHANGED, "changed", TAMGA_EXIT_INPUT,
              "Close the program that writes to the file, then try again."),
    DOCUMENT (READ, "read", TAMGA_EXIT_INPUT, NULL),
    DOCUMENT (EXISTS, "exists", TAMGA_EXIT_INPUT,
              "Choose another name with --out, or replace the file with --force."),
    DOCUMENT (NO_SPACE, "no-space", TAMGA_EXIT_INPUT,
              "Make room on the disk, or write to another one with --out."),
    DOCUMENT (WRITE, "write", TAMGA_EXIT_INPUT, "Write to a folder of yours with --out."),
    DOCUMENT (CANCELLED, "cancelled", TAMGA_EXIT_KEY, NULL),

    FORMAT (NOT_THIS_FORMAT, "not-this-format", TAMGA_EXIT_INPUT,
            "Name the file that has the signature in it; tamga sign without --format takes any."),
    FORMAT (MALFORMED, "malformed", TAMGA_EXIT_INPUT, "Ask the sender for a whole copy."),
    FORMAT (NO_SIGNATURE, "no-signature", TAMGA_EXIT_INPUT,
            "tamga sign signs it; tamga timestamp proves when it existed, without a signature."),
    FORMAT (ENCRYPTED, "encrypted", TAMGA_EXIT_INPUT,
            "Give its password on the terminal, or with --password-fd N."),
    FORMAT (PASSWORD, "password", TAMGA_EXIT_INPUT,
            "Try again; its owner's password opens it as well as the one for readers."),
    FORMAT (FORBIDDEN, "forbidden", TAMGA_EXIT_INPUT,
            "Ask the author for a copy that permits signing."),
    FORMAT (DAMAGED, "damaged", TAMGA_EXIT_INPUT,
            "Print or save the document anew with the program that made it, then sign that."),
    FORMAT (UNSUPPORTED, "unsupported", TAMGA_EXIT_INPUT, NULL),
    FORMAT (ALGORITHM, "algorithm", TAMGA_EXIT_INPUT, NULL),
    FORMAT (DOES_NOT_FIT, "does-not-fit", TAMGA_EXIT_INPUT,
            "Reserve more room with --contents-size."),
    FORMAT (PARAMETER, "parameter", TAMGA_EXIT_INPUT, NULL),
    FORMAT (LIMIT, "limit", TAMGA_EXIT_INPUT, NULL),
    FORMAT (NO_CONTENT, "no-content", TAMGA_EXIT_INPUT,
            "The signed document is a file of its own; --document of sign and verify takes it."),

    KEYS (FAILED, "failed", TAMGA_EXIT_KEY, "tamga doctor checks cards and drivers."),
    KEYS (NO_MODULE, "no-module", TAMGA_EXIT_KEY,
          "Install your card's driver, or name it with --module."),
    KEYS (MODULE_CRASHED, "module-crashed", TAMGA_EXIT_KEY,
          "This is a fault of the driver: ask its maker for a newer one."),
    KEYS (MODULE_HANGS, "module-hangs", TAMGA_EXIT_KEY,
          "Take the card out and put it in again; if it stays so, restart pcscd."),
    KEYS (NO_TOKEN, "no-token", TAMGA_EXIT_KEY,
          "Put the card into the reader; tamga token list shows what is there."),
    KEYS (TOKEN_REMOVED, "token-removed", TAMGA_EXIT_KEY, "Put the card back and try again."),
    KEYS (NO_KEY, "no-key", TAMGA_EXIT_KEY, "tamga key list shows the keys there are."),
    KEYS (AMBIGUOUS, "ambiguous", TAMGA_EXIT_KEY, "Choose one with --key."),
    KEYS (NO_CERTIFICATE, "no-certificate", TAMGA_EXIT_KEY,
          "Ask your provider for the certificate of this key."),
    KEYS (WRONG_PIN, "wrong-pin", TAMGA_EXIT_KEY, NULL),
    KEYS (PIN_LOCKED, "pin-locked", TAMGA_EXIT_KEY, "Only your provider can unlock it."),
    KEYS (PIN_INVALID, "pin-invalid", TAMGA_EXIT_KEY, NULL),
    KEYS (PIN_NOT_SET, "pin-not-set", TAMGA_EXIT_KEY,
          "Set a PIN with the tool of your provider first."),
    KEYS (CANCELLED, "cancelled", TAMGA_EXIT_KEY, NULL),
    KEYS (URI, "uri", TAMGA_EXIT_USAGE, "tamga token list and tamga key list show valid URIs."),
    KEYS (ALGORITHM, "algorithm", TAMGA_EXIT_KEY, NULL),
    KEYS (FILE, "file", TAMGA_EXIT_KEY, NULL),

    HELPER (MISSING, "missing", "Install Tamga again: a part of it is not there."),
    HELPER (DIED, "died", NULL),
    HELPER (TIMEOUT, "timeout", NULL),
    HELPER (CANCELLED, "cancelled", NULL),
    HELPER (PROTOCOL, "protocol", "Install Tamga again: its parts do not fit together."),
    HELPER (FAILED, "failed", NULL),

    FETCH (URL, "url", NULL),
    FETCH (ADDRESS, "address", NULL),
    FETCH (CONNECT, "connect", "Check the network, then try again."),
    FETCH (TIMEOUT, "timeout", "Try again later."),
    FETCH (TLS, "tls", NULL),
    FETCH (STATUS, "status", "Try again later."),
    FETCH (TOO_LARGE, "too-large", NULL),
    FETCH (INTERRUPTED, "interrupted", "Try again."),
    FETCH (CANCELLED, "cancelled", NULL),
    FETCH (OFFLINE, "offline", NULL),
    FETCH (FAILED, "failed", NULL),

    PROFILE (UNKNOWN, "unknown", NULL),
    PROFILE (SYNTAX, "syntax", NULL),
    PROFILE (VALUE, "value", NULL),

    TRUST (FILE, "file", TAMGA_EXIT_INPUT, NULL),
    TRUST (FINGERPRINT, "fingerprint", TAMGA_EXIT_INPUT,
           "Do not use this file. Get the certificate and its fingerprint again, each from a "
           "place you trust."),
    TRUST (NOT_CA, "not-ca", TAMGA_EXIT_INPUT, NULL),
    TRUST (STORE, "store", TAMGA_EXIT_INPUT, NULL),
    TRUST (UNKNOWN, "unknown", TAMGA_EXIT_INPUT, "tamga trust list shows what is there."),
    TRUST (NO_PATH, "no-path", TAMGA_EXIT_UNDETERMINED,
           "Add the root with tamga trust add, after comparing its fingerprint."),

    TSA (NO_SERVICE, "no-service", TAMGA_EXIT_INPUT,
         "Name a timestamp service with --tsa, or sign at level B with --level B."),
    TSA (UNREACHABLE, "unreachable", TAMGA_EXIT_NETWORK,
         "Try again later, or name another timestamp service with --tsa."),
    TSA (REFUSED, "refused", TAMGA_EXIT_NETWORK, "Name another timestamp service with --tsa."),
    TSA (CHECK, "check", TAMGA_EXIT_NETWORK,
         "Do not rely on this timestamp service; name another with --tsa."),
    TSA (CLOCK, "clock", TAMGA_EXIT_REFUSED,
         "Set the clock of this computer; tamga doctor compares it with the timestamp service."),

    JOURNAL (WRITE, "write", "Make the journal writable; nothing is signed without it."),
    JOURNAL (READ, "read", NULL),
    JOURNAL (BROKEN, "broken", "Keep a copy of the journal; someone or something changed it."),

    SIGN (REFUSED, "refused", TAMGA_EXIT_REFUSED,
          "Try again later, or see the state of each service with tamga cert status."),
    SIGN (LEVEL, "level", TAMGA_EXIT_REFUSED, NULL),
    SIGN (ALGORITHM, "algorithm", TAMGA_EXIT_REFUSED,
          "Ask your provider for a certificate with another kind of key."),
    SIGN (CERTIFICATE, "certificate", TAMGA_EXIT_REFUSED,
          "Ask your provider for a new certificate."),
    SIGN (CLOCK, "clock", TAMGA_EXIT_REFUSED, "Set the clock of this computer, then sign again."),
    SIGN (EVIDENCE, "evidence", TAMGA_EXIT_NETWORK,
          "Try again later; level T can be had without it, and extended afterwards."),
    SIGN (SAME_OUTPUT, "same-output", TAMGA_EXIT_INPUT,
          "Sign it in a run of its own, into another folder."),
    SIGN (CANCELLED, "cancelled", TAMGA_EXIT_KEY, NULL),
    SIGN (LOST, "lost", TAMGA_EXIT_INPUT, NULL),
    SIGN (NOT_VALID, "not-valid", TAMGA_EXIT_REFUSED,
          "Do not rely on it; tamga verify --checks shows why."),
    SIGN (UNVERIFIED, "unverified", TAMGA_EXIT_REFUSED,
          "tamga verify --checks shows what is missing."),
};

/* Of the front end that runs. */
static const Row *own_rows;
static gsize n_own_rows;

void tamga_failure_add (const TamgaFailureRow *more, gsize n)
{
    own_rows = more;
    n_own_rows = n;
}

static const Row *find (const Row *among, gsize n, const GError *error)
{
    for (gsize i = 0; i < n; i++) {
        if (error->domain == among[i].domain () && error->code == among[i].code)
            return &among[i];
    }
    return NULL;
}

static const Row *row_of (const GError *error)
{
    const Row *row = find (rows, G_N_ELEMENTS (rows), error);
    return row ? row : find (own_rows, n_own_rows, error);
}

TamgaExit tamga_failure_exit_code (const GError *error)
{
    const Row *row = row_of (error);
    if (row)
        return row->exit;
    return error->domain == G_OPTION_ERROR ? TAMGA_EXIT_USAGE : TAMGA_EXIT_INPUT;
}

const char *tamga_failure_name (const GError *error)
{
    const Row *row = row_of (error);
    return row ? row->name : g_quark_to_string (error->domain);
}

const char *tamga_failure_advice (const GError *error)
{
    const Row *row = row_of (error);
    return row ? row->advice : NULL;
}

TamgaExit tamga_exit_worse (TamgaExit a, TamgaExit b)
{
    /* Worst last: what could not even be begun outranks what was judged. */
    static const TamgaExit order[] = {
        TAMGA_EXIT_DONE, TAMGA_EXIT_UNDETERMINED, TAMGA_EXIT_NETWORK, TAMGA_EXIT_INPUT,
        TAMGA_EXIT_KEY,  TAMGA_EXIT_NOT_VALID,    TAMGA_EXIT_REFUSED, TAMGA_EXIT_USAGE};
    gsize rank_a = 0, rank_b = 0;
    for (gsize i = 0; i < G_N_ELEMENTS (order); i++) {
        rank_a = order[i] == a ? i : rank_a;
        rank_b = order[i] == b ? i : rank_b;
    }
    return rank_a >= rank_b ? a : b;
}
