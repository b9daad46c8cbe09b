/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ten items of VN 5, one function each, and the parts they are made of. */
#include "client/validate/particulars.h"

#include <openssl/err.h>
#include <string.h>

#include "client/trust/statements.h"

static void add_word (GString *text, const char *separator, const char *word)
{
    if (text->len > 0)
        g_string_append (text, separator);
    g_string_append (text, word);
}

char *tamga_certificate_string (const ASN1_STRING *string)
{
    unsigned char *utf8 = NULL;
    int length = ASN1_STRING_to_UTF8 (&utf8, string);
    if (length < 0) {
        ERR_clear_error ();
        return NULL;
    }
    g_autofree char *raw = g_strndup ((char *)utf8, (gsize)length);
    OPENSSL_free (utf8);
    return tamga_text_visible (raw);
}

static void add_key_usage (GString *text, X509 *certificate)
{
    static const struct {
        guint32 bit;
        const char *name;
    } names[] = {
        {KU_DIGITAL_SIGNATURE, "digital signature"},
        {KU_NON_REPUDIATION, "non-repudiation"},
        {KU_KEY_ENCIPHERMENT, "key encipherment"},
        {KU_DATA_ENCIPHERMENT, "data encipherment"},
        {KU_KEY_AGREEMENT, "key agreement"},
        {KU_KEY_CERT_SIGN, "certificate signing"},
        {KU_CRL_SIGN, "CRL signing"},
        {KU_ENCIPHER_ONLY, "encipher only"},
        {KU_DECIPHER_ONLY, "decipher only"},
    };
    g_autoptr (GString) list = g_string_new (NULL);
    if ((X509_get_extension_flags (certificate) & EXFLAG_KUSAGE) == 0) {
        g_string_append (text, "key usage: not limited");
        return;
    }
    guint32 usage = X509_get_key_usage (certificate);
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        if (usage & names[i].bit)
            add_word (list, ", ", names[i].name);
    }
    g_string_append_printf (text, "key usage: %s", list->len > 0 ? list->str : "none");
}

static void add_extended_usage (GString *text, X509 *certificate, const TamgaProfile *profile)
{
    g_autoptr (GString) list = g_string_new (NULL);
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i (certificate, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; i < sk_ASN1_OBJECT_num (usages); i++) {
        const ASN1_OBJECT *usage = sk_ASN1_OBJECT_value (usages, i);
        g_autofree char *oid = tamga_ossl_oid (usage);
        add_word (list, ", ", tamga_profile_oid_name (profile, oid));
    }
    EXTENDED_KEY_USAGE_free (usages);
    if (list->len > 0)
        g_string_append_printf (text, "; extended: %s", list->str);
}

static void add_policies (GString *text, X509 *certificate, const TamgaProfile *profile)
{
    g_autoptr (GString) list = g_string_new (NULL);
    CERTIFICATEPOLICIES *policies =
        X509_get_ext_d2i (certificate, NID_certificate_policies, NULL, NULL);
    for (int i = 0; i < sk_POLICYINFO_num (policies); i++) {
        g_autofree char *oid = tamga_ossl_oid (sk_POLICYINFO_value (policies, i)->policyid);
        add_word (list, ", ", tamga_profile_oid_name (profile, oid));
    }
    CERTIFICATEPOLICIES_free (policies);
    if (list->len > 0)
        g_string_append_printf (text, "; policy: %s", list->str);
}

char *tamga_certificate_scope (X509 *certificate, const TamgaProfile *profile)
{
    GString *text = g_string_new (NULL);
    add_key_usage (text, certificate);
    add_extended_usage (text, certificate, profile);
    add_policies (text, certificate, profile);
    ERR_clear_error ();
    return g_string_free (text, FALSE);
}

