/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RC4 is written out here: OpenSSL has it in a provider that is not installed everywhere. */
#include "formats/pdf/cipher.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "formats/error.h"
#include "formats/ossl.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

#define USER_LENGTH 48u /* of /U in revisions 5 and 6 */
#define SALT_LENGTH 8u
#define ROUNDS 64u /* at least; and copies of the input in each */
#define MAX_PASSWORD 127u

void tamga_pdf_rc4 (const guint8 *key, gsize key_length, guint8 *data, gsize n)
{
    guint8 state[256], j = 0;
    for (guint i = 0; i < 256; i++)
        state[i] = (guint8)i;
    for (guint i = 0; i < 256; i++) {
        j = (guint8)(j + state[i] + key[i % key_length]);
        guint8 swap = state[i];
        state[i] = state[j];
        state[j] = swap;
    }
    guint8 a = 0, b = 0;
    for (gsize k = 0; k < n; k++) {
        a = (guint8)(a + 1);
        b = (guint8)(b + state[a]);
        guint8 swap = state[a];
        state[a] = state[b];
        state[b] = swap;
        data[k] ^= state[(guint8)(state[a] + state[b])];
    }
    OPENSSL_cleanse (state, sizeof state);
}

/* One run of a cipher; `out` has room for a block more than `n`. */
static gboolean run_aes (const EVP_CIPHER *cipher, gboolean encrypt, gboolean padding,
                         const guint8 *key, const guint8 *vector, const guint8 *in, gsize n,
                         guint8 *out, gsize *length)
{
    g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
    int first = 0, last = 0;
    if (n > G_MAXINT - 2 * TAMGA_PDF_AES_BLOCK ||
        EVP_CipherInit_ex (context, cipher, NULL, key, vector, encrypt) != 1 ||
        EVP_CIPHER_CTX_set_padding (context, padding) != 1 ||
        EVP_CipherUpdate (context, out, &first, in, (int)n) != 1 ||
        EVP_CipherFinal_ex (context, out + first, &last) != 1) {
        g_free (tamga_ossl_error ());
        return FALSE;
    }
    *length = (gsize)first + (gsize)last;
    return TRUE;
}

static GBytes *aes_bytes (const EVP_CIPHER *cipher, gboolean encrypt, const guint8 *key,
                          const guint8 *data, gsize n)
{
    gsize length = 0;
    if (encrypt) {
        g_autofree guint8 *out = g_malloc (n + 2 * TAMGA_PDF_AES_BLOCK);
        if (RAND_bytes (out, TAMGA_PDF_AES_BLOCK) != 1 ||
            !run_aes (cipher, TRUE, TRUE, key, out, data, n, out + TAMGA_PDF_AES_BLOCK, &length))
            return NULL;
        return g_bytes_new_take (g_steal_pointer (&out), TAMGA_PDF_AES_BLOCK + length);
    }
    if (n == 0) /* some writers leave empty strings as they are */
        return g_bytes_new (NULL, 0);
    if (n < 2 * TAMGA_PDF_AES_BLOCK)
        return NULL;
    g_autofree guint8 *out = g_malloc (n);
    return run_aes (cipher, FALSE, TRUE, key, data, data + TAMGA_PDF_AES_BLOCK,
                    n - TAMGA_PDF_AES_BLOCK, out, &length)
               ? g_bytes_new_take (g_steal_pointer (&out), length)
               : NULL;
}

GBytes *tamga_pdf_cipher (TamgaPdfCipher cipher, gboolean encrypt, const guint8 *key,
                          gsize key_length, gconstpointer data, gsize n, GError **error)
{
    GBytes *result = NULL;
    if (cipher == TAMGA_PDF_CIPHER_NONE) {
        result = g_bytes_new (data, n);
    } else if (cipher == TAMGA_PDF_CIPHER_RC4) {
        guint8 *copy = g_malloc (MAX (1, n));
        if (n > 0)
            memcpy (copy, data, n);
        tamga_pdf_rc4 (key, key_length, copy, n);
        result = g_bytes_new_take (copy, n);
    } else {
        result =
            aes_bytes (cipher == TAMGA_PDF_CIPHER_AES128 ? EVP_aes_128_cbc () : EVP_aes_256_cbc (),
                       encrypt, key, data, n);
    }
    if (result == NULL)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "a string or stream cannot be %s (ISO 32000-1 7.6.2)",
                     encrypt ? "encrypted" : "decrypted");
    return result;
}

