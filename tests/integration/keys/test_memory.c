/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No process keeps the PIN: after a login the memory of the client and of tamga-key is searched for
 * it, byte for byte, in the encodings that libraries use.
 *
 * The searching process makes up the PIN. The client is another process (this program again) that
 * gets it masked and never holds it in one piece: it writes it byte by byte into the pipe. What is
 * found is then a copy that Tamga or a library under it made. Controls show that the search finds
 * what is there. Reading tamga-key's memory needs root, since that process is not dumpable. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/ossl.h"
#include "tests/integration/keys/container.h"
#include "tests/integration/keys/fixture.h"

#define MASK 0x55
#define CHUNK (1024 * 1024)
/* A mapping larger than this is the address sanitizer's shadow: terabytes that hold no data. */
#define SHADOW (1024ull * 1024 * 1024)

/* --- the client, in its own process ------------------------------------------------------- */

static TamgaPinAnswer write_masked (const TamgaPinRequest *request, int pin_fd, gpointer data)
{
    const char *masked = data;
    (void)request;
    for (gsize i = 0; masked[i] != '\0'; i++) {
        volatile char byte = (char)(masked[i] ^ MASK);
        if (write (pin_fd, (const char *)&byte, 1) != 1)
            _exit (20);
        byte = 0;
    }
    return write (pin_fd, "\n", 1) == 1 ? TAMGA_PIN_GIVEN : TAMGA_PIN_CANCEL;
}

static void tell (const char *text)
{
    if (write (STDOUT_FILENO, text, strlen (text)) < 0)
        _exit (21);
}

static void wait_for_go (void)
{
    char go;
    if (read (STDIN_FILENO, &go, 1) != 1)
        _exit (22);
}

static char *kept;

/* MODULE|- REFERENCE MASKED-PIN WHAT: does it, says "ready PID", waits to be searched. */
static int client (char **argv)
{
    char *modules[] = {argv[0], NULL};
    TamgaKeysConfig config = {.modules = strcmp (argv[0], "-") != 0 ? modules : NULL};
    TamgaKeysUi ui = {.pin = write_masked, .data = argv[2]};
    const char *what = argv[3];
    g_autoptr (GError) error = NULL;

    g_autoptr (TamgaKeyStore) store = tamga_key_store_open (argv[1], &config, NULL, &error);
    gboolean ok = store != NULL;
    if (ok && strcmp (what, "change") == 0)
        ok = tamga_key_store_change_pin (store, &ui, &ui, NULL, &error);
    ok = ok && tamga_key_store_login (store, &ui, NULL, &error);
    if (ok && strcmp (what, "sign") == 0) {
        const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
        g_autoptr (GPtrArray) keys = tamga_key_store_keys (store, NULL, &error);
        TamgaKey *key = keys != NULL ? tamga_key_store_select (store, keys, &error) : NULL;
        g_autoptr (GPtrArray) digests = some_digests (algorithm, 2);
        g_autoptr (GPtrArray) signatures =
            key != NULL ? tamga_key_store_sign (store, key, algorithm, digests, &ui, NULL, &error)
                        : NULL;
        ok = signatures != NULL;
    }
    if (!ok) {
        g_printerr ("client: %s\n", error->message);
        return 23;
    }
    if (strcmp (what, "keep") == 0) {
        kept = g_strdup (argv[2]);
        for (char *c = kept; *c != '\0'; c++)
            *c ^= MASK;
    }
    g_autofree char *ready = g_strdup_printf ("ready %d\n", tamga_key_store_pid (store));
    tell (ready);
    wait_for_go ();
    return 0;
}

/* --- the search ----------------------------------------------------------------------------- */

static guint count_in (const guint8 *memory, gsize size, const guint8 *pattern, gsize length)
{
    guint n = 0;
    const guint8 *at = memory;
    while ((at = memmem (at, size - (gsize)(at - memory), pattern, length)) != NULL) {
        n++;
        at++;
    }
    return n;
}

