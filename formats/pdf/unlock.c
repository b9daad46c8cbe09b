/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The encryption dictionary, and passwords (ISO 32000-1 7.6.3, ISO 32000-2 7.6.4). */
#include "formats/pdf/unlock.h"

#include <openssl/crypto.h>
#include <string.h>

#define PAD 32u
#define OLD_LENGTH 32u /* of /O and /U up to revision 4 */
#define NEW_LENGTH 48u /* of them from revision 5 on: hash, two salts */
#define VALIDATION_SALT 32u
#define KEY_SALT 40u
#define STRETCH 50 /* rounds of MD5 from revision 3 on */

static const guint8 padding[PAD] = {
    0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
    0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A};

/* The entries that keys are made of. */
typedef struct {
    const guint8 *o, *u, *oe, *ue, *perms;
    const char *id;
    gsize id_length;
} Entries;

static gboolean malformed (GError **error, const char *what)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "the PDF is encrypted, and its encryption dictionary is damaged: %s "
                 "(ISO 32000-2 7.6)",
                 what);
    return FALSE;
}

static gboolean unsupported (GError **error, const char *what)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "the PDF is encrypted in a way that is not supported: %s", what);
    return FALSE;
}

gboolean tamga_pdf_crypt_filter (const TamgaPdfCrypt *crypt, const char *name,
                                 TamgaPdfCipher *cipher, GError **error)
{
    static const struct {
        const char *method;
        int version;
        TamgaPdfCipher cipher;
    } methods[] = {{"V2", 4, TAMGA_PDF_CIPHER_RC4},
                   {"AESV2", 4, TAMGA_PDF_CIPHER_AES128},
                   {"AESV3", 5, TAMGA_PDF_CIPHER_AES256}};
    *cipher = TAMGA_PDF_CIPHER_NONE;
    if (strcmp (name, "Identity") == 0)
        return TRUE;
    TamgaPdfObject *filter = tamga_pdf_key (tamga_pdf_key (crypt->dict, "CF"), name);
    TamgaPdfObject *method = tamga_pdf_key (filter, "CFM");
    for (gsize i = 0; i < G_N_ELEMENTS (methods); i++) {
        if (methods[i].version == crypt->version && tamga_pdf_is_name (method, methods[i].method)) {
            *cipher = methods[i].cipher;
            return TRUE;
        }
    }
    g_autofree char *text =
        g_strdup_printf ("the crypt filter %s is %s", name,
                         method->type == TAMGA_PDF_NAME ? method->text.data : "not there");
    return unsupported (error, text);
}

static gboolean named_filter (TamgaPdfCrypt *crypt, const char *key, const char *otherwise,
                              TamgaPdfCipher *cipher, GError **error)
{
    TamgaPdfObject *name = tamga_pdf_key (crypt->dict, key);
    return tamga_pdf_crypt_filter (
        crypt, name->type == TAMGA_PDF_NAME ? name->text.data : otherwise, cipher, error);
}

static gboolean read_ciphers (TamgaPdfCrypt *crypt, GError **error)
{
    if (crypt->version < 4) {
        crypt->strings = crypt->streams = crypt->files = TAMGA_PDF_CIPHER_RC4;
        return TRUE;
    }
    TamgaPdfObject *streams = tamga_pdf_key (crypt->dict, "StmF");
    return named_filter (crypt, "StmF", "Identity", &crypt->streams, error) &&
           named_filter (crypt, "StrF", "Identity", &crypt->strings, error) &&
           named_filter (crypt, "EFF",
                         streams->type == TAMGA_PDF_NAME ? streams->text.data : "Identity",
                         &crypt->files, error);
}

static int small_integer (const TamgaPdfObject *dict, const char *key, int otherwise)
{
    TamgaPdfObject *value = tamga_pdf_key (dict, key);
    if (value->type == TAMGA_PDF_NULL)
        return otherwise;
    return value->type == TAMGA_PDF_INTEGER && value->integer >= 0 && value->integer <= 65535
               ? (int)value->integer
               : -1;
}

