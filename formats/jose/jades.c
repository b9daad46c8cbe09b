/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JAdES: the row of the format table. */
#include "formats/jose/jades.h"

#include <string.h>

#include "formats/jose/base64.h"
#include "formats/jose/extend.h"
#include "formats/jose/read.h"
#include "formats/jose/sign.h"

static GPtrArray *jades_read (TamgaDocument *document, const TamgaReadOptions *options,
                              GError **error)
{
    g_autoptr (TamgaJws) jws = tamga_jws_open (document, error);
    g_autoptr (GPtrArray) signatures = jws != NULL ? tamga_jose_read (jws, options, error) : NULL;

    if (signatures == NULL || !tamga_document_check (document, error))
        return NULL;
    return g_steal_pointer (&signatures);
}

/* "json" of the header is application/json (RFC 7515 4.1.10). */
static char *full_type (const char *type)
{
    if (type == NULL)
        return NULL;
    return strchr (type, '/') != NULL ? g_strdup (type) : g_strconcat ("application/", type, NULL);
}

static GPtrArray *jades_originals (TamgaDocument *document, const TamgaReadOptions *options,
                                   const char *signature, GError **error)
{
    g_autoptr (TamgaJws) jws = tamga_jws_open (document, error);
    g_autoptr (GPtrArray) originals =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_original_free);
    const TamgaJwsSignature *one;
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (TamgaDocument) payload = NULL;
    g_autofree char *type = NULL;

    (void)options, (void)signature;
    if (jws == NULL)
        return NULL;
    if (jws->payload == NULL || jws->payload[0] == '\0') {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                     "%s is a detached signature: what was signed is not in it.",
                     tamga_document_name (document));
        return NULL;
    }
    one = jws->signatures->pdata[0];
    if (json_is_false (json_object_get (one->protected_header, "b64")))
        bytes = g_bytes_new (jws->payload, strlen (jws->payload));
    else
        bytes = tamga_base64url_decode (jws->payload, strlen (jws->payload));
    if (bytes == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "The payload of %s is not base64url (RFC 7515 2).",
                     tamga_document_name (document));
        return NULL;
    }
    payload = tamga_document_new ("The payload", bytes);
    type = full_type (tamga_json_string (one->protected_header, "cty"));
    g_ptr_array_add (originals, tamga_original_new (NULL, type, payload));
    return g_steal_pointer (&originals);
}

const TamgaFormat tamga_jades_format = {
    .name = "jades",
    .title = "JAdES",
    .extension = ".json",
    .detached_extension = ".json",
    .many = TRUE,
    .probe = tamga_jws_probe,
    .read = jades_read,
    .prepare = tamga_jose_prepare,
    .embed = tamga_jose_embed,
    .timestamped = tamga_jose_timestamped,
    .extend = tamga_jose_extend,
    .originals = jades_originals,
};
