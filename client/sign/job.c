/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signing job: key, gate, PIN, then every document; the next one is signed while the last one
 * is being stamped and written. */
#include "client/sign/job.h"

#include <string.h>

#include "client/failure.h"
#include "client/profile/algorithms.h"
#include "client/sign/item.h"
#include "formats/ossl.h"

GQuark tamga_sign_error_quark (void)
{
    return g_quark_from_static_string ("tamga-sign-error");
}

/* Documents that may wait for their timestamp and their place on disk while the key goes on. */
#define PIPELINE 8

typedef struct {
    TamgaSignRun run;
    GPtrArray *keys;  /* owns run.key */
    GPtrArray *tasks; /* TamgaSignTask */
    guint in_flight;
    gint64 gate_time;      /* when the gate was asked */
    GThread *finisher;     /* NULL: one document, finished in place */
    GAsyncQueue *pending;  /* for the finisher: tasks, then the job itself as the end */
    GAsyncQueue *finished; /* by it */
    gboolean logged_in;
} Job;

static gboolean check_level (Job *job, GError **error)
{
    const TamgaProfile *profile = job->run.context->status.profile;
    const TamgaSignOptions *options = job->run.options;
    TamgaLevel level = options->level_given ? options->level : profile->default_level;
    TamgaLevel least = profile->minimum_level;
    if (profile->timestamp_mandatory)
        least = MAX (least, TAMGA_LEVEL_T);
    if (level < least) {
        g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_LEVEL,
                     "The profile \"%s\" does not allow level %s: %s %s at least.", profile->name,
                     tamga_level_name (level),
                     profile->timestamp_mandatory
                         ? "a signed document carries a timestamp of the moment of signing "
                           "(KG use.4), so it asks for level"
                         : "it asks for level",
                     tamga_level_name (least));
        return FALSE;
    }
    gboolean named = options->tsa_urls && options->tsa_urls[0];
    char **services = named ? options->tsa_urls : profile->tsa_urls;
    if ((level >= TAMGA_LEVEL_T || options->content_timestamp) && (!services || !services[0])) {
        /* Found now, not after the key was used. */
        g_set_error (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_NO_SERVICE,
                     "%s%s needs a timestamp, and no timestamp service is named: the profile "
                     "\"%s\" has none.",
                     level >= TAMGA_LEVEL_T ? "Level " : "",
                     level >= TAMGA_LEVEL_T ? tamga_level_name (level) : "A content timestamp",
                     profile->name);
        return FALSE;
    }
    job->run.level = level;
    return TRUE;
}

/* One PIN is one attempt; a person at a terminal may try again, and is told how many are left. */
static gboolean login (Job *job, GError **error)
{
    const TamgaSignContext *context = job->run.context;
    const TamgaSignUi *ui = job->run.ui;
    if (job->logged_in)
        return TRUE;
    for (;;) {
        g_autoptr (GError) failed = NULL;
        if (tamga_key_store_login (context->store, &context->keys_ui, job->run.call, &failed)) {
            job->logged_in = TRUE;
            return TRUE;
        }
        gboolean again = g_error_matches (failed, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN) &&
                         ui && ui->wrong_pin && ui->wrong_pin (failed, ui->data);
        if (!again) {
            g_propagate_error (error, g_steal_pointer (&failed));
            return FALSE;
        }
    }
}

/* The key and its certificate. A file, and some cards, show them only after the PIN. */
static gboolean find_key (Job *job, GError **error)
{
    const TamgaSignContext *context = job->run.context;
    const TamgaCall *call = job->run.call;
    for (int pass = 0;; pass++) {
        if ((pass > 0 || tamga_key_store_is_file (context->store)) && !login (job, error))
            return FALSE;
        g_autoptr (GError) failed = NULL;
        g_clear_pointer (&job->keys, g_ptr_array_unref);
        job->keys = tamga_key_store_keys (context->store, call, &failed);
        if (job->keys)
            job->run.key = tamga_key_store_select (context->store, job->keys, &failed);
        if (job->run.key)
            return TRUE;
        gboolean hidden = g_error_matches (failed, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_KEY);
        if (!hidden || job->logged_in) {
            g_propagate_error (error, g_steal_pointer (&failed));
            return FALSE;
        }
    }
}

static gboolean choose_key (Job *job, GError **error)
{
    const TamgaSignContext *context = job->run.context;
    job->run.key = (TamgaKey *)context->key;
    if (!job->run.key && !find_key (job, error))
        return FALSE;
    if (!job->run.key->certificate) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_CERTIFICATE,
                     "The key \"%s\" has no certificate in %s; without one nobody could check the "
                     "signature.",
                     job->run.key->label ? job->run.key->label : job->run.key->id,
                     tamga_key_store_name (context->store));
        return FALSE;
    }
    const TamgaSignUi *ui = job->run.ui;
    if (ui && ui->key)
        ui->key (job->run.key, tamga_key_store_name (context->store), ui->data);
    return TRUE;
}

