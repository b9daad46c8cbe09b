/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the recipient of a signature looks at besides path and status: the rows of VN 130/2018
 * article 79, the secured signature of article 9, the holder's capacity of articles 6 and 7, and
 * the qualified device of UA 83. */
#include "client/validate/judge.h"

#include "client/validate/particulars.h"
#include "client/trust/statements.h"
#include "formats/ossl.h"

typedef struct {
    const TamgaBlocks *blocks;
    TamgaValidatedSignature *validated;
    X509 *certificate;
    TamgaHolder *holder;
    TamgaStatements *statements;
    gboolean all; /* no row of VN 79 so far speaks against it */
} Recipient;

static void G_GNUC_PRINTF (5, 6) row (const Recipient *self, const char *name, const char *clause,
                                      CheckResult result, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    tamga_check_add (self->blocks->checks, name, clause, result, "certificate", "%s", text);
}

static void find (const Recipient *self, TamgaSeverity severity, const char *code,
                  const char *clause, const char *text)
{
    g_ptr_array_add (
        self->blocks->findings,
        tamga_finding_new (severity, code, self->validated->signature->id, clause, "%s", text));
}

/* UA 28, 47: the keys of authorities sign certificates and status data, no documents. */
static void row_authority (Recipient *self, TamgaJudgement *judgement)
{
    if (!tamga_certificate_is_authority (self->certificate))
        return;
    row (self, "not-an-authority", "UA 47", CHECK_FAILED,
         "%s is an authority; its key may sign certificates only", self->holder->name);
    find (self, TAMGA_SEVERITY_FATAL, "authority-signed-document", "UA 47",
          "The document is signed with the key of an authority, which may sign certificates and "
          "status data only.");
    tamga_judgement_add (judgement, TAMGA_INDETERMINATE, SUB_CHAIN_CONSTRAINTS_FAILURE,
                         "the document is signed with the key of an authority (UA 47)");
    self->all = FALSE;
}

static void row_scope (Recipient *self)
{
    const char *clause = tamga_blocks_clause (self->blocks, "VN 79.1a", "RFC 5280 4.2.1.3");
    g_autofree char *scope =
        tamga_certificate_scope (self->certificate, self->blocks->context->profile);
    guint32 usage = X509_get_key_usage (self->certificate); /* all bits when not limited */
    gboolean fits = (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
    row (self, "scope", clause, fits ? CHECK_PASSED : CHECK_FAILED, "%s%s", scope,
         fits ? "" : "; this does not include signing documents");
    self->all = self->all && fits;
}

static void row_limits (Recipient *self)
{
    const char *limits = self->validated->limits;
    row (self, "limits", tamga_blocks_clause (self->blocks, "VN 79.1a", "EN 319 412-5 4.3.2"),
         CHECK_INFO, "%s", limits != NULL ? limits : "none stated");
}

/* The ten items of VN 5, as far as their absence or form would be a reason for doubt. */
static void row_particulars (Recipient *self)
{
    g_autofree char *name = tamga_ossl_name (X509_get_subject_name (self->certificate));
    g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (self->certificate));
    g_autofree char *issuer = tamga_ossl_short_name (X509_get_issuer_name (self->certificate));
    gboolean whole = !self->holder->malformed && !self->statements->malformed &&
                     X509_NAME_entry_count (X509_get_issuer_name (self->certificate)) > 0 &&
                     tamga_ossl_time (X509_get0_notBefore (self->certificate)) != G_MININT64 &&
                     tamga_ossl_time (X509_get0_notAfter (self->certificate)) != G_MININT64 &&
                     X509_get0_pubkey (self->certificate) != NULL;
    row (self, "particulars", tamga_blocks_clause (self->blocks, "VN 79.1a", "RFC 5280 4.1.2"),
         whole ? CHECK_PASSED : CHECK_FAILED, "%s, number %s, by %s%s", name, serial, issuer,
         whole ? "" : "; some of its data cannot be read");
    if (self->holder->malformed)
        find (self, TAMGA_SEVERITY_WARNING, "malformed-identity", "UA 83(2)",
              "The holder's name in the certificate is empty or has attributes that cannot be "
              "read.");
    if (self->statements->malformed)
        find (self, TAMGA_SEVERITY_WARNING, "malformed-statements", "EN 319 412-5",
              "Some of the qualified certificate statements cannot be read.");
    self->all = self->all && whole;
}