/* explicitText of user notices (RFC 5280 4.2.1.4): where providers state their liability. */
static void add_notices (GString *text, X509 *certificate)
{
    CERTIFICATEPOLICIES *policies =
        X509_get_ext_d2i (certificate, NID_certificate_policies, NULL, NULL);
    for (int i = 0; i < sk_POLICYINFO_num (policies); i++) {
        STACK_OF (POLICYQUALINFO) *qualifiers = sk_POLICYINFO_value (policies, i)->qualifiers;
        for (int k = 0; k < sk_POLICYQUALINFO_num (qualifiers); k++) {
            const POLICYQUALINFO *qualifier = sk_POLICYQUALINFO_value (qualifiers, k);
            if (OBJ_obj2nid (qualifier->pqualid) != NID_id_qt_unotice ||
                qualifier->d.usernotice->exptext == NULL)
                continue;
            g_autofree char *notice = tamga_certificate_string (qualifier->d.usernotice->exptext);
            if (notice != NULL && *notice != '\0')
                add_word (text, "; ", notice);
        }
    }
    CERTIFICATEPOLICIES_free (policies);
}

char *tamga_certificate_limits (X509 *certificate)
{
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (TamgaStatements) statements = tamga_statements_read (certificate);
    if (statements->limit != NULL)
        g_string_append_printf (text, "transactions up to %s", statements->limit);
    add_notices (text, certificate);
    ERR_clear_error ();
    return text->len > 0 ? g_strdup (text->str) : NULL;
}

char *tamga_certificate_key_text (X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey (certificate);
    if (key == NULL) {
        ERR_clear_error ();
        X509_PUBKEY *public_key = X509_get_X509_PUBKEY (certificate);
        ASN1_OBJECT *algorithm = NULL;
        X509_PUBKEY_get0_param (&algorithm, NULL, NULL, NULL, public_key);
        g_autofree char *oid = algorithm != NULL ? tamga_ossl_oid (algorithm) : g_strdup ("?");
        return g_strdup_printf ("a kind of key not known here (%s)", oid);
    }
    return tamga_algorithm_key_text (key);
}

gboolean tamga_certificate_is_authority (X509 *certificate)
{
    guint32 flags = X509_get_extension_flags (certificate);
    if (flags & EXFLAG_CA)
        return TRUE;
    return (flags & EXFLAG_KUSAGE) && (X509_get_key_usage (certificate) & KU_KEY_CERT_SIGN);
}

static char *signature_algorithm_text (X509 *certificate)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *object;
    int md = NID_undef, security = 0;
    guint32 flags = 0;
    X509_get0_signature (NULL, &algorithm, certificate);
    X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
    g_autofree char *oid = tamga_ossl_oid (object);
    int nid = OBJ_obj2nid (object);
    if (nid == NID_undef)
        return g_steal_pointer (&oid);
    /* RSASSA-PSS names its digest in the parameters only. */
    if (nid == NID_rsassaPss &&
        X509_get_signature_info (certificate, &md, NULL, &security, &flags) == 1 && md != NID_undef)
        return g_strdup_printf ("%s with %s (%s)", OBJ_nid2ln (nid), OBJ_nid2ln (md), oid);
    ERR_clear_error ();
    return g_strdup_printf ("%s (%s)", OBJ_nid2ln (nid), oid);
}

static char *item_issuer (X509 *certificate, const TamgaProfile *profile G_GNUC_UNUSED)
{
    return tamga_ossl_name (X509_get_issuer_name (certificate));
}

static char *item_subscriber (X509 *certificate, const TamgaProfile *profile)
{
    g_autoptr (GPtrArray) identifiers = tamga_certificate_identifiers (certificate, profile);
    g_autofree char *numbers = tamga_identifiers_text (identifiers);
    g_autofree char *name = tamga_ossl_name (X509_get_subject_name (certificate));
    return numbers != NULL ? g_strdup_printf ("%s\n%s", name, numbers) : g_steal_pointer (&name);
}

static char *item_serial (X509 *certificate, const TamgaProfile *profile G_GNUC_UNUSED)
{
    return tamga_ossl_serial (X509_get0_serialNumber (certificate));
}

static char *item_validity (X509 *certificate, const TamgaProfile *profile G_GNUC_UNUSED)
{
    g_autofree char *from = tamga_time_text (tamga_ossl_time (X509_get0_notBefore (certificate)));
    g_autofree char *until = tamga_time_text (tamga_ossl_time (X509_get0_notAfter (certificate)));
    return g_strdup_printf ("%s to %s", from, until);
}

