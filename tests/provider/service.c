/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of services, routing, transport faults and the request log. */
#include "tests/provider/service.h"

#include <string.h>

#include <openssl/pem.h>
#include <openssl/rand.h>

#include "tests/provider/authority.h"
#include "tests/provider/control.h"
#include "tests/provider/crl.h"
#include "tests/provider/issue.h"
#include "tests/provider/ocsp.h"
#include "tests/provider/person.h"
#include "tests/provider/state.h"
#include "tests/provider/tsa.h"

static void certificate_answer (Provider *provider, const ProviderService *service,
                                const ProviderRequest *request, const ProviderFaultSet *faults,
                                ProviderAnswer *answer, GString *detail);

/* Services every authority has: name prefix and suffix, and the parts of the path. */
static const struct {
    const char *name, *kind, *suffix;
    ProviderFamily family;
    gboolean post, get, delta;
    const char *type;
    ProviderServiceAnswer answer;
} authority_services[] = {
    {"ocsp-", "/ocsp/", "", PROVIDER_FAMILY_OCSP, TRUE, TRUE, FALSE, "application/ocsp-response",
     provider_ocsp_answer},
    {"crl-", "/crl/", ".crl", PROVIDER_FAMILY_CRL, FALSE, TRUE, FALSE, "application/pkix-crl",
     provider_crl_answer},
    {"crl-", "/crl/", "-delta.crl", PROVIDER_FAMILY_CRL, FALSE, TRUE, TRUE, "application/pkix-crl",
     provider_crl_answer},
    {"cert-", "/", ".cer", PROVIDER_FAMILY_FILE, FALSE, TRUE, FALSE, "application/pkix-cert",
     certificate_answer},
};

/* The others; the subject of a certificate file is the name of its PEM file. */
static const struct {
    const char *name, *path, *subject;
    ProviderFamily family;
    gboolean post, get;
    const char *type;
    ProviderServiceAnswer answer;
} single_services[] = {
    {"tsa", "/tsa", "tsa", PROVIDER_FAMILY_TSA, TRUE, FALSE, "application/timestamp-reply",
     provider_tsa_answer},
    {"tsa2", "/tsa2", "tsa2", PROVIDER_FAMILY_TSA, TRUE, FALSE, "application/timestamp-reply",
     provider_tsa_answer},
    {"issuer", "/issue", "", PROVIDER_FAMILY_ISSUER, TRUE, FALSE, "application/pkix-cert",
     provider_issue_answer},
    {"person", "/person", "", PROVIDER_FAMILY_ISSUER, TRUE, FALSE, "application/x-pkcs12",
     provider_person_answer},
    {"cert-tsa", "/tsa.cer", "tsa", PROVIDER_FAMILY_FILE, FALSE, TRUE, "application/pkix-cert",
     certificate_answer},
    {"cert-tsa2", "/tsa2.cer", "tsa2", PROVIDER_FAMILY_FILE, FALSE, TRUE, "application/pkix-cert",
     certificate_answer},
    {"cert-root2-by-root", "/root2-by-root.cer", "root2-by-root", PROVIDER_FAMILY_FILE, FALSE, TRUE,
     "application/pkix-cert", certificate_answer},
    {"cert-root-by-root2", "/root-by-root2.cer", "root-by-root2", PROVIDER_FAMILY_FILE, FALSE, TRUE,
     "application/pkix-cert", certificate_answer},
};

/* Faults that are a plain HTTP status. */
static const struct {
    ProviderFault kind;
    int status;
} status_faults[] = {
    {PROVIDER_FAULT_HTTP_404, 404},
    {PROVIDER_FAULT_HTTP_500, 500},
    {PROVIDER_FAULT_HTTP_503, 503},
};

/* Faults that are a way of delivering. */
static const struct {
    ProviderFault kind;
    ProviderDelivery delivery;
} delivery_faults[] = {
    {PROVIDER_FAULT_DROP, PROVIDER_DELIVER_DROP},
    {PROVIDER_FAULT_HUGE_BODY, PROVIDER_DELIVER_ENDLESS},
    {PROVIDER_FAULT_SLOW_DRIP, PROVIDER_DELIVER_DRIP},
    {PROVIDER_FAULT_SHORT, PROVIDER_DELIVER_SHORT},
};

