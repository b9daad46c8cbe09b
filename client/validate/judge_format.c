/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the format computed, as lines and reasons: format, certificate, digest, value, the objects
 * that are covered, and what came after (EN 319 102-1 5.2.2, 5.2.3, 5.2.7). */
#include "client/validate/judging.h"

#include "formats/ossl.h"

static const struct {
    TamgaIntegrity integrity;
    TamgaIndication indication;
    const char *sub;
    const char *line; /* the line that fails with it; those after it are not reached */
    CheckResult result;
} integrities[] = {
    {TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_TOTAL_FAILED, SUB_FORMAT_FAILURE, "format",
     CHECK_FAILED},
    {TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE, TAMGA_INDETERMINATE, SUB_NO_SIGNING_CERTIFICATE_FOUND,
     "signing-certificate", CHECK_UNDETERMINED},
    {TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND, TAMGA_INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND, "hash",
     CHECK_UNDETERMINED},
    {TAMGA_INTEGRITY_HASH_FAILURE, TAMGA_TOTAL_FAILED, SUB_HASH_FAILURE, "hash", CHECK_FAILED},
    {TAMGA_INTEGRITY_NOT_VERIFIABLE, TAMGA_INDETERMINATE, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
     "signature-value", CHECK_UNDETERMINED},
    {TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE, TAMGA_TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE,
     "signature-value", CHECK_FAILED},
};

static char *good_text (const Judge *self, const char *line)
{
    const TamgaSignature *signature = self->signature;
    const char *digest =
        signature->message_digest != NULL ? signature->message_digest->name : "digest";
    if (g_str_equal (line, "format"))
        return g_strdup_printf ("%s, well formed", signature->format);
    if (g_str_equal (line, "hash"))
        return g_strdup_printf ("the %s of the document equals the signed one", digest);
    if (g_str_equal (line, "signature-value"))
        return g_strdup_printf ("verifies with the key of the certificate (%s)",
                                signature->algorithm_text != NULL ? signature->algorithm_text
                                                                  : "by its token");
    g_autofree char *name =
        signature->certificate != NULL
            ? tamga_ossl_short_name (X509_get_subject_name (signature->certificate))
            : g_strdup ("found");
    return g_steal_pointer (&name);
}

void tamga_judging_integrity (Judge *self)
{
    static const struct {
        const char *name, *clause;
    } lines[] = {
        {"format", "EN 319 102-1 5.2.2"},
        {"signing-certificate", "EN 319 102-1 5.2.3"},
        {"hash", "EN 319 102-1 5.2.7"},
        {"signature-value", "EN 319 102-1 5.2.7"},
    };
    const TamgaSignature *signature = self->signature;
    gsize fault = 0;
    while (fault < G_N_ELEMENTS (integrities) &&
           integrities[fault].integrity != signature->integrity)
        fault++;
    gboolean intact = fault == G_N_ELEMENTS (integrities);
    const char *text =
        signature->integrity_text != NULL ? signature->integrity_text : "no reason is known";
    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
        if (!intact && g_str_equal (lines[i].name, integrities[fault].line)) {
            tamga_check_add (self->blocks.checks, lines[i].name, lines[i].clause,
                             integrities[fault].result, "computed", "%s", text);
            break;
        }
        /* who made a document timestamp is told with its token */
        if (signature->is_document_timestamp && g_str_equal (lines[i].name, "signing-certificate"))
            continue;
        g_autofree char *good = good_text (self, lines[i].name);
        tamga_check_add (self->blocks.checks, lines[i].name, lines[i].clause, CHECK_PASSED,
                         "computed", "%s", good);
    }
    if (!intact)
        tamga_judgement_add (&self->judgement, integrities[fault].indication,
                             integrities[fault].sub, "%s", text);
}

