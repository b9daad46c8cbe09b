/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page of memory that `tamga-key` and its client share: which call into a module is running and
 * since when. So each call gets its own deadline, and "the module hangs" can name the call. The
 * client takes what it reads with care: the module lives in the process that writes it. */
#pragma once

#include <glib.h>

typedef struct _TamgaProgress TamgaProgress;

/* The client's side: a new page. NULL with TAMGA_KEYS_ERROR_FAILED. */
TamgaProgress *tamga_progress_new (GError **error);
void tamga_progress_free (TamgaProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaProgress, tamga_progress_free)
/* The descriptor to pass on; stays owned by the page. */
int tamga_progress_fd (TamgaProgress *progress);
/* Name of the running call, NULL when none runs; `*since` is g_get_monotonic_time() of its start,
 * never later than now. */
char *tamga_progress_read (TamgaProgress *progress, gint64 *since);

/* The helper's side. Without a page (attach not called) these do nothing. */
gboolean tamga_progress_attach (int fd);
void tamga_progress_enter (const char *call);
void tamga_progress_leave (void);
