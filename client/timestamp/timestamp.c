/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking a timestamp service and checking what it answers, check by check (RFC 3161, UA 115). */
#include "client/timestamp/timestamp.h"

#include <openssl/rand.h>
#include <string.h>

#include "client/status/internal.h"
#include "formats/cms/token.h"
#include "formats/limits.h"
#include "formats/ossl.h"

#define CLAUSE "UA 115(6)"

GQuark tamga_tsa_error_quark (void)
{
    return g_quark_from_static_string ("tamga-tsa-error");
}

static void check_free (gpointer data)
{
    TamgaTsaCheck *check = data;
    g_free (check->text);
    g_free (check);
}

void tamga_tsa_answer_free (TamgaTsaAnswer *answer)
{
    if (answer == NULL)
        return;
    g_clear_pointer (&answer->token, g_bytes_unref);
    g_free (answer->url);
    g_free (answer->tsa_name);
    g_free (answer->policy);
    X509_free (answer->certificate);
    g_ptr_array_unref (answer->checks);
    tamga_procedure_free (answer->procedure);
    g_free (answer);
}

/* --- request --- */

GBytes *tamga_tsa_request_new (GBytes *imprint, const TamgaDigest *digest, const char *policy)
{
    if (g_bytes_get_size (imprint) != digest->size)
        return NULL;
    g_autoptr (TS_REQ) request = TS_REQ_new ();
    TS_MSG_IMPRINT *message = TS_MSG_IMPRINT_new ();
    g_autoptr (X509_ALGOR) algorithm = tamga_digest_to_cms (digest);
    gsize size;
    guint8 *data = (guint8 *)g_bytes_get_data (imprint, &size);
    TS_MSG_IMPRINT_set_algo (message, algorithm);
    TS_MSG_IMPRINT_set_msg (message, data, (int)size);
    TS_REQ_set_version (request, 1);
    TS_REQ_set_msg_imprint (request, message);
    TS_MSG_IMPRINT_free (message);
    TS_REQ_set_cert_req (request, 1);
    guint8 random[TAMGA_NONCE_SIZE];
    if (RAND_bytes (random, sizeof random) != 1)
        return NULL;
    random[0] = (guint8)((random[0] & 0x7f) | 0x40); /* positive, and always of full length */
    g_autoptr (BIGNUM) number = BN_bin2bn (random, sizeof random, NULL);
    g_autoptr (ASN1_INTEGER) nonce = BN_to_ASN1_INTEGER (number, NULL);
    TS_REQ_set_nonce (request, nonce);
    if (policy != NULL) {
        g_autoptr (ASN1_OBJECT) object = OBJ_txt2obj (policy, 1);
        if (object == NULL)
            return NULL;
        TS_REQ_set_policy_id (request, object);
    }
    return tamga_ossl_der (i2d_TS_REQ, request);
}

/* --- the checks --- */

typedef struct {
    const TamgaStatusContext *context;
    const TamgaCall *call;
    TamgaTsaAnswer *answer;
    TS_REQ *request;
    TS_RESP *response;
    TamgaToken *token;
    GBytes *imprint;
    gboolean check_status;
} Checking;

static gboolean add_check (Checking *c, const char *name, const char *clause, gboolean passed,
                           const char *format, ...) G_GNUC_PRINTF (5, 6);

static gboolean add_check (Checking *c, const char *name, const char *clause, gboolean passed,
                           const char *format, ...)
{
    TamgaTsaCheck *check = g_new0 (TamgaTsaCheck, 1);
    check->number = c->answer->checks->len + 1;
    check->name = name;
    check->clause = clause;
    check->passed = passed;
    va_list arguments;
    va_start (arguments, format);
    check->text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_ptr_array_add (c->answer->checks, check);
    return passed;
}

static const char *const status_words[] = {
    "granted", "granted with modifications",          "rejected",
    "waiting", "a revocation of the service is near", "the service was revoked",
};

