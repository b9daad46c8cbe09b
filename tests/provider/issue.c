/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /issue: checks proof of possession, builds the certificate the query asks for. */
#include "tests/provider/issue.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tests/provider/authority.h"
#include "tests/provider/state.h"

/* Query names that set or replace an attribute of the request's subject; new ones in this order,
 * which is the Kazakh one. */
static const struct {
    const char *query;
    int nid;
} attributes[] = {
    {"cn", NID_commonName},
    {"surname", NID_surname},
    {"sn", NID_serialNumber},
    {"c", NID_countryName},
    {"o", NID_organizationName},
    {"ou", NID_organizationalUnitName},
    {"orgid", NID_organizationIdentifier},
    {"title", NID_title},
    {"givenname", NID_givenName},
};

/* Digests by query name; "pss" is SHA-256 with RSASSA-PSS. */
static const struct {
    const char *query, *digest;
    gboolean pss;
} algorithms[] = {
    {"sha1", "SHA1", FALSE},     {"sha256", "SHA256", FALSE}, {"sha384", "SHA384", FALSE},
    {"sha512", "SHA512", FALSE}, {"pss", "SHA256", TRUE},
};

/* Query names that become subjectDirectoryAttributes (RFC 5280 4.2.1.8): the identifiers of
 * Ukrainian certificates. */
static const struct {
    const char *query, *oid;
} directory_attributes[] = {
    {"drfo", "1.2.804.2.1.1.1.11.1.4.1.1"},
    {"edrpou", "1.2.804.2.1.1.1.11.1.4.2.1"},
    {"unzr", "1.2.804.2.1.1.1.11.1.4.11.1"},
};

/* Words of the query that may reach OpenSSL's configuration syntax. */
static gboolean word_is_plain (const char *word)
{
    for (const char *c = word; *c != '\0'; c++)
        if (!g_ascii_isalnum (*c) && strchr (".,-_@", *c) == NULL)
            return FALSE;
    return word[0] != '\0';
}

static const char *query_text (const ProviderRequest *request, const char *name)
{
    return g_hash_table_lookup (request->query, name);
}

static gboolean query_flag (const ProviderRequest *request, const char *name)
{
    const char *value = query_text (request, name);
    return value != NULL && strcmp (value, "0") != 0;
}

/* A number of the query within a range that time arithmetic survives. */
static gboolean query_number (const ProviderRequest *request, const char *name, gint64 *number,
                              GError **error)
{
    const char *text = query_text (request, name);
    if (text == NULL)
        return TRUE;
    gint64 limit = 200 * 366 * (gint64)PROVIDER_DAY;
    if (*text == '+')
        text++;
    return g_ascii_string_to_signed (text, 10, -limit, limit, number, error) ||
           (g_prefix_error (error, "%s: ", name), FALSE);
}

static X509_REQ *read_request (GBytes *body, GError **error)
{
    gsize length = 0;
    const unsigned char *bytes = g_bytes_get_data (body, &length);
    g_autoptr (BIO) in = BIO_new_mem_buf (length == 0 ? "" : (const void *)bytes, (int)length);
    g_autoptr (X509_REQ) request = NULL;

    PROVIDER_MUST (in != NULL);
    if (length > 5 && memcmp (bytes, "-----", 5) == 0)
        request = PEM_read_bio_X509_REQ (in, NULL, NULL, NULL);
    else
        request = d2i_X509_REQ_bio (in, NULL);
    if (request == NULL) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST,
                     "the body is not a PKCS#10 request (RFC 2986), in DER or PEM");
        return NULL;
    }
    EVP_PKEY *key = X509_REQ_get0_pubkey (request);
    if (key == NULL || X509_REQ_verify (request, key) != 1) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST,
                     "proof of possession failed: the request is not signed by its own key");
        return NULL;
    }
    return g_steal_pointer (&request);
}

