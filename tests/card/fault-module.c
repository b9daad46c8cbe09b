/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamga-fault-pkcs11.so: a PKCS#11 v2.40 module that passes every call on to another module and
 * misbehaves where it is told to, so that tests meet the modules that hang, crash and lie.
 *
 * TAMGA_FAULT_MODULE  path of the module that does the work (SoftHSM's, for instance)
 * TAMGA_FAULT         comma-separated list of:
 *   CALL:hang[@N]      never returns        CALL:crash[@N]   dies by SIGSEGV
 *   CALL:abort[@N]     dies by SIGABRT      CALL:exit=S[@N]  ends the process with status S
 *   CALL:error=RV[@N]  returns the CK_RV RV (0x32, 160) and does not pass the call on
 *   CALL:delay=MS[@N]  waits MS milliseconds, then passes the call on
 *                      CALL is C_Sign and the like, or `load` for the loading of the module;
 *                      with @N only the Nth call of that function is struck, else each
 *   calls=FILE         appends the name of each call, one per line, before it is made
 *   flag=NAME          sets a flag of CK_TOKEN_INFO: pinpad, count-low, final-try, locked,
 * to-change
 *   sign=spoiled       C_Sign succeeds and gives a signature with one wrong bit
 *   attr=always-authenticate  each private key shows CKA_ALWAYS_AUTHENTICATE, and each
 * signature needs its own C_Login (CKU_CONTEXT_SPECIFIC) with the PIN of the C_Login before
 * TAMGA_FAULT_PINPAD_PIN, TAMGA_FAULT_PINPAD_NEW_PIN  what the holder types on the pinpad when
 *   flag=pinpad is set: C_Login and C_SetPIN with no PIN use them (unset: the holder cancels), and
 *   refuse a PIN that comes from the host
 *
 * A list that cannot be understood is reported on standard error and the module gives no function
 * list: a test with a misspelt fault must not pass. Built without sanitizers, so that any program
 * can load it; allocates nothing. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#define MAX_FAULTS 32
#define MAX_SESSIONS 64
#define ARRAY_LENGTH(a) (sizeof (a) / sizeof ((a)[0]))

enum call {
    CALL_load,
    CALL_C_GetFunctionList,
#define PLAIN(name, params, args) CALL_##name,
#define HOOKED(name, params, args) CALL_##name,
#include "fault-calls.h"
    CALL_COUNT
};

static const char *const call_names[CALL_COUNT] = {
    "load",
    "C_GetFunctionList",
#define PLAIN(name, params, args) #name,
#define HOOKED(name, params, args) #name,
#include "fault-calls.h"
};

enum action { HANG, CRASH, ABORT, EXIT, ERROR, DELAY };

static const struct {
    const char *name;
    enum action action;
    int has_value;
} actions[] = {
    {"hang", HANG, 0}, {"crash", CRASH, 0}, {"abort", ABORT, 0},
    {"exit", EXIT, 1}, {"error", ERROR, 1}, {"delay", DELAY, 1},
};

static const struct {
    const char *name;
    CK_FLAGS flag;
} token_flags[] = {
    {"pinpad", CKF_PROTECTED_AUTHENTICATION_PATH}, {"count-low", CKF_USER_PIN_COUNT_LOW},
    {"final-try", CKF_USER_PIN_FINAL_TRY},         {"locked", CKF_USER_PIN_LOCKED},
    {"to-change", CKF_USER_PIN_TO_BE_CHANGED},
};

struct fault {
    enum call call;
    enum action action;
    unsigned long value;
    unsigned long at; /* strikes only at this call; 0: at each */
};

/* Where a session stands with the PIN that its signature needs. */
enum context { CONTEXT_NONE, CONTEXT_WANTS_LOGIN, CONTEXT_READY };

struct session {
    CK_SESSION_HANDLE handle; /* CK_INVALID_HANDLE: free place */
    enum context context;
};

static struct {
    pthread_mutex_t lock; /* over counts, sessions and pin_mark */
    int broken;           /* the settings could not be understood */
    CK_FUNCTION_LIST *inner;
    struct fault faults[MAX_FAULTS];
    size_t n_faults;
    unsigned long counts[CALL_COUNT];
    CK_FLAGS flags;
    int always_authenticate, spoils_signatures;
    int calls_fd;
    struct session sessions[MAX_SESSIONS];
    uint64_t pin_mark; /* of the PIN of the last C_Login (CKU_USER); 0: none */
} fault = {.lock = PTHREAD_MUTEX_INITIALIZER, .calls_fd = -1};

__attribute__ ((format (printf, 1, 2))) static void complain (const char *format, ...)
{
    va_list ap;

    fprintf (stderr, "tamga-fault-pkcs11: ");
    va_start (ap, format);
    vfprintf (stderr, format, ap);
    va_end (ap);
    fputc ('\n', stderr);
    fault.broken = 1;
}

/* FNV-1a: the PIN itself must not stay in memory, since tests search the process for it. */
static uint64_t mark_of_pin (const CK_BYTE *pin, CK_ULONG length)
{
    uint64_t mark = 0xcbf29ce484222325u;

    for (CK_ULONG i = 0; i < length; i++)
        mark = (mark ^ pin[i]) * 0x100000001b3u;
    return mark == 0 ? 1 : mark;
}

static void sleep_ms (unsigned long ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep (&left, &left) == -1 && errno == EINTR)
        continue;
}