/* How often the bytes stand in the memory of a process; -1: it may not be read. */
static int search (GPid pid, const guint8 *pattern, gsize length)
{
    g_autofree char *maps_path = g_strdup_printf ("/proc/%d/maps", pid);
    g_autofree char *mem_path = g_strdup_printf ("/proc/%d/mem", pid);
    g_autofree char *maps = NULL;
    g_autofree guint8 *chunk = g_malloc (CHUNK);
    int found = 0;

    int mem = open (mem_path, O_RDONLY | O_CLOEXEC);
    if (mem < 0 || !g_file_get_contents (maps_path, &maps, NULL, NULL))
        return -1;
    g_auto (GStrv) lines = g_strsplit (maps, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        unsigned long long start, end;
        char rights[5];
        if (sscanf (*line, "%llx-%llx %4s", &start, &end, rights) != 3 || rights[0] != 'r' ||
            strstr (*line, "[vvar]") != NULL)
            continue;
        if (end - start > SHADOW)
            continue;
        /* pieces overlap, so that nothing hides on a border */
        for (unsigned long long at = start; at < end; at += CHUNK - length) {
            gsize want = (gsize)MIN (end - at, (unsigned long long)CHUNK);
            ssize_t n = pread (mem, chunk, want, (off_t)at);
            if (n <= 0)
                break; /* reserved and never touched */
            found += (int)count_in (chunk, (gsize)n, pattern, length);
        }
    }
    close (mem);
    return found;
}

/* In UTF-8, and as PKCS#12 has it (RFC 7292 B.1: big-endian UTF-16) and its reverse. */
static int search_pin (GPid pid, const char *pin)
{
    gsize length = strlen (pin);
    g_autofree guint8 *wide = g_malloc0 (2 * length + 1);

    int plain = search (pid, (const guint8 *)pin, length);
    if (plain < 0)
        return -1;
    for (gsize i = 0; i < length; i++)
        wide[2 * i + 1] = (guint8)pin[i];
    /* from the second byte on both byte orders look the same */
    return plain + search (pid, wide + 1, 2 * length - 1);
}

typedef struct {
    GPid pid, key_pid;
    int to, from;
} Client;

static void start_client (Client *client_process, const char *module, const char *reference,
                          const char *pin, const char *what)
{
    g_autofree char *masked = g_strdup (pin);
    g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
    char *argv[] = {
        self, (char *)"--client", (char *)module, (char *)reference, masked, (char *)what, NULL};
    char line[64] = {0};

    for (char *c = masked; *c != '\0'; c++)
        *c ^= MASK;
    g_assert_true (g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                             NULL, &client_process->pid, &client_process->to,
                                             &client_process->from, NULL, NULL));
    gssize size = 0, n;
    while (strchr (line, '\n') == NULL && size < (gssize)sizeof line - 1 &&
           (n = read (client_process->from, line + size, sizeof line - 1 - (gsize)size)) > 0)
        size += n;
    g_assert_cmpint (sscanf (line, "ready %d", &client_process->key_pid), ==, 1);
}

static void end_client (Client *client_process)
{
    int status;
    g_assert_cmpint (write (client_process->to, "g", 1), ==, 1);
    g_assert_cmpint (waitpid (client_process->pid, &status, 0), ==, client_process->pid);
    g_assert_cmpint (status, ==, 0);
    close (client_process->to);
    close (client_process->from);
}

static tamga_softhsm *hsm;
static char *pin; /* made up anew for each run */

typedef struct {
    const char *name, *module, *reference, *what; /* module "-": a key file */
} Case;

/* paths are filled in by main */
static char softhsm_module[256], modern_file[256], legacy_file[256], ukrainian_file[256];

static const Case cases[] = {
    {"token_login", softhsm_module, "pkcs11:token=memory", "login"},
    {"token_sign", softhsm_module, "pkcs11:token=memory", "sign"},
    {"token_change_pin", softhsm_module, "pkcs11:token=memory", "change"},
    {"token_always_authenticate", TAMGA_FAULT_PATH, "pkcs11:token=memory", "sign"},
    {"file_login", "-", modern_file, "login"},
    {"file_sign", "-", modern_file, "sign"},
    {"legacy_file_login", "-", legacy_file, "login"},
    {"ukrainian_file_login", "-", ukrainian_file, "login"},
};

