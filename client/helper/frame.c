/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on a socket: length, GVariant, and perhaps a file descriptor. */
#include "client/helper/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/helper/helper.h"
#include "formats/limits.h"

/* More than one descriptor in a message is a protocol error; room for some so that they can be
 * closed instead of leaking. */
#define FRAME_MAX_FDS 8

/* Waits until `fd` is ready for `events`. FALSE with TIMEOUT or CANCELLED. */
static gboolean wait_for (int fd, short events, const TamgaCall *call, GError **error)
{
    for (;;) {
        struct pollfd fds[2] = {
            {.fd = fd, .events = events},
            {.fd = call != NULL ? call->cancel_fd : -1, .events = POLLIN},
        };
        int left = tamga_call_left (call);
        int n = poll (fds, 2, left);
        if (n < 0 && errno != EINTR) {
            g_set_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_FAILED,
                         "waiting for a helper process failed: %s", g_strerror (errno));
            return FALSE;
        }
        if (n > 0 && fds[1].revents != 0) {
            g_set_error_literal (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_CANCELLED,
                                 "cancelled");
            return FALSE;
        }
        if (n > 0 && fds[0].revents != 0)
            return TRUE;
        if (left >= 0 && tamga_call_left (call) == 0) {
            g_set_error_literal (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_TIMEOUT,
                                 "no answer from a helper process before the deadline");
            return FALSE;
        }
    }
}

static gboolean set_died (GError **error)
{
    g_set_error_literal (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED,
                         "the other process closed the connection");
    return FALSE;
}

/* Writes all of `data`; the descriptor goes with the first byte. */
static gboolean send_all (int fd, const guint8 *data, gsize size, int pass_fd,
                          const TamgaCall *call, GError **error)
{
    while (size > 0) {
        struct iovec part = {.iov_base = (void *)data, .iov_len = size};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        union {
            char space[CMSG_SPACE (sizeof (int))];
            struct cmsghdr align;
        } control;

        if (pass_fd >= 0) {
            memset (&control, 0, sizeof control);
            message.msg_control = control.space;
            message.msg_controllen = sizeof control.space;
            struct cmsghdr *header = CMSG_FIRSTHDR (&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN (sizeof (int));
            memcpy (CMSG_DATA (header), &pass_fd, sizeof (int));
        }
        ssize_t n = sendmsg (fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            data += n;
            size -= (gsize)n;
            pass_fd = -1;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for (fd, POLLOUT, call, error))
                return FALSE;
            continue;
        }
        if (errno == EPIPE || errno == ECONNRESET)
            return set_died (error);
        g_set_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_FAILED,
                     "sending to a helper process failed: %s", g_strerror (errno));
        return FALSE;
    }
    return TRUE;
}

gboolean tamga_frame_send (int fd, GVariant *message, int pass_fd, const TamgaCall *call,
                           GError **error)
{
    g_autoptr (GVariant) kept = g_variant_ref_sink (message);
    g_autoptr (GVariant) wire = NULL;

    g_assert (g_variant_is_of_type (kept, G_VARIANT_TYPE (TAMGA_FRAME_TYPE)));
    if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
        wire = g_variant_byteswap (kept);
    else
        wire = g_variant_get_normal_form (kept);

    gsize size = g_variant_get_size (wire);
    if (size > TAMGA_MAX_FRAME_SIZE) {
        g_set_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_PROTOCOL,
                     "a message of %" G_GSIZE_FORMAT " bytes is larger than the limit of %u", size,
                     TAMGA_MAX_FRAME_SIZE);
        return FALSE;
    }
    guint32 length = GUINT32_TO_BE ((guint32)size);
    return send_all (fd, (const guint8 *)&length, sizeof length, pass_fd, call, error) &&
           send_all (fd, g_variant_get_data (wire), size, -1, call, error);
}

/* Takes the descriptors that came with a message: the first one into `*kept`, anything more is
 * closed and refused. */
static gboolean take_fds (struct msghdr *message, int *kept)
{
    gboolean too_many = (message->msg_flags & MSG_CTRUNC) != 0;

    for (struct cmsghdr *header = CMSG_FIRSTHDR (message); header != NULL;
         header = CMSG_NXTHDR (message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        gsize n = (header->cmsg_len - CMSG_LEN (0)) / sizeof (int);
        for (gsize i = 0; i < n; i++) {
            int fd;
            memcpy (&fd, CMSG_DATA (header) + i * sizeof (int), sizeof fd);
            if (*kept < 0) {
                *kept = fd;
            } else {
                close (fd);
                too_many = TRUE;
            }
        }
    }
    return !too_many;
}

static gboolean receive_all (int fd, guint8 *data, gsize size, int *passed, const TamgaCall *call,
                             GError **error)
{
    while (size > 0) {
        struct iovec part = {.iov_base = data, .iov_len = size};
        union {
            char space[CMSG_SPACE (FRAME_MAX_FDS * sizeof (int))];
            struct cmsghdr align;
        } control;
        struct msghdr message = {
            .msg_iov = &part,
            .msg_iovlen = 1,
            .msg_control = control.space,
            .msg_controllen = sizeof control.space,
        };
        ssize_t n = recvmsg (fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!wait_for (fd, POLLIN, call, error))
                return FALSE;
            continue;
        }
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return set_died (error);
        if (n < 0) {
            g_set_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_FAILED,
                         "receiving from a helper process failed: %s", g_strerror (errno));
            return FALSE;
        }
        if (!take_fds (&message, passed)) {
            g_set_error_literal (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_PROTOCOL,
                                 "a message came with more than one file descriptor");
            return FALSE;
        }
        data += n;
        size -= (gsize)n;
    }
    return TRUE;
}

/* The message from its bytes; takes `data`. */
static GVariant *decode (guint8 *data, gsize size, GError **error)
{
    g_autoptr (GVariant) wire = g_variant_ref_sink (g_variant_new_from_data (
        G_VARIANT_TYPE (TAMGA_FRAME_TYPE), data, size, FALSE, g_free, data));

    /* checked before the bytes are swapped: framing offsets do not depend on the byte order */
    if (!g_variant_is_normal_form (wire)) {
        g_set_error_literal (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_PROTOCOL,
                             "a message is not a GVariant in normal form");
        return NULL;
    }
    if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
        return g_variant_byteswap (wire);
    return g_steal_pointer (&wire);
}

GVariant *tamga_frame_receive (int fd, int *passed_fd, const TamgaCall *call, GError **error)
{
    guint32 length;
    int passed = -1;
    GVariant *message = NULL;

    if (passed_fd != NULL)
        *passed_fd = -1;
    if (!receive_all (fd, (guint8 *)&length, sizeof length, &passed, call, error))
        goto out;
    length = GUINT32_FROM_BE (length);
    guint8 *data = NULL;
    if (length == 0 || length > TAMGA_MAX_FRAME_SIZE || (data = g_try_malloc (length)) == NULL) {
        g_set_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_PROTOCOL,
                     "a message of %u bytes is announced; from 1 to %u can be taken", length,
                     TAMGA_MAX_FRAME_SIZE);
        goto out;
    }
    if (!receive_all (fd, data, length, &passed, call, error)) {
        g_free (data);
        goto out;
    }
    message = decode (data, length, error);
out:
    if (passed >= 0 && (message == NULL || passed_fd == NULL)) {
        close (passed);
        passed = -1;
    }
    if (passed_fd != NULL)
        *passed_fd = passed;
    return message;
}
