/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person may write to name a key, and what is refused. */
#include <string.h>

#include "client/keys/reference.h"

static TamgaReference *parse (const char *text)
{
    g_autoptr (GError) error = NULL;
    TamgaReference *reference = tamga_reference_parse (text, &error);
    g_assert_no_error (error);
    g_assert_nonnull (reference);
    return reference;
}

typedef struct {
    const char *text, *file;
} File;

static const File files[] = {
    {"key.p12", "key.p12"},
    {"/home/a/key file.p12", "/home/a/key file.p12"},
    {"file:///home/a/key%20file.p12", "/home/a/key file.p12"},
    {"file:/home/a/key.p12", "/home/a/key.p12"},
    {"FILE:key.p12", "key.p12"},
    {"pkcs11", "pkcs11"}, /* no colon: a file of that name */
};

static void names_a_file (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autoptr (TamgaReference) reference = parse (files[i].text);
        g_assert_cmpstr (tamga_reference_file (reference), ==, files[i].file);
    }
}

/* RFC 7512: malformed, unknown attributes, and PINs in a URI. */
static const char *const bad[] = {
    "pkcs11:token",
    "pkcs11:token=%4",
    "pkcs11:token=%zz",
    "pkcs11:id=%",
    "pkcs11:library-version=x",
    "pkcs11:slot-id=abc",
    "pkcs11:no-such-attribute=a",
    "pkcs11:type=nonsense",
    "",
    "file:",
};

static void refuses (gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_assert_null (tamga_reference_parse (data, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_URI);
}

/* A PIN in a URI is refused, and not repeated in the message. */
static void no_pin_in_uri (void)
{
    static const char *const uris[] = {"pkcs11:token=a?pin-value=482915",
                                       "pkcs11:token=a?pin-source=file:/tmp/482915"};
    for (gsize i = 0; i < G_N_ELEMENTS (uris); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_null (tamga_reference_parse (uris[i], &error));
        g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_URI);
        g_assert_null (strstr (error->message, "482915"));
    }
}

static TamgaKeyToken token = {
    .label = (char *)"ID card; of A",
    .manufacturer = (char *)"Maker",
    .model = (char *)"Model 1",
    .serial = (char *)"0123456789abcdef",
    .reader = (char *)"Reader 00",
    .slot = 7,
};

typedef struct {
    const char *uri;
    gboolean fits;
} Fit;

static const Fit token_fits[] = {
    {"pkcs11:", TRUE},
    {"pkcs11:token=ID%20card%3b%20of%20A", TRUE},
    {"pkcs11:token=ID%20card", FALSE},
    {"pkcs11:token=id%20card%3b%20of%20a", FALSE},
    {"pkcs11:serial=0123456789abcdef", TRUE},
    {"pkcs11:serial=0123456789abcde", FALSE},
    {"pkcs11:manufacturer=Maker;model=Model%201", TRUE},
    {"pkcs11:manufacturer=Maker;model=Model%202", FALSE},
    {"pkcs11:slot-id=7", TRUE},
    {"pkcs11:slot-id=8", FALSE},
    {"pkcs11:slot-description=Reader%2000", TRUE},
    {"pkcs11:slot-description=Reader%2001", FALSE},
};

static void fits_token (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (token_fits); i++) {
        g_autoptr (TamgaReference) reference = parse (token_fits[i].uri);
        if (tamga_reference_fits_token (reference, &token) != token_fits[i].fits)
            g_error ("%s", token_fits[i].uri);
    }
    g_autoptr (TamgaReference) nothing = parse (NULL);
    g_assert_true (tamga_reference_fits_token (nothing, &token));
}

static const Fit key_fits[] = {
    {"pkcs11:", TRUE},
    {"pkcs11:id=%01%ab", TRUE},
    {"pkcs11:id=%01%AB", TRUE},
    {"pkcs11:id=%01", FALSE},
    {"pkcs11:id=%01%ab%00", FALSE},
    {"pkcs11:object=my%20key", TRUE},
    {"pkcs11:object=my", FALSE},
    {"pkcs11:object=my%20key;id=%02", FALSE},
    {"pkcs11:object=my%20key;id=%01%ab;type=private", TRUE},
};

static void fits_key (void)
{
    TamgaKey key = {.id = (char *)"01ab", .label = (char *)"my key"};
    for (gsize i = 0; i < G_N_ELEMENTS (key_fits); i++) {
        g_autoptr (TamgaReference) reference = parse (key_fits[i].uri);
        if (tamga_reference_fits_key (reference, &key) != key_fits[i].fits)
            g_error ("%s", key_fits[i].uri);
    }
}

/* What is shown names what it was shown for. */
static void round_trip (void)
{
    static const guint8 id_bytes[] = {0x01, 0xab};
    g_autoptr (GBytes) id = g_bytes_new_static (id_bytes, sizeof id_bytes);
    g_autofree char *token_uri = tamga_reference_of_token (&token);
    g_autofree char *key_uri = tamga_reference_of_key (&token, id, "my key");
    TamgaKey key = {.id = (char *)"01ab", .label = (char *)"my key"};
    TamgaKey other = {.id = (char *)"02", .label = (char *)"my key"};
    g_autoptr (TamgaReference) of_token = parse (token_uri);
    g_autoptr (TamgaReference) of_key = parse (key_uri);

    g_assert_true (tamga_reference_fits_token (of_token, &token));
    g_assert_false (tamga_reference_names_object (of_token));
    g_assert_true (tamga_reference_names_object (of_key));
    g_assert_true (tamga_reference_fits_token (of_key, &token));
    g_assert_true (tamga_reference_fits_key (of_key, &key));
    g_assert_false (tamga_reference_fits_key (of_key, &other));
}

/* A token that is not set up has no label and no serial number: they are not in its URI. */
static void without_label (void)
{
    TamgaKeyToken blank = {.label = (char *)"", .serial = (char *)"", .model = (char *)"M"};
    g_autofree char *uri = tamga_reference_of_token (&blank);
    g_assert_cmpstr (uri, ==, "pkcs11:model=M");
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/reference/names_a_file", names_a_file);
    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_autofree char *name = g_strdup_printf ("/reference/refuses/%02u", (guint)i);
        g_test_add_data_func (name, bad[i], refuses);
    }
    g_test_add_func ("/reference/no_pin_in_uri", no_pin_in_uri);
    g_test_add_func ("/reference/fits_token", fits_token);
    g_test_add_func ("/reference/fits_key", fits_key);
    g_test_add_func ("/reference/round_trip", round_trip);
    g_test_add_func ("/reference/without_label", without_label);
    return g_test_run ();
}