static gboolean key_can (const TamgaKey *key, const TamgaAlgorithm *algorithm)
{
    return !key->algorithms || g_ptr_array_find (key->algorithms, algorithm, NULL);
}

/* Only digests are sent to a token (a large file would take it minutes), so that a mechanism which
 * hashes by itself does not serve. Named is what the token lacks. */
static void set_no_algorithm (Job *job, GError **error)
{
    static const struct {
        const char *key_type, *scheme, *lacks, *has;
    } rows[] = {
        {"RSA", "PKCS1", "CKM_RSA_PKCS", "CKM_SHA256_RSA_PKCS"},
        {"RSA", "PSS", "CKM_RSA_PKCS_PSS", "CKM_SHA256_RSA_PKCS_PSS"},
        {"RSA", NULL, "CKM_RSA_PKCS or CKM_RSA_PKCS_PSS", "CKM_SHA256_RSA_PKCS"},
        {"EC", NULL, "CKM_ECDSA", "CKM_ECDSA_SHA256"},
    };
    const TamgaKey *key = job->run.key;
    const char *name = key->label ? key->label : key->id, *scheme = job->run.options->scheme;
    const EVP_PKEY *public_key = X509_get0_pubkey (key->certificate);
    gboolean silent = key->algorithms && key->algorithms->len == 0;
    for (gsize i = 0; silent && public_key && i < G_N_ELEMENTS (rows); i++) {
        if (!EVP_PKEY_is_a (public_key, rows[i].key_type) ||
            (rows[i].scheme && g_strcmp0 (rows[i].scheme, scheme) != 0))
            continue;
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM,
                     "The token does not offer %s for the key \"%s\". It gets digests to sign, so "
                     "mechanisms that hash by themselves, such as %s, cannot be used.",
                     rows[i].lacks, name, rows[i].has);
        return;
    }
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM,
                 "The key \"%s\" cannot make a signature of the kind that was asked for.", name);
}

/* What the profile says against signing with `algorithm` at `now`; NULL: nothing. New text. */
static char *refusal (const Job *job, EVP_PKEY *key, const TamgaAlgorithm *algorithm, gint64 now)
{
    const TamgaProfile *profile = job->run.context->status.profile;
    const TamgaSuite suites[] = {
        tamga_suite_digest (profile, tamga_algorithm_digest (algorithm)),
        tamga_suite_algorithm (profile, algorithm),
        tamga_suite_key (profile, key, algorithm->scheme),
    };
    for (gsize i = 0; i < G_N_ELEMENTS (suites); i++) {
        if (suites[i].rule == NULL || tamga_suite_holds (&suites[i], now))
            continue;
        g_autofree char *rule = tamga_algorithm_rule_text (suites[i].rule);
        return g_strdup_printf ("The profile \"%s\" does not let anything be signed with %s (%s).",
                                profile->name, suites[i].name, rule);
    }
    return NULL;
}

/* Where digests were given instead of documents, one of them at least must have the length of the
 * algorithm's; those that have not are refused one by one. */
static gboolean fits_digests (const Job *job, const TamgaAlgorithm *algorithm)
{
    gboolean given = FALSE;
    for (guint i = 0; i < job->tasks->len; i++) {
        const TamgaSignTask *task = job->tasks->pdata[i];
        GBytes *digest = task->item->digest;
        given = given || digest;
        if (digest && g_bytes_get_size (digest) == tamga_algorithm_digest (algorithm)->size)
            return TRUE;
    }
    return !given;
}

/* `sizes`: bytes of the digests that the key could sign. */
static void set_no_length (const Job *job, const GArray *sizes, GError **error)
{
    const TamgaKey *key = job->run.key;
    g_autoptr (GString) list = g_string_new (NULL);
    for (guint i = 0; i < sizes->len; i++)
        g_string_append_printf (list, "%s%u",
                                i == 0               ? ""
                                : i + 1 < sizes->len ? ", "
                                                     : " or ",
                                g_array_index (sizes, guint, i));
    const TamgaSignTask *first = NULL;
    for (guint i = 0; !first && i < job->tasks->len; i++) {
        const TamgaSignTask *task = job->tasks->pdata[i];
        first = task->item->digest ? task : NULL;
    }
    g_assert (first);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "%s: a digest of %" G_GSIZE_FORMAT " bytes was given; with the key \"%s\" it has "
                 "%s bytes.",
                 first->item->input, g_bytes_get_size (first->item->digest),
                 key->label ? key->label : key->id, list->str);
}

