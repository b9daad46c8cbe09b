/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files one after the other, without a key. */
#include "client/sign/keyless.h"

#include <string.h>

#include "client/failure.h"
#include "client/json.h"
#include "client/sign/item.h"
#include "client/sign/record.h"

void tamga_extend_outcome_free (TamgaExtendOutcome *outcome)
{
    if (!outcome)
        return;
    g_free (outcome->output);
    g_clear_pointer (&outcome->bytes, g_bytes_unref);
    g_clear_error (&outcome->error);
    g_free (outcome);
}

/* --- names --- */

/* Levels that an extension puts before the last part of a name: a higher one replaces them. */
static const char *const levels[] = {"t", "lt", "lta"};

/* Is `name` a mark, or a mark with "-N"? N is 1 without; 0: it is none. */
static guint mark_number (const char *name, const char *mark)
{
    gsize length = strlen (mark);
    if (g_ascii_strncasecmp (name, mark, length) != 0)
        return 0;
    if (name[length] == '\0')
        return 1;
    guint64 number;
    return name[length] == '-' &&
                   g_ascii_string_to_unsigned (name + length + 1, 10, 2, 9999, &number, NULL)
               ? (guint)number
               : 0;
}

char *tamga_extend_output_name (const char *input, const char *folder, const char *extension,
                                const char *mark)
{
    if (strcmp (input, "-") == 0)
        return g_strdup ("-");
    g_autofree char *base = g_path_get_basename (input);
    g_autofree char *place = folder ? g_strdup (folder) : g_path_get_dirname (input);
    gsize length = strlen (base), tail = strlen (extension);
    /* A file may have another extension than its format gives (".p7s" for CAdES): it is kept. */
    const char *dot = strrchr (base, '.');
    gboolean own = length > tail && g_ascii_strcasecmp (base + length - tail, extension) == 0;
    const char *end = own ? base + length - tail : dot && dot > base ? dot : base + length;
    g_autofree char *stem = g_strndup (base, (gsize)(end - base));
    char *last = strrchr (stem, '.');
    guint number = 1;
    guint same = last ? mark_number (last + 1, mark) : 0;
    gboolean lower = FALSE;
    for (gsize i = 0; last && i < G_N_ELEMENTS (levels); i++)
        lower = lower || mark_number (last + 1, levels[i]) > 0;
    if (same > 0)
        number = same + 1;
    if (same > 0 || lower)
        *last = '\0';
    g_autofree char *suffix = number > 1 ? g_strdup_printf ("-%u", number) : g_strdup ("");
    g_autofree char *name = g_strconcat (stem, ".", mark, suffix, *end ? end : extension, NULL);
    gboolean here = !folder && !strchr (input, G_DIR_SEPARATOR);
    return here ? g_steal_pointer (&name) : g_build_filename (place, name, NULL);
}

gboolean tamga_keyless_output (TamgaKeylessTask *task, const TamgaKeylessRun *run, const char *mark,
                               GError **error)
{
    const TamgaSignItem *item = task->item;
    if (tamga_sign_item_in_memory (item))
        return TRUE;
    if (item->output)
        task->output = g_strdup (item->output);
    else if (mark)
        task->output =
            tamga_extend_output_name (item->input, item->folder, task->format->extension, mark);
    else
        task->output =
            tamga_sign_output_name (item->input, item->folder, task->format, FALSE, FALSE);
    if (strcmp (task->output, "-") == 0)
        return TRUE;
    if (!tamga_sign_check_kept (task->output, NULL, run->options->contents, error))
        return FALSE;
    if (!g_hash_table_add (task->outputs, g_canonicalize_filename (task->output, NULL))) {
        g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_SAME_OUTPUT,
                     "%s is where another document of this run goes: %s was left as it is.",
                     task->output, item->input);
        return FALSE;
    }
    if (item->replace || !g_file_test (task->output, G_FILE_TEST_EXISTS))
        return TRUE;
    g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS,
                 "%s exists already and was not replaced.", task->output);
    return FALSE;
}

