/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counterpart of tamga_helper_harden for the end of a helper process. */
#pragma once

/* Sanitized builds only: lets the leak checker, which traces its own process, run at exit. Called
 * when the last request is answered. Does nothing in other builds. */
void tamga_helper_soften (void);
