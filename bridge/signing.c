/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures for a site: the checks, the consent, the PIN and the job, the same that the command
 * uses. What is shown, hashed and signed are the same bytes in memory. */
#include "bridge/request_internal.h"
#include "formats/ossl.h"

/* Wrong PINs before the request is given up: the person may start it again. */
#define MAX_ATTEMPTS 5u

/* What the client library needs for one request. Made for each: its objects stay on one thread, and
 * a changed configuration counts at once. */
typedef struct {
    TamgaConfig *config;
    TamgaProfile *profile;
    TamgaTrust *trust;
    TamgaStatusCache *cache;
    TamgaFetch *fetch;
    TamgaJournal *journal;
    GPtrArray *pool;
} World;

static void world_clear (World *world)
{
    g_clear_pointer (&world->fetch, tamga_fetch_free);
    g_clear_pointer (&world->cache, tamga_status_cache_free);
    g_clear_pointer (&world->trust, tamga_trust_free);
    g_clear_pointer (&world->journal, tamga_journal_free);
    g_clear_pointer (&world->profile, tamga_profile_free);
    g_clear_pointer (&world->config, tamga_config_free);
    g_clear_pointer (&world->pool, g_ptr_array_unref);
}

static gboolean world_open (World *world, const TamgaBridge *bridge, TamgaSignContext *context,
                            GError **error)
{
    if (!(world->config = tamga_config_load (error)) ||
        !(world->profile = tamga_profile_load (bridge->config->profile, error)) ||
        !(world->trust = tamga_trust_open (error)) ||
        !(world->cache = tamga_status_cache_open (error)) ||
        !(world->journal = tamga_journal_open (NULL, error)))
        return FALSE;
    const TamgaFetchConfig fetch = {.allow_loopback = world->profile->allow_loopback,
                                    .allow_private = world->profile->allow_private,
                                    .proxy = world->config->proxy};
    world->fetch = tamga_fetch_new (&fetch);
    world->pool = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    gint64 now = bridge->clock ();
    context->status = (TamgaStatusContext){.profile = world->profile,
                                           .trust = world->trust,
                                           .fetch = world->fetch,
                                           .cache = world->cache,
                                           .pool = world->pool,
                                           .time = now,
                                           .now = now};
    context->journal = world->journal;
    return TRUE;
}

/* One signing request while the job runs. */
typedef struct {
    TamgaRequest *request;
    const TamgaRequestKey *key;
    const TamgaRequestSigning *signing;
    TamgaPreview *preview;
    char **tsa_urls; /* of the configuration; NULL: the profile's */
    json_t *checks;
    guint done, attempts;
    GError *error; /* of a question: why it was not answered */
} Asking;

static void tell (TamgaRequest *request, const char *text)
{
    if (request->prompter)
        tamga_prompter_tell (request->prompter, json_pack ("{s:s, s:o}", "tell", "error", "text",
                                                           tamga_json_text (text)));
}

void tamga_request_tell_error (TamgaRequest *request, const GError *error)
{
    const char *advice = tamga_failure_advice (error);
    g_autofree char *text =
        advice ? g_strdup_printf ("%s %s", error->message, advice) : g_strdup (error->message);
    tell (request, text);
}

static void keep_step (const TamgaStep *step, gpointer data)
{
    Asking *asking = data;
    const TamgaStatus *status = step->status;
    json_array_append_new (
        asking->checks,
        json_pack ("{s:o, s:s, s:b, s:o, s:o}", "name", tamga_json_text (step->title), "result",
                   tamga_status_name (status->value), "passed", step->passed, "source",
                   tamga_json_text (status->source), "text", tamga_json_text (status->text)));
}

/* The whole request as the person sees it before it is signed. */
static json_t *consent_question (Asking *asking)
{
    const TamgaRequestSigning *signing = asking->signing;
    const TamgaRequestKey *key = asking->key;
    return json_pack (
        "{s:s, s:O, s:i, s:s, s:s, s:b, s:o, s:O, s:O}", "ask", "consent", "documents",
        tamga_preview_documents (asking->preview), "count", (int)signing->documents->len, "format",
        signing->format->name, "packaging", tamga_packaging_name (signing->packaging), "timestamp",
        signing->timestamp, "key", tamga_request_key_json ("chosen", key->storage, key->key, NULL),
        "checks", asking->checks, "warnings", tamga_preview_warnings (asking->preview));
}

static gboolean approve (const TamgaProcedure *gate, const TamgaKey *key, gpointer data)
{
    (void)gate;
    (void)key;
    Asking *asking = data;
    TamgaRequest *request = asking->request;
    json_t *answer = tamga_prompter_ask (request->prompter, consent_question (asking),
                                         &request->call, &asking->error);
    const char *word = json_string_value (json_object_get (answer, "answer"));
    gboolean approved = g_strcmp0 (word, "sign") == 0;
    json_decref (answer);
    if (!approved && !asking->error)
        g_set_error_literal (&asking->error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED,
                             "The person did not sign.");
    return approved;
}

static gboolean wrong_pin (const GError *error, gpointer data)
{
    Asking *asking = data;
    if (++asking->attempts >= MAX_ATTEMPTS)
        return FALSE;
    tamga_request_tell_error (asking->request, error);
    return TRUE;
}

static void show_item (guint index, const TamgaSignItem *item, const char *output, gint64 time,
                       const GError *error, gpointer data)
{
    (void)index;
    (void)item;
    (void)output;
    (void)time;
    Asking *asking = data;
    if (error || asking->signing->documents->len < 2)
        return;
    tamga_prompter_tell (asking->request->prompter,
                         json_pack ("{s:s, s:i, s:i}", "tell", "progress", "done",
                                    (int)++asking->done, "of",
                                    (int)asking->signing->documents->len));
}

