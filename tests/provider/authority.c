/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Authorities, responders and TSAs. The rows below are the hierarchy; certificates and keys are
 * made at the first start and read back afterwards. */
#include "tests/provider/authority.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "tests/provider/state.h"

static const ProviderAuthoritySpec authority_specs[] = {
    {"root", "", "root", NULL, "P-384", TRUE, "XA", "Tamga Demo Root", "Tamga Demo Root CA", -2000,
     3650, 0},
    {"provider", "", "provider", "root", "RSA-2048", TRUE, "XA", "Tamga Demo Provider",
     "Tamga Demo Provider CA", -1500, 1825, 0},
    {"provider2", "", "provider2", "root", "P-256", FALSE, "XA", "Tamga Demo Second Provider",
     "Tamga Demo Second Provider CA", -1500, 1825, 0},
    /* certificates it issued outlive its own */
    {"provider-expired", "", "provider-expired", "root", "P-256", FALSE, "XA",
     "Tamga Demo Old Provider", "Tamga Demo Old Provider CA", -1500, -1, 0},
    /* its certificate is valid, its time to issue is over */
    {"provider-keyend", "", "provider-keyend", "root", "P-256", FALSE, "XA",
     "Tamga Demo Late Provider", "Tamga Demo Late Provider CA", -1500, 1825, -30},
    /* the next generation of the root: same name, new key, cross certificates both ways */
    {"root2", "", "root2", NULL, "P-384", FALSE, "XA", "Tamga Demo Root", "Tamga Demo Root CA",
     -100, 5475, 0},
    {"provider3", "", "provider3", "root2", "P-256", FALSE, "XA", "Tamga Demo Third Provider",
     "Tamga Demo Third Provider CA", -90, 1825, 0},
    {"foreign-root", "/foreign", "root", NULL, "P-256", FALSE, "XB", "Tamga Foreign Root",
     "Tamga Foreign Root CA", -2000, 3650, 0},
    {"foreign", "/foreign", "provider", "foreign-root", "P-256", FALSE, "XB",
     "Tamga Foreign Provider", "Tamga Foreign Provider CA", -1500, 1825, 0},
};

static const char authority_profile[] = "basicConstraints=critical,CA:TRUE\n"
                                        "keyUsage=critical,keyCertSign,cRLSign\n";
static const char responder_profile[] = "basicConstraints=critical,CA:FALSE\n"
                                        "keyUsage=critical,digitalSignature\n"
                                        "extendedKeyUsage=OCSPSigning\n"
                                        "noCheck=ignored\n";
static const char undelegated_profile[] = "basicConstraints=critical,CA:FALSE\n"
                                          "keyUsage=critical,digitalSignature\n";
static const char tsa_profile[] = "basicConstraints=critical,CA:FALSE\n"
                                  "keyUsage=critical,digitalSignature,nonRepudiation\n"
                                  "extendedKeyUsage=critical,timeStamping\n";

typedef struct {
    const char *suffix;
    const char *profile;
    int from_days, to_days;
    int revoked_days; /* since when revoked for good; 0: not */
} VariantSpec;

static const VariantSpec responder_variants[] = {
    [PROVIDER_VARIANT_GOOD] = {"", responder_profile, -90, 1000, 0},
    [PROVIDER_VARIANT_EXPIRED] = {"-expired", responder_profile, -90, -1, 0},
    [PROVIDER_VARIANT_NO_PURPOSE] = {"-undelegated", undelegated_profile, -90, 1000, 0},
    [PROVIDER_VARIANT_STRANGER] = {"-stranger", responder_profile, -90, 1000, 0},
};
static const VariantSpec tsa_variants[] = {
    [PROVIDER_VARIANT_GOOD] = {"", tsa_profile, -90, 1500, 0},
    [PROVIDER_VARIANT_EXPIRED] = {"-expired", tsa_profile, -90, -1, 0},
    [PROVIDER_VARIANT_NO_PURPOSE] = {"-no-purpose", undelegated_profile, -90, 1500, 0},
    [PROVIDER_VARIANT_REVOKED] = {"-revoked", tsa_profile, -90, 1500, -10},
};

static const struct {
    const char *name, *authority, *key;
    gboolean wanted; /* as for authorities */
    const char *common_name;
} tsa_specs[] = {
    {"tsa", "provider", "RSA-2048", TRUE, "Tamga Demo Time Stamping"},
    {"tsa2", "root", "P-256", FALSE, "Tamga Demo Second Time Stamping"},
};

