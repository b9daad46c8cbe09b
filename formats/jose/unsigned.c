/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The unsigned components of a JAdES signature. */
#include "formats/jose/unsigned.h"

#include <string.h>

#include "formats/cms/der.h"
#include "formats/cms/token.h"
#include "formats/jose/base64.h"
#include "formats/jose/header.h"
#include "formats/limits.h"
#include "formats/ossl.h"

/* ---- Components ---- */

static void clear_component (TamgaJoseComponent *component)
{
    json_decref (component->holder);
}

static void append (TamgaJoseComponents *components, const char *text, json_t *holder)
{
    TamgaJoseComponent component = {.text = text, .holder = holder, .name = ""};

    if (json_is_object (holder) && json_object_size (holder) == 1) {
        void *at = json_object_iter (holder);
        component.name = json_object_iter_key (at);
        component.value = json_object_iter_value (at);
    }
    if (text != NULL)
        components->all_clear = FALSE;
    else
        components->all_base64 = FALSE;
    g_array_append_val (components->list, component);
}

void tamga_jose_components_append (TamgaJoseComponents *components, const char *text)
{
    g_autoptr (GBytes) bytes = tamga_base64url_decode (text, strlen (text));
    json_t *holder = bytes != NULL ? tamga_json_load ("component", g_bytes_get_data (bytes, NULL),
                                                      g_bytes_get_size (bytes), NULL)
                                   : NULL;

    append (components, text, holder);
}

TamgaJoseComponents *tamga_jose_components_new (const TamgaJwsSignature *one,
                                                TamgaSignature *signature)
{
    TamgaJoseComponents *components = g_new0 (TamgaJoseComponents, 1);
    const json_t *list = json_object_get (one->header, "etsiU");
    guint broken = list != NULL && json_array_size (list) == 0;

    components->list = g_array_new (FALSE, TRUE, sizeof (TamgaJoseComponent));
    components->all_base64 = components->all_clear = TRUE;
    g_array_set_clear_func (components->list, (GDestroyNotify)clear_component);
    for (gsize i = 0; i < json_array_size (list); i++) {
        json_t *element = json_array_get (list, i);
        if (json_is_string (element))
            tamga_jose_components_append (components, json_string_value (element));
        else
            append (components, NULL, json_incref (element));
        broken += g_array_index (components->list, TamgaJoseComponent, i).name[0] == '\0';
    }
    if (signature != NULL && broken > 0)
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "jades-unsigned-broken",
                              "TS 119 182-1 5.3.1",
                              "etsiU is empty, or %u of its elements cannot be read.", broken);
    return components;
}

void tamga_jose_components_free (TamgaJoseComponents *components)
{
    if (components == NULL)
        return;
    g_array_unref (components->list);
    g_free (components);
}

/* ---- Imprints ---- */

/* Where a timestamp of the signature was found. */
typedef struct {
    gsize kind;
    guint at; /* component; 0 for the header, which lies before all of them */
} Place;

typedef gboolean (*Wanted) (const char *name);

/* The digest of everything up to some component, continued by later timestamps. */
typedef struct {
    const TamgaDigest *digest;
    const char *kind; /* name of the timestamps that it is for */
    EVP_MD_CTX *context;
    guint next; /* component that has not been added */
} Running;

static void running_free (Running *running)
{
    EVP_MD_CTX_free (running->context);
    g_free (running);
}

void tamga_jose_imprints_init (TamgaJoseImprints *imprints, const TamgaJwsSignature *one,
                               const TamgaJoseContent *content,
                               const TamgaJoseComponents *components)
{
    *imprints = (TamgaJoseImprints){
        .one = one,
        .content = content,
        .components = components,
        .running = g_ptr_array_new_with_free_func ((GDestroyNotify)running_free),
        .places = g_array_new (FALSE, FALSE, sizeof (Place))};
}

void tamga_jose_imprints_clear (TamgaJoseImprints *imprints)
{
    g_clear_pointer (&imprints->running, g_ptr_array_unref);
    g_clear_pointer (&imprints->places, g_array_unref);
}

static void add_text (EVP_MD_CTX *context, const char *text)
{
    g_assert (EVP_DigestUpdate (context, text, strlen (text)) == 1);
}

