/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ZIP files octet by octet, right ones and wrong ones, without any code of the product. */
#pragma once

#include <glib.h>

typedef struct {
    const char *name;
    const char *content;
    gboolean deflate;
    gboolean descriptor;    /* sizes follow the content */
    const char *local_name; /* NULL: the same */
    guint32 local_size_off; /* added to the size in the local header */
    guint32 crc_off;        /* added to the CRC everywhere */
    guint16 flags;
    guint16 method;     /* other than what `deflate` says */
    const char *extra;  /* octets of an extra field, hex */
    const char *before; /* octets before the local header */
    const char *after;  /* octets after the content that belong to nothing */
    const char *tail;   /* octets inside of the compressed size, after the stream */
    guint32 claim;      /* uncompressed size that both headers claim; 0: the true one */
    gboolean wide;      /* ZIP64 sizes */
    gboolean comment;
} ForgeEntry;

typedef struct {
    const char *comment;
    const char *prepend, *append; /* octets around the archive; offsets know of the former */
    const char *gap;              /* octets before the central directory */
    int entries_off;              /* added to the number of entries */
    gboolean wide;                /* with the records of ZIP64 */
    gboolean disagree;            /* the ZIP64 record says another offset */
} ForgeArchive;

GBytes *forge (const ForgeArchive *archive, const ForgeEntry *entries, gsize n);
