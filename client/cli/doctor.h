/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of `tamga doctor` share: the list of lines that they add to. */
#pragma once

#include "client/cli/cli.h"

typedef enum {
    TAMGA_DOCTOR_OK,
    TAMGA_DOCTOR_NOTE,    /* worth knowing; signing works */
    TAMGA_DOCTOR_PROBLEM, /* something does not work, and `mend` says what to do */
} TamgaDoctorResult;

typedef struct {
    TamgaCli *cli;
    json_t *checks;
    guint problems;
} TamgaDoctor;

/* One line, shown at once. `mend` may be NULL. Both texts may come from outside. */
void tamga_doctor_tell (TamgaDoctor *doctor, TamgaDoctorResult result, const char *area,
                        const char *mend, const char *format, ...) G_GNUC_PRINTF (5, 6);

/* doctor_services.c: clock and the profile's services, over the network. */
void tamga_doctor_clock (TamgaDoctor *doctor);
void tamga_doctor_services (TamgaDoctor *doctor);
/* doctor_bridge.c: the agent for sites, its certificate and the browsers that trust it. */
void tamga_doctor_bridge (TamgaDoctor *doctor);