static void is_nowhere (gconstpointer data)
{
    const Case *row = data;
    Client process;
    const char *known = strcmp (row->module, "-") != 0 ? row->module : row->reference;

    start_client (&process, row->module, row->reference, pin, row->what);
    /* the search reads this process: what must be there is found */
    int readable = search (process.key_pid, (const guint8 *)known, strlen (known));
    int in_client = search_pin (process.pid, pin);
    int in_key = search_pin (process.key_pid, pin);
    end_client (&process);
    g_assert_cmpint (in_client, ==, 0);
    if (readable < 0) {
        g_test_skip ("the memory of tamga-key can be read by root only");
        return;
    }
    g_assert_cmpint (readable, >, 0);
    g_assert_cmpint (in_key, ==, 0);
}

/* The control: a client that keeps the PIN is found out. */
static void control (void)
{
    Client process;

    start_client (&process, softhsm_module, "pkcs11:token=memory", pin, "keep");
    g_assert_cmpint (search_pin (process.pid, pin), >, 0);
    end_client (&process);
}

/* Nobody of the same user may look into tamga-key: not dumpable, so /proc/PID/mem is root's. */
static void not_for_the_same_user (void)
{
    Client process;

    if (getuid () != 0) {
        g_test_skip ("needs root, to become another user");
        return;
    }
    start_client (&process, softhsm_module, "pkcs11:token=memory", pin, "login");
    g_autofree char *path = g_strdup_printf ("/proc/%d/mem", process.key_pid);
    pid_t other = fork ();
    if (other == 0) {
        if (setgid (65534) != 0 || setuid (65534) != 0)
            _exit (2);
        _exit (open (path, O_RDONLY) < 0 && errno == EACCES ? 0 : 1);
    }
    int status;
    waitpid (other, &status, 0);
    end_client (&process);
    g_assert_cmpint (status, ==, 0);
}

static void run (const char *command)
{
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    g_autofree char *errors = NULL;
    int status = -1;
    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                                 &errors, &status, NULL));
    if (status != 0)
        g_error ("%s: %s", command, errors);
}

static void make_stores (void)
{
    g_autoptr (GError) error = NULL;

    pin = g_strdup_printf ("%08u%08u", 10000000 + g_random_int () % 90000000,
                           10000000 + g_random_int () % 90000000);
    hsm = tamga_softhsm_new (&error);
    g_assert_no_error (error);
    g_assert_true (tamga_softhsm_add_token (hsm, "memory", pin, &error));
    g_assert_true (tamga_softhsm_add_identity (hsm, "memory", "01", "key", "rsa2048",
                                               "/C=VN/CN=Memory", &error));
    g_strlcpy (softhsm_module, tamga_softhsm_module (hsm), sizeof softhsm_module);
    const char *folder = tamga_softhsm_dir (hsm);
    g_snprintf (modern_file, sizeof modern_file, "%s/modern.p12", folder);
    g_snprintf (legacy_file, sizeof legacy_file, "%s/legacy.p12", folder);
    g_autofree char *make = g_strdup_printf (
        "cd '%s' && openssl x509 -inform DER -in 01.der -out 01.crt && "
        "openssl pkcs12 -export -inkey 01.pem -in 01.crt -passout pass:%s -out modern.p12 && "
        "openssl pkcs12 -export -legacy -inkey 01.pem -in 01.crt -passout pass:%s -out legacy.p12",
        folder, pin, pin);
    run (make);
    g_snprintf (ukrainian_file, sizeof ukrainian_file, "%s/ukrainian.p12", folder);
    g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
    g_autoptr (GBytes) encrypted = container_pkcs8 (key, pin, 1000);
    g_autoptr (GBytes) file = container_pkcs12 (encrypted, pin, 1000);
    g_assert_true (g_file_set_contents (ukrainian_file, g_bytes_get_data (file, NULL),
                                        (gssize)g_bytes_get_size (file), NULL));
    g_setenv ("TAMGA_FAULT_MODULE", softhsm_module, TRUE);
    g_setenv ("TAMGA_FAULT", "attr=always-authenticate", TRUE);
}

int main (int argc, char **argv)
{
    if (argc == 6 && strcmp (argv[1], "--client") == 0)
        return client (argv + 2);
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    make_stores ();
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *name = g_strdup_printf ("/memory/pin_is_nowhere/%s", cases[i].name);
        g_test_add_data_func (name, &cases[i], is_nowhere);
    }
    g_test_add_func ("/memory/control", control);
    g_test_add_func ("/memory/not_for_the_same_user", not_for_the_same_user);
    int status = g_test_run ();
    tamga_softhsm_free (hsm);
    g_free (pin);
    return status;
}
