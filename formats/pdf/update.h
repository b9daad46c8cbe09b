/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An incremental update (ISO 32000-1 7.5.6): objects that are new or replaced, and a
 * cross-reference section of the kind the file ends with. Bytes of the file itself are never
 * touched. */
#pragma once

#include "formats/pdf/file.h"

typedef struct _TamgaPdfUpdate TamgaPdfUpdate;

/* `pdf` is borrowed for the update's life; new objects live in its arena. */
TamgaPdfUpdate *tamga_pdf_update_new (TamgaPdf *pdf);
void tamga_pdf_update_free (TamgaPdfUpdate *update);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPdfUpdate, tamga_pdf_update_free)

TamgaPdf *tamga_pdf_update_pdf (TamgaPdfUpdate *update);
TamgaPdfArena *tamga_pdf_update_arena (TamgaPdfUpdate *update);
/* A copy of an object, to be changed in place; the same copy when asked again. */
TamgaPdfObject *tamga_pdf_update_edit (TamgaPdfUpdate *update, guint32 number, guint32 generation);
/* The value of `key` in `parent` (itself new or a copy) to be changed: a referenced object is
 * copied, a direct one is returned, an absent one is made of `type`. NULL when it is something
 * else. */
TamgaPdfObject *tamga_pdf_update_child (TamgaPdfUpdate *update, TamgaPdfObject *parent,
                                        const char *key, TamgaPdfType type);
/* A number for an object that is added later. */
guint32 tamga_pdf_update_reserve (TamgaPdfUpdate *update);
guint32 tamga_pdf_update_add (TamgaPdfUpdate *update, TamgaPdfObject *object);
void tamga_pdf_update_put (TamgaPdfUpdate *update, guint32 number, TamgaPdfObject *object);
/* A stream: `dict` gets /Length, and /Filter /FlateDecode where `compress`. */
guint32 tamga_pdf_update_add_stream (TamgaPdfUpdate *update, TamgaPdfObject *dict, GBytes *data,
                                     gboolean compress);
/* An object whose syntax is given; where it lies is known after finishing. */
void tamga_pdf_update_put_text (TamgaPdfUpdate *update, guint32 number, const char *text);
/* A copy of what object `number` will contain, with strings encrypted as the file is: for
 * tamga_pdf_update_put_text. */
TamgaPdfObject *tamga_pdf_update_seal (TamgaPdfUpdate *update, guint32 number,
                                       const TamgaPdfObject *object, GError **error);
/* Writes all to `out`, which will follow the file. */
gboolean tamga_pdf_update_finish (TamgaPdfUpdate *update, GString *out, GError **error);
/* Position in the future file of the value of an object that was written. */
guint64 tamga_pdf_update_position (TamgaPdfUpdate *update, guint32 number);
