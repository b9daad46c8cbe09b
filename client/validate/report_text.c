/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report for people: the verdict first and in words, then one line per fact. Everything that
 * came out of a document passes tamga_text_visible. */
#include "client/validate/report.h"

#include <string.h>

#include "client/validate/particulars.h"
#include "formats/ossl.h"

/* Columns of the line that heads a signature. */
#define NAME_WIDTH 60
#define LABEL_WIDTH 9
/* Names of covered objects in one line; all of them are in the JSON. */
#define OBJECTS_SHOWN 12

const char *tamga_indication_name (TamgaIndication indication)
{
    static const char *const names[] = {
        [TAMGA_TOTAL_PASSED] = "TOTAL-PASSED",
        [TAMGA_TOTAL_FAILED] = "TOTAL-FAILED",
        [TAMGA_INDETERMINATE] = "INDETERMINATE",
    };
    return names[indication];
}

const char *tamga_verdict_name (TamgaVerdict verdict)
{
    static const char *const names[] = {
        [TAMGA_VERDICT_VALID] = "valid",
        [TAMGA_VERDICT_INVALID] = "invalid",
        [TAMGA_VERDICT_UNDETERMINED] = "undetermined",
        [TAMGA_VERDICT_NOT_SIGNED] = "not-signed",
    };
    return names[verdict];
}

const char *tamga_commitment_name (const char *commitment)
{
    static const struct {
        const char *oid, *uri, *name;
    } names[] = {
        {"1.2.840.113549.1.9.16.6.1", "ProofOfOrigin", "origin"},
        {"1.2.840.113549.1.9.16.6.2", "ProofOfReceipt", "receipt"},
        {"1.2.840.113549.1.9.16.6.3", "ProofOfDelivery", "delivery"},
        {"1.2.840.113549.1.9.16.6.4", "ProofOfSender", "sending"},
        {"1.2.840.113549.1.9.16.6.5", "ProofOfApproval", "approval"},
        {"1.2.840.113549.1.9.16.6.6", "ProofOfCreation", "creation"},
    };
    static const char *const base = "http://uri.etsi.org/01903/v1.2.2#";
    const char *oid =
        g_str_has_prefix (commitment, "urn:oid:") ? commitment + strlen ("urn:oid:") : commitment;
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        if (g_str_equal (oid, names[i].oid) ||
            (g_str_has_prefix (commitment, base) &&
             g_str_equal (commitment + strlen (base), names[i].uri)))
            return names[i].name;
    }
    return commitment;
}

gboolean tamga_changes_are_silent (const TamgaSignature *signature)
{
    static const char *const silent[] = {"dss",       "document-timestamp",    "metadata",
                                         "signature", "empty-signature-field", NULL};
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        if (!change->permitted || !g_strv_contains (silent, change->rule))
            return FALSE;
    }
    return TRUE;
}

/* "   label     text\n" */
static void G_GNUC_PRINTF (3, 4) fact (GString *out, const char *label, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *raw = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_autofree char *visible = tamga_text_visible (raw);
    g_string_append_printf (out, "   %-*s %s\n", LABEL_WIDTH, label, visible);
}

static void add_part (GString *name, const char *part)
{
    if (part != NULL && *part != '\0')
        g_string_append_printf (name, "%s%s", name->len > 0 ? ", " : "", part);
}

static char *who (const TamgaValidatedSignature *validated)
{
    const TamgaSignature *signature = validated->signature;
    GString *name = g_string_new (NULL);
    if (signature->certificate != NULL) {
        g_autoptr (TamgaHolder) holder = tamga_holder_read (signature->certificate);
        add_part (name, holder->name);
        add_part (name, validated->title);
        if (g_strcmp0 (validated->organisation, holder->name) != 0)
            add_part (name, validated->organisation);
    } else {
        add_part (name, "unknown signer");
    }
    g_autofree char *raw = g_string_free (name, FALSE);
    return tamga_text_visible (raw);
}

