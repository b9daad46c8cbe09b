/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PIV application of the virtual card, without a reader: what OpenSC never sends, and the
 * chaining of commands and responses (ISO/IEC 7816-4, 5.1). */
#include <string.h>

#include <glib.h>

#include "tests/card/piv-card.h"
#include "tests/card/softhsm.h"

static tamga_softhsm *files; /* for its folder and keys only */

static tamga_piv_card *new_card (void)
{
    g_autofree char *key = g_build_filename (tamga_softhsm_dir (files), "9c.pem", NULL);
    g_autofree char *certificate = g_build_filename (tamga_softhsm_dir (files), "9c.der", NULL);
    g_autoptr (GError) error = NULL;
    tamga_piv_card *card = tamga_piv_card_new ("123456", 3, &error);

    g_assert_no_error (error);
    tamga_piv_card_load (card, "9c", key, certificate, &error);
    g_assert_no_error (error);
    return card;
}

/* Sends a command; the data of the response goes to OUT when not NULL. Returns the status word. */
static guint transmit (tamga_piv_card *card, const void *command, gsize length, GByteArray *out)
{
    g_autoptr (GBytes) response = tamga_piv_card_transmit (card, command, length);
    gsize size;
    const guint8 *data = g_bytes_get_data (response, &size);

    g_assert_cmpuint (size, >=, 2);
    if (out != NULL)
        g_byte_array_append (out, data, (guint)size - 2);
    return (guint)data[size - 2] << 8 | data[size - 1];
}

/* The same from text: "00 A4 04 00". */
static guint send_hex (tamga_piv_card *card, const char *hex, GByteArray *out)
{
    guint8 command[64];
    gsize length = 0;

    for (; *hex != '\0'; hex += hex[2] == ' ' ? 3 : 2)
        command[length++] =
            (guint8)(g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));
    return transmit (card, command, length, out);
}

static void test_refuses_malformed_commands (void)
{
    static const struct {
        const char *command;
        guint status;
    } rows[] = {
        {"", 0x6700},
        {"00", 0x6700},
        {"00 20 00", 0x6700},
        {"00 20 00 80 08 31", 0x6700},                /* less data than Lc */
        {"00 20 00 80 01 31 00 00", 0x6700},          /* more than data and Le */
        {"00 CB 3F FF 00 00", 0x6700},                /* neither short nor extended */
        {"00 CB 3F FF 00 00 05 5C", 0x6700},          /* extended, less data than Lc */
        {"00 CB 3F FF 02 5C 03 00", 0x6a80},          /* a TLV that ends too early */
        {"00 CB 3F FF 02 5C 80 00", 0x6a80},          /* indefinite length */
        {"00 CB 3F FF 05 5C 84 FF FF FF 00", 0x6a80}, /* length of four bytes */
        {"00 87 07 9C 02 7C 00 00", 0x6a80},          /* nothing to sign */
        {"00 87 11 9C 02 7C 00 00", 0x6a86},          /* not the key's algorithm */
        {"00 87 07 9E 02 7C 00 00", 0x6a86},          /* no such key */
        {"0C 20 00 80", 0x6e00},                      /* secure messaging */
    };
    g_autoptr (tamga_piv_card) card = new_card ();

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        g_assert_cmphex (send_hex (card, rows[i].command, NULL), ==, rows[i].status);
    g_assert_cmpuint (tamga_piv_card_tries (card), ==, 3);
    g_assert_cmphex (send_hex (card, "00 C0 00 00 00", NULL), ==, 0x9000);
}

static void test_chains_responses (void)
{
    g_autoptr (tamga_piv_card) card = new_card ();
    g_autoptr (GByteArray) part = g_byte_array_new ();
    g_autoptr (GByteArray) whole = g_byte_array_new ();
    guint status = send_hex (card, "00 CB 3F FF 05 5C 03 5F C1 0A 00", part);

    g_assert_cmpuint (part->len, ==, 256);
    while ((status & 0xff00) == 0x6100)
        status = send_hex (card, "00 C0 00 00 00", part);
    g_assert_cmphex (status, ==, 0x9000);
    g_assert_cmpuint (part->len, >, 512);

    /* The extended form takes it in one piece. */
    status = send_hex (card, "00 CB 3F FF 00 00 05 5C 03 5F C1 0A 00 00", whole);
    g_assert_cmphex (status, ==, 0x9000);
    g_assert_cmpmem (part->data, part->len, whole->data, whole->len);

    /* Another command drops what was not fetched. */
    status = send_hex (card, "00 CB 3F FF 05 5C 03 5F C1 0A 00", NULL);
    g_assert_cmphex (status & 0xff00, ==, 0x6100);
    g_assert_cmphex (send_hex (card, "00 20 00 80", NULL), ==, 0x63c3);
    g_byte_array_set_size (part, 0);
    g_assert_cmphex (send_hex (card, "00 C0 00 00 00", part), ==, 0x9000);
    g_assert_cmpuint (part->len, ==, 0);
}

static void test_chains_commands (void)
{
    g_autoptr (tamga_piv_card) card = new_card ();
    guint8 block[5 + 255] = {0x10, 0xcb, 0x3f, 0xff, 0xff};
    guint status = 0x9000;

    g_assert_cmphex (send_hex (card, "10 CB 3F FF 03 5C 03 5F", NULL), ==, 0x9000);
    g_assert_cmphex (send_hex (card, "00 CB 3F FF 02 C1 07 00", NULL), ==, 0x9000);
    /* Another command ends the chain. */
    g_assert_cmphex (send_hex (card, "10 CB 3F FF 03 5C 03 5F", NULL), ==, 0x9000);
    g_assert_cmphex (send_hex (card, "00 20 00 80", NULL), ==, 0x63c3);
    g_assert_cmphex (send_hex (card, "00 CB 3F FF 02 C1 07 00", NULL), ==, 0x6a80);
    /* A chain without end is not stored without end. */
    for (int i = 0; i < 1000 && status == 0x9000; i++)
        status = transmit (card, block, sizeof block, NULL);
    g_assert_cmphex (status, ==, 0x6700);
    g_assert_cmphex (send_hex (card, "00 CB 3F FF 05 5C 03 5F C1 07 00", NULL), ==, 0x9000);
}