static void die_by (int number)
{
    sigset_t set;

    signal (number, SIG_DFL);
    sigemptyset (&set);
    sigaddset (&set, number);
    pthread_sigmask (SIG_UNBLOCK, &set, NULL);
    raise (number);
    _exit (127);
}

static void record_call (enum call call)
{
    char line[64];
    int length;

    if (fault.calls_fd == -1)
        return;
    length = snprintf (line, sizeof line, "%s\n", call_names[call]);
    if (write (fault.calls_fd, line, (size_t)length) != length)
        fprintf (stderr, "tamga-fault-pkcs11: the record of calls: %s\n", strerror (errno));
}

/* Records the call and strikes. Returns 1 when the call must return *RV at once. */
static int enter_call (enum call call, CK_RV *rv)
{
    unsigned long nth;

    pthread_mutex_lock (&fault.lock);
    nth = ++fault.counts[call];
    pthread_mutex_unlock (&fault.lock);
    record_call (call);

    for (size_t i = 0; i < fault.n_faults; i++) {
        const struct fault *f = &fault.faults[i];

        if (f->call != call || (f->at != 0 && f->at != nth))
            continue;
        switch (f->action) {
        case HANG:
            for (;;)
                pause ();
        case CRASH:
            die_by (SIGSEGV);
            break;
        case ABORT:
            die_by (SIGABRT);
            break;
        case EXIT:
            _exit ((int)f->value);
        case DELAY:
            sleep_ms (f->value);
            break;
        case ERROR:
            *rv = f->value;
            return 1;
        }
    }
    return 0;
}

/* --- the hooks ---------------------------------------------------------------------------- */

/* The entry of SESSION, made when absent. NULL when the table is full. Call with the lock held. */
static struct session *find_session (CK_SESSION_HANDLE handle)
{
    struct session *empty = NULL;

    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        if (fault.sessions[i].handle == handle)
            return &fault.sessions[i];
        if (empty == NULL && fault.sessions[i].handle == CK_INVALID_HANDLE)
            empty = &fault.sessions[i];
    }
    if (empty != NULL)
        *empty = (struct session){.handle = handle, .context = CONTEXT_NONE};
    return empty;
}

static enum context get_context (CK_SESSION_HANDLE handle)
{
    struct session *session;
    enum context context;

    pthread_mutex_lock (&fault.lock);
    session = find_session (handle);
    context = session == NULL ? CONTEXT_NONE : session->context;
    pthread_mutex_unlock (&fault.lock);
    return context;
}

/* Returns 0 when there are more sessions than the table holds. */
static int set_context (CK_SESSION_HANDLE handle, enum context context)
{
    struct session *session;

    pthread_mutex_lock (&fault.lock);
    session = find_session (handle);
    if (session != NULL)
        session->context = context;
    pthread_mutex_unlock (&fault.lock);
    return session != NULL;
}

static void forget_sessions (void)
{
    pthread_mutex_lock (&fault.lock);
    memset (fault.sessions, 0, sizeof fault.sessions);
    pthread_mutex_unlock (&fault.lock);
}