static void head (GString *out, guint number, const TamgaValidatedSignature *validated)
{
    const TamgaSignature *signature = validated->signature;
    g_autofree char *name = who (validated);
    g_autoptr (GString) kind = g_string_new (signature->format);
    if (signature->is_document_timestamp)
        g_string_assign (kind, "timestamp");
    else if (!g_str_equal (validated->level, "none"))
        g_string_append_printf (kind, " %s", validated->level);
    glong width = g_utf8_strlen (name, -1);
    g_string_append_printf (out, "%-2u %s%*s  %-10s  %s", number, name,
                            width < NAME_WIDTH ? (int)(NAME_WIDTH - width) : 0, "", kind->str,
                            tamga_indication_name (validated->indication));
    if (validated->sub_indication != NULL)
        g_string_append_printf (out, " %s", validated->sub_indication);
    g_string_append_c (out, '\n');
}

static const TamgaCheck *find_check (const TamgaValidatedSignature *validated, const char *name)
{
    for (guint i = 0; i < validated->checks->len; i++) {
        const TamgaCheck *check = validated->checks->pdata[i];
        if (g_str_equal (check->name, name))
            return check;
    }
    return NULL;
}

static void fact_of_check (GString *out, const TamgaValidatedSignature *validated,
                           const char *label, const char *name)
{
    const TamgaCheck *check = find_check (validated, name);
    if (check != NULL)
        fact (out, label, "%s", check->text);
}

static void fact_identifiers (GString *out, const TamgaValidatedSignature *validated)
{
    g_autofree char *numbers =
        validated->identifiers != NULL ? tamga_identifiers_text (validated->identifiers) : NULL;
    if (numbers != NULL)
        fact (out, "numbers", "%s", numbers);
}

static void fact_signed (GString *out, const TamgaValidatedSignature *validated)
{
    const TamgaSignature *signature = validated->signature;
    g_autofree char *best = tamga_time_text (validated->best_time);
    g_autofree char *claimed = tamga_time_text (signature->claimed_time);
    gboolean proven = g_str_has_prefix (validated->best_time_source, "timestamp") ||
                      g_str_has_prefix (validated->best_time_source, "document timestamp") ||
                      g_str_has_prefix (validated->best_time_source, "container timestamp");
    if (signature->is_document_timestamp)
        fact (out, "existed", "%s (%s)", best, validated->best_time_source);
    else if (proven)
        fact (out, "signed", "%s (%s)", best, validated->best_time_source);
    else if (signature->claimed_time != G_MININT64)
        fact (out, "signed", "%s says the signer (no timestamp proves it); judged as of %s (%s)",
              claimed, best, validated->best_time_source);
    else
        fact (out, "signed", "no time is known; judged as of %s (%s)", best,
              validated->best_time_source);
}

/* Evidence in the file holds as long as its newest timestamp does: when to renew it. */
static void fact_lasts (GString *out, const TamgaValidatedSignature *validated)
{
    const TamgaValidatedTimestamp *newest = NULL;
    for (guint i = 0; i < validated->timestamps->len; i++) {
        const TamgaValidatedTimestamp *one = validated->timestamps->pdata[i];
        if (one->indication == TAMGA_TOTAL_PASSED &&
            one->timestamp->kind != TAMGA_TIMESTAMP_CONTENT &&
            (newest == NULL || one->time >= newest->time))
            newest = one;
    }
    gboolean evidence = g_str_has_prefix (validated->level, "LT");
    if (validated->indication != TAMGA_TOTAL_PASSED || !evidence || newest == NULL ||
        newest->until == G_MININT64)
        return;
    g_autofree char *until = tamga_time_text (newest->until);
    until[strlen ("2026-11-23")] = '\0';
    if (newest->weakens)
        fact (out, "lasts",
              "until %s, when the algorithm of its last timestamp is no longer relied upon; renew "
              "it before that with tamga extend",
              until);
    else
        fact (out, "lasts",
              "until %s, when the certificate of %s ends; renew it before that with "
              "tamga extend",
              until, newest->tsa);
}