/* --- journal --- */

static json_t *digests_json (const GPtrArray *list)
{
    json_t *array = json_array ();
    for (guint i = 0; i < list->len; i++) {
        g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, list->pdata[i]);
        json_array_append_new (array, json_string (sha256));
    }
    return array;
}

static gboolean record (const TamgaKeylessTask *task, const TamgaKeylessRun *run, const char *event,
                        const GError *reason, GError **error)
{
    TamgaJournal *journal = run->context->journal;
    if (!journal)
        return TRUE;
    json_t *entry = json_object ();
    json_object_set_new (entry, "document", tamga_sign_item_json (task->item));
    json_object_set_new (entry, "output", tamga_record_path (task->output));
    json_object_set_new (entry, "profile", tamga_json_text (run->context->status.profile->name));
    json_object_set_new (entry, "origin", tamga_json_text (run->options->origin));
    if (task->format)
        json_object_set_new (entry, "format", json_string (task->format->name));
    if (task->signatures) {
        json_object_set_new (entry, "level", json_string (tamga_level_name (run->options->level)));
        json_object_set (entry, "signatures", task->signatures);
    }
    json_object_set_new (entry, "timestamps",
                         tamga_record_stamps (tamga_tsa_stamper_answers (task->stamper)));
    if (task->added) {
        json_object_set_new (entry, "ocsp_sha256", digests_json (task->added->ocsps));
        json_object_set_new (entry, "crl_sha256", digests_json (task->added->crls));
    }
    if (reason) {
        json_object_set_new (entry, "error", json_string (tamga_failure_name (reason)));
        json_object_set_new (entry, "reason", tamga_json_text (reason->message));
    }
    gboolean written =
        tamga_journal_append (journal, event, tamga_sign_now (run->context), entry, error);
    json_decref (entry);
    return written;
}

gboolean tamga_keyless_publish (TamgaKeylessTask *task, const TamgaKeylessRun *run,
                                TamgaOutput *output, GError **error)
{
    GPtrArray *contents = run->options->contents;
    for (guint i = 0; contents && i < contents->len; i++) {
        if (!tamga_document_check (contents->pdata[i], error))
            return FALSE;
    }
    if (!tamga_document_check (task->document, error) ||
        tamga_keyless_cancelled (task, run, error) || !record (task, run, run->event, NULL, error))
        return FALSE;
    g_autoptr (GError) failed = NULL;
    if (!tamga_output_commit (output, &failed)) {
        record (task, run, "failed", failed, NULL);
        g_propagate_error (error, g_steal_pointer (&failed));
        return FALSE;
    }
    const TamgaTsaAnswer *last = tamga_tsa_stamper_last (task->stamper);
    task->outcome->output = g_strdup (task->output);
    if (!task->output)
        task->outcome->bytes = tamga_output_steal_bytes (output);
    task->outcome->time = last ? last->gen_time : tamga_sign_now (run->context);
    return TRUE;
}

/* --- files --- */

gboolean tamga_keyless_cancelled (const TamgaKeylessTask *task, const TamgaKeylessRun *run,
                                  GError **error)
{
    if (!tamga_call_cancelled (run->call))
        return FALSE;
    g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED,
                 "Cancelled: nothing was written for %s.", task->item->input);
    return TRUE;
}

gboolean tamga_keyless_fail (const TamgaKeylessTask *task, const TamgaKeylessRun *run,
                             GError *failed, GError **error)
{
    if (tamga_keyless_cancelled (task, run, error))
        g_error_free (failed);
    else
        g_propagate_error (error, failed);
    return FALSE;
}

static gboolean show_progress (guint64 done, guint64 total, gpointer data)
{
    const TamgaKeylessProgress *progress = data;
    const TamgaSignUi *ui = progress->run->ui;
    if (ui && ui->progress)
        ui->progress (progress->name, done, total, ui->data);
    return !tamga_call_cancelled (progress->run->call);
}

