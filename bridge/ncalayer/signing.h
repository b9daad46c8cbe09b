/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the modules have in common when they sign. */
#pragma once

#include "bridge/ncalayer/modules.h"

/* Grant, key, signatures: in this order. `*key` (may be NULL): who signed. */
GPtrArray *tamga_ncalayer_sign (TamgaRequest *request, const TamgaKeyFilter *filter,
                                const TamgaRequestSigning *signing, TamgaRequestKey **key,
                                GError **error);
/* A list for TamgaRequestSigning.documents. */
GPtrArray *tamga_ncalayer_documents (void);
/* TAMGA_BRIDGE_ERROR_ARGUMENT where it is empty. */
gboolean tamga_ncalayer_add_text (GPtrArray *documents, const char *text, GError **error);
/* TAMGA_BRIDGE_ERROR_ARGUMENT where no digest has that length: before the person is asked. */
gboolean tamga_ncalayer_add_digest (GPtrArray *documents, GBytes *digest, GError **error);
/* All of them are XML that can be signed, without a DTD: before the person is asked. Errors of the
 * format. */
gboolean tamga_ncalayer_check_xml (const GPtrArray *documents, GError **error);
/* XML that was made, as a string of JSON; TAMGA_BRIDGE_ERROR_ARGUMENT where it is not UTF-8. */
json_t *tamga_ncalayer_xml_json (GBytes *xml, GError **error);
json_t *tamga_ncalayer_base64_json (GBytes *bytes);