/* Where each format says how a signature names its certificate (5.2.3). */
static const char *binding_clause (const char *format)
{
    static const struct {
        const char *format, *clause;
    } clauses[] = {
        {"XAdES", "EN 319 132-1 5.2.2"},
        {"XMLDSig", "EN 319 132-1 5.2.2"},
        {"JAdES", "TS 119 182-1 5.2.2"},
        {"JWS", "TS 119 182-1 5.2.2"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (clauses); i++) {
        if (g_str_equal (clauses[i].format, format))
            return clauses[i].clause;
    }
    return "EN 319 122-1 5.2.2"; /* CMS and what is made of it */
}

void tamga_judging_binding (Judge *self)
{
    static const struct {
        CheckResult result;
        const char *text;
        const char *sub, *reason; /* NULL: nothing against the signature */
    } rows[] = {
        [TAMGA_BINDING_V2] = {CHECK_PASSED, "the signature names its certificate", NULL, NULL},
        [TAMGA_BINDING_V1] = {CHECK_UNDETERMINED,
                              "the signature names its certificate by SHA-1 only",
                              SUB_SIG_CONSTRAINTS_FAILURE,
                              "the signature names its certificate by SHA-1 only, which the "
                              "profile does not accept"},
        [TAMGA_BINDING_MISMATCH] = {CHECK_FAILED,
                                    "the signature names another certificate than the one found",
                                    SUB_NO_SIGNING_CERTIFICATE_FOUND,
                                    "the signature names a certificate that is not among those "
                                    "found"},
        [TAMGA_BINDING_NONE] = {CHECK_UNDETERMINED,
                                "the signature does not name its certificate under the signature "
                                "value",
                                SUB_SIG_CONSTRAINTS_FAILURE,
                                "the signature does not say under its value which certificate it "
                                "was made with: it is no advanced electronic signature"},
    };
    const TamgaSignature *signature = self->signature;
    const char *clause = binding_clause (signature->format);
    const TamgaProfile *profile = self->process->context->profile;
    if (signature->binding == TAMGA_BINDING_V1 && profile->accept_signing_certificate_v1) {
        tamga_check_add (self->blocks.checks, "certificate-binding", clause, CHECK_PASSED,
                         "computed", "the signature names its certificate, by SHA-1");
        return;
    }
    if (signature->binding == TAMGA_BINDING_NONE && profile->accept_unnamed_certificate) {
        tamga_check_add (
            self->blocks.checks, "certificate-binding", clause, CHECK_INFO, "computed",
            "the signature does not name its certificate, which the profile %s accepts",
            profile->name);
        return;
    }
    tamga_check_add (self->blocks.checks, "certificate-binding", clause,
                     rows[signature->binding].result, "computed", "%s",
                     rows[signature->binding].text);
    if (rows[signature->binding].sub != NULL)
        tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE, rows[signature->binding].sub,
                             "%s", rows[signature->binding].reason);
}

/* --- what is covered (5.2.7) --- */