static gboolean begin_content (TamgaJoseImprints *imprints, EVP_MD_CTX *context, GError **error)
{
    return tamga_jose_content_feed (imprints->content, context, error);
}

static gboolean begin_value (TamgaJoseImprints *imprints, EVP_MD_CTX *context, GError **error)
{
    (void)error;
    add_text (context, imprints->one->value_text);
    return TRUE;
}

static gboolean begin_value_dot (TamgaJoseImprints *imprints, EVP_MD_CTX *context, GError **error)
{
    (void)error;
    add_text (context, imprints->one->value_text);
    add_text (context, ".");
    return TRUE;
}

static gboolean begin_nothing (TamgaJoseImprints *imprints, EVP_MD_CTX *context, GError **error)
{
    (void)imprints, (void)context, (void)error;
    return TRUE;
}

/* 5.3.6.3.1: payload '.' protected header '.' signature value '.' components. */
static gboolean begin_all (TamgaJoseImprints *imprints, EVP_MD_CTX *context, GError **error)
{
    if (!begin_content (imprints, context, error))
        return FALSE;
    add_text (context, ".");
    add_text (context, imprints->one->protected_text);
    add_text (context, ".");
    return begin_value_dot (imprints, context, error);
}

static gboolean no_component (const char *name)
{
    (void)name;
    return FALSE;
}

static gboolean every_component (const char *name)
{
    (void)name;
    return TRUE;
}

static gboolean is_reference (const char *name)
{
    static const char *const names[] = {"xRefs", "rRefs", "axRefs", "arRefs", NULL};

    return g_strv_contains (names, name);
}

static gboolean is_reference_or_timestamp (const char *name)
{
    return strcmp (name, "sigTst") == 0 || is_reference (name);
}

static const struct {
    const char *name;
    TamgaTimestampKind kind;
    gboolean needs_content;
    gboolean (*begin) (TamgaJoseImprints *imprints, EVP_MD_CTX *context, GError **error);
    Wanted wanted;
    const char *covers;
} kinds[] = {
    {"adoTst", TAMGA_TIMESTAMP_CONTENT, TRUE, begin_content, no_component, NULL},
    {"sigTst", TAMGA_TIMESTAMP_SIGNATURE, FALSE, begin_value, no_component, NULL},
    {"sigRTst", TAMGA_TIMESTAMP_REFERENCES, FALSE, begin_value_dot, is_reference_or_timestamp,
     NULL},
    {"rfsTst", TAMGA_TIMESTAMP_REFERENCES_ONLY, FALSE, begin_nothing, is_reference,
     "the references to certificates and revocation data only"},
    {"arcTst", TAMGA_TIMESTAMP_ARCHIVE, TRUE, begin_all, every_component, NULL},
};

static Running *find_running (TamgaJoseImprints *imprints, gsize kind, guint before,
                              const TamgaDigest *digest, GError **error)
{
    Running *running;

    for (guint i = 0; i < imprints->running->len; i++) {
        running = imprints->running->pdata[i];
        if (running->digest == digest && running->next <= before &&
            strcmp (running->kind, kinds[kind].name) == 0)
            return running;
    }
    running = g_new0 (Running, 1);
    *running = (Running){digest, kinds[kind].name, EVP_MD_CTX_new (), 0};
    g_ptr_array_add (imprints->running, running);
    g_assert (EVP_DigestInit_ex (running->context, tamga_digest_md (digest), NULL) == 1);
    if (kinds[kind].begin (imprints, running->context, error))
        return running;
    g_ptr_array_remove (imprints->running, running);
    return NULL;
}

GBytes *tamga_jose_imprint (TamgaJoseImprints *imprints, const char *name, guint before,
                            const TamgaDigest *digest, GError **error)
{
    g_autoptr (EVP_MD_CTX) copy = NULL;
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    Running *running;
    gsize kind = 0;

    while (strcmp (kinds[kind].name, name) != 0)
        kind++;
    if (tamga_digest_md (digest) == NULL ||
        (kinds[kind].needs_content && !tamga_jose_content_complete (imprints->content)))
        return NULL;
    running = find_running (imprints, kind, before, digest, error);
    if (running == NULL)
        return NULL;
    for (; running->next < before; running->next++) {
        const TamgaJoseComponent *component =
            &g_array_index (imprints->components->list, TamgaJoseComponent, running->next);
        if (!kinds[kind].wanted (component->name))
            continue;
        /* 5.3.6.3.1.2: in the clear it has a canonical form, which no clause names. */
        if (component->text == NULL)
            return NULL;
        add_text (running->context, component->text);
    }
    copy = EVP_MD_CTX_new ();
    g_assert (EVP_MD_CTX_copy_ex (copy, running->context) == 1 &&
              EVP_DigestFinal_ex (copy, value, &size) == 1);
    return g_bytes_new (value, size);
}