/* Length of the file's key, bytes, and whether /V and /R go together. */
static gboolean read_version (TamgaPdfCrypt *crypt, GError **error)
{
    static const struct {
        int version, lowest, highest, bits;
    } versions[] = {{1, 2, 3, 40}, {2, 2, 3, 0}, {4, 4, 4, 128}, {5, 5, 6, 256}};
    crypt->version = small_integer (crypt->dict, "V", 0);
    crypt->revision = small_integer (crypt->dict, "R", 0);
    if (!tamga_pdf_is_name (tamga_pdf_key (crypt->dict, "Filter"), "Standard"))
        return unsupported (error, "it is not for passwords but for certificates, or for another "
                                   "security handler (/Filter)");
    for (gsize i = 0; i < G_N_ELEMENTS (versions); i++) {
        if (versions[i].version != crypt->version || crypt->revision < versions[i].lowest ||
            crypt->revision > versions[i].highest)
            continue;
        int bits =
            versions[i].bits != 0 ? versions[i].bits : small_integer (crypt->dict, "Length", 40);
        if (bits < 40 || bits > 256 || bits % 8 != 0 || (crypt->version == 2 && bits > 128))
            return malformed (error, "/Length is not 40 to 128 bits");
        crypt->key_length = (gsize)bits / 8;
        return TRUE;
    }
    g_autofree char *text = g_strdup_printf ("/V %d with /R %d", crypt->version, crypt->revision);
    return unsupported (error, text);
}

/* A string of exactly `length` bytes; longer ones with zeros behind are as good. */
static const guint8 *fixed_string (const TamgaPdfCrypt *crypt, const char *key, gsize length)
{
    TamgaPdfObject *value = tamga_pdf_key (crypt->dict, key);
    if (value->type != TAMGA_PDF_STRING || value->text.length < length)
        return NULL;
    for (gsize i = length; i < value->text.length; i++) {
        if (value->text.data[i] != 0)
            return NULL;
    }
    return (const guint8 *)value->text.data;
}

static gboolean read_entries (const TamgaPdf *pdf, TamgaPdfCrypt *crypt, Entries *entries,
                              GError **error)
{
    gboolean new = crypt->revision >= 5;
    const TamgaPdfRevision *latest = pdf->revisions->pdata[pdf->revisions->len - 1];
    TamgaPdfObject *id = tamga_pdf_key (latest->trailer, "ID");
    TamgaPdfObject *p = tamga_pdf_key (crypt->dict, "P");
    TamgaPdfObject *metadata = tamga_pdf_key (crypt->dict, "EncryptMetadata");
    *entries = (Entries){.o = fixed_string (crypt, "O", new ? NEW_LENGTH : OLD_LENGTH),
                         .u = fixed_string (crypt, "U", new ? NEW_LENGTH : OLD_LENGTH)};
    if (entries->o == NULL || entries->u == NULL)
        return malformed (error, "/O or /U has not the length that it must have");
    if (new) {
        entries->oe = fixed_string (crypt, "OE", 32);
        entries->ue = fixed_string (crypt, "UE", 32);
        entries->perms = fixed_string (crypt, "Perms", 16);
        if (entries->oe == NULL || entries->ue == NULL || entries->perms == NULL)
            return malformed (error, "/OE, /UE or /Perms has not the length that it must have");
    }
    if (p->type != TAMGA_PDF_INTEGER || p->integer < G_MININT32 || p->integer > G_MAXUINT32)
        return malformed (error, "/P is not a number of 32 bits");
    crypt->permissions = (guint32)p->integer;
    crypt->metadata =
        crypt->version < 4 || metadata->type != TAMGA_PDF_BOOLEAN || metadata->integer != 0;
    if (id->type == TAMGA_PDF_ARRAY && id->array.n > 0 &&
        id->array.items[0]->type == TAMGA_PDF_STRING) {
        entries->id = id->array.items[0]->text.data;
        entries->id_length = id->array.items[0]->text.length;
    }
    return TRUE;
}

