/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the journal keeps of each signature and each refusal. */
#include "client/failure.h"
#include "client/json.h"
#include "client/sign/item.h"
#include "client/sign/record.h"
#include "formats/ossl.h"

static void set_text (json_t *object, const char *name, const char *text)
{
    json_object_set_new (object, name, tamga_json_text (text));
}

static json_t *certificate_json (X509 *certificate)
{
    g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (certificate));
    g_autofree char *issuer = tamga_ossl_name (X509_get_issuer_name (certificate));
    g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (certificate));
    g_autofree char *sha256 = tamga_ossl_fingerprint (certificate);
    return json_pack ("{s:s, s:s, s:s, s:s}", "subject", subject, "issuer", issuer, "serial",
                      serial, "sha256", sha256);
}

/* The answer of one step, with the digest of the evidence it rests on (VN 79.3: each check leaves a
 * record of what was asked, when, answered by whom). */
static json_t *step_json (const TamgaStep *step)
{
    const TamgaStatus *status = step->status;
    json_t *object = json_object ();
    json_object_set_new (object, "number", json_integer (step->number));
    set_text (object, "rule", step->rule);
    set_text (object, "title", step->title);
    set_text (object, "answer", tamga_status_name (status->value));
    json_object_set_new (object, "tolerated", json_boolean (step->tolerated));
    set_text (object, "method", status->method);
    set_text (object, "source", status->source);
    set_text (object, "responder", status->responder);
    json_object_set_new (object, "this_update", tamga_json_time (status->this_update));
    GBytes *evidence = status->ocsp ? status->ocsp : status->crl;
    g_autofree char *sha256 =
        evidence ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, evidence) : NULL;
    set_text (object, "evidence_sha256", sha256);
    set_text (object, "text", status->text);
    return object;
}

json_t *tamga_record_steps (const TamgaProcedure *procedure)
{
    json_t *array = json_array ();
    for (guint i = 0; procedure && i < procedure->steps->len; i++)
        json_array_append_new (array, step_json (procedure->steps->pdata[i]));
    return array;
}

json_t *tamga_record_path (const char *path)
{
    gboolean stream = !path || g_str_equal (path, "-");
    g_autofree char *whole = stream ? g_strdup (path) : g_canonicalize_filename (path, NULL);
    g_autofree char *text = whole ? g_filename_display_name (whole) : NULL;
    return tamga_json_text (text);
}

json_t *tamga_sign_item_json (const TamgaSignItem *item)
{
    return tamga_sign_item_in_memory (item) ? tamga_json_text (item->input)
                                            : tamga_record_path (item->input);
}

json_t *tamga_record_stamps (const GPtrArray *answers)
{
    json_t *array = json_array ();
    for (guint i = 0; i < answers->len; i++) {
        const TamgaTsaAnswer *answer = answers->pdata[i];
        json_t *object = json_object ();
        json_object_set_new (object, "time", tamga_json_time (answer->gen_time));
        set_text (object, "by", answer->tsa_name);
        set_text (object, "url", answer->url);
        json_array_append_new (array, object);
    }
    return array;
}

/* What is in memory has no place where it could be looked up: it is known by its digest also where
 * nothing was prepared, by which algorithm a digest alone was made is then not known. */
static void add_bare_digest (json_t *entry, const TamgaSignItem *item)
{
    const TamgaDigest *algorithm = tamga_digest_by_name ("SHA-256");
    g_autoptr (GBytes) value = item->digest     ? g_bytes_ref (item->digest)
                               : item->document ? tamga_document_digest (item->document, algorithm,
                                                                         NULL, 0, NULL, NULL, NULL)
                                                : NULL;
    g_autofree char *digest = value ? tamga_text_hex_bytes (value) : NULL;
    if (!digest)
        return;
    if (!item->digest)
        set_text (entry, "digest_algorithm", algorithm->name);
    set_text (entry, "digest", digest);
}

static void add_document (json_t *entry, const TamgaSignTask *task)
{
    json_object_set_new (entry, "document", tamga_sign_item_json (task->item));
    json_t *others = task->item->others ? json_array () : NULL;
    for (const char *const *path = task->item->others; path && *path; path++)
        json_array_append_new (others, tamga_record_path (*path));
    if (others)
        json_object_set_new (entry, "documents", others);
    TamgaPreparation *preparation = task->preparation;
    if (!preparation) {
        add_bare_digest (entry, task->item);
        return;
    }
    g_autofree char *digest = tamga_text_hex_bytes (preparation->content_digest);
    set_text (entry, "digest_algorithm", tamga_algorithm_digest (preparation->algorithm)->name);
    set_text (entry, "digest", digest);
    set_text (entry, "format", preparation->format->name);
}

gboolean tamga_sign_record (const TamgaSignRun *run, const char *event, const TamgaSignTask *task,
                            const GError *reason, GError **error)
{
    TamgaJournal *journal = run->context->journal;
    if (!journal)
        return TRUE;
    json_t *entry = json_object ();
    add_document (entry, task);
    json_object_set_new (entry, "output", tamga_record_path (task->output));
    set_text (entry, "profile", run->context->status.profile->name);
    set_text (entry, "level", tamga_level_name (run->level));
    set_text (entry, "origin", run->options->origin);
    if (run->key) {
        set_text (entry, "key", run->key->uri);
        json_object_set_new (entry, "certificate", certificate_json (run->key->certificate));
    }
    if (run->algorithm)
        set_text (entry, "algorithm", run->algorithm->name);
    if (run->gate) {
        json_object_set_new (entry, "steps", tamga_record_steps (run->gate));
        set_text (entry, "rule", run->gate->refusal_rule);
    }
    if (task->timestamp) {
        json_object_set_new (entry, "timestamp", tamga_json_time (task->timestamp->gen_time));
        set_text (entry, "timestamp_by", task->timestamp->tsa_name);
    }
    if (task->stamper)
        json_object_set_new (entry, "timestamps",
                             tamga_record_stamps (tamga_tsa_stamper_answers (task->stamper)));
    if (reason) {
        set_text (entry, "error", tamga_failure_name (reason));
        set_text (entry, "reason", reason->message);
    }
    gboolean written =
        tamga_journal_append (journal, event, tamga_sign_now (run->context), entry, error);
    json_decref (entry);
    return written;
}
