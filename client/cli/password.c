/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The password of an encrypted document: one buffer in locked memory, wiped by its free. */
#include "client/cli/password.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/pin.h"
#include "formats/ossl.h"

gboolean tamga_cli_password_wanted (const GError *error)
{
    return g_error_matches (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ENCRYPTED);
}

gboolean tamga_cli_password_option (TamgaCli *cli, const char *fd_option, int *exit_code)
{
    return fd_option == NULL || tamga_cli_descriptor (cli, "--password-fd", fd_option, exit_code);
}

/* What reads a PIN speaks of PINs; here the sentence is about a file. Giving up stays giving up. */
static void set_error (GError **error, const TamgaCli *cli, const char *file, const char *text)
{
    if (tamga_call_cancelled (&cli->call))
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                     "Cancelled before the password of %s was given.", file);
    else
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ENCRYPTED,
                     "%s is encrypted, and %s", file, text);
}

static gboolean from_descriptor (TamgaCli *cli, const char *fd_option, const char *file,
                                 TamgaPin *password, GError **error)
{
    int fd = (int)g_ascii_strtoull (fd_option, NULL, 10);
    fcntl (fd, F_SETFD, FD_CLOEXEC);
    if (tamga_pin_read_line (password, fd, &cli->call, NULL))
        return TRUE;
    set_error (error, cli, file, "there is no password at the descriptor (--password-fd).");
    return FALSE;
}

static gboolean from_terminal (TamgaCli *cli, const char *file, TamgaPin *password, GError **error)
{
    int terminal = tamga_terminal_open (NULL);
    if (terminal < 0) {
        set_error (error, cli, file, "there is no terminal to ask for its password on.");
        return FALSE;
    }
    g_autofree char *name = tamga_text_visible (file);
    g_autofree char *prompt = g_strdup_printf ("Password of %s: ", name);
    tamga_cli_progress_end (cli);
    gboolean got = tamga_terminal_secret (terminal, prompt, password, &cli->call, NULL);
    close (terminal);
    if (!got)
        set_error (error, cli, file, "no password was entered.");
    return got;
}

static void wipe (gpointer data)
{
    OPENSSL_secure_clear_free (data, TAMGA_PIN_MAX + 1);
}

GBytes *tamga_cli_password (TamgaCli *cli, const char *fd_option, const char *file, GError **error)
{
    if (cli->password)
        return g_bytes_ref (cli->password);
    g_autoptr (TamgaPin) password = tamga_pin_new ();
    if (!(fd_option ? from_descriptor (cli, fd_option, file, password, error)
                    : from_terminal (cli, file, password, error)))
        return NULL;
    g_autofree char *objection = tamga_pin_objection (password, 0, 0);
    if (objection) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ENCRYPTED,
                     "The password of %s cannot be right. %s", file, objection);
        return NULL;
    }
    /* one byte more: a NUL behind it, for whoever takes it for a string */
    char *copy = OPENSSL_secure_zalloc (TAMGA_PIN_MAX + 1);
    g_assert (copy);
    memcpy (copy, password->text, password->length);
    GBytes *given = g_bytes_new_with_free_func (copy, password->length, wipe, copy);
    if (fd_option)
        cli->password = g_bytes_ref (given);
    return given;
}