static void note_size (GArray *sizes, const TamgaAlgorithm *algorithm)
{
    guint size = (guint)tamga_algorithm_digest (algorithm)->size;
    for (guint i = 0; i < sizes->len; i++) {
        if (g_array_index (sizes, guint, i) == size)
            return;
    }
    g_array_append_val (sizes, size);
}

/* The first of scheme and digest that key, token, person and profile allow. */
static gboolean choose_algorithm (Job *job, GError **error)
{
    const TamgaSignOptions *options = job->run.options;
    TamgaKey *key = job->run.key;
    EVP_PKEY *public_key = X509_get0_pubkey (key->certificate);
    static const char *const schemes[] = {NULL, "PSS"};
    static const char *const digests[] = {NULL, "SHA-256", "SHA-384", "SHA-512"};
    gint64 now = tamga_sign_now (job->run.context);
    g_autofree char *refused = NULL; /* why the first one that could be used may not be */
    g_autoptr (GArray) other_sizes = g_array_new (FALSE, FALSE, sizeof (guint));
    for (gsize s = 0; public_key && s < G_N_ELEMENTS (schemes); s++) {
        for (gsize d = 0; d < G_N_ELEMENTS (digests); d++) {
            const char *scheme = options->scheme ? options->scheme : schemes[s];
            const TamgaDigest *digest = options->digest ? options->digest
                                        : digests[d]    ? tamga_digest_by_name (digests[d])
                                                        : NULL;
            const TamgaAlgorithm *algorithm =
                tamga_algorithm_for_key (public_key, scheme, digest, NULL);
            if (!algorithm || !key_can (key, algorithm))
                continue;
            if (!fits_digests (job, algorithm)) {
                note_size (other_sizes, algorithm);
                continue;
            }
            g_autofree char *why = refusal (job, public_key, algorithm, now);
            if (!why) {
                job->run.algorithm = algorithm;
                return TRUE;
            }
            if (!refused)
                refused = g_steal_pointer (&why);
        }
    }
    if (refused)
        g_set_error_literal (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_ALGORITHM, refused);
    else if (other_sizes->len > 0)
        set_no_length (job, other_sizes, error);
    else
        set_no_algorithm (job, error);
    return FALSE;
}

/* VN 78: every step good under the profile's gate, or nothing is signed; a refusal is journalled
 * for each document from the one numbered `first` on. */
static gboolean pass_gate (Job *job, guint first, GError **error)
{
    TamgaSignRun *run = &job->run;
    TamgaStatusContext context = run->context->status;
    context.now = context.time = job->gate_time = tamga_sign_now (run->context);
    context.fresh = TRUE;
    g_clear_pointer (&run->gate, tamga_procedure_free);
    for (guint i = 0; run->key->chain && context.pool && i < run->key->chain->len; i++) {
        X509 *issuer = run->key->chain->pdata[i];
        X509_up_ref (issuer);
        g_ptr_array_add (context.pool, issuer);
    }
    run->gate = tamga_procedure_signer (&context, run->key->certificate, run->level,
                                        run->ui ? run->ui->step : NULL,
                                        run->ui ? run->ui->data : NULL, run->call);
    /* A question that the person broke off is no answer, and no refusal. */
    if (tamga_call_cancelled (run->call)) {
        g_set_error_literal (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED,
                             "Cancelled: nothing was signed.");
        return FALSE;
    }
    if (run->gate->allowed)
        return TRUE;
    g_autoptr (GError) refused =
        g_error_new (TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_REFUSED, "Not signed: %s",
                     run->gate->refusal ? run->gate->refusal : "The signer procedure refuses.");
    for (guint i = first; i < job->tasks->len; i++) {
        TamgaSignTask *task = job->tasks->pdata[i];
        if (!task->outcome->error && !tamga_sign_record (run, "refused", task, refused, error))
            return FALSE;
    }
    g_propagate_error (error, g_steal_pointer (&refused));
    return FALSE;
}

/* Runs on the finisher's thread where there is one. */
static void finish_task (gpointer data, gpointer user_data)
{
    TamgaSignTask *task = data;
    Job *job = user_data;
    if (!tamga_sign_task_finish (task, &job->run, &task->outcome->error))
        g_assert (task->outcome->error);
    g_clear_pointer (&task->preparation, tamga_preparation_free);
    tamga_sign_task_close (task);
    if (job->finished)
        g_async_queue_push (job->finished, task);
}