static char *item_key (X509 *certificate, const TamgaProfile *profile G_GNUC_UNUSED)
{
    g_autofree char *text = tamga_certificate_key_text (certificate);
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509_PUBKEY, X509_get_X509_PUBKEY (certificate));
    g_autofree char *digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, der);
    return g_strdup_printf ("%s, SHA-256 of the key %s", text, digest);
}

static char *item_algorithm (X509 *certificate, const TamgaProfile *profile G_GNUC_UNUSED)
{
    return signature_algorithm_text (certificate);
}

static char *item_issuer_signature (X509 *certificate, const TamgaProfile *profile G_GNUC_UNUSED)
{
    const ASN1_BIT_STRING *signature;
    g_autofree char *algorithm = signature_algorithm_text (certificate);
    X509_get0_signature (&signature, NULL, certificate);
    int size = ASN1_STRING_length (signature);
    g_autofree char *hex =
        tamga_text_hex (ASN1_STRING_get0_data (signature), (gsize)MIN (size, 16));
    return g_strdup_printf ("%s%s, %d bytes, by %s", hex, size > 16 ? "..." : "", size, algorithm);
}

static char *item_scope (X509 *certificate, const TamgaProfile *profile)
{
    return tamga_certificate_scope (certificate, profile);
}

static char *item_limits (X509 *certificate, const TamgaProfile *profile G_GNUC_UNUSED)
{
    char *limits = tamga_certificate_limits (certificate);
    return limits != NULL ? limits : g_strdup ("none stated");
}

static void add_list (GString *text, const char *title, GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        g_autofree char *line = g_strdup_printf ("%s: %s", title, (char *)list->pdata[i]);
        add_word (text, "\n", line);
    }
}

static void add_alternative_names (GString *text, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i (certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num (names); i++) {
        int type;
        const ASN1_STRING *value =
            GENERAL_NAME_get0_value (sk_GENERAL_NAME_value (names, i), &type);
        if (type != GEN_EMAIL && type != GEN_DNS && type != GEN_URI)
            continue;
        g_autofree char *name = tamga_certificate_string (value);
        g_autofree char *line = g_strdup_printf ("also known as: %s", name != NULL ? name : "?");
        add_word (text, "\n", line);
    }
    GENERAL_NAMES_free (names);
}

static void add_services (GString *text, X509 *certificate)
{
    STACK_OF (OPENSSL_STRING) *ocsp = X509_get1_ocsp (certificate);
    for (int i = 0; i < sk_OPENSSL_STRING_num (ocsp); i++) {
        g_autofree char *url = tamga_text_visible (sk_OPENSSL_STRING_value (ocsp, i));
        g_autofree char *line = g_strdup_printf ("status service (OCSP): %s", url);
        add_word (text, "\n", line);
    }
    X509_email_free (ocsp);
    CRL_DIST_POINTS *points =
        X509_get_ext_d2i (certificate, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; i < sk_DIST_POINT_num (points); i++) {
        const DIST_POINT *point = sk_DIST_POINT_value (points, i);
        if (point->distpoint == NULL || point->distpoint->type != 0)
            continue;
        GENERAL_NAMES *names = point->distpoint->name.fullname;
        for (int k = 0; k < sk_GENERAL_NAME_num (names); k++) {
            int type;
            const ASN1_STRING *value =
                GENERAL_NAME_get0_value (sk_GENERAL_NAME_value (names, k), &type);
            if (type != GEN_URI)
                continue;
            g_autofree char *url = tamga_certificate_string (value);
            g_autofree char *line =
                g_strdup_printf ("revocation list: %s", url != NULL ? url : "?");
            add_word (text, "\n", line);
        }
    }
    CRL_DIST_POINTS_free (points);
}