static void fact_document (GString *out, const TamgaValidatedSignature *validated)
{
    const TamgaSignature *signature = validated->signature;
    guint bad = 0;
    if (signature->integrity != TAMGA_INTEGRITY_INTACT) {
        fact (out, "document", "%s",
              signature->integrity_text != NULL ? signature->integrity_text
                                                : tamga_integrity_name (signature->integrity));
        return;
    }
    if (signature->countersigned != NULL) {
        fact (out, "signs", "the value of %s, unchanged since (a countersignature)",
              signature->countersigned);
        return;
    }
    gboolean silent = tamga_changes_are_silent (signature);
    if (silent && signature->coverage != TAMGA_COVERS_PART)
        fact (out, "document", "unchanged since signing%s",
              signature->changes->len > 0 ? "; what came later:" : "");
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        fact (out, i == 0 && !silent ? "document" : "", "revision %u: %s (%s)", change->revision,
              change->text, change->permitted ? "permitted" : "NOT PERMITTED");
        bad += change->permitted ? 0 : 1;
    }
    if (bad > 0)
        fact (out, "", "the signed text is revision %u", signature->revision);
    else if (signature->changes->len == 0 && signature->coverage == TAMGA_COVERS_PART)
        fact (out, "document", "signed in part only: %s",
              signature->coverage_text != NULL ? signature->coverage_text : "see the details");
}

/* What has a digest of its own: the files of a container, the elements of an XML signature. */
static void fact_objects (GString *out, const TamgaSignature *signature)
{
    g_autoptr (GString) names = g_string_new (NULL);
    guint n = MIN (signature->objects->len, OBJECTS_SHOWN);
    for (guint i = 0; i < n; i++) {
        const TamgaObject *object = signature->objects->pdata[i];
        g_string_append_printf (names, "%s%s%s", i > 0 ? ", " : "", object->name,
                                !object->found   ? " (MISSING)"
                                : !object->equal ? " (CHANGED)"
                                                 : "");
    }
    if (signature->objects->len > n)
        g_string_append_printf (names, " and %u more", signature->objects->len - n);
    if (n > 0)
        fact (out, "covers", "%s", names->str);
    if (signature->carrier != NULL)
        fact (out, "inside", "%s", signature->carrier);
}

/* What the signer states besides the time; nobody vouches for it. */
static void fact_claims (GString *out, const TamgaSignature *signature)
{
    if (signature->reason != NULL)
        fact (out, "reason", "%s", signature->reason);
    for (guint i = 0; i < signature->roles->len; i++)
        fact (out, "role", "%s (says the signer)", (const char *)signature->roles->pdata[i]);
    for (guint i = 0; i < signature->commitments->len; i++)
        fact (out, "commits", "to %s", tamga_commitment_name (signature->commitments->pdata[i]));
    if (signature->location != NULL)
        fact (out, "place", "%s (says the signer)", signature->location);
}

/* One line where all is well, a line per step where not. */
static void fact_status (GString *out, const TamgaValidatedSignature *validated)
{
    const TamgaProcedure *procedure = validated->procedure;
    gboolean good = procedure != NULL && procedure->steps->len > 0;
    if (!good)
        return;
    const TamgaStatus *first = ((const TamgaStep *)procedure->steps->pdata[0])->status;
    for (guint i = 0; i < procedure->steps->len; i++) {
        const TamgaStep *step = procedure->steps->pdata[i];
        good = good && step->status->value == TAMGA_STATUS_GOOD;
    }
    if (good) {
        fact (out, "status", "good at that time (%s, %s)",
              first->method != NULL ? first->method : "answer",
              first->source != NULL ? first->source : "unknown source");
        return;
    }
    for (guint i = 0; i < procedure->steps->len; i++) {
        g_autofree char *name = g_strdup_printf ("status-%u", i + 1);
        fact_of_check (out, validated, i == 0 ? "status" : "", name);
    }
}