/* All of them, or the first error: a site that gets two of three signatures cannot say which. */
static GPtrArray *collect (const GPtrArray *outcomes, GError **error)
{
    g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < outcomes->len; i++) {
        const TamgaSignOutcome *outcome = outcomes->pdata[i];
        if (outcome->error) {
            g_propagate_error (error, g_error_copy (outcome->error));
            return NULL;
        }
        g_ptr_array_add (made, g_bytes_ref (outcome->bytes));
    }
    return g_steal_pointer (&made);
}

static TamgaSignItem *make_items (const GPtrArray *documents)
{
    TamgaSignItem *items = g_new0 (TamgaSignItem, documents->len);
    for (guint i = 0; i < documents->len; i++) {
        const TamgaRequestDocument *document = documents->pdata[i];
        items[i].input = document->name ? document->name : "the document";
        items[i].digest = document->digest;
        if (document->bytes)
            items[i].document = tamga_document_new (items[i].input, document->bytes);
    }
    return items;
}

static void free_items (TamgaSignItem *items, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_clear_pointer (&items[i].document, tamga_document_unref);
    g_free (items);
}

static GPtrArray *run_job (Asking *asking, TamgaSignContext *context, GError **error)
{
    const TamgaRequestSigning *signing = asking->signing;
    TamgaRequest *request = asking->request;
    const TamgaSignOptions options = {
        .format = signing->format,
        .level = signing->timestamp ? TAMGA_LEVEL_T : TAMGA_LEVEL_B,
        .level_given = TRUE,
        .packaging = signing->packaging,
        .xml = signing->xml,
        .tsa_urls = asking->tsa_urls,
        .origin = request->caller->origin    ? request->caller->origin
                  : request->caller->program ? request->caller->program
                                             : "a program on this computer",
    };
    const TamgaSignUi ui = {.step = keep_step,
                            .approve = approve,
                            .wrong_pin = wrong_pin,
                            .item = show_item,
                            .data = asking};
    TamgaPinAsk pin;
    tamga_request_keys_ui (request, asking->key, &pin, &context->keys_ui);
    TamgaSignItem *items = make_items (signing->documents);
    g_autoptr (GPtrArray) outcomes =
        tamga_sign (context, items, signing->documents->len, &options, &ui, &request->call, error);
    free_items (items, signing->documents->len);
    return outcomes ? collect (outcomes, error) : NULL;
}

/* The library knows that nothing was signed; the question that was not answered says why. */
static void prefer (GError **error, GError **reason)
{
    if (!*reason)
        return;
    g_clear_error (error);
    g_propagate_error (error, g_steal_pointer (reason));
}

GPtrArray *tamga_request_sign (TamgaRequest *request, TamgaRequestKey *key,
                               const TamgaRequestSigning *signing, GError **error)
{
    guint wanted = TAMGA_CAPABILITY_SIGN;
    if (signing->documents->len > 1)
        wanted |= TAMGA_CAPABILITY_BATCH;
    if (!tamga_request_grant (request, wanted, error) || !tamga_request_begin (request, error))
        return NULL;
    World world = {0};
    TamgaSignContext context = {.store = key->store, .key = key->key};
    Asking asking = {.request = request, .key = key, .signing = signing, .checks = json_array ()};
    g_autoptr (GError) failed = NULL;
    GPtrArray *made = NULL;
    asking.preview = tamga_preview_new (signing->documents, &request->call, &failed);
    if (asking.preview && world_open (&world, request->bridge, &context, &failed)) {
        asking.tsa_urls = world.config->tsa_urls;
        made = run_job (&asking, &context, &failed);
    }
    if (failed)
        prefer (&failed, &asking.error);
    g_clear_error (&asking.error);
    if (failed && failed->domain != TAMGA_BRIDGE_ERROR)
        tamga_request_tell_error (request, failed);
    if (failed)
        g_propagate_error (error, g_steal_pointer (&failed));
    g_clear_pointer (&asking.preview, tamga_preview_free);
    json_decref (asking.checks);
    world_clear (&world);
    return made;
}

GBytes *tamga_request_timestamp (TamgaRequest *request, GBytes *cms, GError **error)
{
    if (!tamga_request_grant (request, TAMGA_CAPABILITY_SIGN, error))
        return NULL;
    World world = {0};
    TamgaSignContext context = {0};
    GBytes *made = NULL;
    if (world_open (&world, request->bridge, &context, error)) {
        const TamgaExtendOptions options = {.level = TAMGA_LEVEL_T,
                                            .content_elsewhere = TRUE,
                                            .tsa_urls = world.config->tsa_urls,
                                            .origin = request->caller->origin};
        g_autoptr (TamgaDocument) document = tamga_document_new ("signature.p7s", cms);
        const TamgaSignItem item = {.input = "the CMS", .document = document};
        g_autoptr (GPtrArray) outcomes =
            tamga_extend (&context, &item, 1, &options, NULL, &request->call, error);
        const TamgaExtendOutcome *outcome = outcomes ? outcomes->pdata[0] : NULL;
        if (outcome && outcome->error)
            g_propagate_error (error, g_error_copy (outcome->error));
        else if (outcome)
            made = g_bytes_ref (outcome->unchanged ? cms : outcome->bytes);
    }
    world_clear (&world);
    return made;
}
