/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The address rules and the choice of a proxy (design 2; threats e). */
#include "client/net/address.h"
#include "client/net/proxy.h"

static const struct {
    const char *address;
    TamgaAddressKind kind;
} addresses[] = {
    {"0.0.0.0", TAMGA_ADDRESS_REFUSED},
    {"0.1.2.3", TAMGA_ADDRESS_REFUSED},
    {"1.1.1.1", TAMGA_ADDRESS_PUBLIC},
    {"9.255.255.255", TAMGA_ADDRESS_PUBLIC},
    {"10.0.0.1", TAMGA_ADDRESS_PRIVATE},
    {"10.255.255.255", TAMGA_ADDRESS_PRIVATE},
    {"11.0.0.0", TAMGA_ADDRESS_PUBLIC},
    {"100.63.255.255", TAMGA_ADDRESS_PUBLIC},
    {"100.64.0.1", TAMGA_ADDRESS_PRIVATE},
    {"100.127.255.255", TAMGA_ADDRESS_PRIVATE},
    {"100.128.0.0", TAMGA_ADDRESS_PUBLIC},
    {"127.0.0.1", TAMGA_ADDRESS_LOOPBACK},
    {"127.255.255.254", TAMGA_ADDRESS_LOOPBACK},
    {"128.0.0.1", TAMGA_ADDRESS_PUBLIC},
    {"169.253.255.255", TAMGA_ADDRESS_PUBLIC},
    {"169.254.169.254", TAMGA_ADDRESS_REFUSED},
    {"172.15.255.255", TAMGA_ADDRESS_PUBLIC},
    {"172.16.0.0", TAMGA_ADDRESS_PRIVATE},
    {"172.31.255.255", TAMGA_ADDRESS_PRIVATE},
    {"172.32.0.0", TAMGA_ADDRESS_PUBLIC},
    {"192.0.0.8", TAMGA_ADDRESS_REFUSED},
    {"192.0.2.1", TAMGA_ADDRESS_REFUSED},
    {"192.167.255.255", TAMGA_ADDRESS_PUBLIC},
    {"192.168.1.1", TAMGA_ADDRESS_PRIVATE},
    {"198.18.0.1", TAMGA_ADDRESS_PRIVATE},
    {"198.51.100.7", TAMGA_ADDRESS_REFUSED},
    {"203.0.113.7", TAMGA_ADDRESS_REFUSED},
    {"223.255.255.255", TAMGA_ADDRESS_PUBLIC},
    {"224.0.0.1", TAMGA_ADDRESS_REFUSED},
    {"239.255.255.250", TAMGA_ADDRESS_REFUSED},
    {"240.0.0.1", TAMGA_ADDRESS_REFUSED},
    {"255.255.255.255", TAMGA_ADDRESS_REFUSED},
    {"::", TAMGA_ADDRESS_REFUSED},
    {"::1", TAMGA_ADDRESS_LOOPBACK},
    {"[::1]", TAMGA_ADDRESS_LOOPBACK},
    {"::2", TAMGA_ADDRESS_REFUSED},
    {"::7f00:1", TAMGA_ADDRESS_REFUSED},
    {"::ffff:127.0.0.1", TAMGA_ADDRESS_LOOPBACK},
    {"::ffff:10.1.2.3", TAMGA_ADDRESS_PRIVATE},
    {"::ffff:169.254.169.254", TAMGA_ADDRESS_REFUSED},
    {"::ffff:8.8.8.8", TAMGA_ADDRESS_PUBLIC},
    {"64:ff9b::7f00:1", TAMGA_ADDRESS_LOOPBACK},
    {"64:ff9b::a9fe:a9fe", TAMGA_ADDRESS_REFUSED},
    {"64:ff9b::808:808", TAMGA_ADDRESS_PUBLIC},
    {"64:ff9b:1::1", TAMGA_ADDRESS_REFUSED},
    {"100::1", TAMGA_ADDRESS_REFUSED},
    {"2001::1", TAMGA_ADDRESS_REFUSED},
    {"2001:db8::1", TAMGA_ADDRESS_REFUSED},
    {"2001:4860:4860::8888", TAMGA_ADDRESS_PUBLIC},
    {"2002:7f00:1::", TAMGA_ADDRESS_LOOPBACK},
    {"2002:c0a8:101::1", TAMGA_ADDRESS_PRIVATE},
    {"2002:808:808::1", TAMGA_ADDRESS_PUBLIC},
    {"fc00::1", TAMGA_ADDRESS_PRIVATE},
    {"fdff::1", TAMGA_ADDRESS_PRIVATE},
    {"fe00::1", TAMGA_ADDRESS_PUBLIC},
    {"fe80::1", TAMGA_ADDRESS_REFUSED},
    {"fe80::1%eth0", TAMGA_ADDRESS_REFUSED},
    {"febf::1", TAMGA_ADDRESS_REFUSED},
    {"fec0::1", TAMGA_ADDRESS_PRIVATE},
    {"ff02::1", TAMGA_ADDRESS_REFUSED},
};

