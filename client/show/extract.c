/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Originals as files: names that are checked, a folder that is made by handles. */
#include "client/show/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/ossl.h"
#include "formats/zip/container.h"

/* --- names --- */

static gboolean shows_itself (const char *name)
{
    g_autofree char *visible = tamga_text_visible (name);
    return g_str_equal (visible, name);
}

/* Fit to be the name of a file beside others of the person: nothing hidden, no way out. */
static gboolean fit_beside_others (const char *name)
{
    return *name != '\0' && *name != '.' && strchr (name, '/') == NULL && shows_itself (name) &&
           tamga_zip_name_is_safe (name);
}

/* Cuts the level that extending put into a name: "letter.txt.lta-2". */
static char *without_level (char *stem)
{
    g_autoptr (GRegex) level =
        g_regex_new ("(?<=.)[.](t|lt|lta)(-[0-9]{1,4})?$", G_REGEX_DEFAULT, 0, NULL);
    g_autofree char *owned = stem;
    return g_regex_replace_literal (level, owned, -1, 0, "", 0, NULL);
}

/* The input's name without the extension of a signature; NULL when nothing is left. */
static char *input_stem (const char *input, gboolean *stripped)
{
    static const char *const extensions[] = {".p7m",  ".p7s",   ".p7b",   ".sig",   ".cms", ".jws",
                                             ".jose", ".asice", ".sce",   ".asics", ".scs", ".bdoc",
                                             ".edoc", ".xades", ".jades", NULL};
    g_autofree char *name = g_path_get_basename (input);
    gsize length = strlen (name);
    *stripped = FALSE;
    for (const char *const *extension = extensions; *extension != NULL; extension++) {
        gsize tail = strlen (*extension);
        if (length > tail && g_ascii_strcasecmp (name + length - tail, *extension) == 0) {
            *stripped = TRUE;
            return without_level (g_strndup (name, length - tail));
        }
    }
    return g_steal_pointer (&name);
}

static char *no_name (GError **error, const char *what)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "%s has no name that could be used here: name the output with -o.", what);
    return NULL;
}

/* "contract.signed.pdf" -> "contract.signed.original.pdf": the input itself stays. */
static char *original_name (const char *stem)
{
    const char *dot = strrchr (stem, '.');
    if (dot == NULL || dot == stem)
        return g_strconcat (stem, ".original", NULL);
    return g_strdup_printf ("%.*s.original%s", (int)(dot - stem), stem, dot);
}

char *tamga_extract_file_name (const char *input, const TamgaOriginal *original, GError **error)
{
    gboolean stripped;
    g_autofree char *own = g_path_get_basename (input);
    g_autofree char *stem = input_stem (input, &stripped);
    g_autofree char *stored = original->name != NULL ? g_path_get_basename (original->name) : NULL;
    if (stored != NULL && !g_str_equal (stored, own))
        return fit_beside_others (stored) ? g_steal_pointer (&stored)
                                          : no_name (error, "the signed document");
    if (g_str_equal (input, "-") || !fit_beside_others (stem))
        return no_name (error, "the signed document");
    return stripped ? g_steal_pointer (&stem) : original_name (stem);
}

char *tamga_extract_folder_name (const char *input, GError **error)
{
    gboolean stripped;
    g_autofree char *stem = input_stem (input, &stripped);
    if (g_str_equal (input, "-") || !fit_beside_others (stem))
        return no_name (error, "the folder of the signed documents");
    return stripped ? g_steal_pointer (&stem) : g_strconcat (stem, ".content", NULL);
}

/* --- one file --- */

gboolean tamga_extract_file (const TamgaOriginal *original, const char *path, gboolean replace,
                             TamgaProgress progress, gpointer progress_data, GError **error)
{
    guint64 size = tamga_document_size (original->document);
    g_autoptr (TamgaOutput) output = tamga_output_open (path, replace, error);
    return output != NULL &&
           tamga_output_copy (output, original->document, 0, size, progress, progress_data,
                              error) &&
           tamga_document_check (original->document, error) && tamga_output_commit (output, error);
}

/* --- a folder --- */

typedef struct {
    int root;         /* handle of the new folder, which nobody else knows the name of yet */
    GPtrArray *files; /* names below it that were made, in order */
    GPtrArray *folders;
    TamgaProgress progress;
    gpointer progress_data;
} Folder;

static gboolean fail (GError **error, const char *path, const char *what)
{
    gboolean full = errno == ENOSPC || errno == EDQUOT;
    TamgaDocumentError code = errno == EEXIST ? TAMGA_DOCUMENT_ERROR_EXISTS
                              : full          ? TAMGA_DOCUMENT_ERROR_NO_SPACE
                                              : TAMGA_DOCUMENT_ERROR_WRITE;
    g_set_error (error, TAMGA_DOCUMENT_ERROR, code, "%s cannot be %s: %s. Nothing was written.",
                 path, what, g_strerror (errno));
    return FALSE;
}

/* "docs/a.pdf", or "original-2" where the carrier says nothing. New text. */
static char *name_below (const GPtrArray *originals, guint index)
{
    const TamgaOriginal *original = originals->pdata[index];
    return original->name != NULL ? g_strdup (original->name)
                                  : g_strdup_printf ("original-%u", index + 1);
}