/* RFC 3161 2.4.2 PKIFailureInfo. */
static const struct {
    int bit;
    const char *text;
} failure_words[] = {
    {0, "the digest algorithm is not accepted (badAlg)"},
    {2, "the request is not permitted or not supported (badRequest)"},
    {5, "the request has a wrong format (badDataFormat)"},
    {14, "the service's time source is not available (timeNotAvailable)"},
    {15, "the policy is not supported (unacceptedPolicy)"},
    {16, "an extension is not supported (unacceptedExtension)"},
    {17, "additional information is not available (addInfoNotAvailable)"},
    {25, "the service has a failure (systemFailure)"},
};

/* "rejected: the policy is not supported (unacceptedPolicy); "text of the service"" */
static char *status_text (TS_STATUS_INFO *info)
{
    long code = ASN1_INTEGER_get (TS_STATUS_INFO_get0_status (info));
    GString *text = g_string_new (NULL);
    if (code >= 0 && code < (long)G_N_ELEMENTS (status_words))
        g_string_append (text, status_words[code]);
    else
        g_string_append_printf (text, "status %ld", code);
    const ASN1_BIT_STRING *failure = TS_STATUS_INFO_get0_failure_info (info);
    for (gsize i = 0; failure != NULL && i < G_N_ELEMENTS (failure_words); i++)
        if (ASN1_BIT_STRING_get_bit (failure, failure_words[i].bit))
            g_string_append_printf (text, ": %s", failure_words[i].text);
    const STACK_OF (ASN1_UTF8STRING) *lines = TS_STATUS_INFO_get0_text (info);
    for (int i = 0; i < sk_ASN1_UTF8STRING_num (lines) && i < 4; i++) {
        const ASN1_UTF8STRING *line = sk_ASN1_UTF8STRING_value (lines, i);
        g_autofree char *raw = g_strndup ((const char *)ASN1_STRING_get0_data (line),
                                          MIN ((gsize)ASN1_STRING_length (line), 500));
        g_autofree char *visible = tamga_text_visible (raw);
        g_string_append_printf (text, "; \"%s\"", visible);
    }
    return g_string_free (text, FALSE);
}

/* The token as it was sent, byte for byte: what follows the status in the response. */
static GBytes *token_bytes (GBytes *response)
{
    gsize size;
    const guint8 *at = g_bytes_get_data (response, &size);
    const guint8 *start = at;
    long length;
    int tag, class;
    if (ASN1_get_object (&at, &length, &tag, &class, (long)size) & 0x81 || tag != V_ASN1_SEQUENCE)
        return NULL;
    const guint8 *end = at + length;
    if (ASN1_get_object (&at, &length, &tag, &class, end - at) & 0x81)
        return NULL;
    at += length;
    return at < end ? g_bytes_new_from_bytes (response, (gsize)(at - start), (gsize)(end - at))
                    : NULL;
}

/* 1: the result status, and a token behind it. */
static gboolean check_result (Checking *c, GBytes *response)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (response, &size);
    const guint8 *at = data;
    if (size <= TAMGA_MAX_TIMESTAMP_SIZE)
        c->response = d2i_TS_RESP (NULL, &at, (long)size);
    g_autofree char *queue = tamga_ossl_error ();
    if (c->response == NULL || at != data + size)
        return add_check (c, "status", CLAUSE, FALSE,
                          "what was sent is not a timestamp response (%s)",
                          c->response != NULL ? "more follows after it" : queue);
    TS_STATUS_INFO *info = TS_RESP_get_status_info (c->response);
    g_autofree char *words = status_text (info);
    long code = ASN1_INTEGER_get (TS_STATUS_INFO_get0_status (info));
    if (code != TS_STATUS_GRANTED && code != TS_STATUS_GRANTED_WITH_MODS)
        return add_check (c, "status", CLAUSE, FALSE, "the service refused: %s", words);
    g_autoptr (GBytes) der = token_bytes (response);
    g_autoptr (GError) error = NULL;
    c->token = der == NULL ? NULL : tamga_token_parse (der, &error);
    if (c->token == NULL)
        return add_check (c, "status", CLAUSE, FALSE,
                          "the token in the response cannot be read: %s",
                          error != NULL ? error->message : "there is none");
    return add_check (c, "status", CLAUSE, TRUE, "%s", words);
}

