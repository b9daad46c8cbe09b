/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and judgements. */
#include "client/validate/checks.h"

void tamga_judgement_clear (TamgaJudgement *judgement)
{
    g_clear_pointer (&judgement->reason, g_free);
}

static guint rank (TamgaIndication indication)
{
    static const guint ranks[] = {
        [TAMGA_TOTAL_PASSED] = 0, [TAMGA_INDETERMINATE] = 1, [TAMGA_TOTAL_FAILED] = 2};
    return ranks[indication];
}

void tamga_judgement_add (TamgaJudgement *judgement, TamgaIndication indication, const char *sub,
                          const char *format, ...)
{
    va_list arguments;
    if (rank (indication) <= rank (judgement->indication))
        return;
    judgement->indication = indication;
    judgement->sub = sub;
    g_free (judgement->reason);
    va_start (arguments, format);
    judgement->reason = g_strdup_vprintf (format, arguments);
    va_end (arguments);
}

void tamga_judgement_merge (TamgaJudgement *judgement, const TamgaJudgement *other)
{
    if (other->indication != TAMGA_TOTAL_PASSED)
        tamga_judgement_add (judgement, other->indication, other->sub, "%s", other->reason);
}

void tamga_check_add (GPtrArray *checks, const char *name, const char *clause, CheckResult result,
                      const char *source, const char *format, ...)
{
    static const char *const names[] = {
        [CHECK_PASSED] = "passed",
        [CHECK_FAILED] = "failed",
        [CHECK_UNDETERMINED] = "undetermined",
        [CHECK_INFO] = "info",
    };
    va_list arguments;
    TamgaCheck *check = g_new0 (TamgaCheck, 1);
    check->name = g_strdup (name);
    check->clause = g_strdup (clause);
    check->result = names[result];
    check->source = g_strdup (source);
    va_start (arguments, format);
    check->text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_ptr_array_add (checks, check);
}

void tamga_check_free (TamgaCheck *check)
{
    if (check == NULL)
        return;
    g_free (check->name);
    g_free (check->clause);
    g_free (check->source);
    g_free (check->text);
    g_free (check);
}
