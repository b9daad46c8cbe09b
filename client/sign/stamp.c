/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timestamps over documents that nobody signs. */
#include "client/sign/item.h"
#include "client/sign/kept.h"
#include "client/sign/keyless.h"

/* What holds the token of a document that has no place for one. */
#define CONTAINER "asic-s-cades"

static const TamgaFormat *choose (TamgaDocument *document)
{
    const TamgaFormat *own = tamga_format_probe (document);
    return own && own->timestamp ? own : tamga_format_by_name (CONTAINER);
}

static gboolean write_timestamp (TamgaKeylessTask *task, const TamgaKeylessRun *run,
                                 TamgaOutput *output, GError **error)
{
    const TamgaSignUi *ui = run->ui;
    for (;;) {
        TamgaKeylessProgress progress = {run, task->item->input};
        const TamgaReadOptions options = tamga_keyless_read_options (task, &progress);
        g_autoptr (GError) failed = NULL;
        if (task->format->timestamp (task->document, &options,
                                     tamga_tsa_stamper_interface (task->stamper), output, &failed))
            return TRUE;
        if (!g_error_matches (failed, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ENCRYPTED) ||
            task->password || !ui || !ui->password)
            return tamga_keyless_fail (task, run, g_steal_pointer (&failed), error);
        task->password = ui->password (task->item->input, ui->data, error);
        if (!task->password)
            return FALSE;
    }
}

/* What was signed or stamped before is still there. A document without any is only read. */
static gboolean check_kept (TamgaKeylessTask *task, const TamgaKeylessRun *run, TamgaOutput *output,
                            GError **error)
{
    TamgaKeylessProgress progress = {run, task->item->input};
    const TamgaReadOptions options = tamga_keyless_read_options (task, &progress);
    g_autoptr (GPtrArray) before = NULL;
    if (tamga_format_probe (task->document) == task->format)
        before = task->format->read (task->document, &options, NULL);
    if (!before)
        before = g_ptr_array_new ();
    g_autoptr (GError) failed = NULL;
    return tamga_kept_check (before, task->format, output, &options, &failed) ||
           tamga_keyless_fail (task, run, g_steal_pointer (&failed), error);
}

static gboolean timestamp_file (TamgaKeylessTask *task, const TamgaKeylessRun *run, GError **error)
{
    task->format = choose (task->document);
    if (!task->format || !task->format->timestamp) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s: there is no form of a timestamp without a signature for it.",
                     task->item->input);
        return FALSE;
    }
    gboolean own = tamga_format_probe (task->document) == task->format;
    if (!tamga_keyless_output (task, run, own ? "timestamped" : NULL, error))
        return FALSE;
    g_autoptr (TamgaOutput) output =
        tamga_sign_open_output (task->output, task->item->replace, error);
    return output && write_timestamp (task, run, output, error) &&
           check_kept (task, run, output, error) &&
           tamga_keyless_publish (task, run, output, error);
}

GPtrArray *tamga_timestamp_files (const TamgaSignContext *context, const TamgaSignItem *items,
                                  gsize n, const TamgaExtendOptions *options, const TamgaSignUi *ui,
                                  const TamgaCall *call, GError **error)
{
    const TamgaKeylessRun run = {
        .context = context, .options = options, .ui = ui, .call = call, .event = "timestamped"};
    return tamga_keyless_files (&run, items, n, timestamp_file, error);
}