static void row_key_match (Recipient *self)
{
    gboolean match = self->validated->signature->integrity == TAMGA_INTEGRITY_INTACT;
    row (self, "key-match", tamga_blocks_clause (self->blocks, "VN 79.1b", "EN 319 102-1 5.2.7"),
         match ? CHECK_PASSED : CHECK_FAILED, "%s",
         match ? "made by the key that belongs to the certificate"
               : "not shown to be made by the key that belongs to the certificate");
    self->all = self->all && match;
}

/* The provider's own certificate at the root, at the time of signing. */
static void row_provider (Recipient *self)
{
    const TamgaProcedure *procedure = self->validated->procedure;
    const char *clause = tamga_blocks_clause (self->blocks, "VN 79.2b", "RFC 5280 6.1.3 (a)(3)");
    gboolean good = procedure->path->complete;
    if (!procedure->path->complete || procedure->path->certificates->len < 2) {
        row (self, "provider-at-root", clause,
             procedure->path->complete ? CHECK_INFO : CHECK_UNDETERMINED, "%s",
             procedure->path->complete ? "the certificate is itself trusted: there is no provider"
                                       : "the provider's root is not known or not trusted");
        self->all = self->all && good;
        return;
    }
    g_autofree char *provider =
        tamga_ossl_short_name (X509_get_subject_name (procedure->path->certificates->pdata[1]));
    for (guint i = 1; i < procedure->steps->len; i++) {
        const TamgaStep *step = procedure->steps->pdata[i];
        good = good && step->passed && step->status->value == TAMGA_STATUS_GOOD;
    }
    row (self, "provider-at-root", clause, good ? CHECK_PASSED : CHECK_UNDETERMINED, "%s: %s",
         provider,
         procedure->path->certificates->len == 2 ? "is itself the trusted root"
         : good                                  ? "good at the time of signing"
                                                 : "not shown to be good at the time of signing");
}

static void row_conjunction (Recipient *self, gboolean chain_passed)
{
    gboolean good = self->all && chain_passed;
    row (self, "all-together", tamga_blocks_clause (self->blocks, "VN 79.2c", "EN 319 102-1 5.3"),
         good ? CHECK_PASSED : CHECK_UNDETERMINED, "%s",
         good ? "all of these checks hold together"
              : "not all of these checks hold, so the signature may not be relied upon");
}

/* VN 9: what makes a signature a secured one, line by line. */
static void rows_secured (Recipient *self, gboolean chain_passed)
{
    const TamgaValidatedSignature *validated = self->validated;
    gint64 from = tamga_ossl_time (X509_get0_notBefore (self->certificate));
    gint64 until = tamga_ossl_time (X509_get0_notAfter (self->certificate));
    gboolean within = validated->best_time >= from && validated->best_time <= until;
    gboolean intact = validated->signature->integrity == TAMGA_INTEGRITY_INTACT;
    gboolean listed = validated->procedure->path->complete;
    g_autofree char *at = tamga_time_text (validated->best_time);
    const char *clause = tamga_blocks_clause (self->blocks, "VN 9", NULL);
    row (self, "made-in-validity-period", clause, within ? CHECK_PASSED : CHECK_UNDETERMINED,
         "%s the certificate's validity (%s, %s)", within ? "within" : "outside", at,
         validated->best_time_source);
    gboolean verifiable = validated->signature->integrity != TAMGA_INTEGRITY_NOT_VERIFIABLE;
    row (self, "verified-with-certificate", clause,
         intact       ? CHECK_PASSED
         : verifiable ? CHECK_FAILED
                      : CHECK_UNDETERMINED,
         "the signature value %s with the key of that certificate",
         intact       ? "verifies"
         : verifiable ? "does not verify"
                      : "cannot be verified");
    row (self, "listed-provider", clause,
         listed && chain_passed ? CHECK_PASSED : CHECK_UNDETERMINED, "%s",
         listed ? "the provider is under a root that you trust"
                : "the provider is under no root that you trust");
    row (
        self, "sole-control", clause, validated->qualified_device ? CHECK_PASSED : CHECK_INFO, "%s",
        validated->qualified_device ? "the certificate states that the key is on a certified device"
                                    : "the certificate does not state where the key is kept");
}

