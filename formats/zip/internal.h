/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the container share: the layout of a ZIP file as the scan found it (PKWARE
 * APPNOTE 6.3, sections 4.3 to 4.5). */
#pragma once

#include "formats/zip/container.h"

#define TAMGA_ZIP_LOCAL 0x04034b50u      /* 4.3.7 */
#define TAMGA_ZIP_DESCRIPTOR 0x08074b50u /* 4.3.9 */
#define TAMGA_ZIP_CENTRAL 0x02014b50u    /* 4.3.12 */
#define TAMGA_ZIP_END64 0x06064b50u      /* 4.3.14 */
#define TAMGA_ZIP_LOCATOR64 0x07064b50u  /* 4.3.15 */
#define TAMGA_ZIP_END 0x06054b50u        /* 4.3.16 */

#define TAMGA_ZIP_LOCAL_SIZE 30u
#define TAMGA_ZIP_CENTRAL_SIZE 46u
#define TAMGA_ZIP_END64_SIZE 56u
#define TAMGA_ZIP_LOCATOR64_SIZE 20u
#define TAMGA_ZIP_END_SIZE 22u

#define TAMGA_ZIP_STORED 0u /* compression methods, 4.4.5 */
#define TAMGA_ZIP_DEFLATED 8u
#define TAMGA_ZIP_FLAG_ENCRYPTED 0x0001u /* general purpose bits, 4.4.4 */
#define TAMGA_ZIP_FLAG_DESCRIPTOR 0x0008u
#define TAMGA_ZIP_FLAG_PATCH 0x0020u
#define TAMGA_ZIP_FLAG_STRONG 0x0040u
#define TAMGA_ZIP_FLAG_UTF8 0x0800u
#define TAMGA_ZIP_FLAG_MASKED 0x2000u

#define TAMGA_ZIP_EXTRA_64 0x0001u      /* extra fields, 4.5.3 */
#define TAMGA_ZIP_EXTRA_UNICODE 0x7075u /* 4.6.9: another name */
#define TAMGA_ZIP_VERSION_64 45u        /* version needed to extract, 4.4.3 */

/* An entry with where it lies. */
typedef struct {
    TamgaZipEntry entry; /* first: a TamgaZipEntry of the interface is one of these */
    GBytes *central;     /* its central header, whole */
    guint64 data;        /* offset of the content */
    guint64 packed;      /* its length in the file */
    guint64 end;         /* after content and data descriptor */
    guint32 crc;
    guint16 flags, method;
    guint16 name_size, extra_size; /* in `central` */
} TamgaZipItem;

struct _TamgaZip {
    TamgaDocument *document;
    GPtrArray *items;  /* TamgaZipItem */
    GHashTable *names; /* name -> TamgaZipItem */
    gboolean comment;
};

static inline guint16 tamga_zip_get16 (const guint8 *at)
{
    return (guint16)(at[0] | at[1] << 8);
}

static inline guint32 tamga_zip_get32 (const guint8 *at)
{
    return tamga_zip_get16 (at) | (guint32)tamga_zip_get16 (at + 2) << 16;
}

static inline guint64 tamga_zip_get64 (const guint8 *at)
{
    return tamga_zip_get32 (at) | (guint64)tamga_zip_get32 (at + 4) << 32;
}

/* Fills `zip->items` from the file: end record, central directory, every local header, and that
 * they leave no octet unexplained. */
gboolean tamga_zip_scan (TamgaZip *zip, GError **error);
void tamga_zip_item_free (TamgaZipItem *item);

/* Names that are safe and collide with none before: key (tamga_zip_name_key) -> first spelling,
 * folders with their "/". */
gboolean tamga_zip_name_claim (GHashTable *keys, const char *name);