/* ---- Timestamps ---- */

/* Ids of what the bytes that a timestamp covers contain. */
static GPtrArray *find_proven (const TamgaJoseImprints *imprints, const Place *place,
                               const TamgaSignature *signature)
{
    GPtrArray *proven = g_ptr_array_new_with_free_func (g_free);
    const GArray *list = imprints->components->list;
    guint countersignatures = 0;

    for (guint i = 0; i < imprints->places->len; i++) {
        const Place *other = &g_array_index (imprints->places, Place, i);
        gboolean in_header = kinds[other->kind].kind == TAMGA_TIMESTAMP_CONTENT;
        gboolean inside = in_header ? kinds[place->kind].needs_content
                                    : other->at < place->at &&
                                          kinds[place->kind].wanted (kinds[other->kind].name);
        if (inside)
            g_ptr_array_add (proven,
                             g_strdup (((TamgaTimestamp *)signature->timestamps->pdata[i])->id));
    }
    for (guint i = 0; i < place->at; i++) {
        const char *name = g_array_index (list, TamgaJoseComponent, i).name;
        if (strcmp (name, "cSig") == 0 && ++countersignatures > 0 &&
            kinds[place->kind].wanted (name))
            g_ptr_array_add (proven, g_strdup_printf ("countersignature %u of %s",
                                                      countersignatures, signature->id));
    }
    return proven;
}

static void fill_proven (const TamgaJoseImprints *imprints, TamgaSignature *signature)
{
    for (guint i = 0; i < imprints->places->len; i++) {
        TamgaTimestamp *timestamp = signature->timestamps->pdata[i];
        if (timestamp->kind == TAMGA_TIMESTAMP_REFERENCES ||
            timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE)
            timestamp->proves =
                find_proven (imprints, &g_array_index (imprints->places, Place, i), signature);
    }
}

static gboolean add_token (TamgaJoseImprints *imprints, gsize kind, guint before, const char *text,
                           TamgaSignature *signature, GError **error)
{
    g_autoptr (GBytes) token = text != NULL ? tamga_base64_decode (text) : NULL;
    g_autoptr (GError) local = NULL;
    g_auto (TamgaTokenClaim) claim = {0};
    Place place = {kind, before};
    TamgaTimestamp *timestamp;

    if (signature->timestamps->len >= TAMGA_MAX_TIMESTAMPS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "The signature has more than %u timestamps.", TAMGA_MAX_TIMESTAMPS);
        return FALSE;
    }
    timestamp = g_new0 (TamgaTimestamp, 1);
    timestamp->kind = kinds[kind].kind;
    timestamp->id = g_strdup_printf ("timestamp %u", signature->timestamps->len + 1);
    timestamp->token = token != NULL ? g_bytes_ref (token) : g_bytes_new (NULL, 0);
    timestamp->covers = g_strdup (kinds[kind].covers);
    g_ptr_array_add (signature->timestamps, timestamp);
    g_array_append_val (imprints->places, place);
    if (!tamga_token_claim (timestamp->token, &claim, &local)) {
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "timestamp-broken",
                              "RFC 3161 2.4.2", "%s cannot be read: %s", timestamp->id,
                              local->message);
        return TRUE;
    }
    if (claim.digest != NULL)
        timestamp->covered_digest =
            tamga_jose_imprint (imprints, kinds[kind].name, before, claim.digest, &local);
    if (local == NULL)
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

