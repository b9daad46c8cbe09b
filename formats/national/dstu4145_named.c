/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ten curves of DSTU 4145-2002, annex D, with the base points that everybody uses. */
#include <string.h>

#include "formats/national/dstu4145_internal.h"
#include "formats/ossl.h"

#define OID "1.2.804.2.1.1.1.1.3.1.1.2."

const TamgaDstuParameters tamga_dstu_named[] = {
    {.name = "DSTU 4145 PB-163",
     .oid = OID "0",
     .m = 163,
     .k = {3, 6, 7},
     .a = 1,
     .b = "5ff6108462a2dc8210ab403925e638a19c1455d21",
     .n = "400000000000000000002bec12be2262d39bcf14d",
     .gx = "2e2f85f5dd74ce983a5c4237229daf8a3f35823be",
     .gy = "3826f008a8c51d7b95284d9d03ff0e00ce2cd723a"},
    {.name = "DSTU 4145 PB-167",
     .oid = OID "1",
     .m = 167,
     .k = {6, 0, 0},
     .a = 1,
     .b = "6ee3ceeb230811759f20518a0930f1a4315a827dac",
     .n = "3fffffffffffffffffffffb12ebcc7d7f29ff7701f",
     .gx = "7a1f6653786a68192803910a3d30b2a2018b21cd54",
     .gy = "5f49eb26781c0ec6b8909156d98ed435e45fd59918"},
    {.name = "DSTU 4145 PB-173",
     .oid = OID "2",
     .m = 173,
     .k = {1, 2, 10},
     .a = 0,
     .b = "108576c80499db2fc16eddf6853bbb278f6b6fb437d9",
     .n = "800000000000000000000189b4e67606e3825bb2831",
     .gx = "4d41a619bcc6eadf0448fa22fad567a9181d37389ca",
     .gy = "10b51cc12849b234c75e6dd2028bf7ff5c1ce0d991a1"},
    {.name = "DSTU 4145 PB-179",
     .oid = OID "3",
     .m = 179,
     .k = {1, 2, 4},
     .a = 1,
     .b = "4a6e0856526436f2f88dd07a341e32d04184572beb710",
     .n = "3ffffffffffffffffffffffb981960435fe5ab64236ef",
     .gx = "6ba06fe51464b2bd26dc57f48819ba9954667022c7d03",
     .gy = "25fbc363582dcec065080ca8287aaff09788a66dc3a9e"},
    {.name = "DSTU 4145 PB-191",
     .oid = OID "4",
     .m = 191,
     .k = {9, 0, 0},
     .a = 1,
     .b = "7bc86e2102902ec4d5890e8b6b4981ff27e0482750fefc03",
     .n = "40000000000000000000000069a779cac1dabc6788f7474f",
     .gx = "714114b762f2ff4a7912a6d2ac58b9b5c2fcfe76daeb7129",
     .gy = "29c41e568b77c617efe5902f11db96fa9613cd8d03db08da"},
    {.name = "DSTU 4145 PB-233",
     .oid = OID "5",
     .m = 233,
     .k = {1, 4, 9},
     .a = 1,
     .b = "6973b15095675534c7cf7e64a21bd54ef5dd3b8a0326aa936ece454d2c",
     .n = "1000000000000000000000000000013e974e72f8a6922031d2603cfe0d7",
     .gx = "3fcda526b6cdf83ba1118df35b3c31761d3545f32728d003eeb25efe96",
     .gy = "9ca8b57a934c54deeda9e54a7bbad95e3b2e91c54d32be0b9df96d8d35"},
    {.name = "DSTU 4145 PB-257",
     .oid = OID "6",
     .m = 257,
     .k = {12, 0, 0},
     .a = 0,
     .b = "1cef494720115657e18f938d7a7942394ff9425c1458c57861f9eea6adbe3be1"
          "0",
     .n = "800000000000000000000000000000006759213af182e987d3e17714907d470d",
     .gx = "2a29ef207d0e9b6c55cd260b306c7e007ac491ca1b10c62334a9e8dcd8d20fb7",
     .gy = "10686d41ff744d4449fccf6d8eea03102e6812c93a9d60b978b702cf156d814e"
           "f"},
    {.name = "DSTU 4145 PB-307",
     .oid = OID "7",
     .m = 307,
     .k = {2, 4, 8},
     .a = 1,
     .b = "393c7f7d53666b5054b5e6c6d3de94f4296c0c599e2e2e241050df18b6090bdc"
          "90186904968bb",
     .n = "3ffffffffffffffffffffffffffffffffffffffc079c2f3825da70d390fbba58"
          "8d4604022b7b7",
     .gx = "216ee8b189d291a0224984c1e92f1d16bf75ccd825a087a239b276d3167743c5"
           "2c02d6e7232aa",
     .gy = "5d9306bacd22b7faeb09d2e049c6e2866c5d1677762a8f2f2dc9a11c7f7be834"
           "0ab2237c7f2a0"},
    {.name = "DSTU 4145 PB-367",
     .oid = OID "8",
     .m = 367,
     .k = {21, 0, 0},
     .a = 1,
     .b = "43fc8ad242b0b7a6f3d1627ad5654447556b47bf6aa4a64b0c2afe42cadab8f9"
          "3d92394c79a79755437b56995136",
     .n = "40000000000000000000000000000000000000000000009c300b75a3fa824f22"
          "428fd28ce8812245ef44049b2d49",
     .gx = "324a6eddd512f08c49a99ae0d3f961197a76413e7be81a400ca681e09639b5fe"
           "12e59a109f78bf4a373541b3b9a1",
     .gy = "1ab597a5b4477f59e39539007c7f977d1a567b92b043a49c6b61984c3fe3481a"
           "af454cd41ba1f051626442b3c10"},
    {.name = "DSTU 4145 PB-431",
     .oid = OID "9",
     .m = 431,
     .k = {1, 3, 5},
     .a = 1,
     .b = "3ce10490f6a708fc26dfe8c3d27c4f94e690134d5bff988d8d28aaeaede97593"
          "6c66bac536b18ae2dc312ca493117daa469c640caf3",
     .n = "3fffffffffffffffffffffffffffffffffffffffffffffffffffffba31754580"
          "09a8c0a724f02f81aa8a1fcbaf80d90c7a95110504cf",
     .gx = "1a62ba79d98133a16bbae7ed9a8e03c32e0824d57aef72f88986874e5aae49c2"
           "7bed49a2a95058068426c2171e99fd3b43c5947c857d",
     .gy = "70b5e1e14031c1f70bbefe96bdde66f451754b4ca5f48da241f331aa396b8d18"
           "39a855c1769b1ea14ba53308b5e2723724e090e02db9"},
};
const gsize tamga_dstu_n_named = G_N_ELEMENTS (tamga_dstu_named);