/* One step of MD5 over `n` bytes. */
static void md5 (const guint8 *data, gsize n, guint8 out[16])
{
    gsize length = 16;
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_MD5);
    g_checksum_update (sum, data, (gssize)n);
    g_checksum_get_digest (sum, out, &length);
}

static void pad (GBytes *password, guint8 out[PAD])
{
    gsize n;
    const void *data = g_bytes_get_data (password, &n);
    n = MIN (n, PAD);
    if (n > 0)
        memcpy (out, data, n);
    memcpy (out + n, padding, PAD - n);
}

/* Algorithm 2: the file's key from a padded user password. */
static void old_key (const TamgaPdfCrypt *crypt, const Entries *entries, const guint8 user[PAD],
                     guint8 key[16])
{
    static const guint8 all[] = {0xFF, 0xFF, 0xFF, 0xFF};
    const guint8 p[] = {(guint8)crypt->permissions, (guint8)(crypt->permissions >> 8),
                        (guint8)(crypt->permissions >> 16), (guint8)(crypt->permissions >> 24)};
    gsize length = 16;
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_MD5);
    g_checksum_update (sum, user, PAD);
    g_checksum_update (sum, entries->o, OLD_LENGTH);
    g_checksum_update (sum, p, sizeof p);
    if (entries->id_length > 0)
        g_checksum_update (sum, (const guchar *)entries->id, (gssize)entries->id_length);
    if (crypt->revision >= 4 && !crypt->metadata)
        g_checksum_update (sum, all, sizeof all);
    g_checksum_get_digest (sum, key, &length);
    for (int i = 0; crypt->revision >= 3 && i < STRETCH; i++)
        md5 (key, crypt->key_length, key);
}

/* RC4 with the key, from revision 3 on twenty times with each byte XORed by the round. */
static void rc4_rounds (const TamgaPdfCrypt *crypt, const guint8 *key, gboolean down, guint8 *data,
                        gsize n)
{
    guint rounds = crypt->revision >= 3 ? 20 : 1;
    for (guint i = 0; i < rounds; i++) {
        guint8 changed[16];
        for (gsize k = 0; k < crypt->key_length; k++)
            changed[k] = (guint8)(key[k] ^ (down ? rounds - 1 - i : i));
        tamga_pdf_rc4 (changed, crypt->key_length, data, n);
    }
}

/* Algorithms 4 to 6: does the padded user password give /U? Keeps the key when it does. */
static gboolean old_user (TamgaPdfCrypt *crypt, const Entries *entries, const guint8 user[PAD])
{
    guint8 key[16], value[PAD];
    gsize n = PAD;
    old_key (crypt, entries, user, key);
    memcpy (value, padding, PAD);
    if (crypt->revision >= 3) {
        n = 16; /* the rest of /U is arbitrary */
        gsize length = n;
        g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_MD5);
        g_checksum_update (sum, padding, PAD);
        if (entries->id_length > 0)
            g_checksum_update (sum, (const guchar *)entries->id, (gssize)entries->id_length);
        g_checksum_get_digest (sum, value, &length);
    }
    rc4_rounds (crypt, key, FALSE, value, n);
    gboolean good = CRYPTO_memcmp (value, entries->u, n) == 0;
    if (good)
        memcpy (crypt->key, key, crypt->key_length);
    OPENSSL_cleanse (key, sizeof key);
    return good;
}

