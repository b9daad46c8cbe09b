/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seccomp and Landlock for `tamga-render`. */
#include "client/render/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_MEMORY (2048ull * 1024 * 1024)

/* What a program that draws never does: refused with EPERM, so that libraries that try get an
 * ordinary error. */
static const int refused[] = {
    SCMP_SYS (socket),         SCMP_SYS (connect),
    SCMP_SYS (bind),           SCMP_SYS (listen),
    SCMP_SYS (accept),         SCMP_SYS (accept4),
    SCMP_SYS (execve),         SCMP_SYS (execveat),
    SCMP_SYS (fork),           SCMP_SYS (vfork),
    SCMP_SYS (ptrace),         SCMP_SYS (process_vm_readv),
    SCMP_SYS (kill),           SCMP_SYS (tkill),
    SCMP_SYS (unlink),         SCMP_SYS (unlinkat),
    SCMP_SYS (rename),         SCMP_SYS (renameat),
    SCMP_SYS (renameat2),      SCMP_SYS (mkdir),
    SCMP_SYS (mkdirat),        SCMP_SYS (rmdir),
    SCMP_SYS (link),           SCMP_SYS (linkat),
    SCMP_SYS (symlink),        SCMP_SYS (symlinkat),
    SCMP_SYS (truncate),       SCMP_SYS (chmod),
    SCMP_SYS (fchmod),         SCMP_SYS (fchmodat),
    SCMP_SYS (chown),          SCMP_SYS (fchown),
    SCMP_SYS (fchownat),       SCMP_SYS (mount),
    SCMP_SYS (umount2),        SCMP_SYS (setns),
    SCMP_SYS (unshare),        SCMP_SYS (bpf),
    SCMP_SYS (keyctl),         SCMP_SYS (add_key),
    SCMP_SYS (mknod),          SCMP_SYS (mknodat),
    SCMP_SYS (creat),          SCMP_SYS (process_vm_writev),
    SCMP_SYS (io_uring_setup), SCMP_SYS (perf_event_open),
};

/* Opening for writing or making files. */
static gboolean refuse_writing (scmp_filter_ctx filter)
{
    static const int flags[] = {O_WRONLY, O_RDWR, O_CREAT};
    gboolean fine = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (flags); i++) {
        scmp_datum_t flag = (scmp_datum_t)flags[i];
        fine = fine &&
               seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), SCMP_SYS (openat), 1,
                                 SCMP_A2 (SCMP_CMP_MASKED_EQ, flag, flag)) == 0 &&
               seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), SCMP_SYS (open), 1,
                                 SCMP_A1 (SCMP_CMP_MASKED_EQ, flag, flag)) == 0;
    }
    return fine;
}

static void filter_calls (void)
{
    scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);
    gboolean fine = filter && refuse_writing (filter);
    /* Its arguments lie in memory, where a filter cannot look: libraries then use openat. */
    fine = fine && seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (openat2), 0) == 0;
    for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
        fine = fine && seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), refused[i], 0) == 0;
    if (fine)
        seccomp_load (filter);
    seccomp_release (filter);
}

static void allow_reading (int rules, const char *path)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
                                                                   LANDLOCK_ACCESS_FS_READ_DIR,
                                                 .parent_fd = open (path, O_PATH | O_CLOEXEC)};
    if (beneath.parent_fd < 0)
        return;
    syscall (SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    close (beneath.parent_fd);
}

/* Fonts, their configuration and their caches; nothing of the person's own files. */
static void filter_files (void)
{
    static const char *const readable[] = {"/usr", "/etc/fonts", "/var/cache/fontconfig",
                                           "/lib", "/lib64",     "/dev/urandom"};
    const struct landlock_ruleset_attr attributes = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM};
    int rules = (int)syscall (SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (rules < 0)
        return; /* a kernel without it */
    for (gsize i = 0; i < G_N_ELEMENTS (readable); i++)
        allow_reading (rules, readable[i]);
    syscall (SYS_landlock_restrict_self, rules, 0);
    close (rules);
}

void tamga_render_confine (void)
{
#ifndef TAMGA_SANITIZED /* whose shadow memory is larger than that */
    const struct rlimit memory = {MAX_MEMORY, MAX_MEMORY};
    setrlimit (RLIMIT_AS, &memory);
#endif
    filter_files ();
    filter_calls ();
}
