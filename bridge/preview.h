/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the person is shown of the documents of a request: text, or private copies and pictures of
 * pages that are removed afterwards (prompter-protocol, "consent"). */
#pragma once

#include "bridge/bridge.h"

/* One document of a request. Its bytes are what is shown, hashed and signed. */
typedef struct {
    char *name;     /* the caller's words, marked as such; NULL: none */
    GBytes *bytes;  /* NULL: only a digest was sent */
    GBytes *digest; /* where only that was sent */
} TamgaRequestDocument;

TamgaRequestDocument *tamga_request_document_new (const char *name, GBytes *bytes);
void tamga_request_document_free (TamgaRequestDocument *document);

typedef struct _TamgaPreview TamgaPreview;

/* Makes the "documents" of a consent question, one object each: name, type (by content:
 * "application/pdf", "application/xml", "text/plain", "application/octet-stream"), size, sha256
 * (hex), text (at most TAMGA_BRIDGE_MAX_SHOWN_TEXT bytes and only what is text or XML), view (path
 * of a private read-only copy of what is not in `text`), and for a PDF "pages": paths of PNG
 * pictures made by tamga-render, with "page_count". `warnings` gets an English sentence for what
 * cannot be shown: a digest alone, data that is neither text nor XML nor PDF, pages beyond the
 * first ones, a PDF that cannot be drawn. Removes its files when it is freed. */
TamgaPreview *tamga_preview_new (const GPtrArray *documents, const TamgaCall *call, GError **error);
void tamga_preview_free (TamgaPreview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPreview, tamga_preview_free)
json_t *tamga_preview_documents (TamgaPreview *preview); /* array; borrowed */
json_t *tamga_preview_warnings (TamgaPreview *preview);  /* array of strings; borrowed */