static gpointer make_domain (gpointer parameters)
{
    return tamga_dstu_domain_new (parameters);
}

/* NULL: out of memory. */
static const TamgaDstuDomain *domain_of (gsize i)
{
    static GOnce made[G_N_ELEMENTS (tamga_dstu_named)]; /* zeros are G_ONCE_INIT */

    return g_once (&made[i], make_domain, (gpointer)&tamga_dstu_named[i]);
}

const TamgaDstuDomain *tamga_dstu_domain_by_oid (const char *oid)
{
    for (gsize i = 0; i < tamga_dstu_n_named; i++)
        if (strcmp (tamga_dstu_named[i].oid, oid) == 0)
            return domain_of (i);
    return NULL;
}

/* Octets of a number, most significant first, without leading zeros, are those digits. */
static gboolean is_number (GBytes *octets, const char *digits)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data (octets, &size);
    g_autofree char *hex = tamga_text_hex (data, size);

    return strcmp (hex + (size > 0 && hex[0] == '0'), digits) == 0;
}

/* The compressed base point. */
static gboolean is_base (const TamgaDstuDomain *domain, GBytes *octets)
{
    gsize size = tamga_dstu_point_size (domain);
    g_autofree guint8 *expected = g_malloc (size);
    g_autoptr (BN_CTX) ctx = BN_CTX_new ();

    return ctx != NULL && g_bytes_get_size (octets) == size &&
           tamga_dstu_point_write (domain, EC_GROUP_get0_generator (domain->group), expected,
                                   ctx) &&
           memcmp (expected, g_bytes_get_data (octets, NULL), size) == 0;
}

const TamgaDstuDomain *tamga_dstu_domain_by_values (int m, const int k[3], int a, GBytes *b,
                                                    GBytes *n, GBytes *base)
{
    for (gsize i = 0; i < tamga_dstu_n_named; i++) {
        const TamgaDstuParameters *row = &tamga_dstu_named[i];
        const TamgaDstuDomain *domain;
        if (row->m != m || memcmp (row->k, k, sizeof row->k) != 0 || row->a != a ||
            !is_number (b, row->b) || !is_number (n, row->n))
            continue;
        domain = domain_of (i);
        if (domain != NULL && is_base (domain, base))
            return domain;
    }
    return NULL;
}
