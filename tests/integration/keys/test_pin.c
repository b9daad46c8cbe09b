/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a PIN: one PIN is one attempt on one token; what is told before it; what is never
 * tried. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "formats/ossl.h"
#include "tests/integration/keys/fixture.h"

#define PIN "482915"
#define TOKEN "pkcs11:token=pins"

static tamga_softhsm *hsm;
static char *record; /* file where the fault module writes the calls it gets */

static void set_fault (const char *text)
{
    g_autofree char *fault = g_strdup_printf ("calls=%s%s%s", record, *text ? "," : "", text);
    g_setenv ("TAMGA_FAULT", fault, TRUE);
    unlink (record);
}

/* How often the module was called by this name since set_fault. */
static guint called (const char *name)
{
    g_autofree char *text = NULL;
    guint n = 0;

    g_file_get_contents (record, &text, NULL, NULL);
    g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        n += strcmp (*line, name) == 0 ? 1 : 0;
    return n;
}

static gboolean try_login (TamgaKeyStore *store, Person *person, GError **error)
{
    TamgaKeysUi ui = person_ui (person);
    return tamga_key_store_login (store, &ui, NULL, error);
}

/* A wrong PIN costs one try of this token; nothing is tried again by itself. */
static void wrong_pin (void)
{
    Person person = {.pins = {"000000"}};
    g_autoptr (GError) error = NULL;

    set_fault ("");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    g_assert_false (try_login (store, &person, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    g_assert_cmpuint (person.asked, ==, 1);
    g_assert_cmpuint (called ("C_Login"), ==, 1);
    g_assert_true (tamga_key_store_needs_login (store));
    /* the person may try again, with a right one, and is told that it is the second time */
    g_clear_error (&error);
    Person again = {.pins = {PIN}};
    g_assert_true (try_login (store, &again, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (again.last.attempt, ==, 2);
    g_assert_cmpuint (called ("C_Login"), ==, 2);
    /* and a third call asks nobody */
    Person third = {.pins = {"999999"}};
    g_assert_true (try_login (store, &third, &error));
    g_assert_cmpuint (third.asked, ==, 0);
    person_clear (&person);
    person_clear (&again);
}

/* The flags are read again before the PIN, and each is passed on. */
static void told_before (void)
{
    static const struct {
        const char *fault;
        gboolean count_low, final_try;
        int tries;
    } rows[] = {
        {"", FALSE, FALSE, -1},
        {"flag=count-low", TRUE, FALSE, -1},
        {"flag=count-low,flag=final-try", TRUE, TRUE, 1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        Person person = {.pins = {PIN}};
        g_autoptr (GError) error = NULL;

        set_fault (rows[i].fault);
        g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
        guint before = called ("C_GetTokenInfo");
        g_assert_true (try_login (store, &person, &error));
        g_assert_cmpuint (called ("C_GetTokenInfo"), >, before);
        g_assert_cmpint (person.last.count_low, ==, rows[i].count_low);
        g_assert_cmpint (person.last.final_try, ==, rows[i].final_try);
        g_assert_cmpint (person.last.tries_left, ==, rows[i].tries);
        g_assert_false (person.last.locked);
        g_assert_false (person.last.context_specific);
        g_assert_cmpuint (person.last.pin_min, ==, 4);
        g_assert_cmpstr (person.name, ==, "pins");
        person_clear (&person);
    }
}

/* The last try is the person's to decide: declined, it is not used. */
static void last_try_declined (void)
{
    Person person = {.pins = {NULL}};
    g_autoptr (GError) error = NULL;

    set_fault ("flag=final-try");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    g_assert_false (try_login (store, &person, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    g_assert_true (person.last.final_try);
    g_assert_cmpuint (called ("C_Login"), ==, 0);
    person_clear (&person);
}

static void last_try_wrong (void)
{
    Person person = {.pins = {"000000"}};
    g_autoptr (GError) error = NULL;

    set_fault ("flag=final-try");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    g_assert_false (try_login (store, &person, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    assert_says (error, "one try is left");
    person_clear (&person);
}

/* A locked PIN is said at once: nobody is asked, nothing is tried. */
static void locked (void)
{
    Person person = {.pins = {PIN}};
    g_autoptr (GError) error = NULL;

    set_fault ("flag=locked");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    g_assert_false (try_login (store, &person, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_LOCKED);
    g_assert_cmpuint (person.asked, ==, 0);
    g_assert_cmpuint (called ("C_Login"), ==, 0);
}

/* What cannot be right is not tried: length, a line that was cut off, no answer. */
static TamgaPinAnswer cut_off (const TamgaPinRequest *request, int pin_fd, gpointer data)
{
    (void)request;
    (void)data;
    g_assert_cmpint (write (pin_fd, PIN, strlen (PIN)), ==, (gssize)strlen (PIN));
    return TAMGA_PIN_GIVEN; /* and no newline: the prompter died in the middle */
}

static void not_tried (void)
{
    g_autofree char *endless = g_strnfill (5000, '7');
    const char *const bad[] = {"", "123", endless};
    g_autoptr (GError) error = NULL;

    set_fault ("");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        Person person = {.pins = {bad[i]}};
        g_assert_false (try_login (store, &person, &error));
        g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_INVALID);
        assert_says (error, "nothing was tried");
        g_clear_error (&error);
        person_clear (&person);
    }
    TamgaKeysUi ui = {.pin = cut_off};
    g_assert_false (tamga_key_store_login (store, &ui, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    g_clear_error (&error);
    g_assert_false (tamga_key_store_login (store, NULL, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    g_assert_cmpuint (called ("C_Login"), ==, 0);
}

/* Two tokens are there; the wrong PIN for one is never tried on the other. */
static void bystander (void)
{
    Person person = {.pins = {"000000"}};
    g_autoptr (GError) error = NULL;

    set_fault ("");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, "pkcs11:token=bystander", 0);
    g_assert_false (try_login (store, &person, &error));
    g_assert_cmpuint (called ("C_Login"), ==, 1);
    g_assert_cmpuint (called ("C_OpenSession"), ==, 1); /* of the named token alone */
    person_clear (&person);
}

/* A reader with a keypad gets no PIN from this program. */
static void pinpad (void)
{
    Person person = {.pins = {NULL}};
    g_autoptr (GError) error = NULL;

    g_setenv ("TAMGA_FAULT_PINPAD_PIN", PIN, TRUE);
    set_fault ("flag=pinpad");
    {
        g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
        g_assert_true (try_login (store, &person, &error)); /* the module refuses a host's PIN */
        g_assert_no_error (error);
        g_assert_true (person.last.pinpad);
        g_assert_cmpint (person.last_fd, ==, -1);
    }
    g_unsetenv ("TAMGA_FAULT_PINPAD_PIN"); /* the holder presses the cancel key */
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    person_clear (&person);
    g_assert_false (try_login (store, &person, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    person_clear (&person);
}

/* A key that wants its PIN for each signature gets it for each, and each is one question. */
static void always_authenticate (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
    Person person = {.pins = {PIN, PIN, PIN}};
    TamgaKeysUi ui = person_ui (&person);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    set_fault ("attr=always-authenticate");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    login (store, PIN);
    TamgaKey *key = the_key (store, &keys);
    g_assert_true (key->always_authenticate);
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 3);
    g_autoptr (GPtrArray) signatures =
        tamga_key_store_sign (store, key, algorithm, digests, &ui, NULL, &error);
    g_assert_no_error (error);
    assert_signatures (key, algorithm, digests, signatures);
    g_assert_cmpuint (person.asked, ==, 3);
    g_assert_true (person.last.context_specific);
    g_assert_cmpuint (called ("C_Login"), ==, 4);
    person_clear (&person);
}

/* Wrong at the second signature: told so, the first is lost, and the store still works after. */
static void always_authenticate_wrong (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
    Person person = {.pins = {PIN, "000000", PIN, NULL}};
    TamgaKeysUi ui = person_ui (&person);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    set_fault ("attr=always-authenticate");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    login (store, PIN);
    TamgaKey *key = the_key (store, &keys);
    g_autoptr (GPtrArray) two = some_digests (algorithm, 2);
    g_assert_null (tamga_key_store_sign (store, key, algorithm, two, &ui, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    assert_says (error, "after 1 of 2 signatures");
    g_assert_cmpuint (person.asked, ==, 2);
    g_clear_error (&error);
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 1);
    g_autoptr (GPtrArray) signatures =
        tamga_key_store_sign (store, key, algorithm, digests, &ui, NULL, &error);
    g_assert_no_error (error);
    assert_signatures (key, algorithm, digests, signatures);
    /* declined */
    g_assert_null (tamga_key_store_sign (store, key, algorithm, digests, &ui, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    person_clear (&person);
}

/* Logged out after the job. */
static void logs_out (void)
{
    set_fault ("");
    TamgaKeyStore *store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    login (store, PIN);
    g_assert_cmpuint (called ("C_Logout"), ==, 0);
    tamga_key_store_free (store);
    g_assert_cmpuint (called ("C_Logout"), ==, 1);
    g_assert_cmpuint (called ("C_CloseSession"), ==, 1);
    g_assert_cmpuint (called ("C_Finalize"), ==, 1);
}

/* A prompter: what it writes to a pipe of its own at each question. */
typedef struct {
    const char *written[8]; /* NULL: declines */
    guint asked;
    int ends[2];
} Prompter;

static void prompter_open (Prompter *prompter)
{
    g_assert_cmpint (pipe2 (prompter->ends, O_CLOEXEC), ==, 0);
}

static void prompter_close (Prompter *prompter)
{
    close (prompter->ends[0]);
    close (prompter->ends[1]);
}

static gsize lies_in (Prompter *prompter)
{
    int n = 0;
    g_assert_cmpint (ioctl (prompter->ends[0], FIONREAD, &n), ==, 0);
    return (gsize)n;
}

static void put (Prompter *prompter, const char *text)
{
    gsize size = strlen (text);
    g_assert_cmpint (write (prompter->ends[1], text, size), ==, (gssize)size);
}

static TamgaPinAnswer prompt (const TamgaPinRequest *request, int pin_fd, gpointer data)
{
    Prompter *prompter = data;

    g_assert_cmpint (pin_fd, ==, -1);
    if (!request->pinpad)
        g_assert_cmpuint (lies_in (prompter), ==, 0);
    const char *text = prompter->written[prompter->asked++];
    if (text == NULL)
        return TAMGA_PIN_CANCEL;
    put (prompter, text);
    return TAMGA_PIN_GIVEN;
}

static gboolean prompted_login (TamgaKeyStore *store, Prompter *prompter, GError **error)
{
    TamgaKeysUi ui = {.pin = prompt, .data = prompter, .pin_source = prompter->ends[0]};
    return tamga_key_store_login (store, &ui, NULL, error);
}

/* One pipe serves the logins of several stores in turn; what nobody asked for is never a PIN. */
static void source_shared (void)
{
    Prompter prompter = {.written = {"000000\n" PIN "\n", PIN "\n" PIN "\nrest", PIN "\n"}};
    g_autoptr (GError) error = NULL;

    set_fault ("");
    prompter_open (&prompter);
    put (&prompter, "junk\n111111\nwithout an end");
    g_autoptr (TamgaKeyStore) first = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    g_autoptr (TamgaKeyStore) second = open_store (TAMGA_FAULT_PATH, "pkcs11:token=bystander", 0);
    /* of two lines the first is the PIN: wrong, and the right one behind it is not tried */
    g_assert_false (prompted_login (first, &prompter, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    g_clear_error (&error);
    g_assert_cmpuint (called ("C_Login"), ==, 1);
    g_assert_cmpuint (lies_in (&prompter), ==, strlen (PIN "\n"));
    g_assert_true (prompted_login (first, &prompter, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (lies_in (&prompter), ==, strlen (PIN "\nrest"));
    g_assert_true (prompted_login (second, &prompter, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (lies_in (&prompter), ==, 0);
    g_assert_cmpuint (called ("C_Login"), ==, 3);
    g_assert_cmpuint (prompter.asked, ==, 3);
    prompter_close (&prompter);
}

/* Declined, nothing is tried, even where something lies in the pipe. */
static void source_declined (void)
{
    Prompter prompter = {.written = {NULL, PIN "\n"}};
    g_autoptr (GError) error = NULL;

    set_fault ("");
    prompter_open (&prompter);
    put (&prompter, PIN "\n");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    g_assert_false (prompted_login (store, &prompter, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    g_clear_error (&error);
    g_assert_cmpuint (called ("C_Login"), ==, 0);
    g_assert_true (prompted_login (store, &prompter, &error));
    g_assert_no_error (error);
    prompter_close (&prompter);
}

/* A prompter that says "given" and writes no whole line cannot hold tamga-key up for long, and one
 * that ended is noticed at once. */
static void source_lies (void)
{
    Prompter prompter = {.written = {PIN, "", PIN "\n"}};
    g_autoptr (GError) error = NULL;

    set_fault ("");
    prompter_open (&prompter);
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    gint64 begin = g_get_monotonic_time ();
    g_assert_false (prompted_login (store, &prompter, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    g_clear_error (&error);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, 9 * G_TIME_SPAN_SECOND);
    g_assert_cmpuint (called ("C_Login"), ==, 0);
    Prompter ended = {.written = {""}};
    prompter_open (&ended);
    TamgaKeysUi ui = {.pin = prompt, .data = &ended, .pin_source = ended.ends[0]};
    close (ended.ends[1]);
    ended.ends[1] = open ("/dev/null", O_WRONLY | O_CLOEXEC);
    begin = g_get_monotonic_time ();
    g_assert_false (tamga_key_store_login (store, &ui, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    g_clear_error (&error);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, 4 * G_TIME_SPAN_SECOND);
    prompter_close (&ended);
    prompter.asked = 2;
    g_assert_true (prompted_login (store, &prompter, &error));
    g_assert_no_error (error);
    prompter_close (&prompter);
}

/* A reader with a keypad leaves the pipe alone. */
static void source_pinpad (void)
{
    Prompter prompter = {.written = {""}};
    g_autoptr (GError) error = NULL;

    g_setenv ("TAMGA_FAULT_PINPAD_PIN", PIN, TRUE);
    set_fault ("flag=pinpad");
    prompter_open (&prompter);
    put (&prompter, "left\n");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    g_assert_true (prompted_login (store, &prompter, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (lies_in (&prompter), ==, strlen ("left\n"));
    g_unsetenv ("TAMGA_FAULT_PINPAD_PIN");
    prompter_close (&prompter);
}

/* The PIN of each signature comes through the same pipe. */
static void source_signs (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
    Prompter prompter = {.written = {PIN "\n", PIN "\nmore\n", PIN "\n", "000000\n"}};
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    set_fault ("attr=always-authenticate");
    prompter_open (&prompter);
    TamgaKeysUi ui = {.pin = prompt, .data = &prompter, .pin_source = prompter.ends[0]};
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    g_assert_true (prompted_login (store, &prompter, &error));
    TamgaKey *key = the_key (store, &keys);
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 2);
    g_autoptr (GPtrArray) signatures =
        tamga_key_store_sign (store, key, algorithm, digests, &ui, NULL, &error);
    g_assert_no_error (error);
    assert_signatures (key, algorithm, digests, signatures);
    g_assert_null (tamga_key_store_sign (store, key, algorithm, digests, &ui, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    g_assert_cmpuint (prompter.asked, ==, 4);
    prompter_close (&prompter);
}

typedef struct {
    const char *name;
    const char *old_pin, *new_pin, *again;
    int code; /* -1: changed */
    guint set_pin_calls;
} Change;

static const Change changes[] = {
    {"differs", PIN, "111111", "111112", TAMGA_KEYS_ERROR_PIN_INVALID, 0},
    {"too_short", PIN, "11", "11", TAMGA_KEYS_ERROR_PIN_INVALID, 0},
    {"wrong_old", "000000", "111111", "111111", TAMGA_KEYS_ERROR_WRONG_PIN, 1},
    {"declined", PIN, "111111", NULL, TAMGA_KEYS_ERROR_CANCELLED, 0},
    {"changed", PIN, "111111", "111111", -1, 1},
    {"and_back", "111111", PIN, PIN, -1, 1},
};

static void changes_pin (gconstpointer data)
{
    const Change *row = data;
    Person old_person = {.pins = {row->old_pin}};
    Person new_person = {.pins = {row->new_pin, row->again}};
    TamgaKeysUi old_ui = person_ui (&old_person), new_ui = person_ui (&new_person);
    g_autoptr (GError) error = NULL;

    set_fault ("");
    g_autoptr (TamgaKeyStore) store = open_store (TAMGA_FAULT_PATH, TOKEN, 0);
    gboolean ok = tamga_key_store_change_pin (store, &old_ui, &new_ui, NULL, &error);
    g_assert_cmpuint (called ("C_SetPIN"), ==, row->set_pin_calls);
    if (row->code >= 0) {
        g_assert_false (ok);
        g_assert_error (error, TAMGA_KEYS_ERROR, row->code);
    } else {
        g_assert_no_error (error);
        g_assert_true (ok);
        g_assert_cmpuint (new_person.asked, ==, 2);
        login (store, row->new_pin);
    }
    person_clear (&old_person);
    person_clear (&new_person);
}

int main (int argc, char **argv)
{
    static const char *const tokens[] = {"pins", "bystander"};
    g_autoptr (GError) error = NULL;

    g_test_init (&argc, &argv, NULL);
    hsm = tamga_softhsm_new (&error);
    g_assert_no_error (error);
    for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++) {
        tamga_softhsm_add_token (hsm, tokens[i], PIN, &error);
        g_assert_no_error (error);
    }
    tamga_softhsm_add_identity (hsm, "pins", "01", "key", "rsa2048", "/C=VN/CN=Pins", &error);
    g_assert_no_error (error);
    g_setenv ("TAMGA_FAULT_MODULE", tamga_softhsm_module (hsm), TRUE);
    record = g_build_filename (tamga_softhsm_dir (hsm), "calls", NULL);
    g_test_add_func ("/pin/wrong", wrong_pin);
    g_test_add_func ("/pin/told_before_each", told_before);
    g_test_add_func ("/pin/last_try_declined", last_try_declined);
    g_test_add_func ("/pin/last_try_wrong", last_try_wrong);
    g_test_add_func ("/pin/locked", locked);
    g_test_add_func ("/pin/not_tried", not_tried);
    g_test_add_func ("/pin/bystander", bystander);
    g_test_add_func ("/pin/pinpad", pinpad);
    g_test_add_func ("/pin/always_authenticate", always_authenticate);
    g_test_add_func ("/pin/always_authenticate_wrong", always_authenticate_wrong);
    g_test_add_func ("/pin/logs_out", logs_out);
    g_test_add_func ("/pin/source/shared", source_shared);
    g_test_add_func ("/pin/source/declined", source_declined);
    g_test_add_func ("/pin/source/lies", source_lies);
    g_test_add_func ("/pin/source/pinpad", source_pinpad);
    g_test_add_func ("/pin/source/signs", source_signs);
    for (gsize i = 0; i < G_N_ELEMENTS (changes); i++) {
        g_autofree char *name = g_strdup_printf ("/pin/change/%02u_%s", (guint)i, changes[i].name);
        g_test_add_data_func (name, &changes[i], changes_pin);
    }
    int status = g_test_run ();
    tamga_softhsm_free (hsm);
    g_free (record);
    return status;
}