static char *item_other (X509 *certificate, const TamgaProfile *profile G_GNUC_UNUSED)
{
    GString *text = g_string_new (NULL);
    g_autoptr (TamgaStatements) statements = tamga_statements_read (certificate);
    if (statements->present)
        g_string_append_printf (text, "qualified certificate: %s; key on a certified device: %s",
                                statements->qualified ? "stated" : "not stated",
                                statements->device ? "stated" : "not stated");
    if (statements->malformed)
        add_word (text, "\n", "some of the qualified certificate statements cannot be read");
    add_list (text, "type", statements->types);
    add_list (text, "law of", statements->legislations);
    add_list (text, "disclosure statement", statements->pds);
    add_alternative_names (text, certificate);
    add_services (text, certificate);
    g_autofree char *fingerprint = tamga_ossl_fingerprint (certificate);
    g_autofree char *line = g_strdup_printf ("SHA-256 fingerprint: %s", fingerprint);
    add_word (text, "\n", line);
    ERR_clear_error ();
    return g_string_free (text, FALSE);
}

static const struct {
    const char *title;
    char *(*text) (X509 *certificate, const TamgaProfile *profile);
} items[TAMGA_PARTICULARS] = {
    {"issuer", item_issuer},           {"subscriber", item_subscriber},
    {"serial number", item_serial},    {"validity", item_validity},
    {"public key", item_key},          {"signature of the issuer", item_issuer_signature},
    {"purpose and scope", item_scope}, {"limits of liability", item_limits},
    {"algorithm", item_algorithm},     {"other", item_other},
};

static void particular_free (gpointer data)
{
    TamgaParticular *particular = data;
    g_free (particular->text);
    g_free (particular);
}

GPtrArray *tamga_particulars (X509 *certificate, const TamgaProfile *profile)
{
    GPtrArray *list = g_ptr_array_new_with_free_func (particular_free);
    for (guint i = 0; i < TAMGA_PARTICULARS; i++) {
        TamgaParticular *particular = g_new0 (TamgaParticular, 1);
        particular->number = i + 1;
        particular->title = items[i].title;
        particular->text = items[i].text (certificate, profile);
        g_ptr_array_add (list, particular);
    }
    return list;
}

TamgaHolder *tamga_holder_read (X509 *certificate)
{
    static const struct {
        int nid;
        gsize offset;
    } attributes[] = {
        {NID_title, G_STRUCT_OFFSET (TamgaHolder, title)},
        {NID_organizationName, G_STRUCT_OFFSET (TamgaHolder, organisation)},
        {NID_organizationalUnitName, G_STRUCT_OFFSET (TamgaHolder, unit)},
        {NID_organizationIdentifier, G_STRUCT_OFFSET (TamgaHolder, organisation_id)},
        {NID_serialNumber, G_STRUCT_OFFSET (TamgaHolder, serial_number)},
        {NID_givenName, G_STRUCT_OFFSET (TamgaHolder, given_name)},
        {NID_surname, G_STRUCT_OFFSET (TamgaHolder, surname)},
        {NID_countryName, G_STRUCT_OFFSET (TamgaHolder, country)},
        {NID_pkcs9_emailAddress, G_STRUCT_OFFSET (TamgaHolder, email)},
    };
    TamgaHolder *self = g_new0 (TamgaHolder, 1);
    const X509_NAME *name = X509_get_subject_name (certificate);
    self->name = tamga_ossl_short_name (name);
    self->malformed = X509_NAME_entry_count (name) == 0;
    for (int i = 0; i < X509_NAME_entry_count (name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry (name, i);
        int nid = OBJ_obj2nid (X509_NAME_ENTRY_get_object (entry));
        g_autofree char *text = tamga_certificate_string (X509_NAME_ENTRY_get_data (entry));
        if (text == NULL || *g_strstrip (text) == '\0') {
            self->malformed = TRUE;
            continue;
        }
        for (gsize k = 0; k < G_N_ELEMENTS (attributes); k++) {
            char **field = G_STRUCT_MEMBER_P (self, attributes[k].offset);
            if (nid == attributes[k].nid && *field == NULL)
                *field = g_strdup (text);
        }
    }
    return self;
}

void tamga_holder_free (TamgaHolder *self)
{
    if (self == NULL)
        return;
    g_free (self->name);
    g_free (self->title);
    g_free (self->organisation);
    g_free (self->unit);
    g_free (self->organisation_id);
    g_free (self->serial_number);
    g_free (self->given_name);
    g_free (self->surname);
    g_free (self->country);
    g_free (self->email);
    g_free (self);
}
