/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamga-test-card-client: one job on a card, for test_card.sh, which has the card in its hands.
 *
 *   tamga-test-card-client MODULE REFERENCE ALGORITHM COUNT PIN,PIN,... [COMMAND]
 *
 * COMMAND is run by the shell between the opening and the login. Prints one line of facts, then the
 * message of the error if there is one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/failure.h"
#include "formats/ossl.h"
#include "tests/integration/keys/fixture.h"

int main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;
    Person person = {0};
    TamgaKeysUi ui = person_ui (&person);

    if (argc < 6)
        return 64;
    char *modules[] = {argv[1], NULL};
    TamgaKeysConfig config = {.modules = modules};
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name (argv[3]);
    g_autoptr (GPtrArray) digests = some_digests (algorithm, (guint)atoi (argv[4]));
    g_auto (GStrv) pins = g_strsplit (argv[5], ",", -1);
    for (guint i = 0; pins[i] != NULL && i < G_N_ELEMENTS (person.pins); i++)
        person.pins[i] = pins[i];

    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GPtrArray) signatures = NULL;
    TamgaKey *key = NULL;
    g_autoptr (TamgaKeyStore) store = tamga_key_store_open (argv[2], &config, NULL, &error);
    if (store != NULL && argc > 6 && system (argv[6]) != 0)
        return 65;
    if (store != NULL && tamga_key_store_login (store, &ui, NULL, &error))
        keys = tamga_key_store_keys (store, NULL, &error);
    if (keys != NULL)
        key = tamga_key_store_select (store, keys, &error);
    if (key != NULL)
        signatures = tamga_key_store_sign (store, key, algorithm, digests, &ui, NULL, &error);
    if (signatures != NULL)
        assert_signatures (key, algorithm, digests, signatures);
    printf ("result=%s asked=%u always=%d context=%d low=%d final=%d keys=%u\n",
            signatures != NULL ? "signed" : tamga_failure_name (error), person.asked,
            key != NULL && key->always_authenticate, person.last.context_specific,
            person.last.count_low, person.last.final_try, keys != NULL ? keys->len : 0);
    if (error != NULL)
        printf ("%s\n", error->message);
    person_clear (&person);
    return 0;
}