gboolean tamga_pdf_aes256_unwrap (const guint8 key[32], const guint8 in[32], guint8 out[32])
{
    const guint8 zero[TAMGA_PDF_AES_BLOCK] = {0};
    guint8 buffer[32 + TAMGA_PDF_AES_BLOCK];
    gsize length = 0;
    gboolean done =
        run_aes (EVP_aes_256_cbc (), FALSE, FALSE, key, zero, in, 32, buffer, &length) &&
        length == 32;
    if (done)
        memcpy (out, buffer, 32);
    OPENSSL_cleanse (buffer, sizeof buffer);
    return done;
}

gboolean tamga_pdf_aes256_block (const guint8 key[32], const guint8 in[16], guint8 out[16])
{
    guint8 buffer[2 * TAMGA_PDF_AES_BLOCK];
    gsize length = 0;
    if (!run_aes (EVP_aes_256_ecb (), FALSE, FALSE, key, NULL, in, TAMGA_PDF_AES_BLOCK, buffer,
                  &length) ||
        length != TAMGA_PDF_AES_BLOCK)
        return FALSE;
    memcpy (out, buffer, TAMGA_PDF_AES_BLOCK);
    return TRUE;
}

/* One round of algorithm 2.B: `hash` (of `*length` bytes) becomes the next one; `last` is the last
 * byte of what was encrypted. */
static gboolean hash_round (GBytes *password, const guint8 *user, guint8 *hash, gsize *length,
                            guint8 *last)
{
    gsize n, done = 0;
    const guint8 *typed = g_bytes_get_data (password, &n);
    g_autoptr (GByteArray) input = g_byte_array_new ();
    for (guint i = 0; i < ROUNDS; i++) {
        g_byte_array_append (input, typed, (guint)n);
        g_byte_array_append (input, hash, (guint)*length);
        if (user != NULL)
            g_byte_array_append (input, user, USER_LENGTH);
    }
    g_autofree guint8 *out = g_malloc (input->len + TAMGA_PDF_AES_BLOCK);
    gboolean good = run_aes (EVP_aes_128_cbc (), TRUE, FALSE, hash, hash + TAMGA_PDF_AES_BLOCK,
                             input->data, input->len, out, &done) &&
                    done == input->len;
    guint sum = 0; /* 256 is 1 modulo 3, so the number's remainder is that of its digits' sum */
    for (guint i = 0; good && i < TAMGA_PDF_AES_BLOCK; i++)
        sum += out[i];
    const EVP_MD *md = sum % 3 == 0 ? EVP_sha256 () : sum % 3 == 1 ? EVP_sha384 () : EVP_sha512 ();
    unsigned int size = 0;
    good = good && EVP_Digest (out, done, hash, &size, md, NULL) == 1;
    *last = good ? out[done - 1] : 0;
    *length = size;
    OPENSSL_cleanse (input->data, input->len);
    return good;
}

gboolean tamga_pdf_password_hash (int revision, GBytes *password, const guint8 *salt,
                                  const guint8 *user, guint8 out[32])
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    guint8 hash[EVP_MAX_MD_SIZE], last = 0;
    unsigned int size = 0;
    g_autoptr (GBytes) typed =
        g_bytes_new_from_bytes (password, 0, MIN (MAX_PASSWORD, g_bytes_get_size (password)));
    gboolean good =
        EVP_DigestInit_ex (context, EVP_sha256 (), NULL) == 1 &&
        EVP_DigestUpdate (context, g_bytes_get_data (typed, NULL), g_bytes_get_size (typed)) == 1 &&
        EVP_DigestUpdate (context, salt, SALT_LENGTH) == 1 &&
        EVP_DigestUpdate (context, user, user != NULL ? USER_LENGTH : 0) == 1 &&
        EVP_DigestFinal_ex (context, hash, &size) == 1;
    gsize length = size;
    /* A round more while the last byte is greater than the number of rounds less 32. Each is
     * enough with a probability that grows, and at 287 it is certain. */
    for (guint i = 0; good && revision >= 6 && (i < ROUNDS || last + 32u > i); i++)
        good = hash_round (typed, user, hash, &length, &last);
    memcpy (out, hash, 32);
    OPENSSL_cleanse (hash, sizeof hash);
    return good;
}
