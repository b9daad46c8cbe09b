/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How `tamga-render` gives up what it does not need (confine_linux.c). */
#pragma once

#include <glib.h>

/* No network, no new processes, nothing written, nothing read but fonts and their configuration;
 * limits on memory. What the kernel lacks is left out. For good. */
void tamga_render_confine (void);
