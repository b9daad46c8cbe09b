/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamga-key: the one process that holds private keys and loads vendor modules. One key store per
 * process; it answers requests of the program that started it (protocol.h). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/helper/helper.h"
#include "client/keys/progress.h"
#include "client/keys/protocol.h"
#include "client/keys/store.h"
#include "formats/algorithm.h"

static const TamgaStoreType *const store_types[] = {
    &tamga_pkcs11_store_type,
    &tamga_file_store_type,
};

typedef struct {
    const TamgaStoreType *type;
    const char *argument;
    gpointer store; /* NULL until "open" */
} Agent;

static GVariant *empty (void)
{
    return g_variant_new ("a{sv}", NULL);
}

static GVariant *one (const char *name, GVariant *value)
{
    GVariantBuilder answer;

    if (value == NULL)
        return NULL;
    g_variant_builder_init (&answer, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&answer, "{sv}", name, value);
    return g_variant_builder_end (&answer);
}

static GVariant *done (gboolean ok)
{
    return ok ? empty () : NULL;
}

/* A request that this program's own client never sends. */
static GVariant *misuse (GError **error)
{
    g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                         "tamga-key got a request that this key store does not have");
    return NULL;
}

static gboolean flag (GVariant *arguments, const char *name)
{
    gboolean value = FALSE;
    g_variant_lookup (arguments, name, "b", &value);
    return value;
}

static GVariant *serve_open (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    (void)arguments;
    if (agent->store != NULL || (fd >= 0 && !tamga_progress_attach (fd)))
        return misuse (error);
    agent->store = agent->type->open (agent->argument, error);
    return done (agent->store != NULL);
}

static GVariant *serve_tokens (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    (void)fd;
    if (agent->type->tokens == NULL)
        return misuse (error);
    return one ("tokens", agent->type->tokens (agent->store, flag (arguments, "again"), error));
}

static GVariant *serve_select (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    guint64 slot;
    (void)fd;
    if (agent->type->select == NULL || !g_variant_lookup (arguments, "slot", "t", &slot))
        return misuse (error);
    return done (agent->type->select (agent->store, slot, error));
}

static GVariant *serve_token (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    (void)arguments;
    (void)fd;
    if (agent->type->token == NULL)
        return misuse (error);
    return agent->type->token (agent->store, error);
}

static GVariant *serve_drain (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    (void)agent;
    (void)arguments;
    return fd >= 0 ? done (tamga_secret_drain (fd, error)) : misuse (error);
}

static TamgaSecret *read_pin (GVariant *arguments, int fd, GError **error)
{
    return flag (arguments, "ready") ? tamga_secret_read_ready_line (fd, error)
                                     : tamga_secret_read_line (fd, error);
}

static GVariant *serve_login (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    g_autoptr (TamgaSecret) pin = NULL;

    if (!flag (arguments, "protected")) {
        pin = read_pin (arguments, fd, error);
        if (pin == NULL)
            return NULL;
    }
    return done (agent->type->login (agent->store, pin, error));
}

static GVariant *serve_keys (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    GVariantBuilder answer;
    (void)arguments;
    (void)fd;

    GVariant *keys = agent->type->keys (agent->store, error);
    if (keys == NULL)
        return NULL;
    g_autoptr (GVariant) kept = g_variant_ref_sink (keys);
    GVariant *certificates = agent->type->certificates (agent->store, error);
    if (certificates == NULL)
        return NULL;
    g_variant_builder_init (&answer, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&answer, "{sv}", "keys", kept);
    g_variant_builder_add (&answer, "{sv}", "certificates", certificates);
    return g_variant_builder_end (&answer);
}