/* Three wrong PINs lock, also through CHANGE REFERENCE DATA; a reset of the card mends nothing. */
static void test_counts_wrong_pins (void)
{
    g_autoptr (tamga_piv_card) card = new_card ();
    const char *wrong = "00 20 00 80 08 30 30 30 30 30 30 FF FF";
    const char *right = "00 20 00 80 08 31 32 33 34 35 36 FF FF";

    g_assert_cmphex (send_hex (card, wrong, NULL), ==, 0x63c2);
    tamga_piv_card_reset (card);
    g_assert_cmphex (send_hex (card, "00 20 00 80", NULL), ==, 0x63c2);
    g_assert_cmphex (send_hex (card, right, NULL), ==, 0x9000);
    g_assert_cmphex (send_hex (card, "00 20 00 80", NULL), ==, 0x9000);
    g_assert_cmphex (send_hex (card, wrong, NULL), ==, 0x63c2);
    g_assert_cmphex (send_hex (card, "00 20 00 80", NULL), ==, 0x63c2);
    g_assert_cmphex (
        send_hex (card, "00 24 00 80 10 30 30 30 30 30 30 FF FF 36 35 34 33 32 31 FF FF", NULL), ==,
        0x63c1);
    /* A new PIN that is none costs no try. */
    g_assert_cmphex (
        send_hex (card, "00 24 00 80 10 31 32 33 34 35 36 FF FF 36 35 34 33 32 FF FF FF", NULL), ==,
        0x6a80);
    g_assert_cmphex (send_hex (card, wrong, NULL), ==, 0x63c0);
    g_assert_cmphex (send_hex (card, right, NULL), ==, 0x6983);
    tamga_piv_card_reset (card);
    g_assert_cmphex (send_hex (card, "00 20 00 80", NULL), ==, 0x6983);
    g_assert_cmphex (send_hex (card, right, NULL), ==, 0x6983);
    tamga_piv_card_restore_pin (card);
    g_assert_cmphex (send_hex (card, right, NULL), ==, 0x9000);
}

/* Noise, most of it near to real commands: an answer each time, never a signature. */
static void test_survives_noise (void)
{
    static const guint8 instructions[] = {0xa4, 0xcb, 0x20, 0x24, 0x87, 0xc0};
    g_autoptr (tamga_piv_card) card = new_card ();

    for (int i = 0; i < 50000; i++) {
        guint8 command[300];
        gsize length = (gsize)g_test_rand_int_range (0, i % 4 == 0 ? sizeof command : 24);

        for (gsize k = 0; k < length; k++)
            command[k] = (guint8)g_test_rand_int_range (0, 256);
        if (length > 4 && i % 8 != 0) {
            command[0] &= 0x10;
            command[1] = instructions[i % G_N_ELEMENTS (instructions)];
            command[4] = (guint8)(length - 5);
        }
        transmit (card, command, length, NULL);
        if (tamga_piv_card_tries (card) == 0)
            tamga_piv_card_restore_pin (card);
    }
    g_assert_cmpuint (tamga_piv_card_signatures (card), ==, 0);
}

static void test_refuses_wrong_keys (void)
{
    g_autofree char *key = g_build_filename (tamga_softhsm_dir (files), "9c.pem", NULL);
    g_autofree char *other = g_build_filename (tamga_softhsm_dir (files), "other.der", NULL);
    g_autoptr (tamga_piv_card) card = new_card ();
    g_autoptr (GError) error = NULL;

    g_assert_false (tamga_piv_card_load (card, "9c", key, other, &error));
    g_assert_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_CERTIFICATE);
    g_clear_error (&error);
    g_assert_false (tamga_piv_card_load (card, "9c", other, other, &error));
    g_assert_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_KEY);
    g_clear_error (&error);
    g_assert_false (tamga_piv_card_load (card, "9f", key, other, &error));
    g_assert_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_SLOT);
    g_clear_error (&error);
    g_assert_null (tamga_piv_card_new ("12345", 3, &error));
    g_assert_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_PIN);
}

int main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;
    int result;

    g_test_init (&argc, &argv, NULL);
    files = tamga_softhsm_new (&error);
    g_assert_no_error (error);
    tamga_softhsm_make_identity (files, "9c", "rsa2048", "/C=VN/CN=Card", &error);
    g_assert_no_error (error);
    tamga_softhsm_make_identity (files, "other", "p256", "/C=VN/CN=Other", &error);
    g_assert_no_error (error);

    g_test_add_func ("/card/refuses_malformed_commands", test_refuses_malformed_commands);
    g_test_add_func ("/card/chains_responses", test_chains_responses);
    g_test_add_func ("/card/chains_commands", test_chains_commands);
    g_test_add_func ("/card/counts_wrong_pins", test_counts_wrong_pins);
    g_test_add_func ("/card/survives_noise", test_survives_noise);
    g_test_add_func ("/card/refuses_wrong_keys", test_refuses_wrong_keys);
    result = g_test_run ();
    tamga_softhsm_free (files);
    return result;
}
