/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values for the JSON that is printed and the JSON that is kept. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* A string; bytes that are not UTF-8 are made visible. NULL becomes null. */
json_t *tamga_json_text (const char *text);
/* RFC 3339 in UTC; null for G_MININT64. */
json_t *tamga_json_time (gint64 time);