static gboolean apply_attributes (X509_NAME *name, const ProviderRequest *request, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS (attributes); i++) {
        const char *value = query_text (request, attributes[i].query);
        if (value == NULL)
            continue;
        int place = X509_NAME_get_index_by_NID (name, attributes[i].nid, -1);
        if (place >= 0)
            X509_NAME_ENTRY_free (X509_NAME_delete_entry (name, place));
        if (!X509_NAME_add_entry_by_NID (name, attributes[i].nid, MBSTRING_UTF8,
                                         (const unsigned char *)value, -1, place, 0)) {
            g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST,
                         "%s=%s does not fit the attribute", attributes[i].query, value);
            return FALSE;
        }
    }
    if (X509_NAME_entry_count (name) == 0) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST,
                     "the request names no subject, and the query no cn");
        return FALSE;
    }
    return TRUE;
}

/* A line NAME=PREFIX VALUE for a query word, checked. */
static gboolean append_word (const ProviderRequest *request, const char *query, const char *line,
                             GString *text, GError **error)
{
    const char *value = query_text (request, query);
    if (value == NULL)
        return TRUE;
    if (!word_is_plain (value)) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST,
                     "%s=%s has characters that are not allowed there", query, value);
        return FALSE;
    }
    g_string_append_printf (text, "%s%s\n", line, value);
    return TRUE;
}

/* QCStatements (EN 319 412-5): lines of the extension and, in SECTIONS, what they refer to. */
static gboolean append_statements (const ProviderRequest *request, GString *text, GString *sections,
                                   GError **error)
{
    const char *limit = query_text (request, "limit");
    const char *statement = query_text (request, "statement");
    g_autoptr (GString) list = g_string_new ("[qc]\n");
    gsize empty = list->len;

    if (query_flag (request, "qc")) {
        g_string_append (list, "compliance=SEQUENCE:qc_compliance\ntype=SEQUENCE:qc_type\n");
        g_string_append (sections, "[qc_compliance]\nid=OID:0.4.0.1862.1.1\n"
                                   "[qc_type]\nid=OID:0.4.0.1862.1.6\nof=SEQUENCE:qc_types\n"
                                   "[qc_types]\nesign=OID:0.4.0.1862.1.6.1\n");
    }
    if (query_flag (request, "qcsscd")) {
        g_string_append (list, "device=SEQUENCE:qc_device\n");
        g_string_append (sections, "[qc_device]\nid=OID:0.4.0.1862.1.4\n");
    }
    if (limit != NULL) {
        g_auto (GStrv) parts = g_strsplit (limit, ":", 3);
        guint64 amount = 0;
        if (g_strv_length (parts) != 2 || strlen (parts[0]) != 3 || !word_is_plain (parts[0]) ||
            !g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT32, &amount, NULL)) {
            g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST,
                         "limit=%s is not CUR:AMOUNT, as in EUR:1000", limit);
            return FALSE;
        }
        g_string_append (list, "limit=SEQUENCE:qc_limit\n");
        g_string_append_printf (sections,
                                "[qc_limit]\nid=OID:0.4.0.1862.1.2\nvalue=SEQUENCE:qc_value\n"
                                "[qc_value]\ncurrency=PRINTABLESTRING:%s\n"
                                "amount=INTEGER:%" G_GUINT64_FORMAT "\nexponent=INTEGER:0\n",
                                parts[0], amount);
    }
    if (statement != NULL) {
        g_string_append (list, "other=SEQUENCE:qc_other\n");
        g_string_append (sections, "[qc_other]\n");
        if (!append_word (request, "statement", "id=OID:", sections, error))
            return FALSE;
    }
    if (list->len > empty) {
        g_string_append (text, "1.3.6.1.5.5.7.1.3=ASN1:SEQUENCE:qc\n");
        g_string_append (sections, list->str);
    }
    return TRUE;
}

static gboolean append_directory (const ProviderRequest *request, GString *text, GString *sections,
                                  GError **error)
{
    g_autoptr (GString) list = g_string_new ("[directory]\n");
    gsize empty = list->len;
    for (gsize i = 0; i < G_N_ELEMENTS (directory_attributes); i++) {
        const char *query = directory_attributes[i].query;
        if (query_text (request, query) == NULL)
            continue;
        g_string_append_printf (list, "%s=SEQUENCE:directory_%s\n", query, query);
        g_string_append_printf (sections,
                                "[directory_%s]\nid=OID:%s\nvalues=SET:directory_%s_values\n"
                                "[directory_%s_values]\n",
                                query, directory_attributes[i].oid, query, query);
        if (!append_word (request, query, "value=PRINTABLESTRING:", sections, error))
            return FALSE;
    }
    if (list->len > empty) {
        g_string_append (text, "2.5.29.9=ASN1:SEQUENCE:directory\n");
        g_string_append (sections, list->str);
    }
    return TRUE;
}

