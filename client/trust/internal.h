/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store of anchors and the path builder share. */
#pragma once

#include "client/trust/trust.h"
#include "formats/ossl.h"

struct _TamgaTrust {
    char *directory;    /* NULL: without a store */
    GPtrArray *anchors; /* TamgaAnchor, distrusted ones included */
    char **policies;    /* acceptable policies, or NULL */
    gboolean explicit_policy, inhibit_mapping, inhibit_any;
};
