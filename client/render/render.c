/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client side of `tamga-render`. */
#include "client/render/render.h"

#include "client/helper/helper.h"
#include "client/render/protocol.h"

/* A page that takes longer than that is not shown. */
#define PAGE_MS 20000

struct _TamgaRender {
    TamgaHelper *helper;
    guint pages;
};

GQuark tamga_render_error_quark (void)
{
    return g_quark_from_static_string ("tamga-render-error");
}

/* Asks; what the helper itself fails with becomes an error of ours. */
static GVariant *ask (TamgaRender *render, const char *verb, GVariant *arguments, int fd,
                      const TamgaCall *call, GError **error)
{
    g_autoptr (GError) failed = NULL;
    TamgaCall within = tamga_call_within (call, PAGE_MS);
    GVariant *answer = tamga_helper_ask (render->helper, verb, arguments, fd, &within,
                                         TAMGA_RENDER_ERROR, tamga_render_codes, &failed);
    if (answer)
        return answer;
    if (failed->domain == TAMGA_RENDER_ERROR)
        g_propagate_error (error, g_steal_pointer (&failed));
    else
        g_set_error (error, TAMGA_RENDER_ERROR, TAMGA_RENDER_ERROR_FAILED,
                     "The page could not be drawn: %s", failed->message);
    return NULL;
}

TamgaRender *tamga_render_open (int fd, const TamgaCall *call, GError **error)
{
    const char *const arguments[] = {NULL};
    g_autoptr (TamgaRender) render = g_new0 (TamgaRender, 1);
    g_autoptr (GError) failed = NULL;
    render->helper = tamga_helper_spawn ("tamga-render", arguments, &failed);
    if (!render->helper) {
        g_set_error (error, TAMGA_RENDER_ERROR, TAMGA_RENDER_ERROR_FAILED, "%s", failed->message);
        return NULL;
    }
    g_autoptr (GVariant) answer = ask (render, "open", NULL, fd, call, error);
    if (!answer || !g_variant_lookup (answer, "pages", "u", &render->pages))
        return NULL;
    return g_steal_pointer (&render);
}

void tamga_render_free (TamgaRender *render)
{
    if (!render)
        return;
    g_clear_pointer (&render->helper, tamga_helper_free);
    g_free (render);
}

guint tamga_render_pages (TamgaRender *render)
{
    return render->pages;
}

static GVariant *page_arguments (guint page, guint width)
{
    GVariantBuilder builder;
    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", "page", g_variant_new_uint32 (page));
    g_variant_builder_add (&builder, "{sv}", "width", g_variant_new_uint32 (width));
    return g_variant_builder_end (&builder);
}

static gboolean incomplete (GError **error)
{
    g_set_error_literal (error, TAMGA_RENDER_ERROR, TAMGA_RENDER_ERROR_FAILED,
                         "tamga-render gave an answer without what was asked for.");
    return FALSE;
}

GBytes *tamga_render_page (TamgaRender *render, guint page, guint width, const TamgaCall *call,
                           GError **error)
{
    g_autoptr (GVariant) answer =
        ask (render, "page", page_arguments (page, width), -1, call, error);
    if (!answer)
        return NULL;
    g_autoptr (GVariant) png = g_variant_lookup_value (answer, "png", G_VARIANT_TYPE_BYTESTRING);
    if (png)
        return g_variant_get_data_as_bytes (png);
    incomplete (error);
    return NULL;
}

gboolean tamga_render_page_size (TamgaRender *render, guint page, double *width, double *height,
                                 const TamgaCall *call, GError **error)
{
    g_autoptr (GVariant) answer = ask (render, "size", page_arguments (page, 0), -1, call, error);
    return answer && ((g_variant_lookup (answer, "width", "d", width) &&
                       g_variant_lookup (answer, "height", "d", height)) ||
                      incomplete (error));
}

char *tamga_render_page_text (TamgaRender *render, guint page, const TamgaCall *call,
                              GError **error)
{
    char *text = NULL;
    g_autoptr (GVariant) answer = ask (render, "text", page_arguments (page, 0), -1, call, error);
    if (answer && !g_variant_lookup (answer, "text", "s", &text))
        incomplete (error);
    return text;
}