/* The algorithm of a row, or the one that the provider was started with where the row takes it. */
static const ProviderAlgorithm *choose (const Provider *provider, const char *key, gboolean wanted)
{
    return wanted && provider->algorithm != NULL ? provider->algorithm : provider_algorithm (key);
}

static void name_add (X509_NAME *name, int nid, const char *value)
{
    if (value != NULL)
        PROVIDER_MUST (X509_NAME_add_entry_by_NID (name, nid, MBSTRING_UTF8,
                                                   (const unsigned char *)value, -1, -1, 0));
}

X509_NAME *provider_name (const char *country, const char *organisation, const char *common_name)
{
    X509_NAME *name = X509_NAME_new ();
    PROVIDER_MUST (name != NULL);
    name_add (name, NID_countryName, country);
    name_add (name, NID_organizationName, organisation);
    name_add (name, NID_commonName, common_name);
    return name;
}

char *provider_authority_path (const ProviderAuthoritySpec *spec, const char *kind,
                               const char *suffix)
{
    return g_strconcat (spec->prefix, kind, spec->local, suffix, NULL);
}

void provider_links_append (const Provider *provider, const ProviderAuthority *issuer, guint links,
                            GString *text)
{
    g_autofree char *ocsp = provider_authority_path (issuer->spec, "/ocsp/", "");
    g_autofree char *ca = provider_authority_path (issuer->spec, "/", ".cer");
    g_autofree char *crl = provider_authority_path (issuer->spec, "/crl/", ".crl");
    g_autofree char *delta = provider_authority_path (issuer->spec, "/crl/", "-delta.crl");
    g_autoptr (GString) access = g_string_new (NULL);

    if ((links & PROVIDER_LINK_OCSP) != 0)
        g_string_append_printf (access, ",OCSP;URI:%s%s", provider->url, ocsp);
    if ((links & PROVIDER_LINK_CA) != 0)
        g_string_append_printf (access, ",caIssuers;URI:%s%s", provider->url, ca);
    if (access->len > 0)
        g_string_append_printf (text, "authorityInfoAccess=%s\n", access->str + 1);
    if ((links & PROVIDER_LINK_CRL) != 0)
        g_string_append_printf (text, "crlDistributionPoints=URI:%s%s\n", provider->url, crl);
    if ((links & PROVIDER_LINK_DELTA) != 0)
        g_string_append_printf (text, "freshestCRL=URI:%s%s\n", provider->url, delta);
}

static gboolean fail (GError **error, const char *what)
{
    const char *reason = ERR_reason_error_string (ERR_peek_last_error ());
    g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST, "%s (%s)", what,
                 reason == NULL ? "no reason" : reason);
    ERR_clear_error ();
    return FALSE;
}

static void set_serial (X509 *certificate)
{
    g_autoptr (BIGNUM) number = BN_new ();
    PROVIDER_MUST (number != NULL && BN_rand (number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
                   BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate)) != NULL);
}

static gboolean add_extensions (X509 *certificate, X509 *issuer, const char *text, GError **error)
{
    /* In this order: a root's own key identifier is needed for the authority's. */
    g_autofree char *all = g_strconcat ("[extensions]\nsubjectKeyIdentifier=hash\n"
                                        "authorityKeyIdentifier=keyid:always\n",
                                        text, NULL);
    g_autoptr (BIO) bio = BIO_new_mem_buf (all, -1);
    g_autoptr (CONF) conf = NCONF_new (NULL);
    X509V3_CTX context;
    long line = 0;

    PROVIDER_MUST (bio != NULL && conf != NULL);
    X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_nconf (&context, conf);
    if (NCONF_load_bio (conf, bio, &line) <= 0 ||
        !X509V3_EXT_add_nconf (conf, &context, "extensions", certificate))
        return fail (error, "the extensions cannot be written");
    return TRUE;
}

