/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the subcommands of `tamga` share: the table of commands, common options, how an error is
 * told, and the objects that most commands need. The command is a front end like any other: it
 * includes client/tamga.h and holds no signing logic. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "client/tamga.h"

typedef struct _TamgaCli TamgaCli;

/* One row of the table in commands.c. */
typedef struct {
    const char *name;
    const char *arguments; /* "FILE…": shown in usage */
    const char *summary;   /* one line for `tamga help` */
    const char *example;   /* the first thing its help shows: one command that works */
    int (*run) (TamgaCli *cli, int argc, char **argv); /* argv[0] is the name; returns exit code */
    gboolean uses_key;                                 /* its help shows the options about keys */
} TamgaCommand;

/* A row among the options of a command: those behind it stand below this heading in its help. */
#define TAMGA_CLI_HEADING(title)                                                                   \
    {                                                                                              \
        "", 0, 0, G_OPTION_ARG_NONE, NULL, title, NULL                                             \
    }

extern const TamgaCommand tamga_commands[]; /* ends with a row without a name */

/* Common options after parsing, and things made on demand. */
struct _TamgaCli {
    const TamgaCommand *command;
    char **words; /* the command line, which names files */
    /* options that every command knows */
    char *profile_name;
    char **modules; /* --module */
    char *key;      /* --key: pkcs11: URI, PKCS#12 file */
    char *pin_fd;   /* --pin-fd N */
    char **anchors; /* --anchor FILE: trusted for this run only */
    gboolean pinentry, json, ndjson, quiet, verbose, offline;
    gboolean use_last_try; /* --use-last-try: the last PIN try without a question */
    int module_timeout;    /* seconds, --module-timeout */

    TamgaCall call;    /* cancel_fd becomes readable at Ctrl-C or SIGTERM */
    gboolean color;    /* standard output is a terminal that shows colour, and NO_COLOR is unset */
    gboolean terminal; /* standard error is a terminal: prompts and progress are possible */
    gboolean output_is_document; /* standard output carries a document: lines go to the other one */
    GError *pin_error;           /* of the PIN callback: why it gave none */
    GBytes *password;            /* of --password-fd: one for all documents */
    gboolean json_printed;       /* standard output has its object */

    /* made by the functions below, freed with the cli */
    TamgaConfig *config;
    TamgaProfile *profile;
    TamgaTrust *trust;
    TamgaStatusCache *cache;
    TamgaFetch *fetch;
    TamgaJournal *journal;
    GPtrArray *pool;
    guint pin_attempt;
};

/* Parses `entries` (may be NULL) and the common options; the rest stays in *argc, *argv without
 * the command's name. Prints help itself: then, or with an error told, *exit_code is set and FALSE
 * answered. `arguments` wanted: at least `minimum`. */
gboolean tamga_cli_parse (TamgaCli *cli, int *argc, char ***argv, const GOptionEntry *entries,
                          int minimum, int *exit_code);

/* Is `text` the number of a descriptor that is open and not one of our own? FALSE: a usage error
 * about `option` was told. */
gboolean tamga_cli_descriptor (TamgaCli *cli, const char *option, const char *text, int *exit_code);