static void test_addresses (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++) {
        TamgaAddressKind kind;
        const char *name = NULL;
        g_test_message ("%s", addresses[i].address);
        g_assert_true (tamga_address_kind_of_text (addresses[i].address, &kind, &name));
        g_assert_cmpint (kind, ==, addresses[i].kind);
        g_assert_nonnull (name);
    }
    TamgaAddressKind kind;
    g_assert_false (tamga_address_kind_of_text ("ocsp.example", &kind, NULL));
    g_assert_false (tamga_address_kind_of_text ("", &kind, NULL));
    struct sockaddr local = {.sa_family = AF_UNIX};
    g_assert_cmpint (tamga_address_kind (&local, NULL), ==, TAMGA_ADDRESS_REFUSED);
}

static void test_allowed (void)
{
    static const struct {
        TamgaAddressKind kind;
        gboolean loopback, private, allowed;
    } rows[] = {
        {TAMGA_ADDRESS_PUBLIC, FALSE, FALSE, TRUE},  {TAMGA_ADDRESS_LOOPBACK, FALSE, TRUE, FALSE},
        {TAMGA_ADDRESS_LOOPBACK, TRUE, FALSE, TRUE}, {TAMGA_ADDRESS_PRIVATE, TRUE, FALSE, FALSE},
        {TAMGA_ADDRESS_PRIVATE, FALSE, TRUE, TRUE},  {TAMGA_ADDRESS_REFUSED, TRUE, TRUE, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        g_assert_cmpint (tamga_address_allowed (rows[i].kind, rows[i].loopback, rows[i].private),
                         ==, rows[i].allowed);
}

static void test_no_proxy (void)
{
    static const struct {
        const char *list, *host;
        gboolean bypassed;
    } rows[] = {
        {"example.org", "example.org", TRUE},
        {"example.org", "ocsp.example.org", TRUE},
        {".example.org", "ocsp.example.org", TRUE},
        {"example.org", "notexample.org", FALSE},
        {"example.org", "EXAMPLE.ORG", TRUE},
        {"example.org", "example.org.", TRUE},
        {"a.test, example.org", "example.org", TRUE},
        {"*", "anything", TRUE},
        {"", "anything", FALSE},
        {".", "anything", FALSE},
        {"10.0.0.0/8", "10.2.3.4", TRUE},
        {"10.0.0.0/8", "11.2.3.4", FALSE},
        {"127.0.0.1", "127.0.0.1", TRUE},
        {"::1", "[::1]", TRUE},
        {"0.1", "127.0.0.1", FALSE},
        {"fd00::/8", "[fd12::1]", TRUE},
        {"fd00::/8", "[fe12::1]", FALSE},
        {"10.0.0.0/33", "10.2.3.4", FALSE},
        {"10.0.0.0/", "10.2.3.4", FALSE},
        {"10.0.0.0/0", "99.2.3.4", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_test_message ("%s / %s", rows[i].list, rows[i].host);
        g_assert_cmpint (tamga_proxy_bypassed (rows[i].list, rows[i].host), ==, rows[i].bypassed);
    }
    g_assert_false (tamga_proxy_bypassed (NULL, "anything"));
}

static void check_proxy (const char *configured, const char *scheme, const char *host,
                         const char *expected)
{
    g_autofree char *proxy = tamga_proxy_for (configured, scheme, host);
    g_assert_cmpstr (proxy, ==, expected);
}

static void test_proxy_choice (void)
{
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
        g_unsetenv (names[i]);
    check_proxy (NULL, "http", "a.test", NULL);
    g_setenv ("HTTP_PROXY", "http://upper:1", TRUE);
    check_proxy (NULL, "http", "a.test", NULL);
    g_setenv ("all_proxy", "http://all:1", TRUE);
    check_proxy (NULL, "http", "a.test", "http://all:1");
    g_setenv ("http_proxy", "http://plain:1", TRUE);
    g_setenv ("HTTPS_PROXY", "http://secure:1", TRUE);
    check_proxy (NULL, "http", "a.test", "http://plain:1");
    check_proxy (NULL, "https", "a.test", "http://secure:1");
    g_setenv ("no_proxy", "b.test", TRUE);
    check_proxy (NULL, "http", "b.test", NULL);
    check_proxy (NULL, "http", "a.test", "http://plain:1");
    check_proxy ("", "http", "a.test", NULL);
    check_proxy ("http://mine:1", "https", "b.test", "http://mine:1");
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
        g_unsetenv (names[i]);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/net/addresses", test_addresses);
    g_test_add_func ("/net/allowed", test_allowed);
    g_test_add_func ("/net/no-proxy", test_no_proxy);
    g_test_add_func ("/net/proxy-choice", test_proxy_choice);
    return g_test_run ();
}
