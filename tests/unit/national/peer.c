/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/national/peer.h"

#include <gio/gio.h>
#include <string.h>

#define JAR "/usr/share/java/bcprov.jar"

GBytes *shared_file (const char *path)
{
    g_autofree char *name = g_build_filename (TAMGA_SHARED, path, NULL);
    char *contents = NULL;
    gsize size = 0;

    if (!g_file_get_contents (name, &contents, &size, NULL)) {
        g_autofree char *reason = g_strdup_printf ("skipped: %s is not there", name);
        g_test_skip (reason);
        return NULL;
    }
    return g_bytes_new_take (contents, size);
}

json_t *vectors_load (const char *path)
{
    g_autoptr (GBytes) file = shared_file (path);
    json_error_t problem;
    json_t *root, *vectors;

    if (file == NULL)
        return NULL;
    root = json_loadb (g_bytes_get_data (file, NULL), g_bytes_get_size (file), 0, &problem);
    g_assert_nonnull (root);
    vectors = json_incref (json_object_get (root, "vectors"));
    g_assert_true (json_is_array (vectors));
    json_decref (root);
    return vectors;
}

GBytes *vectors_octets (const char *hex)
{
    gsize digits = strlen (hex), odd = digits % 2, size = (digits + 1) / 2;
    guint8 *octets = g_malloc0 (size + 1);

    for (gsize i = 0; i < digits; i++) {
        int digit = g_ascii_xdigit_value (hex[i]);
        g_assert_cmpint (digit, >=, 0);
        octets[(i + odd) / 2] = (guint8)(octets[(i + odd) / 2] << 4 | digit);
    }
    return g_bytes_new_take (octets, size);
}

GBytes *vectors_member (json_t *object, const char *name)
{
    const char *text = json_string_value (json_object_get (object, name));

    g_assert_nonnull (text);
    return vectors_octets (text);
}

void peer_init (Peer *peer)
{
    peer->commands = g_string_new (NULL);
    peer->answers = NULL;
}

void peer_clear (Peer *peer)
{
    if (peer->commands != NULL)
        g_string_free (peer->commands, TRUE);
    g_strfreev (peer->answers);
}

void peer_ask (Peer *peer, const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    g_string_append_vprintf (peer->commands, format, arguments);
    va_end (arguments);
    g_string_append_c (peer->commands, '\n');
}

static guint lines_of (const char *text)
{
    guint lines = 0;

    for (; *text != 0; text++)
        lines += *text == '\n';
    return lines;
}

gboolean peer_run (Peer *peer)
{
    g_autofree char *java = g_find_program_in_path ("java"), *output = NULL;
    g_autoptr (GSubprocess) process = NULL;
    g_autoptr (GError) error = NULL;

    if (java == NULL || !g_file_test (JAR, G_FILE_TEST_EXISTS)) {
        g_test_skip ("skipped: java or Bouncy Castle is missing");
        return FALSE;
    }
    process =
        g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                          java, "-cp", JAR, TAMGA_SOURCE_DIR "/tests/peers/BcNational.java", NULL);
    g_assert_no_error (error);
    g_assert_true (
        g_subprocess_communicate_utf8 (process, peer->commands->str, NULL, &output, NULL, &error));
    g_assert_no_error (error);
    g_assert_true (g_subprocess_get_successful (process));
    g_assert_cmpuint (lines_of (output), ==, lines_of (peer->commands->str));
    peer->answers = g_strsplit (output, "\n", -1);
    return TRUE;
}

void octets_fill (guint32 seed, guint8 *octets, gsize size)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (seed);

    for (gsize i = 0; i < size; i++)
        octets[i] = (guint8)g_rand_int (random);
}

char *octets_hex (const guint8 *octets, gsize size)
{
    GString *text = g_string_new (NULL);

    if (size == 0)
        g_string_append_c (text, '-');
    for (gsize i = 0; i < size; i++)
        g_string_append_printf (text, "%02x", octets[i]);
    return g_string_free (text, FALSE);
}
