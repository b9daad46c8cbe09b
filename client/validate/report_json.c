/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stable JSON interface of `tamga verify --json`. Members are added, never renamed. */
#include "client/validate/report.h"

#include "client/failure.h"
#include "client/json.h"
#include "client/validate/model_json.h"
#include "client/validate/particulars.h"
#include "formats/ossl.h"

static json_t *identifiers (const GPtrArray *list)
{
    json_t *array = json_array ();
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const TamgaIdentifier *identifier = list->pdata[i];
        json_array_append_new (array, json_pack ("{s:o, s:o, s:b}", "name",
                                                 tamga_json_text (identifier->label), "value",
                                                 tamga_json_text (identifier->value), "malformed",
                                                 (int)identifier->malformed));
    }
    return array;
}

static json_t *signer (const TamgaValidatedSignature *validated)
{
    X509 *certificate = validated->signature->certificate;
    if (certificate == NULL)
        return json_null ();
    g_autoptr (TamgaHolder) holder = tamga_holder_read (certificate);
    g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (certificate));
    g_autofree char *issuer = tamga_ossl_name (X509_get_issuer_name (certificate));
    g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (certificate));
    g_autofree char *fingerprint = tamga_ossl_fingerprint (certificate);
    json_t *object = json_object ();
    json_object_set_new (object, "name", tamga_json_text (holder->name));
    json_object_set_new (object, "title", tamga_json_text (holder->title));
    json_object_set_new (object, "organisation", tamga_json_text (holder->organisation));
    json_object_set_new (object, "organisation_id", tamga_json_text (holder->organisation_id));
    json_object_set_new (object, "unit", tamga_json_text (holder->unit));
    json_object_set_new (object, "serial_number", tamga_json_text (holder->serial_number));
    json_object_set_new (object, "identifiers", identifiers (validated->identifiers));
    json_object_set_new (object, "country", tamga_json_text (holder->country));
    json_object_set_new (object, "subject", tamga_json_text (subject));
    json_object_set_new (object, "issuer", tamga_json_text (issuer));
    json_object_set_new (object, "serial", tamga_json_text (serial));
    json_object_set_new (object, "sha256", tamga_json_text (fingerprint));
    json_object_set_new (object, "valid_from",
                         tamga_json_time (tamga_ossl_time (X509_get0_notBefore (certificate))));
    json_object_set_new (object, "valid_until",
                         tamga_json_time (tamga_ossl_time (X509_get0_notAfter (certificate))));
    json_object_set_new (object, "qualified_certificate",
                         json_boolean (validated->qualified_certificate));
    json_object_set_new (object, "qualified_device", json_boolean (validated->qualified_device));
    json_object_set_new (object, "limits", tamga_json_text (validated->limits));
    return object;
}

static json_t *checks (const GPtrArray *list)
{
    json_t *array = json_array ();
    for (guint i = 0; i < list->len; i++) {
        const TamgaCheck *check = list->pdata[i];
        json_t *object = json_object ();
        json_object_set_new (object, "name", tamga_json_text (check->name));
        json_object_set_new (object, "clause", tamga_json_text (check->clause));
        json_object_set_new (object, "result", tamga_json_text (check->result));
        json_object_set_new (object, "source", tamga_json_text (check->source));
        json_object_set_new (object, "text", tamga_json_text (check->text));
        json_array_append_new (array, object);
    }
    return array;
}

static json_t *timestamps (const TamgaValidatedSignature *validated)
{
    json_t *array = json_array ();
    for (guint i = 0; i < validated->timestamps->len; i++) {
        const TamgaValidatedTimestamp *one = validated->timestamps->pdata[i];
        json_t *object = json_object ();
        json_object_set_new (object, "id", tamga_json_text (one->timestamp->id));
        json_object_set_new (object, "kind",
                             tamga_json_text (tamga_timestamp_kind_name (one->timestamp->kind)));
        json_object_set_new (object, "time", tamga_json_time (one->time));
        json_object_set_new (object, "tsa", tamga_json_text (one->tsa));
        json_object_set_new (object, "until", tamga_json_time (one->until));
        json_object_set_new (object, "covers", tamga_json_text (one->timestamp->covers));
        json_object_set_new (object, "indication",
                             tamga_json_text (tamga_indication_name (one->indication)));
        json_object_set_new (object, "sub_indication", tamga_json_text (one->sub_indication));
        json_object_set_new (object, "reason", tamga_json_text (one->reason));
        json_array_append_new (array, object);
    }
    return array;
}

static json_t *one_signature (const TamgaValidatedSignature *validated)
{
    const TamgaSignature *signature = validated->signature;
    json_t *object = json_object ();
    json_t *best = json_object ();
    json_object_set_new (best, "time", tamga_json_time (validated->best_time));
    json_object_set_new (best, "source", tamga_json_text (validated->best_time_source));
    json_object_set_new (object, "id", tamga_json_text (signature->id));
    json_object_set_new (object, "name", tamga_json_text (signature->name));
    json_object_set_new (
        object, "kind",
        tamga_json_text (signature->is_document_timestamp ? "document-timestamp" : "signature"));
    json_object_set_new (object, "format", tamga_json_text (signature->format));
    json_object_set_new (object, "level", tamga_json_text (validated->level));
    tamga_model_json_set_place (object, signature);
    json_object_set_new (object, "algorithm", tamga_json_text (signature->algorithm_text));
    json_object_set_new (object, "indication",
                         tamga_json_text (tamga_indication_name (validated->indication)));
    json_object_set_new (object, "sub_indication", tamga_json_text (validated->sub_indication));
    json_object_set_new (object, "reason", tamga_json_text (validated->reason));
    json_object_set_new (object, "integrity",
                         tamga_json_text (tamga_integrity_name (signature->integrity)));
    json_object_set_new (object, "signer", signer (validated));
    tamga_model_json_set_claims (object, signature);
    json_object_set_new (object, "best_signature_time", best);
    json_object_set_new (object, "timestamps", timestamps (validated));
    json_object_set_new (object, "covers", tamga_model_json_covers (signature));
    json_object_set_new (object, "changes", tamga_model_json_changes (signature));
    json_object_set_new (object, "checks", checks (validated->checks));
    json_object_set_new (object, "findings", tamga_model_json_findings (validated->findings));
    return object;
}

json_t *tamga_validation_json (const TamgaValidation *validation)
{
    json_t *object = json_object ();
    json_t *array = json_array ();
    json_object_set_new (object, "file", tamga_json_text (validation->file));
    json_object_set_new (
        object, "format",
        tamga_json_text (validation->format != NULL ? validation->format->name : NULL));
    json_object_set_new (object, "verdict",
                         tamga_json_text (tamga_verdict_name (validation->verdict)));
    json_object_set_new (object, "summary", tamga_json_text (validation->summary));
    for (guint i = 0; i < validation->signatures->len; i++)
        json_array_append_new (array, one_signature (validation->signatures->pdata[i]));
    json_object_set_new (object, "signatures", array);
    if (validation->error != NULL) {
        json_t *error = json_object ();
        json_object_set_new (error, "code",
                             tamga_json_text (tamga_failure_name (validation->error)));
        json_object_set_new (error, "message", tamga_json_text (validation->error->message));
        json_object_set_new (object, "error", error);
    }
    json_object_set_new (object, "exit_code",
                         json_integer (tamga_validation_exit_code (validation)));
    return object;
}