/* Tells the error (message, "Next: " advice) on standard error; returns its exit code. */
int tamga_cli_fail (TamgaCli *cli, const GError *error);
/* The message alone on standard error, as a sentence; control characters in it are made visible. */
void tamga_cli_tell (TamgaCli *cli, const GError *error);
/* Why it really failed: the key store only knows that no PIN came, the command knows why. */
const GError *tamga_cli_reason (TamgaCli *cli, const GError *error);
/* A usage error in own words: 64. */
int tamga_cli_usage (TamgaCli *cli, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* The configuration file; an empty one where there is none. */
TamgaConfig *tamga_cli_config (TamgaCli *cli, GError **error);
/* Profile, trust store, cache, network and journal by the options; NULL with an error. */
TamgaProfile *tamga_cli_profile (TamgaCli *cli, GError **error);
TamgaTrust *tamga_cli_trust (TamgaCli *cli, GError **error);
TamgaJournal *tamga_cli_journal (TamgaCli *cli, GError **error);
TamgaKeysConfig tamga_cli_keys_config (TamgaCli *cli);
/* The store that --key names, or the only card; `logged_in`: after the PIN. */
TamgaKeyStore *tamga_cli_store (TamgaCli *cli, gboolean logged_in, GError **error);
/* Logs in; after a wrong PIN the person is asked again until it is right, locked or given up. */
gboolean tamga_cli_login (TamgaCli *cli, TamgaKeyStore *store, GError **error);
/* Its keys, with a login only where they are not to be seen without. Elements: TamgaKey. */
GPtrArray *tamga_cli_store_keys (TamgaCli *cli, TamgaKeyStore *store, GError **error);
/* Everything that status questions need; time and now are the clock's. */
gboolean tamga_cli_status (TamgaCli *cli, TamgaStatusContext *context, GError **error);
/* The documents of --document; an empty list where `paths` is NULL. NULL with an error: one cannot
 * be opened. */
GPtrArray *tamga_cli_documents (char **paths, GError **error);
/* Seconds since the epoch. */
gint64 tamga_cli_now (void);

/* The PIN by --pin-fd, pinentry or the terminal without echo. `data` is the cli. */
TamgaPinAnswer tamga_cli_pin (const TamgaPinRequest *request, int pin_fd, gpointer data);
/* The same with another question: "New PIN", "New PIN again". */
TamgaPinAnswer tamga_cli_pin_titled (TamgaCli *cli, const char *title,
                                     const TamgaPinRequest *request, int pin_fd);
/* Yes or no on the terminal; FALSE where there is none. */
gboolean tamga_cli_confirm (TamgaCli *cli, const char *question);

/* One JSON object on standard output, with a newline; takes the reference. */
void tamga_cli_json (TamgaCli *cli, json_t *object);
/* A line of "label  value", aligned as ux.md shows; on standard output unless --json or -q. */
void tamga_cli_line (TamgaCli *cli, const char *label, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* The same without a label. */
void tamga_cli_say (TamgaCli *cli, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* One step of a procedure, as "Check 1 ...". */
void tamga_cli_step (TamgaCli *cli, const TamgaStep *step);
/* A word doubled by colour where the terminal has it: "good" green, "bad" red, "warn" yellow.
 * Answers new text. */
char *tamga_cli_colored (TamgaCli *cli, const char *tone, const char *text);
/* Progress on the terminal for what takes longer than half a second; `done` == `total` ends it. */
void tamga_cli_progress (TamgaCli *cli, const char *what, guint64 done, guint64 total);
/* Takes an unfinished progress line away, before something else is written. */
void tamga_cli_progress_end (TamgaCli *cli);

/* Facts of a token for people ("ok, 3 tries left") and for --json. */
char *tamga_cli_pin_text (const TamgaKeyToken *token);
json_t *tamga_cli_token_json (const TamgaKeyToken *token);

/* The subcommands, one file each. */
int tamga_cli_sign (TamgaCli *cli, int argc, char **argv);
int tamga_cli_extend (TamgaCli *cli, int argc, char **argv);
int tamga_cli_timestamp (TamgaCli *cli, int argc, char **argv);
int tamga_cli_verify (TamgaCli *cli, int argc, char **argv);
int tamga_cli_extract (TamgaCli *cli, int argc, char **argv);
int tamga_cli_show (TamgaCli *cli, int argc, char **argv);
int tamga_cli_token (TamgaCli *cli, int argc, char **argv);
int tamga_cli_key (TamgaCli *cli, int argc, char **argv);
int tamga_cli_cert (TamgaCli *cli, int argc, char **argv);
int tamga_cli_trust_command (TamgaCli *cli, int argc, char **argv);
int tamga_cli_journal_command (TamgaCli *cli, int argc, char **argv);
int tamga_cli_profile_command (TamgaCli *cli, int argc, char **argv);
int tamga_cli_bridge (TamgaCli *cli, int argc, char **argv);
int tamga_cli_doctor (TamgaCli *cli, int argc, char **argv);
int tamga_cli_help (TamgaCli *cli, int argc, char **argv);
