/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an error to what a program exits with and what the person can do next. One table over all
 * domains: a new error code is a new row. */
#pragma once

#include <glib.h>

/* Exit codes of `tamga` (stable; design 3). */
typedef enum {
    TAMGA_EXIT_DONE = 0,
    TAMGA_EXIT_NOT_VALID = 1,
    TAMGA_EXIT_UNDETERMINED = 2,
    TAMGA_EXIT_REFUSED = 3,
    TAMGA_EXIT_INPUT = 4,
    TAMGA_EXIT_KEY = 5,
    TAMGA_EXIT_NETWORK = 6,
    TAMGA_EXIT_USAGE = 64,
} TamgaExit;

/* One row for each code of each domain. */
typedef struct {
    GQuark (*domain) (void);
    int code;
    const char *name;
    TamgaExit exit;
    const char *advice; /* NULL: the message says it all */
} TamgaFailureRow;

/* The rows of a front end's own domains: static, given once, before its first thread. */
void tamga_failure_add (const TamgaFailureRow *rows, gsize n);

TamgaExit tamga_failure_exit_code (const GError *error);
/* Stable name, "keys/wrong-pin": for JSON and the journal. Never NULL. */
const char *tamga_failure_name (const GError *error);
/* What to do next, a sentence; NULL when there is nothing sensible to say. */
const char *tamga_failure_advice (const GError *error);
/* The worse of two exit codes, where several files were worked on. */
TamgaExit tamga_exit_worse (TamgaExit a, TamgaExit b);
