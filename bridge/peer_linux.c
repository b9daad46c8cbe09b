/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers of loopback connections on Linux: /proc/net/tcp says whose a socket is and which inode it
 * has, /proc/PID/fd which process of this user holds that inode. */
#include "bridge/peer.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_LISTEN 0x0A

/* One end as the tables of /proc write it. */
typedef struct {
    char text[48]; /* "0100007F:350B" */
} End;

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} Address;

static gboolean is_loopback (const Address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl (address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return address->any.sa_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK (&address->v6.sin6_addr) ||
            (IN6_IS_ADDR_V4MAPPED (&address->v6.sin6_addr) &&
             address->v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET));
}

static End end_text (const Address *address)
{
    End end;
    if (address->any.sa_family == AF_INET) {
        g_snprintf (end.text, sizeof end.text, "%08X:%04X", address->v4.sin_addr.s_addr,
                    ntohs (address->v4.sin_port));
        return end;
    }
    guint32 words[4];
    memcpy (words, &address->v6.sin6_addr, sizeof words);
    g_snprintf (end.text, sizeof end.text, "%08X%08X%08X%08X:%04X", words[0], words[1], words[2],
                words[3], ntohs (address->v6.sin6_port));
    return end;
}

/* A row of /proc/net/tcp or tcp6. */
typedef struct {
    char local[48], remote[48];
    unsigned state;
    uid_t uid;
    unsigned long inode;
} Row;

typedef gboolean (*Wanted) (const Row *row, gconstpointer data);

static gboolean find_row (const char *path, Wanted wanted, gconstpointer data, Row *row)
{
    FILE *file = fopen (path, "re");
    char line[512];
    gboolean found = FALSE;
    while (file && !found && fgets (line, sizeof line, file))
        found = sscanf (line, "%*d: %47s %47s %x %*s %*s %*s %u %*d %lu", row->local, row->remote,
                        &row->state, &row->uid, &row->inode) == 5 &&
                wanted (row, data);
    if (file)
        fclose (file);
    return found;
}

typedef struct {
    End ours, theirs;
} Ends;

/* The peer's own row: its local end is our remote one. */
static gboolean is_peer (const Row *row, gconstpointer data)
{
    const Ends *ends = data;
    return strcmp (row->local, ends->theirs.text) == 0 &&
           strcmp (row->remote, ends->ours.text) == 0;
}

static gboolean find_peer (int fd, Row *row)
{
    Address ours, theirs;
    socklen_t our_size = sizeof ours, their_size = sizeof theirs;
    memset (&ours, 0, sizeof ours);
    memset (&theirs, 0, sizeof theirs);
    if (getsockname (fd, &ours.any, &our_size) != 0 ||
        getpeername (fd, &theirs.any, &their_size) != 0 || !is_loopback (&ours) ||
        !is_loopback (&theirs))
        return FALSE;
    const Ends ends = {end_text (&ours), end_text (&theirs)};
    const char *table = ours.any.sa_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6";
    return find_row (table, is_peer, &ends, row);
}

gboolean tamga_peer_is_own (int fd)
{
    Row row;
    return find_peer (fd, &row) && row.uid == getuid ();
}

static gboolean holds (const char *folder, const char *socket_name)
{
    DIR *open_files = opendir (folder);
    gboolean found = FALSE;
    for (struct dirent *entry; open_files && !found && (entry = readdir (open_files)) != NULL;) {
        char target[64];
        ssize_t length = readlinkat (dirfd (open_files), entry->d_name, target, sizeof target - 1);
        target[MAX (length, 0)] = '\0';
        found = strcmp (target, socket_name) == 0;
    }
    if (open_files)
        closedir (open_files);
    return found;
}

/* "node (process 123)": of the process that holds the socket. */
static char *holder (unsigned long inode)
{
    g_autofree char *name = g_strdup_printf ("socket:[%lu]", inode);
    DIR *processes = opendir ("/proc");
    char *program = NULL;
    for (struct dirent *entry; processes && !program && (entry = readdir (processes)) != NULL;) {
        if (!g_ascii_isdigit (entry->d_name[0]))
            continue;
        g_autofree char *folder = g_strdup_printf ("/proc/%s/fd", entry->d_name);
        if (!holds (folder, name))
            continue;
        g_autofree char *path = g_strdup_printf ("/proc/%s/comm", entry->d_name);
        g_autofree char *comm = NULL;
        if (g_file_get_contents (path, &comm, NULL, NULL))
            program = g_strdup_printf ("%s (process %s)", g_strstrip (comm), entry->d_name);
    }
    if (processes)
        closedir (processes);
    return program;
}

char *tamga_peer_program (int fd)
{
    Row row;
    return find_peer (fd, &row) ? holder (row.inode) : NULL;
}

static gboolean listens (const Row *row, gconstpointer data)
{
    const char *colon = strchr (row->local, ':');
    return row->state == STATE_LISTEN && colon && strcmp (colon, data) == 0;
}

char *tamga_peer_listener (guint16 port)
{
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    g_autofree char *end = g_strdup_printf (":%04X", port);
    for (gsize i = 0; i < G_N_ELEMENTS (tables); i++) {
        Row row;
        if (find_row (tables[i], listens, end, &row))
            return holder (row.inode);
    }
    return NULL;
}

gboolean tamga_peer_all_loopback (guint *count)
{
    DIR *open_files = opendir ("/proc/self/fd");
    gboolean fine = open_files != NULL;
    *count = 0;
    for (struct dirent *entry; open_files && (entry = readdir (open_files)) != NULL;) {
        int fd = atoi (entry->d_name), accepts = 0;
        socklen_t size = sizeof accepts;
        Address address;
        socklen_t address_size = sizeof address;
        memset (&address, 0, sizeof address);
        if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) != 0 || !accepts ||
            getsockname (fd, &address.any, &address_size) != 0 || address.any.sa_family == AF_UNIX)
            continue;
        (*count)++;
        fine = fine && is_loopback (&address);
    }
    if (open_files)
        closedir (open_files);
    return fine;
}