void provider_service_free (gpointer data)
{
    ProviderService *service = data;
    g_free (service->name);
    g_free (service->path);
    g_free (service);
}

void provider_services_load (Provider *provider)
{
    for (guint i = 0; i < provider->authorities->len; i++) {
        const ProviderAuthority *authority = provider->authorities->pdata[i];
        for (gsize j = 0; j < G_N_ELEMENTS (authority_services); j++) {
            ProviderService *service = g_new0 (ProviderService, 1);
            service->delta = authority_services[j].delta;
            service->name = g_strconcat (authority_services[j].name, authority->spec->name,
                                         service->delta ? "-delta" : "", NULL);
            service->path = provider_authority_path (authority->spec, authority_services[j].kind,
                                                     authority_services[j].suffix);
            service->family = authority_services[j].family;
            service->post = authority_services[j].post;
            service->get = authority_services[j].get;
            service->type = authority_services[j].type;
            service->subject = authority->spec->name;
            service->answer = authority_services[j].answer;
            g_ptr_array_add (provider->services, service);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS (single_services); i++) {
        ProviderService *service = g_new0 (ProviderService, 1);
        service->name = g_strdup (single_services[i].name);
        service->path = g_strdup (single_services[i].path);
        service->family = single_services[i].family;
        service->post = single_services[i].post;
        service->get = single_services[i].get;
        service->type = single_services[i].type;
        service->subject = single_services[i].subject;
        service->answer = single_services[i].answer;
        g_ptr_array_add (provider->services, service);
    }
}

const ProviderService *provider_service_find (const Provider *provider, const char *name)
{
    if (strcmp (name, "crl-delta") == 0)
        name = "crl-provider-delta";
    for (guint i = 0; i < provider->services->len; i++) {
        const ProviderService *service = provider->services->pdata[i];
        if (strcmp (service->name, name) == 0)
            return service;
    }
    return NULL;
}

/* NAME.pem as DER, or as it is. */
static void certificate_answer (Provider *provider, const ProviderService *service,
                                const ProviderRequest *request, const ProviderFaultSet *faults,
                                ProviderAnswer *answer, GString *detail)
{
    g_autofree char *path = provider_path (provider, service->subject, ".pem");
    g_autoptr (BIO) in = BIO_new_file (path, "r");
    g_autoptr (X509) certificate = in == NULL ? NULL : PEM_read_bio_X509 (in, NULL, NULL, NULL);
    char *text = NULL;
    gsize length = 0;

    (void)request;
    (void)detail;
    PROVIDER_MUST (certificate != NULL);
    if (provider_fault (faults, PROVIDER_FAULT_PEM)) {
        PROVIDER_MUST (g_file_get_contents (path, &text, &length, NULL));
        provider_answer_set (answer, 200, service->type, g_bytes_new_take (text, length));
    } else {
        provider_answer_set (answer, 200, service->type, PROVIDER_DER (i2d_X509, certificate));
    }
}

static const ProviderService *route (const Provider *provider, const ProviderRequest *request)
{
    for (guint i = 0; i < provider->services->len; i++) {
        const ProviderService *service = provider->services->pdata[i];
        gsize length = strlen (service->path);
        if (strcmp (service->path, request->path) == 0)
            return service;
        /* RFC 6960 A.1: GET {url}/{base64 of the request}, which itself may contain slashes */
        if (service->family == PROVIDER_FAMILY_OCSP && strcmp (request->method, "GET") == 0 &&
            strncmp (service->path, request->path, length) == 0 && request->path[length] == '/')
            return service;
    }
    return NULL;
}

static GBytes *random_bytes (gsize length)
{
    unsigned char *bytes = g_malloc (length);
    PROVIDER_MUST (RAND_bytes (bytes, (int)length) == 1);
    return g_bytes_new_take (bytes, length);
}

static GBytes *with_trailing_data (GBytes *body)
{
    gsize length = 0;
    const guint8 *bytes = body == NULL ? NULL : g_bytes_get_data (body, &length);
    GByteArray *longer = g_byte_array_new ();
    if (length > 0)
        g_byte_array_append (longer, bytes, (guint)length);
    g_byte_array_append (longer, (const guint8 *)"\0trailing", 9);
    return g_byte_array_free_to_bytes (longer);
}

/* Faults that leave the object alone but not its delivery. */
static void apply_transport (const Provider *provider, const ProviderService *service,
                             const ProviderFaultSet *faults, ProviderAnswer *answer)
{
    for (gsize i = 0; i < G_N_ELEMENTS (status_faults); i++)
        if (provider_fault (faults, status_faults[i].kind))
            provider_answer_set_text (answer, status_faults[i].status, "fault %s\n",
                                      provider_fault_name (status_faults[i].kind));
    for (gsize i = 0; i < G_N_ELEMENTS (delivery_faults); i++)
        if (provider_fault (faults, delivery_faults[i].kind))
            answer->delivery = delivery_faults[i].delivery;
    if (provider_fault (faults, PROVIDER_FAULT_REDIRECT)) {
        const char *to = provider_fault_text (faults, PROVIDER_FAULT_REDIRECT, "to");
        provider_answer_set_text (answer, 302, "moved\n");
        answer->location =
            to == NULL ? g_strconcat (provider->url, service->path, NULL) : g_strdup (to);
    }
    if (provider_fault (faults, PROVIDER_FAULT_GARBAGE))
        provider_answer_set (answer, 200, service->type, random_bytes (512));
    if (provider_fault (faults, PROVIDER_FAULT_EMPTY))
        provider_answer_set (answer, 200, service->type, NULL);
    if (provider_fault (faults, PROVIDER_FAULT_TRAILING)) {
        GBytes *longer = with_trailing_data (answer->body);
        provider_answer_set (answer, answer->status, answer->type, longer);
    }
    if (provider_fault (faults, PROVIDER_FAULT_WRONG_TYPE))
        answer->type = "text/html";
    if (provider_fault (faults, PROVIDER_FAULT_DELAY))
        answer->delay_ms = provider_fault_number (faults, PROVIDER_FAULT_DELAY, "ms", 1000);
    answer->drip_ms = provider_fault_number (faults, PROVIDER_FAULT_SLOW_DRIP, "ms", 200);
}

/* Tab-separated: milliseconds since the epoch, service, method, path, status, words. */
static void log_request (Provider *provider, const char *service, const ProviderRequest *request,
                         int status, const char *detail)
{
    g_queue_push_tail (&provider->log,
                       g_strdup_printf ("%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%d\t%s",
                                        g_get_real_time () / 1000, service, request->method,
                                        request->path, status, detail));
    if (g_queue_get_length (&provider->log) > PROVIDER_LOG_LIMIT)
        g_free (g_queue_pop_head (&provider->log));
    g_message ("%s %s %s %d %s", service, request->method, request->path, status, detail);
}

void provider_service_handle (const ProviderRequest *request, ProviderAnswer *answer, gpointer data)
{
    Provider *provider = data;
    if (g_str_has_prefix (request->path, "/control/")) {
        provider_control_answer (provider, request, answer);
        g_message ("control %s %s %d", request->method, request->path, answer->status);
        return;
    }
    const ProviderService *service = route (provider, request);
    g_autoptr (GString) detail = g_string_new (NULL);
    if (service == NULL) {
        provider_answer_set_text (answer, 404, "no service at %s\n", request->path);
        log_request (provider, "none", request, answer->status, "");
        return;
    }
    gboolean post = strcmp (request->method, "POST") == 0;
    gboolean get = strcmp (request->method, "GET") == 0;
    if (!(post && service->post) && !(get && service->get)) {
        provider_answer_set_text (answer, 405, "%s takes %s\n", service->path,
                                  service->post ? "POST" : "GET");
        log_request (provider, service->name, request, answer->status, "");
        return;
    }
    g_auto (ProviderFaultSet) faults = {0};
    provider_faults_take (&provider->faults, service->name, &faults);
    service->answer (provider, service, request, &faults, answer, detail);
    apply_transport (provider, service, &faults, answer);
    for (gsize i = 0; i < PROVIDER_FAULTS; i++)
        if (provider_fault (&faults, (ProviderFault)i))
            g_string_append_printf (detail, " fault=%s", provider_fault_name ((ProviderFault)i));
    log_request (provider, service->name, request, answer->status, detail->str);
}
