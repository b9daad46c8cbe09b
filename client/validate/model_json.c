/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the picture of a signature as JSON. */
#include "client/validate/model_json.h"

#include "client/json.h"
#include "formats/ossl.h"

json_t *tamga_model_json_covers (const TamgaSignature *signature)
{
    static const char *const names[] = {
        [TAMGA_COVERS_WHOLE] = "whole",
        [TAMGA_COVERS_REVISION] = "revision",
        [TAMGA_COVERS_PART] = "part",
        [TAMGA_COVERS_NOTHING_KNOWN] = "unknown",
    };
    json_t *object = json_object ();
    json_object_set_new (object, "what", tamga_json_text (names[signature->coverage]));
    json_object_set_new (object, "text", tamga_json_text (signature->coverage_text));
    if (signature->revisions > 0) {
        json_object_set_new (object, "revision", json_integer (signature->revision));
        json_object_set_new (object, "revisions", json_integer (signature->revisions));
    }
    return object;
}

json_t *tamga_model_json_changes (const TamgaSignature *signature)
{
    json_t *array = json_array ();
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        json_t *object = json_object ();
        json_object_set_new (object, "revision", json_integer (change->revision));
        json_object_set_new (object, "permitted", json_boolean (change->permitted));
        json_object_set_new (object, "rule", tamga_json_text (change->rule));
        json_object_set_new (object, "object", tamga_json_text (change->object));
        json_object_set_new (object, "text", tamga_json_text (change->text));
        json_array_append_new (array, object);
    }
    return array;
}

json_t *tamga_model_json_findings (const GPtrArray *list)
{
    static const char *const names[] = {
        [TAMGA_SEVERITY_INFO] = "info",
        [TAMGA_SEVERITY_WARNING] = "warning",
        [TAMGA_SEVERITY_FATAL] = "fatal",
    };
    json_t *array = json_array ();
    for (guint i = 0; i < list->len; i++) {
        const TamgaFinding *finding = list->pdata[i];
        json_t *object = json_object ();
        json_object_set_new (object, "severity", tamga_json_text (names[finding->severity]));
        json_object_set_new (object, "code", tamga_json_text (finding->code));
        json_object_set_new (object, "object", tamga_json_text (finding->object));
        json_object_set_new (object, "clause", tamga_json_text (finding->clause));
        json_object_set_new (object, "text", tamga_json_text (finding->text));
        json_array_append_new (array, object);
    }
    return array;
}

static json_t *objects (const TamgaSignature *signature)
{
    json_t *array = json_array ();
    for (guint i = 0; i < signature->objects->len; i++) {
        const TamgaObject *one = signature->objects->pdata[i];
        g_autofree char *value = one->value != NULL ? tamga_text_hex_bytes (one->value) : NULL;
        json_t *object = json_object ();
        json_object_set_new (object, "name", tamga_json_text (one->name));
        json_object_set_new (object, "mime_type", tamga_json_text (one->mime_type));
        json_object_set_new (object, "digest_algorithm",
                             tamga_json_text (one->digest != NULL ? one->digest->name : NULL));
        json_object_set_new (object, "digest", tamga_json_text (value));
        json_object_set_new (object, "found", json_boolean (one->found));
        json_object_set_new (object, "equal", json_boolean (one->equal));
        json_array_append_new (array, object);
    }
    return array;
}

static json_t *texts (const GPtrArray *list)
{
    json_t *array = json_array ();
    for (guint i = 0; i < list->len; i++)
        json_array_append_new (array, tamga_json_text (list->pdata[i]));
    return array;
}

/* Where the signature lies and what it is about. */
void tamga_model_json_set_place (json_t *object, const TamgaSignature *signature)
{
    json_object_set_new (object, "packaging", tamga_json_text (signature->packaging));
    json_object_set_new (object, "carrier", tamga_json_text (signature->carrier));
    json_object_set_new (object, "countersigns", tamga_json_text (signature->countersigned));
    json_object_set_new (object, "objects", objects (signature));
}

/* What the signer states; nobody vouches for it. */
void tamga_model_json_set_claims (json_t *object, const TamgaSignature *signature)
{
    json_object_set_new (object, "signing_time", tamga_json_time (signature->claimed_time));
    json_object_set_new (object, "signing_time_source",
                         tamga_json_text (signature->claimed_time_source));
    json_object_set_new (object, "signing_reason", tamga_json_text (signature->reason));
    json_object_set_new (object, "signing_location", tamga_json_text (signature->location));
    json_object_set_new (object, "roles", texts (signature->roles));
    json_object_set_new (object, "commitments", texts (signature->commitments));
    json_object_set_new (object, "policy", tamga_json_text (signature->policy_oid));
}