static gboolean certificate_has_name (X509 *certificate, GENERAL_NAME *name)
{
    if (name->type == GEN_DIRNAME &&
        X509_NAME_cmp (name->d.directoryName, X509_get_subject_name (certificate)) == 0)
        return TRUE;
    GENERAL_NAMES *names = X509_get_ext_d2i (certificate, NID_subject_alt_name, NULL, NULL);
    gboolean found = FALSE;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num (names); i++)
        found = GENERAL_NAME_cmp (sk_GENERAL_NAME_value (names, i), name) == 0;
    GENERAL_NAMES_free (names);
    return found;
}

/* 2: the token says who made it, its signature binds that certificate (RFC 5816), and the name in
 * it is that certificate's. */
static gboolean check_signer (Checking *c)
{
    const TamgaSignature *signature = c->token->signature;
    if (signature->certificate == NULL)
        return add_check (c, "signer", CLAUSE, FALSE,
                          "the certificate of the service is neither in the token nor known here");
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (signature->certificate));
    if (signature->binding != TAMGA_BINDING_V1 && signature->binding != TAMGA_BINDING_V2)
        return add_check (c, "signer", "RFC 5816 2.2.1", FALSE,
                          "the token's signature does not bind the certificate of %s", name);
    GENERAL_NAME *tsa = TS_TST_INFO_get_tsa (TS_RESP_get_tst_info (c->response));
    if (tsa != NULL && !certificate_has_name (signature->certificate, tsa))
        return add_check (c, "signer", CLAUSE, FALSE,
                          "the token names the service %s, but %s signed it",
                          c->token->tsa_name != NULL ? c->token->tsa_name : "otherwise", name);
    X509_up_ref (signature->certificate);
    c->answer->certificate = signature->certificate;
    c->answer->tsa_name = g_strdup (name);
    return add_check (c, "signer", CLAUSE, TRUE, "%s", name);
}

/* What the path and the steps of the service's certificate say against it, purpose apart. */
static char *certificate_problem (const Checking *c)
{
    const TamgaProcedure *procedure = c->answer->procedure;
    for (guint i = 0; i < procedure->path->findings->len; i++) {
        const TamgaFinding *finding = procedure->path->findings->pdata[i];
        if (finding->severity == TAMGA_SEVERITY_FATAL && !g_str_equal (finding->code, "key-usage"))
            return g_strdup_printf ("%s (%s)", finding->text, finding->clause);
    }
    for (guint i = 0; i < procedure->steps->len; i++) {
        const TamgaStep *step = procedure->steps->pdata[i];
        if (step->status->value != TAMGA_STATUS_GOOD) /* UA 119: blocked counts as revoked */
            return g_strdup_printf (
                "%s: %s%s", step->title,
                step->status->value == TAMGA_STATUS_NOT_AVAILABLE ? "not available: " : "",
                step->status->text);
    }
    return NULL;
}

/* 3 and 4: purpose and validity of the certificate, at the time of the token (UA 118). */
static gboolean check_certificate (Checking *c)
{
    TamgaStatusContext context = *c->context;
    g_autoptr (GPtrArray) pool = g_ptr_array_new ();
    if (context.pool != NULL)
        g_ptr_array_extend (pool, context.pool, NULL, NULL);
    g_ptr_array_extend (pool, c->token->signature->certificates, NULL, NULL);
    context.pool = pool;
    context.time = c->token->gen_time;
    X509 *certificate = c->answer->certificate;
    c->answer->procedure =
        c->check_status
            ? tamga_procedure_recipient (&context, certificate, TAMGA_USE_TIMESTAMP, c->call)
            : tamga_procedure_path_only (&context, certificate, TAMGA_USE_TIMESTAMP, c->call);
    gboolean purpose = !tamga_path_has (c->answer->procedure->path, "key-usage");
    add_check (c, "purpose", CLAUSE, purpose,
               purpose ? "the certificate is for timestamping only"
                       : "the certificate of %s is not for timestamping, or not only "
                         "(RFC 3161 2.3)",
               c->answer->tsa_name);
    g_autofree char *problem = certificate_problem (c);
    add_check (
        c, "certificate", c->check_status ? CLAUSE ", UA 119" : CLAUSE, problem == NULL, "%s",
        problem != NULL   ? problem
        : c->check_status ? "the certificate was valid and not revoked when the token was made"
                          : "the certificate was valid when the token was made");
    return purpose && problem == NULL;
}

