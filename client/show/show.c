/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of a signed file as JSON. Countersignatures lie under what they countersign. */
#include "client/show/show.h"

#include <string.h>

#include "client/json.h"
#include "client/show/inside.h"
#include "client/validate/model_json.h"
#include "formats/cms/token.h"
#include "formats/ossl.h"
#include "formats/zip/container.h"

/* Countersignatures of countersignatures that are nested; what is deeper stands beside them. */
#define MAX_NESTING 16

typedef struct {
    GPtrArray *signatures; /* TamgaSignature */
    gboolean *shown;       /* of each */
    TamgaInside *inside;
} Showing;

static void set_text (json_t *object, const char *key, const char *text)
{
    json_object_set_new (object, key, tamga_json_text (text));
}

static json_t *texts (const GPtrArray *list)
{
    json_t *array = json_array ();
    for (guint i = 0; list != NULL && i < list->len; i++)
        json_array_append_new (array, tamga_json_text (list->pdata[i]));
    return array;
}

static json_t *signer (X509 *certificate)
{
    if (certificate == NULL)
        return json_null ();
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (certificate));
    g_autofree char *issuer = tamga_ossl_short_name (X509_get_issuer_name (certificate));
    g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (certificate));
    g_autofree char *sha256 = tamga_ossl_fingerprint (certificate);
    json_t *object = json_object ();
    set_text (object, "name", name);
    set_text (object, "issuer", issuer);
    set_text (object, "serial", serial);
    set_text (object, "sha256", sha256);
    return object;
}

static void set_token (json_t *object, const TamgaToken *token)
{
    const TamgaSignature *signature = token->signature;
    g_autofree char *tsa =
        signature->certificate != NULL
            ? tamga_ossl_short_name (X509_get_subject_name (signature->certificate))
            : g_strdup (token->tsa_name);
    json_object_set_new (object, "time", tamga_json_time (token->gen_time));
    set_text (object, "tsa", tsa);
    set_text (object, "digest_algorithm",
              token->digest != NULL ? token->digest->name : token->digest_oid);
    set_text (object, "algorithm", signature->algorithm_text);
    set_text (object, "policy", token->policy);
    set_text (object, "serial", token->serial);
    if (token->accuracy >= 0)
        json_object_set_new (object, "accuracy_us", json_integer (token->accuracy));
}

static json_t *timestamp_json (const Showing *self, const TamgaSignature *signature,
                               const TamgaTimestamp *timestamp)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, &error);
    json_t *object = json_object ();
    set_text (object, "id", timestamp->id);
    set_text (object, "kind", tamga_timestamp_kind_name (timestamp->kind));
    set_text (object, "covers", timestamp->covers);
    if (timestamp->proves != NULL)
        json_object_set_new (object, "proves", texts (timestamp->proves));
    if (token == NULL) {
        set_text (object, "problem", error->message);
        return object;
    }
    g_autofree char *place = g_strdup_printf ("%s of %s", timestamp->id, signature->id);
    set_token (object, token);
    tamga_inside_add (self->inside, token->signature, place);
    /* whether it is about this file at all is a fact, not a judgement */
    if (timestamp->covered_digest == NULL)
        set_text (object, "problem", "what it covers could not be computed");
    else if (!tamga_token_covers_digest (token, timestamp->covered_digest))
        set_text (object, "problem", "it is about other data");
    return object;
}

static void set_facts (json_t *object, const TamgaSignature *signature)
{
    set_text (object, "id", signature->id);
    set_text (object, "name", signature->name);
    set_text (object, "kind",
              signature->is_document_timestamp ? "document-timestamp" : "signature");
    set_text (object, "format", signature->format);
    tamga_model_json_set_place (object, signature);
    set_text (object, "algorithm", signature->algorithm_text);
    json_object_set_new (object, "signer", signer (signature->certificate));
    tamga_model_json_set_claims (object, signature);
    set_text (object, "contact", signature->contact);
    set_text (object, "signer_name", signature->signer_name);
    if (signature->certification != 0)
        json_object_set_new (object, "certification", json_integer (signature->certification));
    json_object_set_new (object, "covers", tamga_model_json_covers (signature));
    if (signature->proves != NULL)
        json_object_set_new (object, "proves", texts (signature->proves));
    if (signature->integrity != TAMGA_INTEGRITY_INTACT)
        set_text (object, "problem",
                  signature->integrity_text != NULL ? signature->integrity_text
                                                    : tamga_integrity_name (signature->integrity));
}