static gboolean sign (X509 *certificate, EVP_PKEY *key, const EVP_MD *digest, gboolean pss,
                      GError **error)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    EVP_PKEY_CTX *parameters = NULL;
    if (context == NULL || EVP_DigestSignInit (context, &parameters, digest, NULL, key) <= 0 ||
        (pss && (EVP_PKEY_CTX_set_rsa_padding (parameters, RSA_PKCS1_PSS_PADDING) <= 0 ||
                 EVP_PKEY_CTX_set_rsa_pss_saltlen (parameters, RSA_PSS_SALTLEN_DIGEST) <= 0)) ||
        X509_sign_ctx (certificate, context) <= 0)
        return fail (error, "the issuer's key cannot sign the certificate so");
    return TRUE;
}

X509 *provider_certificate_make (const ProviderCertificate *request, GError **error)
{
    g_autoptr (X509) certificate = X509_new ();
    X509 *issuer = request->issuer == NULL ? certificate : request->issuer->certificate;
    const ProviderKey *signer = request->signer != NULL ? request->signer : &request->issuer->key;
    const EVP_MD *digest =
        request->digest != NULL ? request->digest : provider_algorithm_digest (signer->algorithm);

    PROVIDER_MUST (certificate != NULL && X509_set_version (certificate, X509_VERSION_3));
    set_serial (certificate);
    PROVIDER_MUST (X509_set_subject_name (certificate, request->subject) &&
                   X509_set_issuer_name (certificate, request->issuer == NULL
                                                          ? request->subject
                                                          : X509_get_subject_name (issuer)));
    if (ASN1_TIME_set (X509_getm_notBefore (certificate), (time_t)request->from) == NULL ||
        ASN1_TIME_set (X509_getm_notAfter (certificate), (time_t)request->to) == NULL ||
        !X509_set_pubkey (certificate, request->key)) {
        fail (error, "the validity or the key cannot be written");
        return NULL;
    }
    if (!add_extensions (certificate, issuer, request->extensions, error) ||
        !sign (certificate, signer->pkey, digest, request->pss, error))
        return NULL;
    return g_steal_pointer (&certificate);
}

static ProviderKey load_key (const Provider *provider, const char *name,
                             const ProviderAlgorithm *algorithm)
{
    g_autofree char *path = provider_path (provider, name, ".key");
    g_autoptr (BIO) in = BIO_new_file (path, "r");
    if (in != NULL) {
        EVP_PKEY *key = PEM_read_bio_PrivateKey (in, NULL, NULL, NULL);
        PROVIDER_MUST (key != NULL);
        return (ProviderKey){key, algorithm};
    }
    ERR_clear_error ();
    EVP_PKEY *key = provider_key_generate (algorithm);
    PROVIDER_MUST (key != NULL);
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8 (key);
    int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    PROVIDER_MUST (fd >= 0);
    FILE *file = fdopen (fd, "w");
    PROVIDER_MUST (file != NULL && info != NULL && PEM_write_PKCS8_PRIV_KEY_INFO (file, info));
    PROVIDER_MUST (fclose (file) == 0);
    PKCS8_PRIV_KEY_INFO_free (info);
    return (ProviderKey){key, algorithm};
}

static X509 *load_certificate (const Provider *provider, const char *name)
{
    g_autofree char *path = provider_path (provider, name, ".pem");
    g_autoptr (BIO) in = BIO_new_file (path, "r");
    if (in == NULL) {
        ERR_clear_error ();
        return NULL;
    }
    X509 *certificate = PEM_read_bio_X509 (in, NULL, NULL, NULL);
    PROVIDER_MUST (certificate != NULL);
    return certificate;
}

/* NAME.pem, made from REQUEST when it does not exist yet. */
static X509 *obtain_certificate (const Provider *provider, const char *name,
                                 const ProviderCertificate *request)
{
    X509 *certificate = load_certificate (provider, name);
    if (certificate != NULL)
        return certificate;
    g_autoptr (GError) error = NULL;
    certificate = provider_certificate_make (request, &error);
    if (certificate == NULL)
        g_error ("certificate %s: %s", name, error->message); /* the rows above are wrong */
    g_autofree char *path = provider_path (provider, name, ".pem");
    g_autoptr (BIO) out = BIO_new_file (path, "w");
    PROVIDER_MUST (out != NULL && PEM_write_bio_X509 (out, certificate));
    return certificate;
}

