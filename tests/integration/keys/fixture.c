/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of key stores share. */
#include "tests/integration/keys/fixture.h"

#include <openssl/rsa.h>
#include <string.h>
#include <unistd.h>

#include "formats/ossl.h"

void person_clear (Person *person)
{
    g_free (person->name);
    *person = (Person){0};
}

static TamgaPinAnswer answer (const TamgaPinRequest *request, int pin_fd, gpointer data)
{
    Person *person = data;
    g_assert_cmpuint (person->asked, <, G_N_ELEMENTS (person->pins));
    const char *pin = person->pins[person->asked++];

    g_free (person->name);
    person->name = g_strdup (request->store_name);
    person->last = *request;
    person->last.store_name = person->last.reader = NULL;
    person->last_fd = pin_fd;
    if (request->pinpad) {
        g_assert_cmpint (pin_fd, ==, -1);
        return TAMGA_PIN_GIVEN;
    }
    if (pin == NULL)
        return TAMGA_PIN_CANCEL;
    g_assert_cmpint (write (pin_fd, pin, strlen (pin)), ==, (gssize)strlen (pin));
    g_assert_cmpint (write (pin_fd, "\n", 1), ==, 1);
    return TAMGA_PIN_GIVEN;
}

TamgaKeysUi person_ui (Person *person)
{
    return (TamgaKeysUi){.pin = answer, .data = person};
}

TamgaKeyStore *open_store (const char *module, const char *reference, guint timeout_ms)
{
    char *modules[] = {(char *)module, NULL};
    TamgaKeysConfig config = {.modules = module != NULL ? modules : NULL, .timeout_ms = timeout_ms};
    g_autoptr (GError) error = NULL;

    TamgaKeyStore *store = tamga_key_store_open (reference, &config, NULL, &error);
    g_assert_no_error (error);
    g_assert_nonnull (store);
    return store;
}

void login (TamgaKeyStore *store, const char *pin)
{
    Person person = {.pins = {pin}};
    TamgaKeysUi ui = person_ui (&person);
    g_autoptr (GError) error = NULL;

    gboolean ok = tamga_key_store_login (store, &ui, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (ok);
    g_assert_cmpuint (person.asked, ==, 1);
    person_clear (&person);
}

TamgaKey *the_key (TamgaKeyStore *store, GPtrArray **keys)
{
    g_autoptr (GError) error = NULL;

    *keys = tamga_key_store_keys (store, NULL, &error);
    g_assert_no_error (error);
    TamgaKey *key = tamga_key_store_select (store, *keys, &error);
    g_assert_no_error (error);
    g_assert_nonnull (key);
    return key;
}

GPtrArray *some_digests (const TamgaAlgorithm *algorithm, guint n)
{
    GPtrArray *digests = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

    for (guint i = 0; i < n; i++) {
        g_autofree char *text = g_strdup_printf ("document %u", i);
        g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));
        g_ptr_array_add (digests, tamga_digest_bytes (tamga_algorithm_digest (algorithm), data));
    }
    return digests;
}

void assert_signatures (const TamgaKey *key, const TamgaAlgorithm *algorithm, GPtrArray *digests,
                        GPtrArray *signatures)
{
    g_autoptr (EVP_PKEY) public_key = X509_get_pubkey (key->certificate);

    g_assert_nonnull (signatures);
    g_assert_cmpuint (signatures->len, ==, digests->len);
    for (guint i = 0; i < digests->len; i++) {
        g_autofree char *text = g_strdup_printf ("document %u", i);
        g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));
        g_autoptr (GBytes) der = tamga_algorithm_raw_to_der (algorithm, signatures->pdata[i], NULL);
        g_assert_nonnull (der);
        g_assert_cmpint (tamga_algorithm_verify (public_key, algorithm, data, der), ==,
                         TAMGA_VERIFY_GOOD);
    }
}
