/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts and times in JSON. */
#include "client/json.h"

#include "formats/ossl.h"

json_t *tamga_json_text (const char *text)
{
    if (text == NULL)
        return json_null ();
    json_t *string = json_string (text);
    if (string != NULL)
        return string;
    g_autofree char *visible = tamga_text_visible (text);
    return json_string (visible);
}

json_t *tamga_json_time (gint64 time)
{
    g_autofree char *text = tamga_time_rfc3339 (time);
    return tamga_json_text (text);
}