static void append_key_end (GString *text, gint64 from, gint64 to)
{
    g_autoptr (GDateTime) start = g_date_time_new_from_unix_utc (from);
    g_autoptr (GDateTime) end = g_date_time_new_from_unix_utc (to);
    g_autofree char *first = g_date_time_format (start, "%Y%m%d%H%M%SZ");
    g_autofree char *last = g_date_time_format (end, "%Y%m%d%H%M%SZ");
    g_string_append_printf (text,
                            "2.5.29.16=ASN1:SEQUENCE:key_period\n[key_period]\n"
                            "from=IMPLICIT:0,GENERALIZEDTIME:%s\n"
                            "to=IMPLICIT:1,GENERALIZEDTIME:%s\n",
                            first, last);
}

static void load_authority (Provider *provider, const ProviderAuthoritySpec *spec)
{
    ProviderAuthority *authority = g_new0 (ProviderAuthority, 1);
    ProviderAuthority *parent =
        spec->parent == NULL ? NULL : provider_authority (provider, spec->parent);
    g_autoptr (X509_NAME) subject =
        provider_name (spec->country, spec->organisation, spec->common_name);
    g_autoptr (GString) extensions = g_string_new (authority_profile);
    gint64 now = provider_now (provider);

    authority->spec = spec;
    authority->key = load_key (provider, spec->name, choose (provider, spec->key, spec->wanted));
    if (parent != NULL) {
        provider_links_append (provider, parent, PROVIDER_LINK_STANDARD, extensions);
        g_string_append (extensions, "certificatePolicies=2.5.29.32.0\n");
    }
    if (spec->key_end_days != 0)
        append_key_end (extensions, now + spec->from_days * PROVIDER_DAY,
                        now + spec->key_end_days * PROVIDER_DAY);
    g_string_append (extensions, authority->key.algorithm->authority);
    ProviderCertificate request = {.subject = subject,
                                   .key = authority->key.pkey,
                                   .issuer = parent,
                                   .signer = parent == NULL ? &authority->key : NULL,
                                   .from = now + spec->from_days * (gint64)PROVIDER_DAY,
                                   .to = now + spec->to_days * (gint64)PROVIDER_DAY,
                                   .extensions = extensions->str};
    authority->certificate = obtain_certificate (provider, spec->name, &request);
    authority->crl_number = 1;
    authority->base_number = 1;
    provider_load_authority (provider, authority);
    g_ptr_array_add (provider->authorities, authority);
    provider_register (provider, authority->certificate,
                       spec->parent == NULL ? spec->name : spec->parent, spec->name);
}

/* The name and key of SUBJECT certified by ISSUER: the link between two root generations. */
static void load_cross (Provider *provider, const char *subject, const char *issuer)
{
    const ProviderAuthority *from = provider_authority (provider, issuer);
    const ProviderAuthority *to = provider_authority (provider, subject);
    g_autofree char *name = g_strdup_printf ("%s-by-%s", subject, issuer);
    g_autoptr (GString) extensions = g_string_new (authority_profile);
    gint64 now = provider_now (provider);
    provider_links_append (provider, from, PROVIDER_LINK_STANDARD, extensions);
    ProviderCertificate request = {.subject = X509_get_subject_name (to->certificate),
                                   .key = to->key.pkey,
                                   .issuer = from,
                                   .from = now - 100 * PROVIDER_DAY,
                                   .to = now + 1000 * PROVIDER_DAY,
                                   .extensions = extensions->str};
    g_autoptr (X509) certificate = obtain_certificate (provider, name, &request);
    provider_register (provider, certificate, issuer, name);
}

void provider_authorities_load (Provider *provider)
{
    for (gsize i = 0; i < G_N_ELEMENTS (authority_specs); i++)
        load_authority (provider, &authority_specs[i]);
    load_cross (provider, "root2", "root");
    load_cross (provider, "root", "root2");
    for (gsize i = 0; i < G_N_ELEMENTS (tsa_specs); i++)
        provider_tsa (provider, tsa_specs[i].name, PROVIDER_VARIANT_GOOD);
    provider_responder (provider, provider_authority (provider, "root"), PROVIDER_VARIANT_GOOD);
    provider_responder (provider, provider_authority (provider, "provider"), PROVIDER_VARIANT_GOOD);
    for (guint i = 0; i < provider->authorities->len; i++) {
        ProviderAuthority *authority = provider->authorities->pdata[i];
        authority->crl_number++; /* the CRL of the last run is not kept */
    }
    provider_save (provider);
}