/* A thread of our own and no pool: it is joined, and what OpenSSL keeps for each thread goes with
 * it.
 */
static gpointer finish_tasks (gpointer data)
{
    Job *job = data;
    for (gpointer next; (next = g_async_queue_pop (job->pending)) != job;)
        finish_task (next, job);
    return NULL;
}

static void start_finisher (Job *job)
{
    job->pending = g_async_queue_new ();
    job->finished = g_async_queue_new ();
    job->finisher = g_thread_new ("finish", finish_tasks, job);
}

static void report (Job *job, TamgaSignTask *task)
{
    const TamgaSignUi *ui = job->run.ui;
    TamgaSignOutcome *outcome = task->outcome;
    for (guint i = 0; ui && ui->notice && i < task->notices->len; i++)
        ui->notice (task->notices->pdata[i], task->item->input, ui->data);
    if (ui && ui->item)
        ui->item (task->index, task->item, outcome->output, outcome->time, outcome->error,
                  ui->data);
}

/* Reports what is finished; waits while more than `most` are under way. */
static void collect (Job *job, guint most)
{
    while (job->in_flight > 0) {
        TamgaSignTask *task = job->in_flight > most ? g_async_queue_pop (job->finished)
                                                    : g_async_queue_try_pop (job->finished);
        if (!task)
            return;
        job->in_flight--;
        report (job, task);
    }
}

static gboolean reopen (TamgaSignTask *task, const TamgaSignRun *run, GError **error)
{
    return task->document || tamga_sign_task_open (task, run, error);
}

/* A card that errs, or a certificate that is not of this key, is found before anything is written.
 */
static gboolean verify_own (const Job *job, const TamgaSignTask *task, GError **error)
{
    g_autoptr (GBytes) value =
        tamga_preparation_signature_value (task->preparation, task->signature, error);
    if (!value)
        return FALSE;
    EVP_PKEY *public_key = X509_get0_pubkey (job->run.key->certificate);
    if (tamga_algorithm_verify (public_key, job->run.algorithm, task->preparation->to_be_signed,
                                value) == TAMGA_VERIFY_GOOD)
        return TRUE;
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                 "What %s signed does not fit the certificate of the key; nothing was written.",
                 tamga_key_store_name (job->run.context->store));
    return FALSE;
}

/* A person may leave the PIN prompt for lunch, and a pile may take hours: answers older than the
 * profile's age are asked for again before the key is used. */
static gboolean renew_gate (Job *job, const TamgaSignTask *task, GError **error)
{
    gint64 age = tamga_sign_now (job->run.context) - job->gate_time;
    guint limit = job->run.context->status.profile->max_status_age;
    if (limit == 0 || (age >= 0 && age <= (gint64)limit))
        return TRUE;
    collect (job, 0); /* the finisher reads the gate */
    return pass_gate (job, task->index, error);
}

static gboolean sign_task (Job *job, TamgaSignTask *task, GError **error)
{
    const TamgaSignContext *context = job->run.context;
    if (!task->preparation &&
        (!reopen (task, &job->run, error) || !tamga_sign_task_prepare (task, &job->run, error)))
        return FALSE;
    if (!login (job, error) || !renew_gate (job, task, error))
        return FALSE;
    g_autoptr (GPtrArray) digests = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_ptr_array_add (digests, tamga_preparation_digest (task->preparation));
    g_autoptr (GPtrArray) signatures =
        tamga_key_store_sign (context->store, job->run.key, job->run.algorithm, digests,
                              &context->keys_ui, job->run.call, error);
    if (!signatures)
        return FALSE;
    task->signature = g_bytes_ref (signatures->pdata[0]);
    return verify_own (job, task, error);
}

/* After these no further document can be signed: the others are reported with the same error. */
static gboolean ends_the_job (const GError *error)
{
    return error->domain == TAMGA_KEYS_ERROR ||
           g_error_matches (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED) ||
           g_error_matches (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_REFUSED) ||
           g_error_matches (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CANCELLED) ||
           error->domain == TAMGA_JOURNAL_ERROR;
}

static void sign_all (Job *job)
{
    g_autoptr (GError) ended = NULL;
    for (guint i = 0; i < job->tasks->len; i++) {
        TamgaSignTask *task = job->tasks->pdata[i];
        GError **error = &task->outcome->error;
        if (!*error && ended)
            *error = g_error_copy (ended);
        if (!*error && tamga_call_cancelled (job->run.call))
            g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED,
                         "Cancelled: %s was not signed.", task->item->input);
        if (*error || !sign_task (job, task, error)) {
            if (!ended && ends_the_job (*error))
                ended = g_error_copy (*error);
            collect (job, 0);
            report (job, task);
            continue;
        }
        if (job->finisher) {
            job->in_flight++;
            g_async_queue_push (job->pending, task);
            collect (job, PIPELINE);
        } else {
            finish_task (task, job);
            report (job, task);
        }
    }
    collect (job, 0);
}

