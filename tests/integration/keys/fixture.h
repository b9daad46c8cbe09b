/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of key stores share: a person who answers PIN questions, and signatures checked by
 * OpenSSL. */
#pragma once

#include "client/keys/keys.h"
#include "tests/card/softhsm.h"

/* The person at the keyboard. */
typedef struct {
    const char *pins[64]; /* what is typed at each question; NULL: declines */
    guint asked;          /* questions so far */
    TamgaPinRequest last; /* as of the last question; pointers are not kept */
    int last_fd;
    char *name; /* store_name of the last question */
} Person;

void person_clear (Person *person);
TamgaKeysUi person_ui (Person *person);

/* Fails the test when it cannot be done. `timeout_ms` 0: the default. */
TamgaKeyStore *open_store (const char *module, const char *reference, guint timeout_ms);
void login (TamgaKeyStore *store, const char *pin);
TamgaKey *the_key (TamgaKeyStore *store, GPtrArray **keys);

/* n different digests for the algorithm. Elements: GBytes. */
GPtrArray *some_digests (const TamgaAlgorithm *algorithm, guint n);
/* Each signature is of its digest, says OpenSSL with the certificate's key. */
void assert_signatures (const TamgaKey *key, const TamgaAlgorithm *algorithm, GPtrArray *digests,
                        GPtrArray *signatures);
#define assert_says(error, text)                                                                   \
    G_STMT_START                                                                                   \
    {                                                                                              \
        if (strstr ((error)->message, (text)) == NULL)                                             \
            g_error ("\"%s\" does not say \"%s\"", (error)->message, (text));                      \
    }                                                                                              \
    G_STMT_END