/* Algorithm 7: the owner's password gives the user's. */
static gboolean old_owner (TamgaPdfCrypt *crypt, const Entries *entries, const guint8 owner[PAD])
{
    guint8 key[16], user[PAD];
    md5 (owner, PAD, key);
    for (int i = 0; crypt->revision >= 3 && i < STRETCH; i++)
        md5 (key, sizeof key, key);
    memcpy (user, entries->o, PAD);
    rc4_rounds (crypt, key, TRUE, user, PAD);
    gboolean good = old_user (crypt, entries, user);
    OPENSSL_cleanse (user, sizeof user);
    return good;
}

/* Algorithms 2.A, 11 and 12. */
static gboolean new_password (TamgaPdfCrypt *crypt, const Entries *entries, GBytes *password,
                              gboolean owner)
{
    const guint8 *value = owner ? entries->o : entries->u;
    const guint8 *user = owner ? entries->u : NULL;
    guint8 hash[32];
    gboolean good =
        tamga_pdf_password_hash (crypt->revision, password, value + VALIDATION_SALT, user, hash) &&
        CRYPTO_memcmp (hash, value, sizeof hash) == 0 &&
        tamga_pdf_password_hash (crypt->revision, password, value + KEY_SALT, user, hash) &&
        tamga_pdf_aes256_unwrap (hash, owner ? entries->oe : entries->ue, crypt->key);
    OPENSSL_cleanse (hash, sizeof hash);
    return good;
}

static gboolean try_password (TamgaPdfCrypt *crypt, const Entries *entries, GBytes *password,
                              gboolean owner)
{
    if (crypt->revision >= 5)
        return new_password (crypt, entries, password, owner);
    guint8 padded[PAD];
    pad (password, padded);
    gboolean good = owner ? old_owner (crypt, entries, padded) : old_user (crypt, entries, padded);
    OPENSSL_cleanse (padded, sizeof padded);
    return good;
}

/* Algorithm 13: /Perms says again, under the key, what /P and /EncryptMetadata say in the clear. */
static gboolean check_perms (const TamgaPdfCrypt *crypt, const Entries *entries, GError **error)
{
    guint8 block[16];
    if (crypt->revision < 5)
        return TRUE;
    if (!tamga_pdf_aes256_block (crypt->key, entries->perms, block) ||
        memcmp (block + 9, "adb", 3) != 0)
        return malformed (error, "/Perms cannot be decrypted");
    guint32 p = (guint32)block[0] | (guint32)block[1] << 8 | (guint32)block[2] << 16 |
                (guint32)block[3] << 24;
    if (p != crypt->permissions || block[8] != (crypt->metadata ? 'T' : 'F'))
        return malformed (error, "somebody changed the permissions: /P and /Perms differ");
    return TRUE;
}

/* The forms in which handlers take a password: as given; up to revision 4 in PDFDocEncoding, later
 * normalized (SASLprep maps to NFKC, ISO 32000-2 7.6.4.3.3). */
static GPtrArray *password_forms (const TamgaPdfCrypt *crypt, GBytes *password)
{
    GPtrArray *forms = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    gsize n;
    const char *data = g_bytes_get_data (password, &n);
    g_ptr_array_add (forms, g_bytes_ref (password));
    if (n == 0 || !g_utf8_validate (data, (gssize)n, NULL))
        return forms;
    if (crypt->revision < 5) {
        GBytes *bytes = tamga_pdf_doc_encode (data, n);
        if (bytes != NULL)
            g_ptr_array_add (forms, bytes);
    } else {
        char *text = g_utf8_normalize (data, (gssize)n, G_NORMALIZE_NFKC);
        g_ptr_array_add (forms, g_bytes_new_take (text, strlen (text)));
    }
    return forms;
}

