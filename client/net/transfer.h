/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP transfers of `tamga-fetch`: rules for URLs and addresses, limits, redirects. The only code
 * of Tamga that knows libcurl. */
#pragma once

#include <curl/curl.h>

#include "client/net/wire.h"

/* What applies to all transfers of the process. */
typedef struct {
    gboolean configured; /* nothing is fetched before */
    gboolean allow_loopback, allow_private;
    char *proxy; /* as TamgaFetchConfig.proxy */
} TamgaTransferRules;

typedef struct _TamgaTransfer TamgaTransfer;

/* Starts a transfer described by the arguments of "start" in `multi`. Never NULL: one that may not
 * even begin is finished from the start. `rules` must outlive it. */
TamgaTransfer *tamga_transfer_start (CURLM *multi, const TamgaTransferRules *rules, guint ticket,
                                     GVariant *arguments);
void tamga_transfer_free (TamgaTransfer *transfer);
/* Tells it that its libcurl handle is done. Follows a redirect: then it is not finished. */
void tamga_transfer_done (TamgaTransfer *transfer, CURLcode code);
gboolean tamga_transfer_finished (const TamgaTransfer *transfer);
guint tamga_transfer_ticket (const TamgaTransfer *transfer);
/* The answer to "wait". Floating. */
GVariant *tamga_transfer_result (TamgaTransfer *transfer);
