/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on a socket: what is sent arrives; what is not a message is refused. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/helper/frame.h"
#include "client/helper/helper.h"

typedef struct {
    int ours, theirs;
} Pair;

static void set_up (Pair *pair, gconstpointer data)
{
    int ends[2];
    (void)data;
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    pair->ours = ends[0];
    pair->theirs = ends[1];
}

static void tear_down (Pair *pair, gconstpointer data)
{
    (void)data;
    close (pair->ours);
    if (pair->theirs >= 0)
        close (pair->theirs);
}

static GVariant *hello (void)
{
    GVariantBuilder builder;
    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", "n", g_variant_new_uint32 (1));
    return g_variant_new ("(ssa{sv})", "hello", "", &builder);
}

static void assert_receive_fails (Pair *pair, TamgaHelperError code)
{
    g_autoptr (GError) error = NULL;
    TamgaCall call = tamga_call_within (NULL, 200);
    int fd = 77;
    g_assert_null (tamga_frame_receive (pair->ours, &fd, &call, &error));
    g_assert_error (error, TAMGA_HELPER_ERROR, (int)code);
    g_assert_cmpint (fd, ==, -1);
}

static void round_trip (Pair *pair, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) sent = g_variant_ref_sink (hello ());
    (void)data;
    g_assert_true (tamga_frame_send (pair->theirs, sent, -1, NULL, &error));
    int fd = 77;
    g_autoptr (GVariant) received = tamga_frame_receive (pair->ours, &fd, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpint (fd, ==, -1);
    g_assert_true (g_variant_equal (sent, received));
}

/* The bytes on the wire are big-endian on every machine. */
static void wire_format (Pair *pair, gconstpointer data)
{
    guint8 wire[256];
    (void)data;
    g_assert_true (tamga_frame_send (pair->theirs, hello (), -1, NULL, NULL));
    gssize n = read (pair->ours, wire, sizeof wire);
    g_assert_cmpint (n, >, 4);
    g_assert_cmpint ((wire[0] << 24 | wire[1] << 16 | wire[2] << 8 | wire[3]), ==, n - 4);
    static const guint8 one[] = {0, 0, 0, 1, 0, 'u'}; /* value, separator and type of the variant */
    g_assert_nonnull (memmem (wire + 4, (gsize)n - 4, one, sizeof one));
}

static void descriptor (Pair *pair, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    int ends[2], fd = -1;
    char c = 0;
    (void)data;
    g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
    g_assert_true (tamga_frame_send (pair->theirs, hello (), ends[0], NULL, &error));
    g_autoptr (GVariant) received = tamga_frame_receive (pair->ours, &fd, NULL, &error);
    g_assert_no_error (error);
    g_assert_nonnull (received);
    g_assert_cmpint (fd, >=, 0);
    g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    g_assert_cmpint (write (ends[1], "x", 1), ==, 1);
    g_assert_cmpint (read (fd, &c, 1), ==, 1);
    g_assert_cmpint (c, ==, 'x');
    close (fd);
    close (ends[0]);
    close (ends[1]);
}

static guint open_descriptors (void)
{
    guint n = 0;
    for (int fd = 0; fd < 256; fd++)
        if (fcntl (fd, F_GETFD) >= 0)
            n++;
    return n;
}

/* Two descriptors in one message are refused, and none of them stays open. */
static void two_descriptors (Pair *pair, gconstpointer data)
{
    int fds[2] = {STDERR_FILENO, STDERR_FILENO};
    char byte = 0, space[CMSG_SPACE (sizeof fds)] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *header = CMSG_FIRSTHDR (&message);
    (void)data;
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN (sizeof fds);
    memcpy (CMSG_DATA (header), fds, sizeof fds);
    guint before = open_descriptors ();
    g_assert_cmpint (sendmsg (pair->theirs, &message, 0), ==, 1);
    assert_receive_fails (pair, TAMGA_HELPER_ERROR_PROTOCOL);
    g_assert_cmpuint (open_descriptors (), ==, before);
}

/* A descriptor that nobody asked for does not stay open either. */
static void unwanted_descriptor (Pair *pair, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    (void)data;
    guint before = open_descriptors ();
    g_assert_true (tamga_frame_send (pair->theirs, hello (), STDERR_FILENO, NULL, NULL));
    g_autoptr (GVariant) received = tamga_frame_receive (pair->ours, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_nonnull (received);
    g_assert_cmpuint (open_descriptors (), ==, before);
}

typedef struct {
    const char *name;
    const char *bytes;
    gsize size;
    gboolean then_close;
    TamgaHelperError code;
} Bad;

#define BAD(name, bytes, then_close, code)                                                         \
    {                                                                                              \
        name, bytes, sizeof bytes - 1, then_close, code                                            \
    }
static const Bad bad[] = {
    BAD ("closed", "", TRUE, TAMGA_HELPER_ERROR_DIED),
    BAD ("silent", "", FALSE, TAMGA_HELPER_ERROR_TIMEOUT),
    BAD ("half_length", "\0\0", TRUE, TAMGA_HELPER_ERROR_DIED),
    BAD ("half_message", "\0\0\0\5abc", TRUE, TAMGA_HELPER_ERROR_DIED),
    BAD ("half_message_and_silent", "\0\0\0\5abc", FALSE, TAMGA_HELPER_ERROR_TIMEOUT),
    BAD ("empty", "\0\0\0\0", FALSE, TAMGA_HELPER_ERROR_PROTOCOL),
    BAD ("one_byte_over_the_limit", "\5\0\0\1", FALSE, TAMGA_HELPER_ERROR_PROTOCOL),
    BAD ("largest_length", "\377\377\377\377", FALSE, TAMGA_HELPER_ERROR_PROTOCOL),
    BAD ("not_a_variant", "\0\0\0\4abcd", FALSE, TAMGA_HELPER_ERROR_PROTOCOL),
    BAD ("not_utf8", "\0\0\0\5\377\0\0\1\2", FALSE, TAMGA_HELPER_ERROR_PROTOCOL),
};

static void refuses (Pair *pair, gconstpointer data)
{
    const Bad *row = data;
    g_assert_cmpint (write (pair->theirs, row->bytes, row->size), ==, (gssize)row->size);
    if (row->then_close) {
        close (pair->theirs);
        pair->theirs = -1;
    }
    assert_receive_fails (pair, row->code);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add ("/frame/round_trip", Pair, NULL, set_up, round_trip, tear_down);
    g_test_add ("/frame/big_endian_on_the_wire", Pair, NULL, set_up, wire_format, tear_down);
    g_test_add ("/frame/descriptor", Pair, NULL, set_up, descriptor, tear_down);
    g_test_add ("/frame/two_descriptors", Pair, NULL, set_up, two_descriptors, tear_down);
    g_test_add ("/frame/unwanted_descriptor", Pair, NULL, set_up, unwanted_descriptor, tear_down);
    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_autofree char *name = g_strdup_printf ("/frame/refuses/%s", bad[i].name);
        g_test_add (name, Pair, &bad[i], set_up, refuses, tear_down);
    }
    return g_test_run ();
}