/* The password that fits, kept; FALSE when none does. */
static gboolean try_forms (TamgaPdfCrypt *crypt, const Entries *entries, GBytes *password)
{
    g_autoptr (GPtrArray) forms = password_forms (crypt, password);
    for (guint i = 0; i < 2 * forms->len; i++) {
        GBytes *form = forms->pdata[i / 2];
        gsize n;
        const char *data = g_bytes_get_data (form, &n);
        gboolean owner = i % 2 == 0;
        /* Who gives no password is a user, also where the owner has set none. */
        if ((owner && n == 0) || (n > 0 && memchr (data, '\0', n) != NULL) ||
            !try_password (crypt, entries, form, owner))
            continue;
        crypt->owner = owner;
        crypt->password = g_strndup (data != NULL ? data : "", n);
        return TRUE;
    }
    return FALSE;
}

/* One encryption for the whole file: otherwise what an update adds would be read with another key
 * than it was written with, and readers would differ. */
static gboolean same_in_all_revisions (TamgaPdf *pdf, GError **error)
{
    const TamgaPdfRevision *latest = tamga_pdf_latest (pdf);
    TamgaPdfObject *encrypt = tamga_pdf_key (latest->trailer, "Encrypt");
    TamgaPdfObject *id = tamga_pdf_key (latest->trailer, "ID");
    const TamgaPdfXref *place =
        encrypt->type == TAMGA_PDF_REF ? tamga_pdf_lookup (latest, encrypt->ref.number) : NULL;
    if (encrypt->type == TAMGA_PDF_REF && (place == NULL || place->type != 1))
        return malformed (error, "it is not an object of its own in the file");
    for (guint r = 1; r < latest->number; r++) {
        const TamgaPdfRevision *view = tamga_pdf_revision (pdf, r);
        TamgaPdfObject *other = tamga_pdf_key (view->trailer, "ID");
        gboolean same_id = id->type == other->type;
        if (same_id && id->type == TAMGA_PDF_ARRAY)
            same_id = id->array.n > 0 && other->array.n > 0 &&
                      tamga_pdf_equal (id->array.items[0], other->array.items[0]);
        if (!tamga_pdf_equal (tamga_pdf_key (view->trailer, "Encrypt"), encrypt) ||
            (encrypt->type != TAMGA_PDF_NULL && !same_id) ||
            (place != NULL && tamga_pdf_lookup (view, encrypt->ref.number) != place))
            return malformed (error, "an update changed the encryption or the file's first /ID");
    }
    return TRUE;
}

gboolean tamga_pdf_unlock (TamgaPdf *pdf, GBytes *password, GError **error)
{
    const TamgaPdfRevision *latest = tamga_pdf_latest (pdf);
    TamgaPdfObject *encrypt = tamga_pdf_key (latest->trailer, "Encrypt");
    if (!same_in_all_revisions (pdf, error))
        return FALSE;
    if (encrypt->type == TAMGA_PDF_NULL)
        return TRUE;
    TamgaPdfCrypt *crypt = pdf->crypt = g_new0 (TamgaPdfCrypt, 1);
    crypt->number = encrypt->type == TAMGA_PDF_REF ? encrypt->ref.number : 0;
    crypt->dict = tamga_pdf_resolve (latest, encrypt);
    if (tamga_pdf_failed (pdf, error))
        return FALSE;
    if (crypt->dict->type != TAMGA_PDF_DICT || crypt->dict->duplicates)
        return malformed (error, "it is not a dictionary, or has a key twice");
    Entries entries;
    if (!read_version (crypt, error) || !read_ciphers (crypt, error) ||
        !read_entries (pdf, crypt, &entries, error))
        return FALSE;
    g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
    gboolean given = password != NULL && g_bytes_get_size (password) > 0;
    if ((given && try_forms (crypt, &entries, password)) || try_forms (crypt, &entries, empty))
        return check_perms (crypt, &entries, error);
    g_set_error (error, TAMGA_FORMAT_ERROR,
                 given ? TAMGA_FORMAT_ERROR_PASSWORD : TAMGA_FORMAT_ERROR_ENCRYPTED,
                 given ? "the password does not open %s: it is neither its user's nor its owner's"
                       : "%s is encrypted: it opens with a password only",
                 tamga_document_name (pdf->document));
    return FALSE;
}
