/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is fetched for a question, from a small server whose answers the test makes itself. */
#include <gio/gio.h>
#include <string.h>

#include "client/status/internal.h"
#include "tests/unit/trust/pki.h"

typedef struct _Fixture Fixture;
/* The answer to a request for a path; NULL: 404. Called on the server's thread. */
typedef GBytes *(*Answering) (Fixture *fixture, const char *path, GBytes *body);

struct _Fixture {
    GSocket *socket;
    GThread *thread;
    guint port;
    GCancellable *over;
    Answering answering;
    GMutex lock;
    GString *log; /* paths asked for, one per line */
    Entity *root, *ca, *responder, *signer;
    TamgaProfile profile;
    TamgaTrust *trust;
    TamgaFetch *fetch;
    GPtrArray *pool;
    TamgaStatusContext context;
};

static gsize content_length (const guint8 *input, gsize head)
{
    g_autofree char *lower = g_ascii_strdown ((const char *)input, (gssize)head);
    const char *at = strstr (lower, "content-length:");
    return at == NULL ? 0 : (gsize)g_ascii_strtoull (at + strlen ("content-length:"), NULL, 10);
}

static void serve_one (Fixture *f, GSocket *client)
{
    g_autoptr (GByteArray) input = g_byte_array_new ();
    guint8 buffer[4096];
    const char *end = NULL;
    gsize head = 0;
    while (end == NULL || input->len < head + content_length (input->data, head)) {
        gssize n = g_socket_receive (client, (char *)buffer, sizeof buffer, f->over, NULL);
        if (n <= 0)
            return;
        g_byte_array_append (input, buffer, (guint)n);
        end = g_strstr_len ((const char *)input->data, input->len, "\r\n\r\n");
        head = end == NULL ? 0 : (gsize)(end - (const char *)input->data) + 4;
    }
    g_byte_array_append (input, (const guint8 *)"", 1);
    g_auto (GStrv) words = g_strsplit ((const char *)input->data, " ", 3);
    g_autoptr (GBytes) body = g_bytes_new (input->data + head, input->len - 1 - head);
    g_mutex_lock (&f->lock);
    g_string_append_printf (f->log, "%s\n", words[1]);
    g_mutex_unlock (&f->lock);
    g_autoptr (GBytes) answer = f->answering (f, words[1], body);
    gsize size = answer == NULL ? 0 : g_bytes_get_size (answer);
    g_autofree char *line =
        g_strdup_printf ("HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                         answer == NULL ? "404 Not Found" : "200 OK", size);
    g_autoptr (GByteArray) output = g_byte_array_new ();
    g_byte_array_append (output, (const guint8 *)line, (guint)strlen (line));
    if (answer != NULL)
        g_byte_array_append (output, g_bytes_get_data (answer, NULL), (guint)size);
    for (gsize sent = 0; sent < output->len;) {
        gssize n = g_socket_send (client, (const char *)output->data + sent, output->len - sent,
                                  f->over, NULL);
        if (n <= 0)
            return;
        sent += (gsize)n;
    }
}

static gpointer serve (gpointer data)
{
    Fixture *f = data;
    GSocket *client;
    while ((client = g_socket_accept (f->socket, f->over, NULL)) != NULL) {
        serve_one (f, client);
        g_object_unref (client);
    }
    return NULL;
}

static char *url (Fixture *f, const char *path)
{
    return g_strdup_printf ("http://127.0.0.1:%u%s", f->port, path);
}

static void set_up (Fixture *f, gconstpointer data)
{
    (void)data;
    g_mutex_init (&f->lock);
    f->log = g_string_new (NULL);
    f->over = g_cancellable_new ();
    f->socket =
        g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
    g_assert_true (g_socket_bind (f->socket, any, TRUE, NULL));
    g_assert_true (g_socket_listen (f->socket, NULL));
    g_autoptr (GSocketAddress) bound = g_socket_get_local_address (f->socket, NULL);
    f->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
    f->thread = g_thread_new ("server", serve, f);

    g_autofree char *ocsp = url (f, "/ocsp");
    g_autofree char *crl = url (f, "/crl");
    g_autofree char *links =
        g_strdup_printf (PKI_SIGNER "crlDistributionPoints=URI:%s\nauthorityInfoAccess=OCSP;URI:%s,"
                                    "caIssuers;URI:http://127.0.0.1:%u/issuers\n",
                         crl, ocsp, f->port);
    f->root = pki_issue (NULL, "Root", PKI_CA, 0, 0);
    f->ca = pki_issue (f->root, "Provider CA", PKI_CA, 0, 0);
    f->responder = pki_issue (f->ca, "Provider OCSP", PKI_OCSP "noCheck=x\n", 0, 0);
    f->signer = pki_issue (f->ca, "Signer", links, 0, 0);
    f->profile =
        (TamgaProfile){.name = (char *)"test", .max_status_age = 3600, .clock_tolerance = 60};
    f->trust = tamga_trust_new ();
    tamga_trust_use (f->trust, f->root->certificate);
    f->fetch = tamga_fetch_new (&(TamgaFetchConfig){.allow_loopback = TRUE, .proxy = ""});
    f->pool = g_ptr_array_new ();
    f->context = (TamgaStatusContext){.profile = &f->profile,
                                      .trust = f->trust,
                                      .fetch = f->fetch,
                                      .pool = f->pool,
                                      .time = NOW,
                                      .now = NOW,
                                      .fresh = TRUE};
}

static void tear_down (Fixture *f, gconstpointer data)
{
    (void)data;
    tamga_fetch_free (f->fetch);
    g_cancellable_cancel (f->over);
    g_thread_join (f->thread);
    g_object_unref (f->socket);
    g_object_unref (f->over);
    g_string_free (f->log, TRUE);
    g_mutex_clear (&f->lock);
    Entity *entities[] = {f->root, f->ca, f->responder, f->signer};
    for (gsize i = 0; i < G_N_ELEMENTS (entities); i++)
        entity_free (entities[i]);
    tamga_trust_free (f->trust);
    g_ptr_array_unref (f->pool);
}

static TamgaStatus *ask (Fixture *f)
{
    TamgaStatusQuestion question = {.certificate = f->signer->certificate,
                                    .issuer = f->ca->certificate};
    g_autoptr (GPtrArray) answers = tamga_status_ask (&f->context, &question, 1, NULL);
    TamgaStatus *status = answers->pdata[0];
    answers->pdata[0] = NULL;
    g_test_message ("%s: %s", tamga_status_name (status->value), status->text);
    return status;
}

/* An answer to the request in `body`; `digest`: the only CertID digest the responder knows. */
static GBytes *answer_ocsp (Fixture *f, GBytes *body, int wanted_nid, int unknown_status)
{
    gsize size;
    const guint8 *at = g_bytes_get_data (body, &size);
    g_autoptr (OCSP_REQUEST) request = d2i_OCSP_REQUEST (NULL, &at, (long)size);
    if (request == NULL)
        return pki_ocsp_error (OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    ASN1_OBJECT *algorithm;
    OCSP_id_get0_info (NULL, &algorithm, NULL, NULL,
                       OCSP_onereq_get0_id (OCSP_request_onereq_get0 (request, 0)));
    int nid = OBJ_obj2nid (algorithm);
    if (wanted_nid != NID_undef && nid != wanted_nid && unknown_status >= 0)
        return pki_ocsp_error (unknown_status);
    Answer answer = {.responder = f->responder,
                     .issuer = f->ca,
                     .certificate = f->signer->certificate,
                     .status = wanted_nid != NID_undef && nid != wanted_nid
                                   ? V_OCSP_CERTSTATUS_UNKNOWN
                                   : V_OCSP_CERTSTATUS_GOOD,
                     .reason = -1,
                     .this_update = NOW - 5,
                     .next_update = NOW + 600,
                     .produced = NOW - 5,
                     .id_digest = EVP_get_digestbynid (nid),
                     .nonce_from = request};
    return pki_ocsp (&answer);
}

/* --- SHA-1 CertIDs --- */

static GBytes *sha1_only (Fixture *f, const char *path, GBytes *body)
{
    return g_str_equal (path, "/ocsp")
               ? answer_ocsp (f, body, NID_sha1, OCSP_RESPONSE_STATUS_UNAUTHORIZED)
               : NULL;
}

static GBytes *sha1_known (Fixture *f, const char *path, GBytes *body)
{
    return g_str_equal (path, "/ocsp") ? answer_ocsp (f, body, NID_sha1, -1) : NULL;
}

static GBytes *any_digest (Fixture *f, const char *path, GBytes *body)
{
    return g_str_equal (path, "/ocsp") ? answer_ocsp (f, body, NID_undef, -1) : NULL;
}

static guint asked (Fixture *f, const char *path)
{
    g_mutex_lock (&f->lock);
    g_auto (GStrv) lines = g_strsplit (f->log->str, "\n", -1);
    g_mutex_unlock (&f->lock);
    guint n = 0;
    for (guint i = 0; lines[i] != NULL; i++)
        n += g_str_equal (lines[i], path);
    return n;
}

static void test_sha1_retry (Fixture *f, gconstpointer data)
{
    (void)data;
    static const struct {
        Answering answering;
        guint requests;
    } rows[] = {{sha1_only, 2}, {sha1_known, 4}, {any_digest, 5}}; /* in all */
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        f->answering = rows[i].answering;
        g_autoptr (TamgaStatus) status = ask (f);
        g_assert_cmpint (status->value, ==, TAMGA_STATUS_GOOD);
        g_assert_true (status->nonce);
        g_assert_cmpuint (asked (f, "/ocsp"), ==, rows[i].requests);
    }
}

/* --- answers signed with a weak digest --- */

static GBytes *weak (Fixture *f, const char *path, GBytes *body)
{
    gsize size;
    const guint8 *at = g_bytes_get_data (body, &size);
    List list = {.issuer = f->ca,
                 .this_update = NOW - 5,
                 .next_update = NOW + DAY,
                 .number = 1,
                 .digest = EVP_sha1 ()};
    if (g_str_equal (path, "/crl"))
        return pki_crl (&list);
    g_autoptr (OCSP_REQUEST) request = d2i_OCSP_REQUEST (NULL, &at, (long)size);
    Answer answer = {.responder = f->responder,
                     .issuer = f->ca,
                     .certificate = f->signer->certificate,
                     .status = V_OCSP_CERTSTATUS_GOOD,
                     .reason = -1,
                     .this_update = NOW - 5,
                     .next_update = NOW + 600,
                     .produced = NOW - 5,
                     .nonce_from = request,
                     .digest = EVP_sha1 ()};
    return pki_ocsp (&answer);
}

static void test_weak_digest (Fixture *f, gconstpointer data)
{
    (void)data;
    f->answering = weak;
    g_autoptr (TamgaStatus) status = ask (f);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_nonnull (strstr (status->text, "weak digest SHA1"));
    g_assert_nonnull (strstr (status->text, "/crl is not used: it is signed with a weak digest"));
    /* In the past they were made so: told, and used. */
    f->context.fresh = FALSE;
    g_autoptr (TamgaStatus) past = ask (f);
    g_assert_cmpint (past->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpuint (past->findings->len, >=, 1);
}

/* --- a delta that only the complete list names (RFC 5280 5.2.6) --- */

static GBytes *lists (Fixture *f, const char *path, GBytes *body, gboolean forged)
{
    (void)body;
    Entry entry = {
        .certificate = f->signer->certificate, .time = NOW - 3600, .reason = CRL_REASON_SUPERSEDED};
    g_autofree char *delta = url (f, "/delta");
    g_autofree char *freshest = g_strdup_printf ("freshestCRL=URI:%s\n", delta);
    List list = {.issuer = forged ? f->root : f->ca,
                 .this_update = NOW - 600,
                 .next_update = NOW + DAY,
                 .number = 5,
                 .extension = freshest};
    if (g_str_equal (path, "/crl"))
        return pki_crl (&list);
    if (!g_str_equal (path, "/delta"))
        return NULL;
    list.this_update = NOW - 60;
    list.extension = NULL;
    list.number = 6;
    list.base = 5;
    list.entries = &entry;
    list.n = 1;
    return pki_crl (&list);
}

static GBytes *true_lists (Fixture *f, const char *path, GBytes *body)
{
    return lists (f, path, body, FALSE);
}

static GBytes *forged_lists (Fixture *f, const char *path, GBytes *body)
{
    return lists (f, path, body, TRUE);
}

static void test_freshest (Fixture *f, gconstpointer data)
{
    (void)data;
    f->answering = true_lists;
    g_autoptr (TamgaStatus) status = ask (f);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_REVOKED);
    g_assert_cmpstr (status->method, ==, "CRL+delta");
    g_assert_cmpuint (asked (f, "/delta"), ==, 1);
    /* A list that the issuer did not sign names no addresses. */
    f->answering = forged_lists;
    g_autoptr (TamgaStatus) forged = ask (f);
    g_assert_cmpint (forged->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_cmpuint (asked (f, "/delta"), ==, 1);
}

/* --- issuers that the token does not carry --- */

static GBytes *bundle (Fixture *f, const char *path, GBytes *body)
{
    (void)body;
    if (!g_str_equal (path, "/issuers"))
        return NULL;
    g_autoptr (PKCS7) certificates = PKCS7_new ();
    PKCS7_set_type (certificates, NID_pkcs7_signed);
    PKCS7_content_new (certificates, NID_pkcs7_data);
    PKCS7_add_certificate (certificates, f->ca->certificate);
    return tamga_ossl_der (i2d_PKCS7, certificates);
}

static GBytes *der (Fixture *f, const char *path, GBytes *body)
{
    (void)body;
    return g_str_equal (path, "/issuers") ? tamga_ossl_der (i2d_X509, f->ca->certificate) : NULL;
}

static GBytes *wrong_issuer (Fixture *f, const char *path, GBytes *body)
{
    (void)body;
    return g_str_equal (path, "/issuers") ? tamga_ossl_der (i2d_X509, f->responder->certificate)
                                          : NULL;
}

static void test_issuers (Fixture *f, gconstpointer data)
{
    (void)data;
    static const struct {
        Answering answering;
        gboolean found;
    } rows[] = {{bundle, TRUE}, {der, TRUE}, {wrong_issuer, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        f->answering = rows[i].answering;
        g_autoptr (TamgaProcedure) procedure = tamga_procedure_signer (
            &f->context, f->signer->certificate, TAMGA_LEVEL_LT, NULL, NULL, NULL);
        g_assert_cmpint (procedure->path->complete, ==, rows[i].found);
        g_assert_cmpuint (procedure->steps->len, ==, rows[i].found ? 2 : 1);
        g_assert_false (procedure->allowed); /* nobody tells a status here */
    }
    /* For somebody else's certificate nothing is fetched (design 2). */
    guint before = asked (f, "/issuers");
    f->context.fresh = FALSE;
    f->answering = der;
    g_autoptr (TamgaProcedure) recipient =
        tamga_procedure_recipient (&f->context, f->signer->certificate, TAMGA_USE_SIGNING, NULL);
    g_assert_false (recipient->path->complete);
    g_assert_cmpuint (asked (f, "/issuers"), ==, before);
    g_assert_cmpuint (asked (f, "/ocsp"), >, 0); /* by the signer's procedure only */
    /* Without any anchor there is nothing to look for. */
    g_autoptr (TamgaTrust) none = tamga_trust_new ();
    f->context.trust = none;
    f->context.fresh = TRUE;
    g_autoptr (TamgaProcedure) alone = tamga_procedure_signer (&f->context, f->signer->certificate,
                                                               TAMGA_LEVEL_B, NULL, NULL, NULL);
    g_assert_false (alone->path->complete);
    g_assert_cmpuint (asked (f, "/issuers"), ==, before);
}

#define CASE(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    CASE ("/rfc_6960/sha1_certid_retry", test_sha1_retry);
    CASE ("/ts_119_312/weak_digest_of_an_answer", test_weak_digest);
    CASE ("/rfc_5280_5_2_6/delta_named_by_the_list", test_freshest);
    CASE ("/rfc_5280_4_2_2_1/missing_issuers", test_issuers);
    return g_test_run ();
}