/* "yes" only for a signature that is believed: anybody can write a statement into a certificate. */
static void fact_qualified (GString *out, const TamgaValidatedSignature *validated)
{
    const TamgaCheck *check = find_check (validated, "qualified-device");
    if (check != NULL)
        fact (out, "qualified", "%s: %s", g_str_equal (check->result, "passed") ? "yes" : "no",
              check->text);
}

static void add_checks (GString *out, const TamgaValidatedSignature *validated)
{
    g_string_append (out, "   checks\n");
    for (guint i = 0; i < validated->checks->len; i++) {
        const TamgaCheck *check = validated->checks->pdata[i];
        g_autoptr (GString) line = g_string_new (check->text);
        if (check->clause != NULL)
            g_string_append_printf (line, "  [%s]", check->clause);
        if (check->source != NULL && !g_str_equal (check->source, "computed"))
            g_string_append_printf (line, "  <%s>", check->source);
        g_autofree char *visible = tamga_text_visible (line->str);
        g_string_append_printf (out, "     %-12s %-26s %s\n", check->result, check->name, visible);
    }
}

/* Warnings are for everybody; what is fatal is in the reason already; the rest is a detail. */
static void add_findings (GString *out, const TamgaValidatedSignature *validated, gboolean all)
{
    static const char *const names[] = {
        [TAMGA_SEVERITY_INFO] = "info",
        [TAMGA_SEVERITY_WARNING] = "warning",
        [TAMGA_SEVERITY_FATAL] = "against",
    };
    for (guint i = 0; i < validated->findings->len; i++) {
        const TamgaFinding *finding = validated->findings->pdata[i];
        if (!all && finding->severity != TAMGA_SEVERITY_WARNING)
            continue;
        if (g_strcmp0 (finding->text, validated->reason) == 0)
            continue;
        fact (out, names[finding->severity], "%s%s%s%s", finding->text,
              finding->clause != NULL ? " (" : "", finding->clause != NULL ? finding->clause : "",
              finding->clause != NULL ? ")" : "");
    }
}

static void add_signature (GString *out, guint number, const TamgaValidatedSignature *validated,
                           const TamgaProfile *profile, gboolean all_checks)
{
    const TamgaSignature *signature = validated->signature;
    head (out, number, validated);
    if (validated->reason != NULL)
        fact (out, "why", "%s", validated->reason);
    fact_signed (out, validated);
    fact_document (out, validated);
    fact_objects (out, signature);
    if (!signature->is_document_timestamp && validated->procedure != NULL) {
        fact_of_check (out, validated, "person", "path");
        fact_identifiers (out, validated);
        fact_status (out, validated);
        fact_qualified (out, validated);
        fact (out, "limits", "%s", validated->limits != NULL ? validated->limits : "none stated");
    }
    fact_lasts (out, validated);
    fact_claims (out, signature);
    if (signature->policy_oid != NULL)
        fact (out, "policy", "%s",
              profile != NULL ? tamga_profile_oid_name (profile, signature->policy_oid)
                              : signature->policy_oid);
    add_findings (out, validated, all_checks);
    if (all_checks)
        add_checks (out, validated);
}

char *tamga_validation_text (const TamgaValidation *validation, const TamgaProfile *profile,
                             gboolean all_checks)
{
    GString *out = g_string_new (NULL);
    g_autofree char *file = tamga_text_visible (validation->file);
    g_autofree char *summary = tamga_text_visible (validation->summary);
    g_string_append_printf (out, "%s: %s\n", file, summary);
    for (guint i = 0; i < validation->signatures->len; i++) {
        g_string_append_c (out, '\n');
        add_signature (out, i + 1, validation->signatures->pdata[i], profile, all_checks);
    }
    if (validation->signatures->len > 0 && !all_checks)
        g_string_append (out, "Details: tamga verify --checks, --json\n");
    return g_string_free (out, FALSE);
}
