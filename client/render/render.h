/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of a PDF as pictures, drawn by `tamga-render` (poppler-glib, sandboxed: no network, no
 * files but the descriptor it gets). For showing only, never for a verdict. */
#pragma once

#include "client/call.h"

#define TAMGA_RENDER_ERROR (tamga_render_error_quark ())
GQuark tamga_render_error_quark (void);
typedef enum {
    TAMGA_RENDER_ERROR_INPUT,    /* not a PDF that can be drawn */
    TAMGA_RENDER_ERROR_PASSWORD, /* encrypted: it opens only with one */
    TAMGA_RENDER_ERROR_PAGE,     /* no such page */
    TAMGA_RENDER_ERROR_LIMIT,    /* a page too large, or too slow */
    TAMGA_RENDER_ERROR_FAILED,   /* the helper: not installed, died, took too long */
} TamgaRenderError;

typedef struct _TamgaRender TamgaRender;

/* Opens the PDF behind `fd` (a regular file or memfd, open for reading; duplicated). */
TamgaRender *tamga_render_open (int fd, const TamgaCall *call, GError **error);
void tamga_render_free (TamgaRender *render);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaRender, tamga_render_free)

guint tamga_render_pages (TamgaRender *render);
/* PNG of one page (0 is the first) `width` pixels wide, white where nothing is drawn. */
GBytes *tamga_render_page (TamgaRender *render, guint page, guint width, const TamgaCall *call,
                           GError **error);
/* Size of a page in points, as a reader sees it (rotated). */
gboolean tamga_render_page_size (TamgaRender *render, guint page, double *width, double *height,
                                 const TamgaCall *call, GError **error);
/* The text of a page in reading order, UTF-8. */
char *tamga_render_page_text (TamgaRender *render, guint page, const TamgaCall *call,
                              GError **error);