static GVariant *serve_sign (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    g_autoptr (GVariant) digest_value =
        g_variant_lookup_value (arguments, "digest", G_VARIANT_TYPE_BYTESTRING);
    const TamgaAlgorithm *algorithm = NULL;
    g_autoptr (TamgaSecret) pin = NULL;
    const char *name;
    guint64 key;

    if (g_variant_lookup (arguments, "algorithm", "&s", &name))
        algorithm = tamga_algorithm_by_name (name);
    if (algorithm == NULL || digest_value == NULL ||
        !g_variant_lookup (arguments, "key", "t", &key))
        return misuse (error);
    g_autoptr (GBytes) digest = g_variant_get_data_as_bytes (digest_value);
    if (g_bytes_get_size (digest) != tamga_algorithm_digest (algorithm)->size) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM,
                     "a digest of %" G_GSIZE_FORMAT " bytes cannot be signed with %s",
                     g_bytes_get_size (digest), algorithm->name);
        return NULL;
    }
    /* The PIN is read before anything is begun: some cards forget what they were asked to do while
     * a person types. */
    gboolean authenticate = flag (arguments, "authenticate");
    if (authenticate && !flag (arguments, "protected")) {
        pin = read_pin (arguments, fd, error);
        if (pin == NULL)
            return NULL;
    }
    g_autoptr (GBytes) signature =
        agent->type->sign (agent->store, key, algorithm, digest, authenticate, pin, error);
    if (signature == NULL)
        return NULL;
    return one ("signature", g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, signature, TRUE));
}

static GVariant *serve_change_pin (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    g_autoptr (TamgaSecret) old_pin = NULL;
    g_autoptr (TamgaSecret) new_pin = NULL;
    g_autoptr (TamgaSecret) again = NULL;

    if (agent->type->change_pin == NULL)
        return misuse (error);
    if (!flag (arguments, "protected")) {
        if ((old_pin = tamga_secret_read_line (fd, error)) == NULL ||
            (new_pin = tamga_secret_read_line (fd, error)) == NULL ||
            (again = tamga_secret_read_line (fd, error)) == NULL)
            return NULL;
        if (!tamga_secret_equal (new_pin, again)) {
            g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_INVALID,
                                 "the two new PINs differ; nothing was changed");
            return NULL;
        }
    }
    return done (agent->type->change_pin (agent->store, old_pin, new_pin, error));
}

static GVariant *serve_logout (Agent *agent, GVariant *arguments, int fd, GError **error)
{
    (void)arguments;
    (void)fd;
    (void)error;
    agent->type->logout (agent->store);
    return empty ();
}

static const struct {
    const char *verb;
    GVariant *(*serve) (Agent *agent, GVariant *arguments, int fd, GError **error);
} verbs[] = {
    {"open", serve_open},   {"tokens", serve_tokens}, {"select", serve_select},
    {"token", serve_token}, {"login", serve_login},   {"keys", serve_keys},
    {"sign", serve_sign},   {"logout", serve_logout}, {"change-pin", serve_change_pin},
    {"drain", serve_drain},
};

static GVariant *serve (const char *verb, GVariant *arguments, int fd, gpointer data,
                        GError **error)
{
    Agent *agent = data;

    for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++) {
        if (!g_str_equal (verbs[i].verb, verb))
            continue;
        if (agent->store == NULL && verbs[i].serve != serve_open)
            break;
        return verbs[i].serve (agent, arguments, fd, error);
    }
    return misuse (error);
}

int main (int argc, char **argv)
{
    Agent agent = {0};

    tamga_helper_harden ();
    tamga_secret_init ();
    if (!tamga_algorithm_load ())
        return EXIT_FAILURE;
    for (gsize i = 0; argc == 3 && i < G_N_ELEMENTS (store_types); i++)
        if (g_str_equal (store_types[i]->name, argv[1]))
            agent.type = store_types[i];
    if (agent.type == NULL)
        return EXIT_FAILURE;
    agent.argument = argv[2];
    int status = tamga_helper_serve (TAMGA_KEYS_ERROR, tamga_keys_codes, serve, &agent);
    if (agent.store != NULL)
        agent.type->free (agent.store);
    return status;
}
