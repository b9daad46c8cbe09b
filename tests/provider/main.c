/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamga-provider: the demonstration and test provider. Serves only on 127.0.0.1. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/algorithm.h"
#include "tests/provider/authority.h"
#include "tests/provider/service.h"
#include "tests/provider/state.h"

#define EXIT_USAGE 64

static volatile int stop;

static void on_signal (int number)
{
    (void)number;
    stop = 1;
}

static FILE *log_file;

static void write_log (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    (void)domain;
    (void)data;
    if ((level & G_LOG_LEVEL_MASK) <= G_LOG_LEVEL_WARNING)
        g_printerr ("tamga-provider: %s\n", message);
    if (log_file != NULL) {
        g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
        g_autofree char *time = g_date_time_format (now, "%H:%M:%S.%f");
        fprintf (log_file, "%s %s\n", time, message);
        fflush (log_file);
    }
}

static void append_authority (const Provider *provider, const char *name, GString *text)
{
    const ProviderAuthority *authority = provider_authority (provider, name);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    PROVIDER_MUST (X509_digest (authority->certificate, EVP_sha256 (), digest, &length));
    g_autofree char *key = g_strdelimit (g_strdup (name), "-", '_');
    g_string_append_printf (text, "%s=%s/%s.pem\n%s_sha256=", key, provider->directory, name, key);
    for (unsigned int i = 0; i < length; i++)
        g_string_append_printf (text, "%02x", digest[i]);
    g_string_append_c (text, '\n');
}

/* What a test or the quickstart needs to know; the file appears in one step when we listen. */
static gboolean write_ready (const Provider *provider, const char *path, GError **error)
{
    g_autoptr (GString) text = g_string_new (NULL);
    g_string_append_printf (text, "url=%s\npid=%d\ndirectory=%s\n", provider->url, (int)getpid (),
                            provider->directory);
    for (guint i = 0; i < provider->authorities->len; i++) {
        const ProviderAuthority *authority = provider->authorities->pdata[i];
        append_authority (provider, authority->spec->name, text);
    }
    g_string_append_printf (text, "tsa_url=%s/tsa\ntsa2_url=%s/tsa2\n", provider->url,
                            provider->url);
    return g_file_set_contents (path, text->str, (gssize)text->len, error);
}

static void catch_signals (void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    /* Blocked except inside ppoll, so that a signal is never lost between check and wait. */
    sigemptyset (&blocked);
    sigaddset (&blocked, SIGTERM);
    sigaddset (&blocked, SIGINT);
    sigprocmask (SIG_BLOCK, &blocked, NULL);
    sigaction (SIGTERM, &action, NULL);
    sigaction (SIGINT, &action, NULL);
    signal (SIGPIPE, SIG_IGN);
}

int main (int argc, char **argv)
{
    g_autofree char *directory = NULL;
    g_autofree char *ready = NULL;
    g_autofree char *log = NULL;
    g_autofree char *algorithm_name = NULL;
    const ProviderAlgorithm *algorithm = NULL;
    int port = 0;
    gint64 lifetime = 3600;
    GOptionEntry options[] = {
        {"directory", 0, 0, G_OPTION_ARG_FILENAME, &directory, "Where keys and state are kept",
         "DIR"},
        {"port", 0, 0, G_OPTION_ARG_INT, &port, "Port; the stored or any free one by default", "N"},
        {"algorithm", 0, 0, G_OPTION_ARG_STRING, &algorithm_name,
         "Of the root, the first provider, its time stamps and their responders", "NAME"},
        {"ready", 0, 0, G_OPTION_ARG_FILENAME, &ready, "File to write when listening", "FILE"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &log, "File to append requests to", "FILE"},
        {"lifetime", 0, 0, G_OPTION_ARG_INT64, &lifetime,
         "Seconds after which to end, 0 for never (default 3600)", "SECONDS"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr (GOptionContext) context =
        g_option_context_new ("- CA, OCSP, CRL and time stamps for tests");
    g_autoptr (GError) error = NULL;
    int listener = -1;

    tamga_algorithm_load ();
    g_option_context_add_main_entries (context, options, NULL);
    if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1 || directory == NULL ||
        port < 0 || port > 65535 || lifetime < 0) {
        g_printerr ("tamga-provider: %s\n",
                    error != NULL ? error->message : "--directory DIR is needed; see --help");
        return EXIT_USAGE;
    }
    if (algorithm_name != NULL && (algorithm = provider_algorithm (algorithm_name)) == NULL) {
        g_autofree char *names = provider_algorithm_names ();
        g_printerr ("tamga-provider: --algorithm is one of: %s\n", names);
        return EXIT_USAGE;
    }
    if (algorithm != NULL && provider_algorithm_digest (algorithm) == NULL) {
        g_printerr ("tamga-provider: OpenSSL has no %s here\n", algorithm->digest);
        return 1;
    }
    umask (077);
    catch_signals ();
    if (log != NULL && (log_file = fopen (log, "ae")) == NULL) {
        g_printerr ("tamga-provider: cannot write %s\n", log);
        return 1;
    }
    g_log_set_default_handler (write_log, NULL);
    Provider *provider = provider_open (directory, (guint)port, algorithm, &listener, &error);
    if (provider == NULL) {
        g_printerr ("tamga-provider: %s\n", error->message);
        return 1;
    }
    provider_authorities_load (provider);
    provider_services_load (provider);
    if (ready != NULL && !write_ready (provider, ready, &error)) {
        g_printerr ("tamga-provider: %s\n", error->message);
        return 1;
    }
    g_message ("listening on %s", provider->url);
    provider_http_serve (listener, lifetime, &stop, provider_service_handle, provider);
    if (ready != NULL)
        unlink (ready);
    provider_free (provider);
    if (log_file != NULL)
        fclose (log_file);
    return 0;
}
