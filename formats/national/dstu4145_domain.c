/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves of DSTU 4145-2002 and their points. Everything here is public: parameters, and points on
 * the way in and out. */
#include <openssl/err.h>

#include "formats/national/dstu4145_internal.h"

/* The standard's curves have as many points as this times the order of the base point. */
static BN_ULONG cofactor_of (int a)
{
    return a == 1 ? 2 : 4;
}

static BIGNUM *field_polynomial (const TamgaDstuParameters *parameters)
{
    BIGNUM *field = BN_new ();
    gboolean good = field != NULL && BN_set_bit (field, parameters->m) && BN_set_bit (field, 0);

    for (guint i = 0; i < G_N_ELEMENTS (parameters->k); i++)
        good = good && (parameters->k[i] == 0 || BN_set_bit (field, parameters->k[i]));
    if (!good)
        g_clear_pointer (&field, BN_free);
    return field;
}

/* The powers of x whose trace is 1; the trace of an element is then that many of its bits added.
 * The trace of x^i is the sum of the i-th powers of the roots of the polynomial, which Newton's
 * identities give from its coefficients: few, for it is sparse. */
static GArray *trace_bits (const BIGNUM *field, int m)
{
    GArray *bits = g_array_new (FALSE, FALSE, sizeof (int));
    g_autofree gboolean *sums = g_new0 (gboolean, (gsize)m);

    for (int i = 0; i < m; i++) {
        sums[i] = i == 0 ? m % 2 : i % 2 && BN_is_bit_set (field, m - i);
        for (int j = 1; j < i; j++)
            sums[i] ^= BN_is_bit_set (field, m - j) && sums[i - j];
        if (sums[i])
            g_array_append_val (bits, i);
    }
    return bits;
}

/* The base point with its order: on the curve, n * G neutral, n a prime, and the cofactor that
 * OpenSSL computes from the size of the field is the one of the standard. */
static gboolean set_base (TamgaDstuDomain *domain, BN_CTX *ctx)
{
    const TamgaDstuParameters *given = domain->parameters;
    BIGNUM *n = BN_CTX_get (ctx), *x = BN_CTX_get (ctx), *y = BN_CTX_get (ctx);
    g_autoptr (EC_POINT) base = EC_POINT_new (domain->group);
    g_autoptr (EC_POINT) product = EC_POINT_new (domain->group);

    return base != NULL && product != NULL && y != NULL && BN_hex2bn (&n, given->n) &&
           BN_hex2bn (&x, given->gx) && BN_hex2bn (&y, given->gy) && BN_num_bits (x) <= given->m &&
           BN_num_bits (y) <= given->m && BN_check_prime (n, ctx, NULL) == 1 &&
           EC_POINT_set_affine_coordinates (domain->group, base, x, y, ctx) == 1 &&
           EC_GROUP_set_generator (domain->group, base, n, NULL) == 1 &&
           BN_is_word (EC_GROUP_get0_cofactor (domain->group), cofactor_of (given->a)) &&
           EC_POINT_mul (domain->group, product, NULL, base, n, ctx) == 1 &&
           EC_POINT_is_at_infinity (domain->group, product);
}

TamgaDstuDomain *tamga_dstu_domain_new (const TamgaDstuParameters *parameters)
{
    g_autoptr (TamgaDstuDomain) domain = g_new0 (TamgaDstuDomain, 1);
    g_autoptr (BN_CTX) ctx = BN_CTX_new ();
    gboolean good;
    BIGNUM *a;

    if (ctx == NULL)
        return NULL;
    BN_CTX_start (ctx);
    a = BN_CTX_get (ctx);
    domain->parameters = parameters;
    domain->field = field_polynomial (parameters);
    good = a != NULL && domain->field != NULL && BN_hex2bn (&domain->b, parameters->b) &&
           BN_num_bits (domain->b) <= parameters->m && BN_set_word (a, (BN_ULONG)parameters->a);
    if (good)
        domain->group = EC_GROUP_new_curve_GF2m (domain->field, a, domain->b, ctx);
    good = domain->group != NULL && set_base (domain, ctx);
    BN_CTX_end (ctx);
    if (!good)
        return NULL;
    domain->trace_bits = trace_bits (domain->field, parameters->m);
    domain->order = EC_GROUP_get0_order (domain->group);
    domain->r_bits = BN_num_bits (domain->order) - 1;
    domain->modulus = BN_MONT_CTX_new ();
    if (domain->modulus == NULL || !BN_MONT_CTX_set (domain->modulus, domain->order, ctx))
        return NULL;
    return g_steal_pointer (&domain);
}

void tamga_dstu_domain_free (TamgaDstuDomain *domain)
{
    if (domain == NULL)
        return;
    EC_GROUP_free (domain->group);
    BN_MONT_CTX_free (domain->modulus);
    g_clear_pointer (&domain->trace_bits, g_array_unref);
    BN_free (domain->field);
    BN_free (domain->b);
    g_free (domain);
}

const TamgaDstuParameters *tamga_dstu_domain_parameters (const TamgaDstuDomain *domain)
{
    return domain->parameters;
}

gsize tamga_dstu_point_size (const TamgaDstuDomain *domain)
{
    return ((gsize)domain->parameters->m + 7) / 8;
}

gsize tamga_dstu_scalar_size (const TamgaDstuDomain *domain)
{
    return (gsize)BN_num_bytes (domain->order);
}

