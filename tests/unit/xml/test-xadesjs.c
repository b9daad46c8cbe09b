/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures that we make, verified by xadesjs (npm). It knows neither canonicalization 1.1 nor
 * XPath Filter 2.0, counts comments against XMLDSig 4.4.3.3 and declares name spaces that are none:
 * nothing here has such things. */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/unit/xml/making.h"

#define PEERS TAMGA_BINARY_DIR "/peers"

static int run (const char *const *arguments, char **words)
{
    g_autoptr (GError) error = NULL;
    int status = 0;

    g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, words, NULL,
                  &status, &error);
    g_assert_no_error (error);
    return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

static gboolean has_peer (void)
{
    const char *arguments[] = {"bash", TAMGA_SOURCE_DIR "/tests/peers/install", PEERS, NULL};
    g_autofree char *words = NULL;
    int code = run (arguments, &words);

    if (code == 77)
        g_test_skip (g_strchomp (words));
    else
        g_assert_cmpint (code, ==, 0);
    return code == 0;
}

static gboolean verify (Fixture *fixture, GBytes *file)
{
    g_autofree char *path = fixture_write (fixture, "xadesjs.xml", file);
    const char *arguments[] = {"node", PEERS "/xadesjs.mjs", path, NULL};
    g_autofree char *words = NULL;
    int code = run (arguments, &words);

    g_test_message ("xadesjs: %s", words);
    g_assert_true (code == 0 || code == 1);
    return code == 0;
}

static const char text[] =
    "<letter xmlns=\"urn:letter\"><part Id=\"part-1\">caf\xc3\xa9 &lt;1&gt;</part>"
    "<end/></letter>";

static void test_xadesjs (void)
{
    static const char *const part[] = {"#part-1", NULL};
    static const struct {
        const char *algorithm, *c14n;
        TamgaPackaging packaging;
        const char *const *elements;
        TamgaLayout layout;
    } rows[] = {
        {"RSA-PKCS1-SHA-256", "exc-c14n", TAMGA_PACKAGING_ENVELOPED, part, TAMGA_LAYOUT_COMPACT},
        {"RSA-PSS-SHA-256", "c14n", TAMGA_PACKAGING_ENVELOPED, part, TAMGA_LAYOUT_LF},
        {"RSA-PSS-SHA-256", "exc-c14n", TAMGA_PACKAGING_ENVELOPING, NULL, TAMGA_LAYOUT_COMPACT},
        {"ECDSA-SHA-256", "exc-c14n", TAMGA_PACKAGING_ENVELOPED, part, TAMGA_LAYOUT_COMPACT},
        {"ECDSA-SHA-256", "c14n", TAMGA_PACKAGING_ENVELOPING, NULL, TAMGA_LAYOUT_LF},
    };
    g_autoptr (Fixture) fixture = NULL;
    const Party *rsa, *ec;

    if (!has_peer ())
        return;
    fixture = fixture_new ();
    rsa = fixture_party (fixture, "RSA", "XML signer");
    ec = fixture_party (fixture, "P-256", "XML signer");
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (TamgaDocument) document = making_document ("letter.xml", text);
        const Party *party = g_str_has_prefix (rows[i].algorithm, "RSA") ? rsa : ec;
        TamgaSigningParameters parameters = {
            .packaging = rows[i].packaging,
            .level = i % 2 == 0 ? TAMGA_LEVEL_B : TAMGA_LEVEL_T,
            .xml = {.c14n = rows[i].c14n, .elements = rows[i].elements, .layout = rows[i].layout}};
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file = making_sign (fixture, party, rows[i].algorithm,
                                               &tamga_xades_format, document, parameters, &error);
        g_autoptr (GBytes) damaged = NULL;
        g_assert_no_error (error);
        g_test_message ("row %" G_GSIZE_FORMAT, i);
        g_assert_true (verify (fixture, file));
        damaged = making_replace (file, "<xades:MimeType>text/", "<xades:MimeType>test/");
        g_assert_false (verify (fixture, damaged));
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/xml/make/xadesjs", test_xadesjs);
    return g_test_run ();
}
