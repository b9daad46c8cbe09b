/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the bridge says of itself: its program looks, this one shows. */
#include <string.h>

#include "client/cli/doctor.h"
#include "client/helper/platform.h"

static void tell_line (TamgaDoctor *doctor, const json_t *line)
{
    static const struct {
        const char *state;
        TamgaDoctorResult result;
    } states[] = {
        {"ok", TAMGA_DOCTOR_OK}, {"note", TAMGA_DOCTOR_NOTE}, {"problem", TAMGA_DOCTOR_PROBLEM}};
    const char *state = json_string_value (json_object_get (line, "state"));
    const char *what = json_string_value (json_object_get (line, "what"));
    const char *text = json_string_value (json_object_get (line, "text"));
    for (gsize i = 0; what && text && i < G_N_ELEMENTS (states); i++) {
        if (g_strcmp0 (states[i].state, state) == 0)
            tamga_doctor_tell (doctor, states[i].result, "bridge",
                               json_string_value (json_object_get (line, "mend")), "%s: %s", what,
                               text);
    }
}

void tamga_doctor_bridge (TamgaDoctor *doctor)
{
    g_autofree char *folder = tamga_platform_program_folder ();
    g_autofree char *program = g_build_filename (folder ? folder : "", "tamga-bridge", NULL);
    g_autofree char *output = NULL;
    char command[] = "doctor", json[] = "--json";
    char *argv[] = {program, command, json, NULL};
    int status;
    if (!g_file_test (program, G_FILE_TEST_IS_EXECUTABLE)) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_NOTE, "bridge", NULL, "not installed");
        return;
    }
    if (!g_spawn_sync (NULL, argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL,
                       &status, NULL) ||
        status != 0) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "bridge", "tamga bridge doctor",
                           "it could not be asked");
        return;
    }
    json_t *answer = json_loads (output, 0, NULL);
    gsize index;
    json_t *line;
    json_array_foreach (json_object_get (answer, "lines"), index, line) tell_line (doctor, line);
    json_decref (answer);
}