static guint wanted_links (const ProviderRequest *request)
{
    guint links = PROVIDER_LINK_STANDARD;
    if (query_flag (request, "no_aia"))
        links &= ~(guint)(PROVIDER_LINK_OCSP | PROVIDER_LINK_CA);
    if (query_flag (request, "no_crldp") || query_flag (request, "ocsp_only"))
        links &= ~(guint)PROVIDER_LINK_CRL;
    if (query_flag (request, "crl_only"))
        links &= ~(guint)PROVIDER_LINK_OCSP;
    if (query_flag (request, "delta"))
        links |= PROVIDER_LINK_DELTA;
    return links;
}

static gboolean write_extensions (const Provider *provider, const ProviderAuthority *issuer,
                                  const ProviderRequest *request, GString *text, GError **error)
{
    g_autoptr (GString) sections = g_string_new (NULL);
    const char *usage = query_text (request, "usage");
    gboolean ca = query_flag (request, "ca");

    g_string_append_printf (text, "basicConstraints=critical,CA:%s\n", ca ? "TRUE" : "FALSE");
    if (usage == NULL)
        g_string_append_printf (text, "keyUsage=critical,%s\n",
                                ca ? "keyCertSign,cRLSign" : "digitalSignature,nonRepudiation");
    else if (strcmp (usage, "none") != 0 &&
             !append_word (request, "usage", "keyUsage=critical,", text, error))
        return FALSE;
    if (!append_word (request, "eku", "extendedKeyUsage=", text, error) ||
        !append_word (request, "policy", "certificatePolicies=", text, error) ||
        !append_word (request, "email", "subjectAltName=email:", text, error))
        return FALSE;
    if (query_flag (request, "critical_unknown"))
        g_string_append (text, "2.999.666=critical,ASN1:NULL\n");
    provider_links_append (provider, issuer, wanted_links (request), text);
    if (!append_statements (request, text, sections, error) ||
        !append_directory (request, text, sections, error))
        return FALSE;
    if (query_text (request, "store") != NULL) { /* in what the key is kept, as in Kazakhstan */
        g_string_append (text, "1.2.398.3.3.5=ASN1:SEQUENCE:store\n");
        g_string_append (sections, "[store]\n");
        if (!append_word (request, "store", "kind=OID:", sections, error))
            return FALSE;
    }
    g_string_append (text, sections->str);
    return TRUE;
}

static gboolean set_validity (const Provider *provider, const ProviderRequest *request,
                              const ProviderFaultSet *faults, ProviderCertificate *certificate,
                              GError **error)
{
    gint64 now =
        provider_now (provider) + provider_fault_number (faults, PROVIDER_FAULT_CLOCK, "shift", 0);
    gint64 before = -300; /* signers' clocks may be a little behind */
    gint64 days = 365;
    gint64 after = G_MININT64;
    gint64 until = G_MININT64;
    if (!query_number (request, "not_before", &before, error) ||
        !query_number (request, "days", &days, error) ||
        !query_number (request, "not_after", &after, error) ||
        !query_number (request, "until", &until, error))
        return FALSE;
    if (ABS (days) > 36600) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST, "days: more than a century");
        return FALSE;
    }
    certificate->from = now + before;
    certificate->to = until != G_MININT64   ? until
                      : after != G_MININT64 ? now + after
                                            : now + before + days * PROVIDER_DAY;
    return TRUE;
}

static gboolean set_algorithm (const ProviderRequest *request, ProviderCertificate *certificate,
                               GError **error)
{
    const char *wanted = query_text (request, "alg");
    for (gsize i = 0; wanted != NULL && i < G_N_ELEMENTS (algorithms); i++) {
        if (strcmp (algorithms[i].query, wanted) == 0) {
            certificate->digest = EVP_get_digestbyname (algorithms[i].digest);
            certificate->pss = algorithms[i].pss;
        }
    }
    if (wanted != NULL && certificate->digest == NULL) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST, "alg=%s is not known", wanted);
        return FALSE;
    }
    return TRUE;
}