static json_t *signature_json (Showing *self, guint index, guint depth)
{
    const TamgaSignature *signature = self->signatures->pdata[index];
    json_t *object = json_object (), *stamps = json_array (), *under = json_array ();
    self->shown[index] = TRUE;
    set_facts (object, signature);
    for (guint i = 0; i < signature->timestamps->len; i++)
        json_array_append_new (stamps,
                               timestamp_json (self, signature, signature->timestamps->pdata[i]));
    json_object_set_new (object, "timestamps", stamps);
    tamga_inside_add (self->inside, signature, signature->id);
    json_object_set_new (object, "changes", tamga_model_json_changes (signature));
    json_object_set_new (object, "findings", tamga_model_json_findings (signature->findings));
    for (guint i = 0; depth < MAX_NESTING && i < self->signatures->len; i++) {
        const TamgaSignature *other = self->signatures->pdata[i];
        if (!self->shown[i] && g_strcmp0 (other->countersigned, signature->id) == 0)
            json_array_append_new (under, signature_json (self, i, depth + 1));
    }
    json_object_set_new (object, "countersignatures", under);
    return object;
}

/* Those that countersign nothing first; then what is left: nested too deep, or under nothing. */
static json_t *signatures_json (Showing *self)
{
    json_t *array = json_array ();
    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < self->signatures->len; i++) {
            const TamgaSignature *signature = self->signatures->pdata[i];
            if (!self->shown[i] && (pass == 1 || signature->countersigned == NULL))
                json_array_append_new (array, signature_json (self, i, 0));
        }
    }
    return array;
}

/* What an entry of a container is, by its name (EN 319 162-1 4.3.3, 4.4.3). */
static const char *entry_role (const char *name)
{
    static const struct {
        const char *part, *role;
    } roles[] = {
        {"timestamp", "timestamp"},
        {"manifest", "manifest"},
        {"signature", "signature"},
    };
    if (g_str_equal (name, "mimetype"))
        return "type";
    g_autofree char *lower = g_ascii_strdown (name, -1);
    if (!g_str_has_prefix (lower, "meta-inf/"))
        return "content";
    for (gsize i = 0; i < G_N_ELEMENTS (roles); i++) {
        if (strstr (lower, roles[i].part) != NULL)
            return roles[i].role;
    }
    return "metadata";
}

/* Where it is no container, or none that can be opened by itself: an empty list. */
static json_t *entries_json (TamgaDocument *document)
{
    json_t *array = json_array ();
    g_autoptr (TamgaZip) zip = tamga_zip_probe (document) ? tamga_zip_open (document, NULL) : NULL;
    GPtrArray *entries = zip != NULL ? tamga_zip_entries (zip) : NULL;
    for (guint i = 0; entries != NULL && i < entries->len; i++) {
        const TamgaZipEntry *entry = entries->pdata[i];
        json_t *object = json_object ();
        set_text (object, "name", entry->name);
        json_object_set_new (object, "size", json_integer ((json_int_t)entry->size));
        json_object_set_new (object, "compressed", json_boolean (!entry->stored));
        set_text (object, "role", entry_role (entry->name));
        json_array_append_new (array, object);
    }
    return array;
}

static guint revisions_of (const GPtrArray *signatures)
{
    guint revisions = 0;
    for (guint i = 0; i < signatures->len; i++)
        revisions = MAX (revisions, ((const TamgaSignature *)signatures->pdata[i])->revisions);
    return revisions;
}

json_t *tamga_show (TamgaDocument *document, const TamgaReadOptions *options, GError **error)
{
    const TamgaFormat *format;
    g_autoptr (GPtrArray) signatures = tamga_format_read (document, options, &format, error);
    if (signatures == NULL || !tamga_document_check (document, error))
        return NULL;
    g_autoptr (TamgaInside) inside = tamga_inside_new ();
    g_autofree gboolean *shown = g_new0 (gboolean, signatures->len + 1);
    Showing showing = {.signatures = signatures, .shown = shown, .inside = inside};
    json_t *object = json_object ();
    guint revisions = revisions_of (signatures);
    set_text (object, "file", tamga_document_name (document));
    json_object_set_new (object, "size", json_integer ((json_int_t)tamga_document_size (document)));
    set_text (object, "format", format->name);
    set_text (object, "title", format->title);
    if (revisions > 0)
        json_object_set_new (object, "revisions", json_integer (revisions));
    json_object_set_new (object, "entries", entries_json (document));
    json_object_set_new (object, "signatures", signatures_json (&showing));
    json_object_set (object, "certificates", inside->certificate_list);
    json_object_set (object, "evidence", inside->evidence_list);
    return object;
}
