/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shared page: a sealed memfd, so that neither side can make the other one's mapping fault. */
#include "client/keys/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/keys/keys.h"

#define PAGE_SIZE 4096
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

typedef struct {
    _Atomic gint64 since; /* 0: no call is running */
    char call[64];
} Page;

struct _TamgaProgress {
    int fd;
    Page *page;
};

static Page *map (int fd)
{
    void *page = mmap (NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return page != MAP_FAILED ? page : NULL;
}

TamgaProgress *tamga_progress_new (GError **error)
{
    g_autoptr (TamgaProgress) progress = g_new0 (TamgaProgress, 1);

    progress->fd = memfd_create ("tamga-key-progress", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (progress->fd < 0 || ftruncate (progress->fd, PAGE_SIZE) != 0 ||
        fcntl (progress->fd, F_ADD_SEALS, SEALS) != 0 ||
        (progress->page = map (progress->fd)) == NULL) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                     "no shared memory for the key helper: %s", g_strerror (errno));
        return NULL;
    }
    return g_steal_pointer (&progress);
}

void tamga_progress_free (TamgaProgress *progress)
{
    if (progress == NULL)
        return;
    if (progress->page != NULL)
        munmap (progress->page, PAGE_SIZE);
    if (progress->fd >= 0)
        close (progress->fd);
    g_free (progress);
}

int tamga_progress_fd (TamgaProgress *progress)
{
    return progress->fd;
}

char *tamga_progress_read (TamgaProgress *progress, gint64 *since)
{
    char call[sizeof progress->page->call];

    *since = MIN (atomic_load (&progress->page->since), g_get_monotonic_time ());
    if (*since <= 0)
        return NULL;
    memcpy (call, progress->page->call, sizeof call);
    call[sizeof call - 1] = '\0';
    for (char *c = call; *c != '\0'; c++)
        if (!g_ascii_isalnum (*c) && strchr ("_-, #", *c) == NULL)
            *c = '?';
    return g_strdup (call);
}

static Page *attached;

gboolean tamga_progress_attach (int fd)
{
    struct stat facts;

    if (attached != NULL || fstat (fd, &facts) != 0 || facts.st_size != PAGE_SIZE)
        return FALSE;
    attached = map (fd);
    return attached != NULL;
}

void tamga_progress_enter (const char *call)
{
    if (attached == NULL)
        return;
    g_strlcpy (attached->call, call, sizeof attached->call);
    atomic_store (&attached->since, g_get_monotonic_time ());
}

void tamga_progress_leave (void)
{
    if (attached != NULL)
        atomic_store (&attached->since, 0);
}