static CK_RV hook_C_Finalize (void *reserved)
{
    forget_sessions ();
    return fault.inner->C_Finalize (reserved);
}

static CK_RV hook_C_CloseSession (CK_SESSION_HANDLE handle)
{
    pthread_mutex_lock (&fault.lock);
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (fault.sessions[i].handle == handle)
            fault.sessions[i].handle = CK_INVALID_HANDLE;
    pthread_mutex_unlock (&fault.lock);
    return fault.inner->C_CloseSession (handle);
}

static CK_RV hook_C_CloseAllSessions (CK_SLOT_ID slot)
{
    forget_sessions ();
    return fault.inner->C_CloseAllSessions (slot);
}

static CK_RV hook_C_GetTokenInfo (CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV rv = fault.inner->C_GetTokenInfo (slot, info);

    if (rv == CKR_OK)
        info->flags |= fault.flags;
    return rv;
}

/* What the holder types on the pinpad. */
static CK_RV read_pinpad (const char *variable, CK_BYTE **pin, CK_ULONG *length)
{
    char *typed = getenv (variable);

    if (*pin != NULL || *length != 0)
        return CKR_ARGUMENTS_BAD;
    if (typed == NULL)
        return CKR_FUNCTION_CANCELED;
    *pin = (CK_BYTE *)typed;
    *length = strlen (typed);
    return CKR_OK;
}

static CK_RV login_for_one_signature (CK_SESSION_HANDLE session, const CK_BYTE *pin,
                                      CK_ULONG length)
{
    uint64_t mark;

    if (get_context (session) != CONTEXT_WANTS_LOGIN)
        return CKR_OPERATION_NOT_INITIALIZED;
    pthread_mutex_lock (&fault.lock);
    mark = fault.pin_mark;
    pthread_mutex_unlock (&fault.lock);
    if (pin == NULL || mark_of_pin (pin, length) != mark)
        return CKR_PIN_INCORRECT;
    set_context (session, CONTEXT_READY);
    return CKR_OK;
}

static CK_RV hook_C_Login (CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin,
                           CK_ULONG length)
{
    CK_RV rv;

    if (fault.flags & CKF_PROTECTED_AUTHENTICATION_PATH) {
        rv = read_pinpad ("TAMGA_FAULT_PINPAD_PIN", &pin, &length);
        if (rv != CKR_OK)
            return rv;
    }
    if (fault.always_authenticate && user == CKU_CONTEXT_SPECIFIC)
        return login_for_one_signature (session, pin, length);

    rv = fault.inner->C_Login (session, user, pin, length);
    if (rv == CKR_OK && user == CKU_USER && pin != NULL) {
        pthread_mutex_lock (&fault.lock);
        fault.pin_mark = mark_of_pin (pin, length);
        pthread_mutex_unlock (&fault.lock);
    }
    return rv;
}

static CK_RV hook_C_SetPIN (CK_SESSION_HANDLE session, CK_BYTE *old_pin, CK_ULONG old_length,
                            CK_BYTE *new_pin, CK_ULONG new_length)
{
    CK_RV rv;

    if (fault.flags & CKF_PROTECTED_AUTHENTICATION_PATH) {
        rv = read_pinpad ("TAMGA_FAULT_PINPAD_PIN", &old_pin, &old_length);
        if (rv == CKR_OK)
            rv = read_pinpad ("TAMGA_FAULT_PINPAD_NEW_PIN", &new_pin, &new_length);
        if (rv != CKR_OK)
            return rv;
    }
    return fault.inner->C_SetPIN (session, old_pin, old_length, new_pin, new_length);
}

static int is_private_key (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_OBJECT_CLASS class = 0;
    CK_ATTRIBUTE attribute = {.type = CKA_CLASS, .pValue = &class, .ulValueLen = sizeof class};

    return fault.inner->C_GetAttributeValue (session, object, &attribute, 1) == CKR_OK &&
           class == CKO_PRIVATE_KEY;
}

