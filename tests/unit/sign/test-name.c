/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of outputs: beside the input, never the input, and a second signature is seen. */
#include "client/sign/item.h"

static const TamgaFormat pdf = {.extension = ".pdf", .detached_extension = ".p7s"};
static const TamgaFormat cms = {.extension = ".p7m", .detached_extension = ".p7s"};

static const struct {
    const char *input;
    const TamgaFormat *format;
    gboolean detached;
    const char *output;
} rows[] = {
    {"contract.pdf", &pdf, FALSE, "contract.signed.pdf"},
    {"dir.pdf/contract.pdf", &pdf, FALSE, "dir.pdf/contract.signed.pdf"},
    {"contract.signed.pdf", &pdf, FALSE, "contract.signed-2.pdf"},
    {"contract.signed-2.pdf", &pdf, FALSE, "contract.signed-3.pdf"},
    {"contract.signed-x.pdf", &pdf, FALSE, "contract.signed-x.signed.pdf"},
    {"CONTRACT.PDF", &pdf, FALSE, "CONTRACT.signed.PDF"},
    {"letter.txt", &cms, FALSE, "letter.txt.p7m"},
    {"letter.txt.p7m", &cms, FALSE, "letter.txt.signed.p7m"},
    {"letter.txt", &cms, TRUE, "letter.txt.p7s"},
    {"contract.pdf", &cms, TRUE, "contract.pdf.p7s"},
    {"-", &cms, FALSE, "-"},
};

static void test_names (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *name =
            tamga_sign_output_name (rows[i].input, NULL, rows[i].format, rows[i].detached, FALSE);
        g_assert_cmpstr (name, ==, rows[i].output);
        g_assert_true (name[0] == '-' || g_strcmp0 (name, rows[i].input) != 0);
    }
}

static void test_folder (void)
{
    g_autofree char *name = tamga_sign_output_name ("in/a.pdf", "out", &pdf, FALSE, FALSE);
    g_assert_cmpstr (name, ==, "out/a.signed.pdf");
}

/* Several documents in one container are named after the first. */
static void test_several (void)
{
    static const TamgaFormat container = {.extension = ".asice"};
    static const char *const names[][2] = {
        {"a.txt", "a.asice"},
        {"in.d/b", "in.d/b.asice"},
        {".hidden", ".hidden.asice"},
        {"c.asice", "c.signed.asice"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *name = tamga_sign_output_name (names[i][0], NULL, &container, FALSE, TRUE);
        g_assert_cmpstr (name, ==, names[i][1]);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/sign/output_names", test_names);
    g_test_add_func ("/sign/output_folder", test_folder);
    g_test_add_func ("/sign/output_several", test_several);
    return g_test_run ();
}
