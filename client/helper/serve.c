/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main loop of a helper program: one request at a time from descriptor 3. */
#include <stdlib.h>
#include <unistd.h>

#include "client/helper/frame.h"
#include "client/helper/harden.h"
#include "client/helper/helper.h"

#define HELPER_FD 3

/* The reply to a failed request. An error that is not of the helper's own domain is a broken
 * invariant of the helper: every failure must have been given one of its codes. */
static GVariant *error_reply (const char *verb, GQuark domain, const char *const *codes,
                              const GError *error)
{
    g_assert (error != NULL && error->domain == domain && error->code >= 0 &&
              error->code < (int)g_strv_length ((char **)codes));

    GVariantBuilder details;
    g_autofree char *text = g_utf8_make_valid (error->message, -1);
    g_variant_builder_init (&details, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&details, "{sv}", "text", g_variant_new_string (text));
    return g_variant_new ("(ssa{sv})", verb, codes[error->code], &details);
}

/* The program may go away at any time, also without waiting for an answer: that is how it ends us.
 */
static int end (const GError *error)
{
    tamga_helper_soften ();
    return g_error_matches (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED) ? EXIT_SUCCESS
                                                                                : EXIT_FAILURE;
}

int tamga_helper_serve (GQuark domain, const char *const *codes, TamgaServe serve, gpointer data)
{
    for (;;) {
        g_autoptr (GError) error = NULL;
        int passed = -1;
        const char *verb;
        g_autoptr (GVariant) request = tamga_frame_receive (HELPER_FD, &passed, NULL, &error);
        if (request == NULL)
            return end (error);
        g_variant_get_child (request, 0, "&s", &verb);
        g_autoptr (GVariant) arguments = g_variant_get_child_value (request, 2);
        GVariant *answer = serve (verb, arguments, passed, data, &error);
        if (passed >= 0)
            close (passed);
        GVariant *reply = answer != NULL ? g_variant_new ("(ss@a{sv})", verb, "", answer)
                                         : error_reply (verb, domain, codes, error);
        g_autoptr (GError) lost = NULL;
        if (!tamga_frame_send (HELPER_FD, reply, -1, NULL, &lost))
            return end (lost);
    }
}