static void keep (Provider *provider, const ProviderAuthority *issuer, const X509 *certificate,
                  const char *name)
{
    ProviderEntry *entry =
        provider_register (provider, certificate, issuer->spec->name, name == NULL ? "" : name);
    g_autofree char *file = g_build_filename ("issued", entry->serial, NULL);
    g_autofree char *path = provider_path (provider, file, ".pem");
    g_autoptr (BIO) out = BIO_new_file (path, "w");
    PROVIDER_MUST (out != NULL && PEM_write_bio_X509 (out, certificate));
    provider_save (provider);
}

X509 *provider_issue (Provider *provider, const ProviderRequest *request,
                      const ProviderFaultSet *faults, GString *detail, GError **error)
{
    const char *wanted = query_text (request, "issuer");
    const ProviderAuthority *issuer =
        provider_authority (provider, wanted == NULL ? "provider" : wanted);
    g_autoptr (X509_REQ) asked = read_request (request->body, error);
    g_autoptr (GString) extensions = g_string_new (NULL);

    const char *name = query_text (request, "name");

    if (asked == NULL)
        return NULL;
    if (name != NULL && (!word_is_plain (name) || provider_find_name (provider, name) != NULL)) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST,
                     "name=%s is taken, or cannot be a name", name);
        return NULL;
    }
    if (issuer == NULL) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST, "issuer=%s is not known",
                     wanted);
        return NULL;
    }
    g_autoptr (X509_NAME) subject = X509_NAME_dup (X509_REQ_get_subject_name (asked));
    g_autoptr (EVP_PKEY) key = X509_REQ_get_pubkey (asked);
    ProviderCertificate certificate = {.subject = subject, .key = key, .issuer = issuer};
    PROVIDER_MUST (subject != NULL);
    if (provider_fault (faults, PROVIDER_FAULT_OTHER_SUBJECT)) {
        X509_NAME_free (subject);
        certificate.subject = subject = provider_name ("XA", NULL, "Somebody Else");
    } else if (!apply_attributes (subject, request, error)) {
        return NULL;
    }
    if (provider_fault (faults, PROVIDER_FAULT_OTHER_KEY)) {
        EVP_PKEY_free (key);
        certificate.key = key = provider_key_generate (provider_algorithm ("P-256"));
    }
    if (!set_validity (provider, request, faults, &certificate, error) ||
        !set_algorithm (request, &certificate, error) ||
        !write_extensions (provider, issuer, request, extensions, error))
        return NULL;
    certificate.extensions = extensions->str;
    X509 *issued = provider_certificate_make (&certificate, error);
    if (issued == NULL)
        return NULL;
    if (query_text (request, "register") == NULL || query_flag (request, "register"))
        keep (provider, issuer, issued, name);
    g_autofree char *serial = provider_serial_text (X509_get0_serialNumber (issued));
    g_string_append_printf (detail, "issuer=%s serial=%s", issuer->spec->name, serial);
    return issued;
}

void provider_issue_answer (Provider *provider, const ProviderService *service,
                            const ProviderRequest *request, const ProviderFaultSet *faults,
                            ProviderAnswer *answer, GString *detail)
{
    g_autoptr (GError) error = NULL;
    if (provider_fault (faults, PROVIDER_FAULT_REFUSE)) {
        const char *text = provider_fault_text (faults, PROVIDER_FAULT_REFUSE, "text");
        provider_answer_set_text (answer, 400, "%s\n", text == NULL ? "refused" : text);
        return;
    }
    g_autoptr (X509) issued = provider_issue (provider, request, faults, detail, &error);
    ERR_clear_error ();
    if (issued == NULL) {
        provider_answer_set_text (answer, 400, "%s\n", error->message);
        return;
    }
    if (provider_fault (faults, PROVIDER_FAULT_BAD_SIGNATURE)) {
        const ASN1_BIT_STRING *signature = NULL;
        X509_get0_signature (&signature, NULL, issued);
        provider_break_signature ((ASN1_STRING *)(uintptr_t)signature);
    }
    provider_answer_set (answer, 200, service->type, PROVIDER_DER (i2d_X509, issued));
}