static gboolean bad_name (GError **error, const char *name, const char *why)
{
    g_autofree char *visible = tamga_text_visible (name);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "the file \"%s\" cannot be taken out: %s. Nothing was written.", visible, why);
    return FALSE;
}

/* Two names that a file system may hold to be one. */
static char *folded (const char *name)
{
    g_autofree char *normal = g_utf8_normalize (name, -1, G_NORMALIZE_ALL_COMPOSE);
    return g_utf8_casefold (normal != NULL ? normal : name, -1);
}

static gboolean names_are_fit (const GPtrArray *originals, GError **error)
{
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < originals->len; i++) {
        g_autofree char *name = name_below (originals, i);
        if (!g_utf8_validate (name, -1, NULL) || !shows_itself (name))
            return bad_name (error, name, "there are characters in its name that hide something");
        if (!tamga_zip_name_is_safe (name) || g_str_has_suffix (name, "/"))
            return bad_name (error, name, "its name is none that a file may have there");
        if (!g_hash_table_add (seen, folded (name)))
            return bad_name (error, name, "there are two of that name");
    }
    return TRUE;
}

/* Handle of the folder that `name` lies in, made where it is not there. -1 with errno. */
static int open_parent (Folder *self, const char *name)
{
    g_auto (GStrv) parts = g_strsplit (name, "/", -1);
    guint n = g_strv_length (parts);
    g_autoptr (GString) above = g_string_new (NULL); /* "docs/", with its slash */
    int at = dup (self->root);
    for (guint i = 0; at >= 0 && i + 1 < n; i++) {
        if (mkdirat (at, parts[i], 0777) == 0) {
            g_ptr_array_add (self->folders, g_strconcat (above->str, parts[i], NULL));
        } else if (errno != EEXIST) {
            close (at);
            return -1;
        }
        int next = openat (at, parts[i], O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC);
        int saved = errno;
        close (at);
        errno = saved;
        at = next;
        g_string_append_printf (above, "%s/", parts[i]);
    }
    return at;
}

/* Names of handles mean nothing to people. */
static void name_in_error (GError *error, const char *handle, const char *name)
{
    g_autoptr (GString) text = g_string_new (error->message);
    g_string_replace (text, handle, name, 0);
    g_free (error->message);
    error->message = g_strdup (text->str);
}

static gboolean write_one (Folder *self, const TamgaOriginal *original, const char *name,
                           GError **error)
{
    int parent = open_parent (self, name);
    if (parent < 0)
        return fail (error, name, "created");
    g_autoptr (GError) local = NULL;
    g_autofree char *base = g_path_get_basename (name);
    g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d/%s", parent, base);
    gboolean written =
        tamga_extract_file (original, path, FALSE, self->progress, self->progress_data, &local);
    close (parent);
    if (written) {
        g_ptr_array_add (self->files, g_strdup (name));
        return TRUE;
    }
    name_in_error (local, path, name);
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

static void remove_all (const Folder *self)
{
    for (guint i = self->files->len; i-- > 0;)
        unlinkat (self->root, self->files->pdata[i], 0);
    for (guint i = self->folders->len; i-- > 0;)
        unlinkat (self->root, self->folders->pdata[i], AT_REMOVEDIR);
}

/* The folder gets its name when all is in it. */
static gboolean name_folder (const Folder *self, const char *hidden, const char *folder,
                             GError **error)
{
    mode_t mask = umask (0);
    umask (mask);
    if (fchmod (self->root, 0777 & ~mask) < 0)
        return fail (error, folder, "named");
    int done = renameat2 (AT_FDCWD, hidden, AT_FDCWD, folder, RENAME_NOREPLACE);
    if (done < 0 && errno == EINVAL && access (folder, F_OK) < 0)
        done = rename (hidden, folder);
    return done == 0 || fail (error, folder, "named");
}

static gboolean fill (Folder *self, const GPtrArray *originals, GError **error)
{
    for (guint i = 0; i < originals->len; i++) {
        g_autofree char *name = name_below (originals, i);
        if (!write_one (self, originals->pdata[i], name, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tamga_extract_folder (GPtrArray *originals, const char *folder, TamgaProgress progress,
                               gpointer progress_data, GError **error)
{
    struct stat there;
    if (!names_are_fit (originals, error))
        return FALSE;
    if (lstat (folder, &there) == 0) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS,
                     "%s exists already; several documents go into a new folder.", folder);
        return FALSE;
    }
    g_autofree char *plain = g_strdup (folder);
    for (gsize n = strlen (plain); n > 1 && plain[n - 1] == '/';)
        plain[--n] = '\0';
    g_autofree char *above = g_path_get_dirname (plain);
    g_autofree char *base = g_path_get_basename (plain);
    g_autofree char *hidden = g_strdup_printf ("%s/.%s.XXXXXX", above, base);
    if (g_mkdtemp_full (hidden, 0700) == NULL)
        return fail (error, folder, "created");
    g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func (g_free);
    Folder self = {.root = open (hidden, O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC),
                   .files = files,
                   .folders = folders,
                   .progress = progress,
                   .progress_data = progress_data};
    gboolean done = self.root >= 0 || fail (error, folder, "created");
    done = done && fill (&self, originals, error) && name_folder (&self, hidden, plain, error);
    if (!done) {
        if (self.root >= 0)
            remove_all (&self);
        rmdir (hidden);
    }
    if (self.root >= 0)
        close (self.root);
    return done;
}