gsize tamga_dstu_signature_size (const TamgaDstuDomain *domain)
{
    return 2 * tamga_dstu_scalar_size (domain);
}

/* The trace of a field element, 0 or 1. */
static int trace (const TamgaDstuDomain *domain, const BIGNUM *element)
{
    int sum = 0;

    for (guint i = 0; i < domain->trace_bits->len; i++)
        sum ^= BN_is_bit_set (element, g_array_index (domain->trace_bits, int, i));
    return sum;
}

/* x, with the bit set to what the trace of points of the base point's order needs. */
static gboolean restore_x (const TamgaDstuDomain *domain, BIGNUM *x)
{
    if (!(BN_is_bit_set (x, 0) ? BN_clear_bit (x, 0) : 1))
        return FALSE;
    if (trace (domain, x) != domain->parameters->a && !BN_set_bit (x, 0))
        return FALSE;
    return !BN_is_zero (x); /* the point with x = 0 is of order two */
}

/* z of z^2 + z = x + a + b / x^2, which is y / x; the solution with the trace that is wanted. */
static gboolean solve_z (const TamgaDstuDomain *domain, const BIGNUM *x, int wanted, BIGNUM *z,
                         BN_CTX *ctx)
{
    BIGNUM *term = BN_CTX_get (ctx);

    if (term == NULL || !BN_GF2m_mod_sqr (term, x, domain->field, ctx) ||
        !BN_GF2m_mod_div (term, domain->b, term, domain->field, ctx) ||
        !BN_GF2m_add (term, term, x) ||
        (domain->parameters->a == 1 && !BN_GF2m_add (term, term, BN_value_one ())) ||
        !BN_GF2m_mod_solve_quad (z, term, domain->field, ctx))
        return FALSE;
    return trace (domain, z) == wanted || BN_GF2m_add (z, z, BN_value_one ());
}

/* Whether a point, whose x has the trace of a, is of the order of the base point. Such a point is
 * twice another, which is enough where the curve has 2n points. Where it has 4n (a = 0), one of
 * its halves (u, v) must be such a point, too: with l^2 + l = x, u^2 = y + (l + 1) * x, and the
 * trace of u^2 is that of u. */
static gboolean of_base_order (const TamgaDstuDomain *domain, const BIGNUM *x, const BIGNUM *y,
                               BN_CTX *ctx)
{
    BIGNUM *half = BN_CTX_get (ctx);

    if (domain->parameters->a == 1)
        return TRUE;
    return half != NULL && BN_GF2m_mod_solve_quad (half, x, domain->field, ctx) &&
           BN_GF2m_add (half, half, BN_value_one ()) &&
           BN_GF2m_mod_mul (half, half, x, domain->field, ctx) && BN_GF2m_add (half, half, y) &&
           trace (domain, half) == 0;
}

EC_POINT *tamga_dstu_point_read (const TamgaDstuDomain *domain, const guint8 *octets, BN_CTX *ctx)
{
    g_autoptr (EC_POINT) point = EC_POINT_new (domain->group);
    BIGNUM *x, *y, *z;
    gboolean good;

    ERR_set_mark ();
    BN_CTX_start (ctx);
    x = BN_CTX_get (ctx);
    y = BN_CTX_get (ctx);
    z = BN_CTX_get (ctx);
    good = point != NULL && z != NULL &&
           BN_lebin2bn (octets, (int)tamga_dstu_point_size (domain), x) != NULL &&
           BN_num_bits (x) <= domain->parameters->m && restore_x (domain, x) &&
           solve_z (domain, x, octets[0] & 1, z, ctx) &&
           BN_GF2m_mod_mul (y, x, z, domain->field, ctx) && of_base_order (domain, x, y, ctx) &&
           EC_POINT_set_affine_coordinates (domain->group, point, x, y, ctx) == 1;
    BN_CTX_end (ctx);
    ERR_pop_to_mark (); /* that there is no such point is an answer, not an error of OpenSSL */
    return good ? g_steal_pointer (&point) : NULL;
}

/* x, in whose lowest bit the trace of y / x stands (6.9). */
gboolean tamga_dstu_point_write (const TamgaDstuDomain *domain, const EC_POINT *point,
                                 guint8 *octets, BN_CTX *ctx)
{
    int size = (int)tamga_dstu_point_size (domain);
    gboolean good;
    BIGNUM *x, *y;

    BN_CTX_start (ctx);
    x = BN_CTX_get (ctx);
    y = BN_CTX_get (ctx);
    good = y != NULL && EC_POINT_get_affine_coordinates (domain->group, point, x, y, ctx) == 1 &&
           BN_GF2m_mod_div (y, y, x, domain->field, ctx) &&
           BN_bn2lebinpad (x, octets, size) == size;
    if (good)
        octets[0] = (guint8)((octets[0] & 0xfe) | trace (domain, y));
    BN_CTX_end (ctx);
    return good;
}

gboolean tamga_dstu_point_valid (const TamgaDstuDomain *domain, const guint8 *point)
{
    g_autoptr (BN_CTX) ctx = BN_CTX_new ();
    g_autoptr (EC_POINT) expanded = NULL;

    if (ctx != NULL)
        expanded = tamga_dstu_point_read (domain, point, ctx);
    return expanded != NULL;
}