static void rows_holder (Recipient *self)
{
    const TamgaHolder *holder = self->holder;
    if (holder->title != NULL)
        row (self, "title", tamga_blocks_clause (self->blocks, "VN 6.2, 7", "X.520"), CHECK_INFO,
             "%s", holder->title);
    if (holder->organisation != NULL)
        row (self, "organisation", tamga_blocks_clause (self->blocks, "VN 6.2", "X.520"),
             CHECK_INFO, "%s%s%s", holder->organisation,
             holder->organisation_id != NULL ? ", " : "",
             holder->organisation_id != NULL ? holder->organisation_id : "");
}

/* UA 83(1-2): who it is by the numbers of the country, and whether those are entered as they must
 * be. */
static void rows_identifiers (Recipient *self)
{
    GPtrArray *identifiers = self->validated->identifiers;
    for (guint i = 0; i < identifiers->len; i++) {
        const TamgaIdentifier *identifier = identifiers->pdata[i];
        row (self, "identifier", "UA 83(1)", CHECK_INFO, "%s %s", identifier->label,
             identifier->value);
        if (!identifier->malformed)
            continue;
        g_autofree char *text =
            g_strdup_printf ("The %s in the certificate, \"%s\", is not formed as one must be.",
                             identifier->label, identifier->value);
        find (self, TAMGA_SEVERITY_WARNING, "identifier-malformed", "UA 83(2)", text);
    }
}

/* UA 83(3), 131: qualified needs the certificate's statement and the device's, and both count only
 * when the certificate itself is believed. */
static void row_qualified (Recipient *self, gboolean chain_passed)
{
    const TamgaValidatedSignature *validated = self->validated;
    gboolean stated = validated->qualified_certificate && validated->qualified_device;
    const char *text = "stated by the certificate, with a certified device";
    if (!validated->qualified_certificate)
        text = "the certificate does not say that it is qualified (an advanced signature)";
    else if (!validated->qualified_device)
        text =
            "the certificate is qualified, but names no certified device (an advanced signature)";
    else if (!chain_passed)
        text = "stated by the certificate, which is itself not shown to be good";
    row (self, "qualified-device", "UA 83(3)", stated && chain_passed ? CHECK_PASSED : CHECK_INFO,
         "%s", text);
}

void tamga_recipient_lines (const TamgaBlocks *blocks, TamgaValidatedSignature *validated,
                            gboolean chain_passed, TamgaJudgement *judgement)
{
    X509 *certificate = validated->signature->certificate;
    g_autoptr (TamgaHolder) holder = tamga_holder_read (certificate);
    g_autoptr (TamgaStatements) statements = tamga_statements_read (certificate);
    Recipient self = {.blocks = blocks,
                      .validated = validated,
                      .certificate = certificate,
                      .holder = holder,
                      .statements = statements,
                      .all = TRUE};
    validated->title = g_strdup (holder->title);
    validated->organisation = g_strdup (holder->organisation);
    validated->limits = tamga_certificate_limits (certificate);
    validated->identifiers = tamga_certificate_identifiers (certificate, blocks->context->profile);
    validated->qualified_certificate = statements->qualified;
    validated->qualified_device = statements->device;
    row_scope (&self);
    row_limits (&self);
    row_particulars (&self);
    row_key_match (&self);
    row_provider (&self);
    row_authority (&self, judgement);
    row_conjunction (&self, chain_passed);
    rows_secured (&self, chain_passed);
    rows_holder (&self);
    rows_identifiers (&self);
    row_qualified (&self, chain_passed);
}