/* Two documents of one name must not end in one file, the first of them lost. */
static gboolean claim_output (GHashTable *outputs, const TamgaSignTask *task, GError **error)
{
    if (!task->output || strcmp (task->output, "-") == 0)
        return TRUE;
    char *path = g_canonicalize_filename (task->output, NULL);
    if (g_hash_table_add (outputs, path))
        return TRUE;
    g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_SAME_OUTPUT,
                 "%s is where another document of this run goes: %s was not signed.", task->output,
                 task->item->input);
    return FALSE;
}

/* Everything about the inputs that can be wrong is found before a PIN is asked for. At least one
 * document must be fit to be signed. */
static gboolean open_all (Job *job, const TamgaSignItem *items, gsize n, GError **error)
{
    guint fit = 0;
    const GError *first = NULL;
    g_autoptr (GHashTable) outputs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < n; i++) {
        TamgaSignTask *task = tamga_sign_task_new (&items[i], (guint)i);
        g_ptr_array_add (job->tasks, task);
        if (tamga_sign_task_open (task, &job->run, &task->outcome->error) &&
            claim_output (outputs, task, &task->outcome->error))
            fit++;
        else if (!first)
            first = task->outcome->error;
        /* Descriptors are few and documents may be many: opened again in its turn. */
        if (i >= PIPELINE && strcmp (items[i].input, "-") != 0)
            tamga_sign_task_close (task);
    }
    if (fit == 0 && first)
        g_propagate_error (error, g_error_copy (first));
    return fit > 0;
}

/* The first document that can be prepared is, before the PIN: one document alone then fails without
 * having asked for it. */
static gboolean prepare_first (Job *job, GError **error)
{
    const GError *first = NULL;
    for (guint i = 0; i < job->tasks->len; i++) {
        TamgaSignTask *task = job->tasks->pdata[i];
        if (!task->outcome->error &&
            tamga_sign_task_prepare (task, &job->run, &task->outcome->error))
            return TRUE;
        if (!first)
            first = task->outcome->error;
    }
    if (first)
        g_propagate_error (error, g_error_copy (first));
    return FALSE;
}

/* The person agrees to all of it, with the answers of the checks before them. */
static gboolean get_approval (Job *job, GError **error)
{
    const TamgaSignUi *ui = job->run.ui;
    if (!ui || !ui->approve || ui->approve (job->run.gate, job->run.key, ui->data))
        return TRUE;
    g_set_error_literal (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED,
                         "Cancelled: nothing was signed.");
    return FALSE;
}

static GPtrArray *take_outcomes (Job *job)
{
    GPtrArray *outcomes = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_sign_outcome_free);
    for (guint i = 0; i < job->tasks->len; i++) {
        TamgaSignTask *task = job->tasks->pdata[i];
        g_ptr_array_add (outcomes, g_steal_pointer (&task->outcome));
    }
    return outcomes;
}

static void job_clear (Job *job)
{
    if (job->finisher) {
        g_async_queue_push (job->pending, job);
        g_thread_join (job->finisher);
    }
    g_clear_pointer (&job->pending, g_async_queue_unref);
    g_clear_pointer (&job->finished, g_async_queue_unref);
    g_clear_pointer (&job->tasks, g_ptr_array_unref);
    g_clear_pointer (&job->keys, g_ptr_array_unref);
    g_clear_pointer (&job->run.gate, tamga_procedure_free);
}

GPtrArray *tamga_sign (const TamgaSignContext *context, const TamgaSignItem *items, gsize n,
                       const TamgaSignOptions *options, const TamgaSignUi *ui,
                       const TamgaCall *call, GError **error)
{
    Job job = {
        .run = {.context = context, .options = options, .ui = ui, .call = call},
        .tasks = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_sign_task_free),
    };
    GPtrArray *outcomes = NULL;
    if (check_level (&job, error) && open_all (&job, items, n, error) && choose_key (&job, error) &&
        choose_algorithm (&job, error) && pass_gate (&job, 0, error) &&
        prepare_first (&job, error) && get_approval (&job, error) && login (&job, error)) {
        /* A content timestamp is asked for between two signatures: there is one who may ask. */
        if (n > 1 && !options->content_timestamp)
            start_finisher (&job);
        sign_all (&job);
        outcomes = take_outcomes (&job);
    }
    job_clear (&job);
    return outcomes;
}