ProviderAuthority *provider_authority (const Provider *provider, const char *name)
{
    for (guint i = 0; i < provider->authorities->len; i++) {
        ProviderAuthority *authority = provider->authorities->pdata[i];
        if (g_strcmp0 (authority->spec->name, name) == 0)
            return authority;
    }
    return NULL;
}

void provider_authority_free (gpointer data)
{
    ProviderAuthority *authority = data;
    X509_free (authority->certificate);
    EVP_PKEY_free (authority->key.pkey);
    g_clear_pointer (&authority->crl, g_bytes_unref);
    g_clear_pointer (&authority->base_crl, g_bytes_unref);
    g_free (authority);
}

void provider_identity_free (gpointer data)
{
    ProviderIdentity *identity = data;
    X509_free (identity->certificate);
    EVP_PKEY_free (identity->key.pkey);
    g_free (identity);
}

/* The certificate BASE+VARIANT from ISSUER over the key of BASE. */
static const ProviderIdentity *obtain_identity (Provider *provider, const char *base,
                                                const ProviderAlgorithm *algorithm,
                                                const char *common_name,
                                                const ProviderAuthority *issuer,
                                                const VariantSpec *variant, guint links)
{
    g_autofree char *name = g_strconcat (base, variant->suffix, NULL);
    ProviderIdentity *identity = g_hash_table_lookup (provider->identities, name);
    if (identity != NULL)
        return identity;

    gint64 now = (gint64)time (NULL);
    g_autoptr (GString) extensions = g_string_new (variant->profile);
    g_autoptr (X509_NAME) subject =
        provider_name (issuer->spec->country, issuer->spec->organisation, common_name);
    provider_links_append (provider, issuer, links, extensions);
    identity = g_new0 (ProviderIdentity, 1);
    identity->key = load_key (provider, base, algorithm);
    ProviderCertificate request = {.subject = subject,
                                   .key = identity->key.pkey,
                                   .issuer = issuer,
                                   .from = now + variant->from_days * PROVIDER_DAY,
                                   .to = now + variant->to_days * PROVIDER_DAY,
                                   .extensions = extensions->str};
    identity->certificate = obtain_certificate (provider, name, &request);
    ProviderEntry *entry =
        provider_register (provider, identity->certificate, issuer->spec->name, name);
    if (variant->revoked_days != 0 && entry->status == PROVIDER_GOOD) {
        entry->status = PROVIDER_REVOKED;
        entry->since = now + variant->revoked_days * PROVIDER_DAY;
    }
    g_hash_table_insert (provider->identities, g_steal_pointer (&name), identity);
    provider_save (provider);
    return identity;
}

const ProviderIdentity *provider_responder (Provider *provider, const ProviderAuthority *authority,
                                            ProviderVariant variant)
{
    g_assert (variant <= PROVIDER_VARIANT_STRANGER);
    g_autofree char *name = g_strconcat ("ocsp-", authority->spec->name, NULL);
    g_autofree char *common_name = g_strconcat (authority->spec->common_name, " OCSP", NULL);
    const ProviderAuthority *issuer = authority;
    if (variant == PROVIDER_VARIANT_STRANGER)
        issuer = provider_authority (provider,
                                     authority->spec->prefix[0] == '\0' ? "foreign-root" : "root");
    const ProviderAlgorithm *algorithm = choose (
        provider, authority->spec->parent == NULL ? "P-256" : "RSA-2048", authority->spec->wanted);
    return obtain_identity (provider, name, algorithm, common_name, issuer,
                            &responder_variants[variant], 0);
}

const ProviderIdentity *provider_tsa (Provider *provider, const char *name, ProviderVariant variant)
{
    g_assert (variant != PROVIDER_VARIANT_STRANGER);
    for (gsize i = 0; i < G_N_ELEMENTS (tsa_specs); i++)
        if (strcmp (tsa_specs[i].name, name) == 0)
            return obtain_identity (
                provider, name, choose (provider, tsa_specs[i].key, tsa_specs[i].wanted),
                tsa_specs[i].common_name, provider_authority (provider, tsa_specs[i].authority),
                &tsa_variants[variant], PROVIDER_LINK_STANDARD);
    g_assert_not_reached ();
}

const char *provider_tsa_authority (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (tsa_specs); i++)
        if (strcmp (tsa_specs[i].name, name) == 0)
            return tsa_specs[i].authority;
    g_assert_not_reached ();
}
