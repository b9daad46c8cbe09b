/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga doctor`: everything that signing and verifying rests on, one line each, and how to mend
 * what is wrong. It changes nothing. */
#include "client/cli/doctor.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "formats/ossl.h"

/* Where pcscd listens on Debian and most others; pcsc-lite honours the variable too. */
#define PCSCD_SOCKET "/run/pcscd/pcscd.comm"
/* A root that ends within this is told about, days. */
#define ANCHOR_ENDS_SOON 60

void tamga_doctor_tell (TamgaDoctor *doctor, TamgaDoctorResult result, const char *area,
                        const char *mend, const char *format, ...)
{
    static const char *const words[] = {"ok", "note", "PROBLEM"};
    static const char *const names[] = {"ok", "note", "problem"};
    static const char *const tones[] = {"good", "warn", "bad"};
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_strdelimit (text, "\n", ' ');
    g_autofree char *visible = tamga_text_visible (text);
    g_autofree char *padded = g_strdup_printf ("%-8s", words[result]);
    g_autofree char *word = tamga_cli_colored (doctor->cli, tones[result], padded);
    doctor->problems += result == TAMGA_DOCTOR_PROBLEM;
    if (doctor->cli->quiet && !doctor->cli->json && result == TAMGA_DOCTOR_PROBLEM) {
        fprintf (stderr, "%s: %s\n", area, visible);
    } else {
        tamga_cli_say (doctor->cli, "%s %-9s %s", word, area, visible);
        if (mend)
            tamga_cli_say (doctor->cli, "%-8s %-9s → %s", "", "", mend);
        fflush (stdout);
    }
    json_array_append_new (
        doctor->checks, json_pack ("{s:s, s:s, s:o, s:o}", "area", area, "result", names[result],
                                   "text", tamga_json_text (text), "mend", tamga_json_text (mend)));
}

static void check_rules (TamgaDoctor *doctor)
{
    TamgaCli *cli = doctor->cli;
    g_autoptr (GError) error = NULL;
    const TamgaConfig *config = tamga_cli_config (cli, &error);
    if (!config) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "settings",
                           "Correct the line that is named, or move the file away.", "%s",
                           error->message);
        return;
    }
    gboolean there = g_file_test (config->path, G_FILE_TEST_EXISTS);
    tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "settings", NULL, "%s%s", config->path,
                       there ? "" : " is not there: the defaults apply");
    const TamgaProfile *profile = tamga_cli_profile (cli, &error);
    if (!profile) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "profile",
                           "tamga profile list shows the profiles there are.", "%s",
                           error->message);
        return;
    }
    tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "profile", NULL, "%s: %s", profile->name,
                       profile->title ? profile->title : "");
}

/* TRUE when something answers at the socket: with socket activation this also starts pcscd. */
static gboolean pcscd_answers (const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
        return FALSE;
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean answers =
        fd >= 0 && connect (fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close (fd);
    return answers;
}

/* Without pcscd no reader works, but key files and tokens of other kinds do. */
static void check_pcscd (TamgaDoctor *doctor, gboolean other_tokens)
{
    const char *named = g_getenv ("PCSCLITE_CSOCK_NAME");
    const char *path = named ? named : PCSCD_SOCKET;
    TamgaDoctorResult missing = other_tokens ? TAMGA_DOCTOR_NOTE : TAMGA_DOCTOR_PROBLEM;
    if (pcscd_answers (path))
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "pcscd", NULL, "answers at %s", path);
    else if (g_file_test (path, G_FILE_TEST_EXISTS))
        tamga_doctor_tell (doctor, missing, "pcscd", "sudo systemctl restart pcscd.socket",
                           "does not answer at %s, so no reader can be used", path);
    else
        tamga_doctor_tell (doctor, missing, "pcscd",
                           "sudo apt install pcscd && sudo systemctl enable --now pcscd.socket",
                           "is not running, so no reader can be used");
}

static void check_card (TamgaDoctor *doctor, const TamgaKeyToken *token)
{
    g_autofree char *pin = tamga_cli_pin_text (token);
    const char *label = !token->initialized             ? "Not set up"
                        : token->label && *token->label ? token->label
                                                        : "Without a name";
    const char *mend = NULL;
    TamgaDoctorResult result = TAMGA_DOCTOR_OK;
    if (token->pin_locked || token->tries_left == 0) {
        result = TAMGA_DOCTOR_PROBLEM;
        mend = "Only your provider can unlock the card.";
    } else if (!token->initialized || !token->pin_initialized) {
        result = TAMGA_DOCTOR_NOTE; /* SoftHSM always has such a slot */
        mend = "Set the card up with the tool of your provider.";
    } else if (token->pin_final_try || token->tries_left == 1) {
        result = TAMGA_DOCTOR_NOTE;
        mend = "Look the PIN up before the next try: a wrong one locks the card.";
    } else if (token->pin_to_be_changed) {
        result = TAMGA_DOCTOR_NOTE;
        mend = "Choose a PIN of your own with tamga token pin.";
    }
    tamga_doctor_tell (doctor, result, "card", mend, "%s in reader \"%s\"   PIN %s", label,
                       token->reader ? token->reader : "?", pin);
}

static void check_module_problem (TamgaDoctor *doctor, const TamgaKeyToken *token)
{
    const char *mend = "Ask the maker of the driver for a newer one, or leave it out: name "
                       "another with --module.";
    if (token->problem_code == TAMGA_KEYS_ERROR_NO_MODULE)
        mend = "Install the driver again, or correct its .module file in "
               "/usr/share/p11-kit/modules.";
    else if (token->problem_code == TAMGA_KEYS_ERROR_MODULE_HANGS)
        mend = "Take the card out and put it in again; if it stays so, sudo systemctl restart "
               "pcscd.";
    tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "driver", mend, "%s (%s): %s",
                       token->module_name, token->module, token->problem);
}

/* The module answered: said once, whatever number of slots it has. */
static void check_modules (TamgaDoctor *doctor, GPtrArray *tokens)
{
    g_autoptr (GPtrArray) modules = tamga_keys_modules ();
    char **paths = doctor->cli->modules ? doctor->cli->modules : NULL;
    guint n = paths ? g_strv_length (paths) : modules->len;
    if (n == 0)
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "driver",
                           "sudo apt install opensc-pkcs11, or install the driver of your card; "
                           "key files work without.",
                           "no PKCS#11 module is installed");
    for (guint i = 0; i < n; i++) {
        const char *path = paths ? paths[i] : g_ptr_array_index (modules, i);
        const TamgaKeyToken *problem = NULL;
        guint slots = 0;
        for (guint j = 0; j < tokens->len; j++) {
            const TamgaKeyToken *token = g_ptr_array_index (tokens, j);
            if (g_strcmp0 (token->module, path) != 0)
                continue;
            slots += token->problem == NULL;
            problem = token->problem ? token : problem;
        }
        if (problem)
            check_module_problem (doctor, problem);
        else
            tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "driver", NULL, "%s answers%s", path,
                               slots ? "" : ", and sees no reader");
    }
}

static void check_cards (TamgaDoctor *doctor)
{
    TamgaCli *cli = doctor->cli;
    g_autoptr (GError) error = NULL;
    TamgaKeysConfig config = tamga_cli_keys_config (cli);
    g_autoptr (GPtrArray) tokens = tamga_keys_tokens (&config, &cli->call, &error);
    guint cards = 0, readers = 0;
    for (guint i = 0; tokens && i < tokens->len; i++) {
        const TamgaKeyToken *token = g_ptr_array_index (tokens, i);
        cards += !token->problem && token->present;
        readers += !token->problem && !token->present;
    }
    check_pcscd (doctor, cards > 0);
    if (!tokens && !g_error_matches (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_MODULE)) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "driver", tamga_failure_advice (error),
                           "%s", error->message);
        return;
    }
    g_autoptr (GPtrArray) none = g_ptr_array_new ();
    check_modules (doctor, tokens ? tokens : none);
    for (guint i = 0; tokens && i < tokens->len; i++) {
        const TamgaKeyToken *token = g_ptr_array_index (tokens, i);
        if (!token->problem && token->present)
            check_card (doctor, token);
        else if (!token->problem)
            tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "reader", NULL, "%s is empty",
                               token->reader ? token->reader : "?");
    }
    if (cards == 0)
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_NOTE, "card",
                           readers ? "Put the card into the reader."
                                   : "Plug the reader or the token in; key files work without.",
                           readers ? "no card in any reader" : "no reader and no token is seen");
}

static void check_anchor (TamgaDoctor *doctor, const TamgaAnchor *anchor, gint64 now)
{
    gint64 until = tamga_ossl_time (X509_get0_notAfter (anchor->certificate));
    gint64 days = (until - now) / (24 * 3600);
    if (anchor->distrusted || days > ANCHOR_ENDS_SOON)
        return;
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (anchor->certificate));
    g_autofree char *when = tamga_time_text (until);
    tamga_doctor_tell (doctor, until < now ? TAMGA_DOCTOR_PROBLEM : TAMGA_DOCTOR_NOTE, "trust",
                       "Get the successor of this root from its owner, then tamga trust add FILE.",
                       "%s %s %s", name, until < now ? "ended" : "ends", when);
}

static void check_trust (TamgaDoctor *doctor)
{
    TamgaCli *cli = doctor->cli;
    g_autoptr (GError) error = NULL;
    TamgaTrust *trust = tamga_cli_trust (cli, &error);
    if (!trust) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "trust", tamga_failure_advice (error),
                           "%s", error->message);
        return;
    }
    GPtrArray *anchors = tamga_trust_anchors (trust);
    guint trusted = 0, distrusted = 0;
    for (guint i = 0; i < anchors->len; i++) {
        const TamgaAnchor *anchor = g_ptr_array_index (anchors, i);
        *(anchor->distrusted ? &distrusted : &trusted) += 1;
        check_anchor (doctor, anchor, tamga_cli_now ());
    }
    /* Without a root nothing can be judged; the rules of some profiles let one sign all the same.
     */
    gboolean needed = cli->profile && cli->profile->gate == TAMGA_GATE_FULL;
    if (trusted == 0)
        tamga_doctor_tell (doctor, needed ? TAMGA_DOCTOR_PROBLEM : TAMGA_DOCTOR_NOTE, "trust",
                           "tamga trust add FILE, after comparing its fingerprint.",
                           "no root is trusted: no signature can be judged valid");
    else
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "trust", NULL, "%u %s trusted, %u distrusted",
                           trusted, trusted == 1 ? "root" : "roots", distrusted);
}

static void check_journal (TamgaDoctor *doctor)
{
    g_autoptr (GError) error = NULL;
    /* Opening would make it; a person who never signed has none. */
    g_autofree char *path =
        g_build_filename (g_get_user_state_dir (), "tamga", "journal.jsonl", NULL);
    if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "journal", NULL, "empty: nothing signed yet");
        return;
    }
    guint entries = 0;
    TamgaJournal *journal = tamga_cli_journal (doctor->cli, &error);
    if (journal && tamga_journal_check (journal, &entries, &error))
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "journal", NULL, "whole, %u %s", entries,
                           entries == 1 ? "entry" : "entries");
    else
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "journal", tamga_failure_advice (error),
                           "%s", error->message);
}

/* A folder that others may write to could have its trust store changed by them. */
static void check_folder (TamgaDoctor *doctor, const char *base, gboolean secret)
{
    g_autofree char *path = g_build_filename (base, "tamga", NULL);
    struct stat facts;
    if (stat (path, &facts) != 0)
        return; /* made when it is needed */
    mode_t wrong = secret ? 0077 : 0022;
    g_autofree char *quoted = g_shell_quote (path);
    g_autofree char *mend = g_strdup_printf ("chmod -R go%s %s", secret ? "-rwx" : "-w", quoted);
    if (facts.st_uid != geteuid ())
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "folder",
                           "Find out who made it; move it away and start anew.",
                           "%s belongs to another user", path);
    else if (facts.st_mode & wrong)
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_PROBLEM, "folder", mend,
                           "others may %s %s (mode %04o)", facts.st_mode & 0022 ? "change" : "read",
                           path, (unsigned)facts.st_mode & 07777);
    else
        tamga_doctor_tell (doctor, TAMGA_DOCTOR_OK, "folder", NULL, "%s", path);
}

static void check_folders (TamgaDoctor *doctor)
{
    check_folder (doctor, g_get_user_data_dir (), FALSE);
    check_folder (doctor, g_get_user_state_dir (), TRUE);
    check_folder (doctor, g_get_user_cache_dir (), FALSE);
    check_folder (doctor, g_get_user_config_dir (), FALSE);
}

int tamga_cli_doctor (TamgaCli *cli, int argc, char **argv)
{
    static void (*const checks[]) (TamgaDoctor *) = {
        check_rules,         check_cards, tamga_doctor_clock, tamga_doctor_services,
        tamga_doctor_bridge, check_trust, check_journal,      check_folders,
    };
    int code;
    if (!tamga_cli_parse (cli, &argc, &argv, NULL, 0, &code))
        return code;
    if (argc > 0)
        return tamga_cli_usage (cli, "tamga doctor takes options only, not \"%s\".", argv[0]);
    TamgaDoctor doctor = {.cli = cli, .checks = json_array ()};
    for (gsize i = 0; i < G_N_ELEMENTS (checks) && !tamga_call_cancelled (&cli->call); i++)
        checks[i](&doctor);
    gboolean cancelled = tamga_call_cancelled (&cli->call);
    if (cancelled)
        fputs ("Cancelled: not everything was checked.\n", stderr);
    json_t *object = json_pack ("{s:o, s:i, s:b}", "checks", doctor.checks, "problems",
                                (int)doctor.problems, "complete", (int)!cancelled);
    if (cli->json)
        tamga_cli_json (cli, object);
    else
        json_decref (object);
    if (cancelled)
        return TAMGA_EXIT_KEY;
    tamga_cli_say (cli, "\n%s",
                   doctor.problems == 0 ? "Nothing is wrong."
                                        : "Mend the lines marked PROBLEM; → says how.");
    return doctor.problems == 0 ? TAMGA_EXIT_DONE : TAMGA_EXIT_NOT_VALID;
}
