/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens for the formats, from the services of the profile or of the person. */
#include "client/timestamp/stamper.h"

#include "client/profile/groups.h"

struct _TamgaTsaStamper {
    TamgaStamper interface; /* data: this object */
    const TamgaStatusContext *context;
    const TamgaTimestampRule *rule; /* of the context's profile; NULL: none of its own */
    char **urls;
    gint64 (*clock) (gpointer data);
    gpointer clock_data;
    const TamgaCall *call;
    GPtrArray *answers; /* TamgaTsaAnswer */
};

static gint64 now_of (const TamgaTsaStamper *self)
{
    return self->clock ? self->clock (self->clock_data) : g_get_real_time () / G_USEC_PER_SEC;
}

static GBytes *stamp (const TamgaStamper *interface, GBytes *imprint, GError **error)
{
    const TamgaTsaStamper *self = interface->data;
    TamgaStatusContext context = *self->context;
    context.now = context.time = now_of (self);
    context.fresh = TRUE;
    context.timestamp = self->rule;
    TamgaTsaAnswer *answer = tamga_tsa_request (&context, self->urls, imprint, interface->digest,
                                                FALSE, self->call, error);
    if (!answer)
        return NULL;
    g_ptr_array_add (self->answers, answer);
    return g_bytes_ref (answer->token);
}

TamgaTsaStamper *tamga_tsa_stamper_new (const TamgaStatusContext *context, char **urls,
                                        EVP_PKEY *key, const TamgaDigest *digest,
                                        gint64 (*clock) (gpointer data), gpointer clock_data,
                                        const TamgaCall *call)
{
    const char *wanted = context->profile->tsa_digest;
    const TamgaDigest *named = wanted ? tamga_digest_by_name (wanted) : NULL;
    const TamgaTimestampRule *rule = tamga_profile_timestamp (context->profile, key);
    if (rule && rule->digest)
        named = rule->digest;
    if (!digest)
        digest = tamga_digest_by_name ("SHA-256");
    TamgaTsaStamper *self = g_new (TamgaTsaStamper, 1);
    *self = (TamgaTsaStamper){
        .interface = {.digest = named ? named : digest, .stamp = stamp, .data = self},
        .context = context,
        .rule = rule,
        .urls = urls,
        .clock = clock,
        .clock_data = clock_data,
        .call = call,
        .answers = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_tsa_answer_free)};
    return self;
}

void tamga_tsa_stamper_free (TamgaTsaStamper *stamper)
{
    if (!stamper)
        return;
    g_ptr_array_unref (stamper->answers);
    g_free (stamper);
}

const TamgaStamper *tamga_tsa_stamper_interface (TamgaTsaStamper *stamper)
{
    return &stamper->interface;
}

GPtrArray *tamga_tsa_stamper_answers (TamgaTsaStamper *stamper)
{
    return stamper->answers;
}

const TamgaTsaAnswer *tamga_tsa_stamper_last (TamgaTsaStamper *stamper)
{
    GPtrArray *answers = stamper->answers;
    return answers->len > 0 ? answers->pdata[answers->len - 1] : NULL;
}