TamgaReadOptions tamga_keyless_read_options (const TamgaKeylessTask *task,
                                             TamgaKeylessProgress *progress)
{
    return (TamgaReadOptions){.contents = progress->run->options->contents,
                              .password = task->password,
                              .progress = show_progress,
                              .progress_data = progress};
}

static void task_clear (TamgaKeylessTask *task)
{
    g_clear_pointer (&task->document, tamga_document_unref);
    g_clear_pointer (&task->password, g_bytes_unref);
    g_clear_pointer (&task->stamper, tamga_tsa_stamper_free);
    g_clear_pointer (&task->output, g_free);
    g_clear_pointer (&task->added, tamga_evidence_free);
    g_clear_pointer (&task->signatures, json_decref);
}

/* Refusals of the procedure are kept; what a person can mend is only told. */
static gboolean is_refusal (const GError *error)
{
    static const int codes[] = {TAMGA_SIGN_ERROR_REFUSED, TAMGA_SIGN_ERROR_EVIDENCE,
                                TAMGA_SIGN_ERROR_NOT_VALID, TAMGA_SIGN_ERROR_UNVERIFIED,
                                TAMGA_SIGN_ERROR_LOST};
    for (gsize i = 0; i < G_N_ELEMENTS (codes); i++) {
        if (g_error_matches (error, TAMGA_SIGN_ERROR, codes[i]))
            return TRUE;
    }
    return FALSE;
}

static gboolean work_on (TamgaKeylessTask *task, const TamgaKeylessRun *run, TamgaKeylessWork work,
                         GError **error)
{
    if (tamga_keyless_cancelled (task, run, error))
        return FALSE;
    task->document = tamga_sign_item_open (task->item, error);
    return task->document && work (task, run, error);
}

static void one_file (TamgaKeylessTask *task, const TamgaKeylessRun *run, TamgaKeylessWork work)
{
    GError **error = &task->outcome->error;
    task->stamper =
        tamga_tsa_stamper_new (&run->context->status, run->options->tsa_urls, NULL, NULL,
                               run->context->clock, run->context->clock_data, run->call);
    g_autoptr (GError) failed = NULL;
    if (work_on (task, run, work, &failed))
        return;
    if (!is_refusal (failed) || record (task, run, "refused", failed, error))
        g_propagate_error (error, g_steal_pointer (&failed));
}

GPtrArray *tamga_keyless_files (const TamgaKeylessRun *run, const TamgaSignItem *items, gsize n,
                                TamgaKeylessWork work, GError **error)
{
    char **given = run->options->tsa_urls;
    char **services = given && given[0] ? given : run->context->status.profile->tsa_urls;
    /* LT may find its timestamps in the file. */
    if (run->options->level != TAMGA_LEVEL_LT && (!services || !services[0])) {
        g_set_error (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_NO_SERVICE,
                     "A timestamp is needed, and no timestamp service is named: the profile \"%s\" "
                     "has none.",
                     run->context->status.profile->name);
        return NULL;
    }
    g_autoptr (GHashTable) outputs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *outcomes =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_extend_outcome_free);
    for (gsize i = 0; i < n; i++) {
        TamgaExtendOutcome *outcome = g_new0 (TamgaExtendOutcome, 1);
        outcome->index = (guint)i;
        outcome->time = G_MININT64;
        g_ptr_array_add (outcomes, outcome);
        TamgaKeylessTask task = {
            .item = &items[i], .index = (guint)i, .outputs = outputs, .outcome = outcome};
        one_file (&task, run, work);
        task_clear (&task);
        if (run->ui && run->ui->item)
            run->ui->item (outcome->index, &items[i], outcome->output, outcome->time,
                           outcome->error, run->ui->data);
    }
    return outcomes;
}
