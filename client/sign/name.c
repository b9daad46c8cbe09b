/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the signed file is called when the person does not say. */
#include <string.h>

#include "client/sign/item.h"

/* "a.signed" → "a.signed-2" → "a.signed-3": a second signature is seen in the name. */
static char *next_stem (const char *stem)
{
    const char *mark = strstr (stem, ".signed");
    for (const char *later; mark && (later = strstr (mark + 1, ".signed"));)
        mark = later;
    if (!mark)
        return g_strconcat (stem, ".signed", NULL);
    const char *tail = mark + strlen (".signed");
    if (*tail == '\0')
        return g_strconcat (stem, "-2", NULL);
    char *end = NULL;
    guint64 number = *tail == '-' ? g_ascii_strtoull (tail + 1, &end, 10) : 0;
    if (number < 2 || number > 9999 || *end != '\0')
        return g_strconcat (stem, ".signed", NULL);
    return g_strdup_printf ("%.*s-%" G_GUINT64_FORMAT, (int)(tail - stem), stem, number + 1);
}

/* The path without the last part behind a dot, where the name has more than that. */
static char *stem_of (const char *path)
{
    const char *name = strrchr (path, G_DIR_SEPARATOR);
    name = name ? name + 1 : path;
    const char *dot = strrchr (name, '.');
    return dot && dot > name ? g_strndup (path, (gsize)(dot - path)) : g_strdup (path);
}

char *tamga_sign_output_name (const char *input, const char *folder, const TamgaFormat *format,
                              gboolean detached, gboolean several)
{
    /* Some formats have no detached form: preparing says so. */
    const char *extension =
        detached && format->detached_extension ? format->detached_extension : format->extension;
    g_autofree char *base = folder ? g_path_get_basename (input) : NULL;
    g_autofree char *moved = folder ? g_build_filename (folder, base, NULL) : NULL;
    if (strcmp (input, "-") == 0)
        return g_strdup ("-");
    if (moved)
        input = moved;
    gsize length = strlen (input), tail = strlen (extension);
    gboolean carrier = length > tail && g_ascii_strcasecmp (input + length - tail, extension) == 0;
    if (several && !carrier && !detached) {
        g_autofree char *first = stem_of (input);
        return g_strconcat (first, extension, NULL);
    }
    if (!carrier || detached)
        return g_strconcat (input, extension, NULL);
    g_autofree char *stem = g_strndup (input, length - tail);
    g_autofree char *next = next_stem (stem);
    return g_strconcat (next, input + length - tail, NULL);
}
