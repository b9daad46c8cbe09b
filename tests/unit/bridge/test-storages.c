/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the names that sites know a token has. */
#include "bridge/storages.h"

typedef struct {
    const char *model, *manufacturer, *label, *storage;
} Row;

static const Row rows[] = {
    {"KZIDCard", "NIT", "", "AKKZIDCardStore"},
    {"", "", "ID Card of a person", "AKKZIDCardStore"},
    {"Rutoken ECP", "Aktiv Co.", "", "AKKaztokenStore"},
    {"KAZTOKEN 3000", "", "", "AKKaztokenStore"},
    {"eToken", "Aladdin Knowledge Systems Ltd.", "", "AKEToken72KStore"},
    {"eToken", "SafeNet, Inc.", "eToken 5110 of a person", "AKEToken5110Store"},
    {"eToken", "SafeNet, Inc.", "of a person", "AKEToken72KStore"},
    {"IDPrime 940", "Gemalto", "", "AKEToken5110Store"},
    {"JaCarta Laser", "Aladdin R.D.", "", "AKJaCartaStore"},
    {"aKey", "", "", "AKAKEYStore"},
    /* of no kind that sites know: still a token */
    {"SoftHSM v2", "SoftHSM project", "anything", "AKKaztokenStore"},
    {NULL, NULL, NULL, "AKKaztokenStore"},
};

static void names (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        const TamgaKeyToken token = {.model = (char *)rows[i].model,
                                     .manufacturer = (char *)rows[i].manufacturer,
                                     .label = (char *)rows[i].label};
        g_assert_cmpstr (tamga_storage_of_token (&token), ==, rows[i].storage);
        g_assert_true (tamga_storage_known (rows[i].storage));
    }
}

static void known (void)
{
    static const char *const used[] = {"PKCS12",           "JKS",
                                       "AKKaztokenStore",  "AKKZIDCardStore",
                                       "AKEToken72KStore", "AKEToken5110Store",
                                       "AKJaCartaStore",   "AKAKEYStore"};
    static const char *const unknown[] = {"", "pkcs12", "PKCS12 ", "AKStore", "AKKaztokenStoreX"};
    for (gsize i = 0; i < G_N_ELEMENTS (used); i++)
        g_assert_true (tamga_storage_known (used[i]));
    for (gsize i = 0; i < G_N_ELEMENTS (unknown); i++)
        g_assert_false (tamga_storage_known (unknown[i]));
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/storages/names", names);
    g_test_add_func ("/storages/known", known);
    return g_test_run ();
}