static const char *object_clause (const char *format)
{
    static const struct {
        const char *format, *clause;
    } clauses[] = {
        {"XAdES", "XML-Signature 3.2.1"},
        {"XMLDSig", "XML-Signature 3.2.1"},
        {"JAdES", "TS 119 182-1 5.2.8"},
        {"JWS", "TS 119 182-1 5.2.8"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (clauses); i++) {
        if (g_str_equal (clauses[i].format, format))
            return clauses[i].clause;
    }
    return "EN 319 162-1 A.4"; /* ASiCManifest */
}

static const char *clause_of_countersignature (const TamgaSignature *signature)
{
    if (g_str_equal (signature->format, "XAdES") || g_str_equal (signature->format, "XMLDSig"))
        return "EN 319 132-1 5.2.7";
    if (g_str_equal (signature->format, "JAdES") || g_str_equal (signature->format, "JWS"))
        return "TS 119 182-1 5.3.2";
    return "EN 319 122-1 5.2.7";
}

/* Every object that has a digest of its own; one that is there and equal is a line, one that is
 * not is a reason, whatever the format said of the signature as a whole. */
void tamga_judging_objects (Judge *self)
{
    const TamgaSignature *signature = self->signature;
    const char *clause = object_clause (signature->format);
    for (guint i = 0; i < signature->objects->len; i++) {
        const TamgaObject *object = signature->objects->pdata[i];
        const char *digest = object->digest != NULL ? object->digest->name : "unknown";
        g_autofree char *line = g_strdup_printf ("object-%u", i + 1);
        if (object->found && object->equal) {
            tamga_check_add (self->blocks.checks, line, clause, CHECK_PASSED, "computed",
                             "%s: its %s digest equals the signed one", object->name, digest);
        } else if (!object->found) {
            tamga_check_add (self->blocks.checks, line, clause, CHECK_UNDETERMINED, "computed",
                             "%s is signed, and is not there", object->name);
            tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND,
                                 "%s is signed, and is not there", object->name);
        } else if (object->digest == NULL) {
            tamga_check_add (self->blocks.checks, line, clause, CHECK_UNDETERMINED, "computed",
                             "%s: its digest is made by an algorithm that is not known here",
                             object->name);
            tamga_judgement_add (
                &self->judgement, TAMGA_INDETERMINATE, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                "the digest of %s is made by an algorithm that is not known here", object->name);
        } else {
            tamga_check_add (self->blocks.checks, line, clause, CHECK_FAILED, "computed",
                             "%s was changed: its %s digest is not the signed one", object->name,
                             digest);
            tamga_judgement_add (&self->judgement, TAMGA_TOTAL_FAILED, SUB_HASH_FAILURE,
                                 "%s was changed after signing", object->name);
        }
    }
    if (signature->coverage == TAMGA_COVERS_PART)
        tamga_check_add (self->blocks.checks, "coverage", "EN 319 102-1 5.2.7", CHECK_INFO,
                         "computed", "signed in part only: %s",
                         signature->coverage_text != NULL ? signature->coverage_text
                                                          : "the rest is not named");
    if (signature->countersigned != NULL)
        tamga_check_add (self->blocks.checks, "countersigns",
                         clause_of_countersignature (signature), CHECK_INFO, "computed",
                         "the value of %s", signature->countersigned);
}

/* What came after a signature must be explained and permitted; else what is shown is not what was
 * signed (threats, part a). */
void tamga_judging_changes (Judge *self)
{
    const TamgaSignature *signature = self->signature;
    guint permitted = 0;
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        if (change->permitted) {
            permitted++;
            continue;
        }
        tamga_judgement_add (&self->judgement, TAMGA_TOTAL_FAILED, SUB_FORMAT_FAILURE,
                             "the document was changed after %s (revision %u): %s", signature->id,
                             change->revision, change->text);
        tamga_check_add (self->blocks.checks, "changes", "ISO 32000-2 12.8.2", CHECK_FAILED,
                         "computed", "revision %u: %s", change->revision, change->text);
        g_ptr_array_add (self->blocks.findings,
                         tamga_finding_new (TAMGA_SEVERITY_FATAL, "unauthorised-change",
                                            change->object, "ISO 32000-2 12.8.2", "Revision %u: %s",
                                            change->revision, change->text));
    }
    if (signature->revisions > 0 && permitted == signature->changes->len)
        tamga_check_add (self->blocks.checks, "changes", "ISO 32000-2 12.8.2", CHECK_PASSED,
                         "computed", "%s",
                         permitted == 0 ? "no change after this signature"
                                        : "only permitted changes after this signature");
}

/* A fatal finding of the format, though every value is right: no pass, but no break either. */
void tamga_judging_findings (Judge *self)
{
    for (guint i = 0; i < self->signature->findings->len; i++) {
        const TamgaFinding *finding = self->signature->findings->pdata[i];
        if (finding->severity == TAMGA_SEVERITY_FATAL)
            tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE, SUB_SIG_CONSTRAINTS_FAILURE,
                                 "%s", finding->text);
    }
}