/* tstContainer (5.4.3.3). */
static gboolean add_container (TamgaJoseImprints *imprints, gsize kind, guint before,
                               const json_t *container, TamgaSignature *signature, GError **error)
{
    const json_t *tokens = tamga_json_array (container, "tstTokens");
    const char *scope = tamga_json_string (container, "timeStamped");

    if (tokens == NULL || (scope != NULL && strcmp (scope, "all") != 0)) {
        tamga_signature_find (
            signature, TAMGA_SEVERITY_WARNING, "jades-timestamp-broken", "TS 119 182-1 5.4.3.3",
            "%s holds no timestamps, or of a kind not known here.", kinds[kind].name);
        return TRUE;
    }
    for (gsize i = 0; i < json_array_size (tokens); i++) {
        if (!add_token (imprints, kind, before,
                        tamga_json_string (json_array_get (tokens, i), "val"), signature, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tamga_jose_read_timestamps (TamgaJoseImprints *imprints, TamgaSignature *signature,
                                     GError **error)
{
    const GArray *list = imprints->components->list;
    const json_t *content = json_object_get (imprints->one->protected_header, "adoTst");

    if (content != NULL && !add_container (imprints, 0, 0, content, signature, error))
        return FALSE;
    for (gsize kind = 1; kind < G_N_ELEMENTS (kinds); kind++) {
        for (guint i = 0; i < list->len; i++) {
            const TamgaJoseComponent *component = &g_array_index (list, TamgaJoseComponent, i);
            if (strcmp (component->name, kinds[kind].name) == 0 &&
                !add_container (imprints, kind, i, component->value, signature, error))
                return FALSE;
        }
    }
    fill_proven (imprints, signature);
    return TRUE;
}

/* ---- Evidence ---- */

static void add_certificates (const json_t *list, TamgaSignature *signature)
{
    for (gsize i = 0; i < MIN (json_array_size (list), TAMGA_MAX_CERTIFICATES); i++) {
        const json_t *certificate = tamga_json_object (json_array_get (list, i), "x509Cert");
        if (certificate != NULL) /* otherCert is not for paths of X.509 */
            tamga_jose_add_certificate (signature, tamga_json_string (certificate, "val"));
    }
}

/* OCSPResponse begins with its status, a CertificateList with a SEQUENCE. */
static void add_revocation (const char *text, guint8 first, GPtrArray *to,
                            TamgaSignature *signature)
{
    g_autoptr (GBytes) der = text != NULL ? tamga_base64_decode (text) : NULL;
    TamgaDerElement whole;

    if (der == NULL || !tamga_der_whole (der, TAMGA_DER_SEQUENCE, &whole) ||
        tamga_der_peek (&whole.contents) != first) {
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "jades-values-broken",
                              "TS 119 182-1 5.3.5",
                              "Revocation data in the signature cannot be read.");
        return;
    }
    if (signature->crls->len + signature->ocsps->len >= TAMGA_MAX_REVOCATIONS)
        return;
    signature->has_evidence = TRUE;
    for (guint i = 0; i < to->len; i++) {
        if (g_bytes_equal (to->pdata[i], der))
            return;
    }
    g_ptr_array_add (to, g_steal_pointer (&der));
}

static void add_revocations (const json_t *values, TamgaSignature *signature)
{
    const struct {
        const char *name;
        guint8 first;
        GPtrArray *to;
    } rows[] = {{"crlVals", TAMGA_DER_SEQUENCE, signature->crls},
                {"ocspVals", TAMGA_DER_ENUMERATED, signature->ocsps}};

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        const json_t *list = tamga_json_array (values, rows[i].name);
        for (gsize j = 0; j < MIN (json_array_size (list), TAMGA_MAX_REVOCATIONS); j++)
            add_revocation (tamga_json_string (json_array_get (list, j), "val"), rows[i].first,
                            rows[i].to, signature);
    }
}

void tamga_jose_read_evidence (const TamgaJoseComponents *components, TamgaSignature *signature)
{
    for (guint i = 0; i < components->list->len; i++) {
        const TamgaJoseComponent *component =
            &g_array_index (components->list, TamgaJoseComponent, i);
        if (strcmp (component->name, "xVals") == 0 || strcmp (component->name, "axVals") == 0)
            add_certificates (component->value, signature);
        else if (strcmp (component->name, "rVals") == 0 || strcmp (component->name, "arVals") == 0)
            add_revocations (component->value, signature);
        else if (strcmp (component->name, "tstVD") == 0) {
            add_certificates (tamga_json_array (component->value, "xVals"), signature);
            add_revocations (tamga_json_object (component->value, "rVals"), signature);
        }
    }
}