static CK_RV hook_C_GetAttributeValue (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                       CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    CK_RV rv = fault.inner->C_GetAttributeValue (session, object, attributes, count);

    if (!fault.always_authenticate)
        return rv;
    for (CK_ULONG i = 0; i < count; i++) {
        if (attributes[i].type != CKA_ALWAYS_AUTHENTICATE || attributes[i].pValue == NULL ||
            attributes[i].ulValueLen != sizeof (CK_BBOOL))
            continue;
        if (is_private_key (session, object))
            *(CK_BBOOL *)attributes[i].pValue = CK_TRUE;
    }
    return rv;
}

static CK_RV hook_C_SignInit (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                              CK_OBJECT_HANDLE key)
{
    CK_RV rv = fault.inner->C_SignInit (session, mechanism, key);

    if (rv == CKR_OK && fault.always_authenticate && is_private_key (session, key) &&
        !set_context (session, CONTEXT_WANTS_LOGIN))
        return CKR_SESSION_COUNT;
    return rv;
}

/* The operation ends with the call, unless the caller only asked for the length or gave too little
 * room (PKCS#11 v2.40, 5.2). */
static void note_end_of_signing (CK_SESSION_HANDLE session, const CK_BYTE *signature, CK_RV rv)
{
    if (rv != CKR_BUFFER_TOO_SMALL && (rv != CKR_OK || signature != NULL))
        set_context (session, CONTEXT_NONE);
}

static CK_RV hook_C_Sign (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_length,
                          CK_BYTE *signature, CK_ULONG *signature_length)
{
    CK_RV rv;

    if (get_context (session) == CONTEXT_WANTS_LOGIN) {
        CK_BYTE scratch[4096];
        CK_ULONG length = sizeof scratch;

        /* Ends the operation in the wrapped module; nobody gets the signature. */
        fault.inner->C_Sign (session, data, data_length, scratch, &length);
        set_context (session, CONTEXT_NONE);
        return CKR_USER_NOT_LOGGED_IN;
    }
    rv = fault.inner->C_Sign (session, data, data_length, signature, signature_length);
    if (rv == CKR_OK && signature != NULL && *signature_length > 0 && fault.spoils_signatures)
        signature[*signature_length - 1] ^= 1;
    note_end_of_signing (session, signature, rv);
    return rv;
}

static CK_RV hook_C_SignUpdate (CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_length)
{
    if (get_context (session) == CONTEXT_WANTS_LOGIN)
        return CKR_USER_NOT_LOGGED_IN;
    return fault.inner->C_SignUpdate (session, part, part_length);
}

static CK_RV hook_C_SignFinal (CK_SESSION_HANDLE session, CK_BYTE *signature,
                               CK_ULONG *signature_length)
{
    CK_RV rv;

    if (get_context (session) == CONTEXT_WANTS_LOGIN)
        return CKR_USER_NOT_LOGGED_IN;
    rv = fault.inner->C_SignFinal (session, signature, signature_length);
    note_end_of_signing (session, signature, rv);
    return rv;
}

/* --- the wrapped calls -------------------------------------------------------------------- */