static gboolean nonce_equal (const Checking *c)
{
    const ASN1_INTEGER *asked = TS_REQ_get_nonce (c->request);
    const ASN1_INTEGER *sent = TS_TST_INFO_get_nonce (TS_RESP_get_tst_info (c->response));
    return asked == NULL || (sent != NULL && ASN1_INTEGER_cmp (asked, sent) == 0);
}

static gboolean check_policy (Checking *c)
{
    ASN1_OBJECT *asked = TS_REQ_get_policy_id (c->request);
    g_autofree char *wanted = asked == NULL ? NULL : tamga_ossl_oid (asked);
    gboolean same = wanted == NULL || g_strcmp0 (wanted, c->token->policy) == 0;
    c->answer->policy = g_strdup (c->token->policy);
    return add_check (c, "policy", "RFC 3161 2.4.2", same, "%s%s%s", c->token->policy,
                      same ? "" : " instead of ", same ? "" : wanted);
}

static gboolean check_clock (Checking *c)
{
    gint64 away = c->token->gen_time - c->context->now;
    gboolean near = ABS (away) <= (gint64)c->context->profile->clock_tolerance;
    g_autofree char *theirs = tamga_time_text (c->token->gen_time);
    c->answer->gen_time = c->token->gen_time;
    const char *rough = c->token->accuracy > G_USEC_PER_SEC
                            ? "; the service is exact to more than a second only (UA 119)"
                            : "";
    if (ABS (away) <= 1)
        return add_check (c, "clock", "UA 103", TRUE, "%s%s", theirs, rough);
    return add_check (c, "clock", "UA 103", near,
                      "%s, %" G_GINT64_FORMAT " seconds %s the clock of this computer%s", theirs,
                      ABS (away), away > 0 ? "ahead of" : "behind", rough);
}

/* All checks after the first; the rest is still made where one fails, so that all is told. */
static gboolean check_token (Checking *c)
{
    const TamgaSignature *signature = c->token->signature;
    if (!check_signer (c))
        return FALSE;
    gboolean good = check_certificate (c);
    gboolean intact = signature->integrity == TAMGA_INTEGRITY_INTACT;
    good &= add_check (c, "signature", CLAUSE, intact, "%s",
                       intact ? "the token's signature verifies"
                       : signature->integrity_text != NULL
                           ? signature->integrity_text
                           : tamga_integrity_name (signature->integrity));
    gboolean covers = tamga_token_covers_digest (c->token, c->imprint);
    const char *digest = c->token->digest != NULL ? c->token->digest->name : c->token->digest_oid;
    TS_MSG_IMPRINT *asked = TS_REQ_get_msg_imprint (c->request);
    X509_ALGOR *algorithm = TS_MSG_IMPRINT_get_algo (asked);
    const TamgaDigest *wanted = tamga_digest_by_algor (algorithm);
    covers = covers && wanted == c->token->digest;
    good &= add_check (c, "imprint", CLAUSE, covers, "%s",
                       covers ? digest : "the token is over something else than what was sent");
    gboolean nonce = nonce_equal (c);
    good &= add_check (c, "nonce", "RFC 3161 2.4.2", nonce, "%s",
                       nonce ? "equal" : "the token does not carry the nonce that was sent");
    good &= check_policy (c);
    good &= check_clock (c);
    return good;
}

TamgaTsaAnswer *tamga_tsa_check_response (const TamgaStatusContext *context, GBytes *request,
                                          GBytes *response, GBytes *imprint, gboolean check_status,
                                          const TamgaCall *call)
{
    TamgaTsaAnswer *answer = g_new0 (TamgaTsaAnswer, 1);
    answer->checks = g_ptr_array_new_with_free_func (check_free);
    answer->gen_time = G_MININT64;
    gsize size;
    const guint8 *at = g_bytes_get_data (request, &size);
    g_autoptr (TS_REQ) asked = d2i_TS_REQ (NULL, &at, (long)size);
    g_assert (asked);
    Checking c = {.context = context,
                  .call = call,
                  .answer = answer,
                  .request = asked,
                  .imprint = imprint,
                  .check_status = check_status};
    if (check_result (&c, response) && check_token (&c))
        answer->token = g_bytes_ref (c.token->der);
    TS_RESP_free (c.response);
    tamga_token_free (c.token);
    return answer;
}

