/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLV and the data objects of the virtual card. Clauses are those of NIST SP 800-73-4. */
#include "tests/card/piv-objects.h"

#include <string.h>

const guint8 piv_aid[PIV_AID_LENGTH] = {0xa0, 0x00, 0x00, 0x03, 0x08, 0x00,
                                        0x00, 0x10, 0x00, 0x01, 0x00};

void piv_append_tlv (GByteArray *out, guint32 tag, const void *data, gsize length)
{
    guint8 head[8];
    guint n = 0;

    for (int shift = 16; shift >= 0; shift -= 8)
        if (tag >> shift)
            head[n++] = (guint8)(tag >> shift);
    if (length >= 0x100) {
        head[n++] = 0x82;
        head[n++] = (guint8)(length >> 8);
    } else if (length >= 0x80) {
        head[n++] = 0x81;
    }
    head[n++] = (guint8)length;
    g_byte_array_append (out, head, n);
    if (length > 0)
        g_byte_array_append (out, data, (guint)length);
}

/* Takes one TLV with a one-byte tag off the front of *DATA. */
gboolean piv_read_tlv (const guint8 **data, gsize *length, guint8 *tag, const guint8 **value,
                       gsize *value_length)
{
    const guint8 *p = *data;
    gsize left = *length, n;

    if (left < 2)
        return FALSE;
    *tag = p[0];
    n = p[1];
    p += 2;
    left -= 2;
    if (n > 0x80) {
        gsize bytes = n - 0x80;

        if (bytes > 2 || bytes > left)
            return FALSE;
        for (n = 0; bytes > 0; bytes--, left--)
            n = n << 8 | *p++;
    } else if (n == 0x80) {
        return FALSE;
    }
    if (n > left)
        return FALSE;
    *value = p;
    *value_length = n;
    *data = p + n;
    *length = left - n;
    return TRUE;
}

static void build_discovery (const guint8 *guid G_GNUC_UNUSED, GByteArray *out)
{
    static const guint8 policy[] = {0x40, 0x00}; /* the PIV PIN, no other */

    piv_append_tlv (out, 0x4f, piv_aid, PIV_AID_LENGTH);
    piv_append_tlv (out, 0x5f2f, policy, sizeof policy);
}

static void build_ccc (const guint8 *guid, GByteArray *out)
{
    guint8 identifier[21] = {0xa0, 0x00, 0x00, 0x01, 0x16};
    static const guint8 version = 0x21, none = 0x00, model = 0x10;

    memcpy (identifier + 5, guid, PIV_GUID_LENGTH);
    piv_append_tlv (out, 0xf0, identifier, sizeof identifier);
    piv_append_tlv (out, 0xf1, &version, 1);
    piv_append_tlv (out, 0xf2, &version, 1);
    piv_append_tlv (out, 0xf3, NULL, 0);
    piv_append_tlv (out, 0xf4, &none, 1);
    piv_append_tlv (out, 0xf5, &model, 1);
    for (guint32 tag = 0xf6; tag <= 0xfe; tag++)
        if (tag != 0xf8 && tag != 0xf9)
            piv_append_tlv (out, tag, NULL, 0);
}

static void build_chuid (const guint8 *guid, GByteArray *out)
{
    /* The FASC-N of non-federal issuers: agency 9999 and nothing else (part 1, 3.1.2). */
    static const guint8 fascn[25] = {0xd4, 0xe7, 0x39, 0xda, 0x73, 0x9c, 0xed, 0x39, 0xce,
                                     0x73, 0x9d, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
                                     0x84, 0x21, 0xc8, 0x42, 0x10, 0xc3, 0xeb};

    piv_append_tlv (out, 0x30, fascn, sizeof fascn);
    piv_append_tlv (out, 0x34, guid, PIV_GUID_LENGTH);
    piv_append_tlv (out, 0x35, "20991231", 8);
    piv_append_tlv (out, 0x3e, NULL, 0);
    piv_append_tlv (out, 0xfe, NULL, 0);
}

static const struct {
    guint32 tag;
    guint32 wrapper;
    void (*build) (const guint8 *guid, GByteArray *out);
} objects[] = {
    {0x7e, 0x7e, build_discovery},
    {0x5fc107, 0x53, build_ccc},
    {0x5fc102, 0x53, build_chuid},
};

gboolean piv_build_object (guint32 tag, const guint8 *guid, GByteArray *out)
{
    for (gsize i = 0; i < G_N_ELEMENTS (objects); i++) {
        g_autoptr (GByteArray) value = NULL;

        if (objects[i].tag != tag)
            continue;
        value = g_byte_array_new ();
        objects[i].build (guid, value);
        piv_append_tlv (out, objects[i].wrapper, value->data, value->len);
        return TRUE;
    }
    return FALSE;
}

void piv_build_certificate (GBytes *certificate, GByteArray *out)
{
    g_autoptr (GByteArray) value = g_byte_array_new ();
    static const guint8 uncompressed = 0;

    piv_append_tlv (value, 0x70, g_bytes_get_data (certificate, NULL),
                    g_bytes_get_size (certificate));
    piv_append_tlv (value, 0x71, &uncompressed, 1);
    piv_append_tlv (value, 0xfe, NULL, 0);
    piv_append_tlv (out, 0x53, value->data, value->len);
}