#define WRAP(name, params, args, target)                                                           \
    static CK_RV wrap_##name params                                                                \
    {                                                                                              \
        CK_RV rv;                                                                                  \
                                                                                                   \
        if (enter_call (CALL_##name, &rv))                                                         \
            return rv;                                                                             \
        return target args;                                                                        \
    }
#define PLAIN(name, params, args) WRAP (name, params, args, fault.inner->name)
#define HOOKED(name, params, args) WRAP (name, params, args, hook_##name)
#include "fault-calls.h"

static CK_FUNCTION_LIST function_list = {
    .version = {2, 40},
    .C_GetFunctionList = C_GetFunctionList,
#define PLAIN(name, params, args) .name = wrap_##name,
#define HOOKED(name, params, args) .name = wrap_##name,
#include "fault-calls.h"
};

/* --- the settings ------------------------------------------------------------------------- */

/* Reads a number that ends at END of text. */
static int read_number (const char *text, unsigned long *value)
{
    char *end;

    if (*text < '0' || *text > '9')
        return 0;
    errno = 0;
    *value = strtoul (text, &end, 0);
    return errno == 0 && *end == '\0';
}

/* One CALL:ACTION[=VALUE][@N]; cuts TEXT up. */
static int read_fault (char *text)
{
    struct fault f = {.call = CALL_COUNT};
    char *action = strchr (text, ':');
    char *at, *value;
    size_t i;

    if (action == NULL || fault.n_faults == MAX_FAULTS)
        return 0;
    *action++ = '\0';
    at = strchr (action, '@');
    if (at != NULL) {
        *at++ = '\0';
        if (!read_number (at, &f.at) || f.at == 0)
            return 0;
    }
    value = strchr (action, '=');
    if (value != NULL)
        *value++ = '\0';

    for (i = 0; i < CALL_COUNT; i++)
        if (strcmp (call_names[i], text) == 0)
            f.call = (enum call)i;
    for (i = 0; i < ARRAY_LENGTH (actions); i++)
        if (strcmp (actions[i].name, action) == 0)
            break;
    if (f.call == CALL_COUNT || i == ARRAY_LENGTH (actions) ||
        actions[i].has_value != (value != NULL))
        return 0;
    if (value != NULL && !read_number (value, &f.value))
        return 0;
    f.action = actions[i].action;
    fault.faults[fault.n_faults++] = f;
    return 1;
}

static int read_setting (char *text)
{
    if (strncmp (text, "calls=", 6) == 0) {
        fault.calls_fd = open (text + 6, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        return fault.calls_fd != -1;
    }
    if (strncmp (text, "flag=", 5) == 0) {
        for (size_t i = 0; i < ARRAY_LENGTH (token_flags); i++) {
            if (strcmp (token_flags[i].name, text + 5) == 0) {
                fault.flags |= token_flags[i].flag;
                return 1;
            }
        }
        return 0;
    }
    if (strcmp (text, "attr=always-authenticate") == 0) {
        fault.always_authenticate = 1;
        return 1;
    }
    if (strcmp (text, "sign=spoiled") == 0) {
        fault.spoils_signatures = 1;
        return 1;
    }
    return read_fault (text);
}

__attribute__ ((constructor)) static void load_module (void)
{
    static char text[4096];
    const char *settings = getenv ("TAMGA_FAULT");
    char *save = NULL;
    CK_RV rv;

    if (settings == NULL)
        settings = "";
    if (strlen (settings) >= sizeof text) {
        complain ("TAMGA_FAULT is too long");
        return;
    }
    strcpy (text, settings);
    for (char *item = strtok_r (text, ",", &save); item != NULL; item = strtok_r (NULL, ",", &save))
        if (!read_setting (item))
            complain ("\"%s\" is not understood at setting \"%s\"", settings, item);
    if (!fault.broken)
        enter_call (CALL_load, &rv);
}

/* The wrapped module stays loaded: closing a C++ module from a destructor invites its own crashes.
 */
__attribute__ ((destructor)) static void unload_module (void)
{
    if (fault.calls_fd != -1)
        close (fault.calls_fd);
}

/* Loads the wrapped module, once. */
static CK_RV load_inner (void)
{
    const char *path = getenv ("TAMGA_FAULT_MODULE");
    CK_C_GetFunctionList get_list;
    void *library;

    if (fault.inner != NULL)
        return CKR_OK;
    if (path == NULL) {
        complain ("TAMGA_FAULT_MODULE does not name the module to wrap");
        return CKR_GENERAL_ERROR;
    }
    library = dlopen (path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        complain ("%s", dlerror ());
        return CKR_GENERAL_ERROR;
    }
    *(void **)&get_list = dlsym (library, "C_GetFunctionList");
    if (get_list == NULL || get_list (&fault.inner) != CKR_OK) {
        complain ("%s gives no list of functions", path);
        return CKR_GENERAL_ERROR;
    }
    return CKR_OK;
}

__attribute__ ((visibility ("default"))) CK_RV C_GetFunctionList (CK_FUNCTION_LIST **list)
{
    CK_RV rv;

    if (list == NULL)
        return CKR_ARGUMENTS_BAD;
    if (fault.broken)
        return CKR_GENERAL_ERROR;
    if (enter_call (CALL_C_GetFunctionList, &rv))
        return rv;
    pthread_mutex_lock (&fault.lock);
    rv = load_inner ();
    pthread_mutex_unlock (&fault.lock);
    if (rv == CKR_OK)
        *list = &function_list;
    return rv;
}
