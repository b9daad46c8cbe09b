/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga extract`: gives back what was signed, without judging the signature. */
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/password.h"
#include "client/show/extract.h"
#include "formats/ossl.h"

typedef struct {
    char *output, *signature, *password_fd;
    int revision;
    gboolean force;
} Options;

typedef struct {
    TamgaCli *cli;
    const Options *options;
    const char *path;
    const TamgaFormat *format;
    char *which;        /* of the states in the carrier; NULL: the latest signature */
    GPtrArray *missing; /* char *: signed files that are not there */
} Extraction;

static gboolean show_progress (guint64 done, guint64 total, gpointer data)
{
    const Extraction *self = data;
    tamga_cli_progress (self->cli, self->path, done, total);
    return !tamga_call_cancelled (&self->cli->call);
}

/* The id of the signature that --signature names: by its id, its name, or its number. */
static char *find_signature (const GPtrArray *signatures, const char *wanted, GError **error)
{
    guint64 number = 0;
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (g_strcmp0 (signature->id, wanted) == 0 || g_strcmp0 (signature->name, wanted) == 0)
            return g_strdup (signature->id);
    }
    if (g_ascii_string_to_unsigned (wanted, 10, 1, signatures->len, &number, NULL))
        return g_strdup (((const TamgaSignature *)signatures->pdata[number - 1])->id);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "There is no signature \"%s\" in it: it has %u.", wanted, signatures->len);
    return NULL;
}

/* A signed file that is not there must be told, or the rest would look like all of it. */
static void find_missing (Extraction *self, const GPtrArray *signatures)
{
    g_ptr_array_set_size (self->missing, 0);
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (signature->is_document_timestamp ||
            (self->which && g_strcmp0 (signature->id, self->which) != 0))
            continue;
        for (guint k = 0; k < signature->objects->len; k++) {
            const TamgaObject *object = signature->objects->pdata[k];
            if (!object->found &&
                !g_ptr_array_find_with_equal_func (self->missing, object->name, g_str_equal, NULL))
                g_ptr_array_add (self->missing, g_strdup (object->name));
        }
    }
}

/* Which format it is, and which state of the document is wanted. */
static gboolean choose (Extraction *self, TamgaDocument *document, const TamgaReadOptions *read,
                        GError **error)
{
    g_autoptr (GPtrArray) signatures = tamga_format_read (document, read, &self->format, error);
    if (!signatures)
        return FALSE;
    if (!self->format->originals) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "What is signed cannot be taken out of %s.", self->format->title);
        return FALSE;
    }
    g_clear_pointer (&self->which, g_free);
    if (self->options->revision > 0)
        self->which = g_strdup_printf ("revision %d", self->options->revision);
    else if (self->options->signature)
        self->which = find_signature (signatures, self->options->signature, error);
    find_missing (self, signatures);
    return self->which || !self->options->signature;
}

static GPtrArray *originals_with (Extraction *self, TamgaDocument *document, GBytes *password,
                                  GError **error)
{
    const TamgaReadOptions read = {
        .password = password, .progress = show_progress, .progress_data = self};
    GPtrArray *originals = choose (self, document, &read, error)
                               ? self->format->originals (document, &read, self->which, error)
                               : NULL;
    tamga_cli_progress_end (self->cli);
    return originals;
}

/* What is encrypted asks for its password, once. */
static GPtrArray *originals_of (Extraction *self, TamgaDocument *document, GError **error)
{
    g_autoptr (GError) local = NULL;
    GPtrArray *originals = originals_with (self, document, NULL, &local);
    if (!tamga_cli_password_wanted (local)) {
        if (local)
            g_propagate_error (error, g_steal_pointer (&local));
        return originals;
    }
    g_autoptr (GBytes) password =
        tamga_cli_password (self->cli, self->options->password_fd, self->path, error);
    return password ? originals_with (self, document, password, error) : NULL;
}

/* Where one document goes: what -o says, or its own name (below the folder that -o is). */
static char *file_path (const Extraction *self, const TamgaOriginal *original, GError **error)
{
    const char *output = self->options->output;
    gboolean folder = output && g_file_test (output, G_FILE_TEST_IS_DIR);
    if (output && !folder)
        return g_strdup (output);
    g_autofree char *name = tamga_extract_file_name (self->path, original, error);
    if (!name)
        return NULL;
    if (folder)
        return g_build_filename (output, name, NULL);
    g_autofree char *beside =
        strcmp (self->path, "-") == 0 ? g_strdup (".") : g_path_get_dirname (self->path);
    return strcmp (beside, ".") == 0 ? g_steal_pointer (&name)
                                     : g_build_filename (beside, name, NULL);
}

static char *folder_path (const Extraction *self, GError **error)
{
    if (self->options->output)
        return g_strdup (self->options->output);
    g_autofree char *name = tamga_extract_folder_name (self->path, error);
    g_autofree char *beside = g_path_get_dirname (self->path);
    if (!name)
        return NULL;
    return strcmp (beside, ".") == 0 ? g_steal_pointer (&name)
                                     : g_build_filename (beside, name, NULL);
}

/* Writes them; the path of the file or folder, or NULL. */
static char *write_originals (Extraction *self, GPtrArray *originals, GError **error)
{
    gboolean one = originals->len == 1;
    g_autofree char *path =
        one ? file_path (self, originals->pdata[0], error) : folder_path (self, error);
    if (!path)
        return NULL;
    if (!one && strcmp (path, "-") == 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "There are %u documents in it, which cannot go to standard output: name a new "
                     "folder with -o.",
                     originals->len);
        return NULL;
    }
    self->cli->output_is_document = strcmp (path, "-") == 0;
    gboolean written = one ? tamga_extract_file (originals->pdata[0], path, self->options->force,
                                                 show_progress, self, error)
                           : tamga_extract_folder (originals, path, show_progress, self, error);
    tamga_cli_progress_end (self->cli);
    return written ? g_steal_pointer (&path) : NULL;
}

static void tell (const Extraction *self, const GPtrArray *originals, const char *path)
{
    TamgaCli *cli = self->cli;
    json_t *list = json_array ();
    g_autofree char *visible = tamga_text_visible (path);
    for (guint i = 0; i < originals->len; i++) {
        const TamgaOriginal *original = originals->pdata[i];
        guint64 size = tamga_document_size (original->document);
        g_autofree char *name =
            originals->len > 1 && original->name ? tamga_text_visible (original->name) : NULL;
        tamga_cli_line (cli, "Extracted", "%s%s%s   %" G_GUINT64_FORMAT " bytes", visible,
                        name ? "/" : "", name ? name : "", size);
        json_array_append_new (list, json_pack ("{s:o, s:o, s:I}", "name",
                                                tamga_json_text (original->name), "mime_type",
                                                tamga_json_text (original->mime_type), "size",
                                                (json_int_t)size));
    }
    json_t *missing = json_array ();
    for (guint i = 0; i < self->missing->len; i++) {
        g_autofree char *name = tamga_text_visible (self->missing->pdata[i]);
        tamga_cli_line (cli, "Missing", "%s is signed, and is not there", name);
        json_array_append_new (missing, tamga_json_text (self->missing->pdata[i]));
    }
    tamga_cli_say (cli, "Not verified: whether this is what was signed, and by whom, "
                        "tamga verify judges.");
    if (cli->json) {
        tamga_cli_json (cli, json_pack ("{s:o, s:s, s:o, s:o, s:b, s:o, s:o}", "file",
                                        tamga_json_text (self->path), "format", self->format->name,
                                        "state", tamga_json_text (self->which), "output",
                                        tamga_json_text (path), "verified", FALSE, "originals",
                                        list, "missing", missing));
    } else {
        json_decref (list);
        json_decref (missing);
    }
}

static int fail (Extraction *self, const GError *error)
{
    if (!g_error_matches (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT))
        return tamga_cli_fail (self->cli, error);
    g_autoptr (GError) detached = g_error_new (
        TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
        "%s holds a signature only; the document that it signs is not inside.", self->path);
    return tamga_cli_fail (self->cli, detached);
}

static int run (TamgaCli *cli, const Options *options, const char *path)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaDocument) document = tamga_document_open (path, &error);
    if (!document)
        return tamga_cli_fail (cli, error);
    g_autoptr (GPtrArray) missing = g_ptr_array_new_with_free_func (g_free);
    Extraction self = {.cli = cli, .options = options, .path = path, .missing = missing};
    g_autoptr (GPtrArray) originals = originals_of (&self, document, &error);
    g_autofree char *written = originals ? write_originals (&self, originals, &error) : NULL;
    int code = written ? TAMGA_EXIT_DONE : fail (&self, error);
    if (written)
        tell (&self, originals, written);
    g_free (self.which);
    return code;
}

static gboolean make_sense (TamgaCli *cli, const Options *options, int argc, int *code)
{
    if (!tamga_cli_password_option (cli, options->password_fd, code))
        return FALSE;
    if (argc > 1)
        *code = tamga_cli_usage (cli, "tamga extract takes one file, not %d.", argc);
    else if (options->revision < 0)
        *code = tamga_cli_usage (cli, "--revision takes a number from 1 on.");
    else if (options->revision > 0 && options->signature)
        *code = tamga_cli_usage (cli, "--signature and --revision are two ways to say the same; "
                                      "give one.");
    else if (cli->json && g_strcmp0 (options->output, "-") == 0)
        *code = tamga_cli_usage (cli, "--json and the document cannot both go to standard output: "
                                      "name a file with -o.");
    else
        return TRUE;
    return FALSE;
}

int tamga_cli_extract (TamgaCli *cli, int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "File, or new folder where there are several; - is standard output", "PATH"},
        {"signature", 's', 0, G_OPTION_ARG_STRING, &options.signature,
         "What this signature covers (id, name or number)", "ID"},
        {"revision", 'r', 0, G_OPTION_ARG_INT, &options.revision, "This revision of a PDF", "N"},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "Replace the file that is there",
         NULL},
        TAMGA_CLI_PASSWORD_OPTION (&options.password_fd),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code;
    if (tamga_cli_parse (cli, &argc, &argv, entries, 1, &code) &&
        make_sense (cli, &options, argc, &code))
        code = run (cli, &options, argv[0]);
    g_free (options.output);
    g_free (options.signature);
    g_free (options.password_fd);
    return code;
}