/* --- asking --- */

static const TamgaTsaCheck *failed_from (const TamgaTsaAnswer *answer, const char *name)
{
    for (guint i = 0; i < answer->checks->len; i++) {
        const TamgaTsaCheck *check = answer->checks->pdata[i];
        if (!check->passed && (name == NULL || g_str_equal (check->name, name)))
            return check;
    }
    return NULL;
}

/* The check to be told: the first that failed. A wrong clock explains why a certificate is not good
 * at that time, so then it is the clock. */
static const TamgaTsaCheck *decisive (const TamgaTsaAnswer *answer)
{
    const TamgaTsaCheck *first = failed_from (answer, NULL);
    const TamgaTsaCheck *clock = failed_from (answer, "clock");
    return clock != NULL && g_str_equal (first->name, "certificate") ? clock : first;
}

static TamgaTsaError failure_code (const TamgaTsaCheck *failed)
{
    if (g_str_equal (failed->name, "status"))
        return TAMGA_TSA_ERROR_REFUSED;
    return g_str_equal (failed->name, "clock") ? TAMGA_TSA_ERROR_CLOCK : TAMGA_TSA_ERROR_CHECK;
}

static TamgaTsaAnswer *ask_one (const TamgaStatusContext *context, const char *url, GBytes *imprint,
                                const TamgaDigest *digest, gboolean check_status,
                                const TamgaCall *call, GString *lines, TamgaTsaError *code)
{
    const char *policy = context->timestamp && context->timestamp->policy
                             ? context->timestamp->policy
                             : context->profile->tsa_policy;
    g_autoptr (GBytes) request = tamga_tsa_request_new (imprint, digest, policy);
    if (request == NULL) {
        g_string_append_printf (lines, "\n%s: no request could be made for it", url);
        return NULL;
    }
    TamgaFetchRequest fetch = {.url = url,
                               .content_type = "application/timestamp-query",
                               .accept = "application/timestamp-reply",
                               .body = request,
                               .limit = TAMGA_MAX_TIMESTAMP_SIZE};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) response = tamga_fetch_one (context->fetch, &fetch, call, &error);
    if (response == NULL) {
        g_string_append_printf (lines, "\n%s: %s", url, error->message);
        return NULL;
    }
    g_autoptr (TamgaTsaAnswer) answer =
        tamga_tsa_check_response (context, request, response, imprint, check_status, call);
    answer->url = g_strdup (url);
    if (answer->token != NULL)
        return g_steal_pointer (&answer);
    const TamgaTsaCheck *failed = decisive (answer);
    *code = failure_code (failed);
    g_string_append_printf (lines, "\n%s: check %u, %s: %s (%s)", url, failed->number, failed->name,
                            failed->text, failed->clause);
    return NULL;
}

TamgaTsaAnswer *tamga_tsa_request (const TamgaStatusContext *context, char **urls, GBytes *imprint,
                                   const TamgaDigest *digest, gboolean check_status,
                                   const TamgaCall *call, GError **error)
{
    char **list = urls != NULL && urls[0] != NULL ? urls : context->profile->tsa_urls;
    if (list == NULL || list[0] == NULL) {
        g_set_error (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_NO_SERVICE,
                     "The profile %s names no timestamp service and none was given.",
                     context->profile->name);
        return NULL;
    }
    if (context->fetch == NULL) {
        g_set_error (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_UNREACHABLE,
                     "No timestamp service can be asked: there is no network here.");
        return NULL;
    }
    g_autoptr (GString) lines = g_string_new (NULL);
    TamgaTsaError code = TAMGA_TSA_ERROR_UNREACHABLE;
    for (guint i = 0; list[i] != NULL; i++) {
        if (tamga_call_cancelled (call))
            break;
        TamgaTsaAnswer *answer =
            ask_one (context, list[i], imprint, digest, check_status, call, lines, &code);
        if (answer != NULL)
            return answer;
    }
    g_set_error (error, TAMGA_TSA_ERROR, code, "No timestamp could be had.%s", lines->str);
    return NULL;
}
