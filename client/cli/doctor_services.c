/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga doctor`, over the network: the clock against a timestamp service, and whether every
 * service of the profile can be reached. */
#include <openssl/rand.h>

#include "client/cli/doctor.h"
#include "formats/ossl.h"

/* Enough to see that somebody answers; a CRL is not downloaded whole. */
#define ANSWER_LIMIT (64u * 1024)
/* Each request, milliseconds. */
#define SERVICE_TIMEOUT 10000

#define MEND_CLOCK "sudo timedatectl set-ntp true, or set the clock by hand"

static char **tsa_urls (TamgaCli *cli)
{
    if (cli->config && cli->config->tsa_urls && *cli->config->tsa_urls)
        return cli->config->tsa_urls;
    return cli->profile ? cli->profile->tsa_urls : NULL;
}

static void tell_clock (TamgaDoctor *doctor, const TamgaTsaAnswer *answer, gint64 tolerance)
{
    gint64 behind = answer->gen_time - tamga_cli_now ();
    g_autofree char *url = tamga_text_visible (answer->url ? answer->url : "the service");
    if (ABS (behind) <= tolerance)
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "clock", NULL,
                           "within %" G_GINT64_FORMAT " s of %s", MAX (ABS (behind), 1), url);
    else
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "clock", MEND_CLOCK,
                           "is %" G_GINT64_FORMAT " s %s %s", ABS (behind),
                           behind > 0 ? "behind" : "ahead of", url);
}

/* The answer's own checks matter to signing, not to the clock: an unknown TSA still has a time. */
void tamga_doctor_clock (TamgaDoctor *doctor)
{
    TamgaCli *cli = doctor->cli;
    g_autofree char *now = tamga_time_text (tamga_cli_now ());
    char **urls = tsa_urls (cli);
    TamgaStatusContext context;
    g_autoptr (GError) error = NULL;
    if (!urls || !*urls || cli->offline || !tamga_cli_status (cli, &context, &error)) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_NOTE, "clock", NULL, "%s; not compared: %s", now,
                           error          ? error->message
                           : cli->offline ? "--offline"
                                          : "no timestamp service is configured");
        return;
    }
    /* An imprint like any other: the time is what is wanted. */
    const TamgaDigest *digest = tamga_digest_by_name ("SHA-256");
    guint8 random[EVP_MAX_MD_SIZE];
    g_assert (RAND_bytes (random, (int)digest->size) == 1);
    g_autoptr (GBytes) imprint = g_bytes_new (random, digest->size);
    TamgaCall call = tamga_call_within (&cli->call, SERVICE_TIMEOUT);
    g_autoptr (TamgaTsaAnswer) answer =
        tamga_tsa_request (&context, urls, imprint, digest, FALSE, &call, &error);
    if (answer && answer->gen_time > 0)
        tell_clock (doctor, answer, (gint64)cli->profile->clock_tolerance);
    else if (g_error_matches (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_CLOCK))
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "clock", MEND_CLOCK, "%s", error->message);
    else
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_NOTE, "clock", NULL, "%s; not compared: %s", now,
                           error ? error->message : "the service told no time");
}

typedef struct {
    const char *kind, *url;
} Service;

static void add_services (GArray *services, const char *kind, char **urls)
{
    for (; urls && *urls; urls++) {
        Service service = {.kind = kind, .url = *urls};
        g_array_append_val (services, service);
    }
}

/* Any answer of the service itself will do: a GET is not what OCSP and TSA services expect. */
static gboolean reached (const TamgaFetchResult *result)
{
    return result->body ||
           g_error_matches (result->error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_TOO_LARGE);
}

static void tell_service (TamgaDoctor *doctor, const Service *service,
                          const TamgaFetchResult *result)
{
    gboolean is_file = g_str_has_suffix (service->kind, "CRL");
    gboolean status =
        !is_file && g_error_matches (result->error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_STATUS);
    if (reached (result) || status) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, service->kind, NULL, "%s answers, %u ms",
                           service->url, result->elapsed_ms);
        return;
    }
    const char *advice = tamga_failure_advice (result->error);
    tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, service->kind,
                       advice ? advice : "Ask the owner of the service, or correct the profile.",
                       "%s: %s", service->url, result->error->message);
}

void tamga_doctor_services (TamgaDoctor *doctor)
{
    TamgaCli *cli = doctor->cli;
    const TamgaProfile *profile = cli->profile;
    g_autoptr (GArray) services = g_array_new (FALSE, FALSE, sizeof (Service));
    add_services (services, "TSA", tsa_urls (cli));
    if (profile) {
        add_services (services, "OCSP", profile->ocsp_urls);
        add_services (services, "CRL", profile->crl_urls);
        add_services (services, "delta CRL", profile->delta_crl_urls);
        add_services (services, "root CRL", profile->root_crl_urls);
        add_services (services, "CA certs", profile->certificate_urls);
    }
    if (services->len == 0 || cli->offline) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_NOTE, "services", NULL, "%s",
                           cli->offline ? "not asked: --offline"
                                        : "the profile names none; certificates name their own");
        return;
    }
    TamgaStatusContext context;
    g_autoptr (GError) error = NULL;
    if (!tamga_cli_status (cli, &context, &error)) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "services", tamga_failure_advice (error),
                           "%s", error->message);
        return;
    }
    g_autofree TamgaFetchRequest *requests = g_new0 (TamgaFetchRequest, services->len);
    for (guint i = 0; i < services->len; i++)
        requests[i] = (TamgaFetchRequest){.url = g_array_index (services, Service, i).url,
                                          .limit = ANSWER_LIMIT,
                                          .timeout_ms = SERVICE_TIMEOUT};
    g_autoptr (GPtrArray) results =
        tamga_fetch_all (cli->fetch, requests, services->len, &cli->call);
    for (guint i = 0; i < results->len; i++)
        tell_service (doctor, &g_array_index (services, Service, i),
                      g_ptr_array_index (results, i));
}
