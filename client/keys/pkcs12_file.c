/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PKCS#12 files. PKCS12_parse is not used: it fails as a whole on one unknown key type, does not
 * tell a wrong password from a damaged file, and loses which certificate is whose. */
#include "client/keys/pkcs12_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/keys/keys.h"
#include "client/keys/progress.h"
#include "formats/limits.h"
#include "formats/ossl.h"

typedef STACK_OF (PKCS7) AuthSafes;
typedef STACK_OF (PKCS12_SAFEBAG) SafeBags;

static void authsafes_free (AuthSafes *safes)
{
    sk_PKCS7_pop_free (safes, PKCS7_free);
}
static void safebags_free (SafeBags *bags)
{
    sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuthSafes, authsafes_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SafeBags, safebags_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBE2PARAM, PBE2PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

static void key_free (gpointer data)
{
    TamgaPkcs12Key *key = data;
    EVP_PKEY_free (key->key);
    g_bytes_unref (key->id);
    g_free (key->label);
    g_free (key);
}

static void certificate_free (gpointer data)
{
    TamgaPkcs12Certificate *certificate = data;
    X509_free (certificate->certificate);
    g_bytes_unref (certificate->id);
    g_free (certificate->label);
    g_free (certificate);
}

void tamga_pkcs12_content_free (TamgaPkcs12Content *content)
{
    if (content == NULL)
        return;
    g_ptr_array_unref (content->keys);
    g_ptr_array_unref (content->certificates);
    g_free (content->unknown_key);
    g_free (content);
}

static gboolean set_file_error (GError **error, const char *name, const char *what)
{
    ERR_clear_error ();
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE, "%s %s", name, what);
    return FALSE;
}

static GBytes *read_file (const char *path, GError **error)
{
    struct stat facts;
    gsize size = 0;
    int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */

    if (fd < 0 || fstat (fd, &facts) != 0) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE, "%s cannot be read: %s", path,
                     g_strerror (errno));
        if (fd >= 0)
            close (fd);
        return NULL;
    }
    if (!S_ISREG (facts.st_mode) || facts.st_size > TAMGA_MAX_PKCS12_SIZE) {
        close (fd);
        set_file_error (error, path,
                        S_ISREG (facts.st_mode) ? "is too large for a PKCS#12 file"
                                                : "is not a file");
        return NULL;
    }
    guint8 *data = g_malloc ((gsize)facts.st_size + 1);
    while (size < (gsize)facts.st_size) {
        ssize_t n = read (fd, data + size, (gsize)facts.st_size - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        size += (gsize)n;
    }
    close (fd);
    return g_bytes_new_take (data, size);
}

/* PFX ::= SEQUENCE { version INTEGER (3), ... }, in BER: does it begin like one? */
static gboolean begins_like_pkcs12 (const guint8 *data, gsize size)
{
    static const guint8 version[] = {V_ASN1_INTEGER, 1, 3};
    if (size < 2 || data[0] != (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED))
        return FALSE;
    gsize header = 2 + ((data[1] & 0x80) != 0 ? data[1] & 0x7f : 0u);
    return size >= header + sizeof version && memcmp (data + header, version, sizeof version) == 0;
}

PKCS12 *tamga_pkcs12_read (const char *path, GError **error)
{
    g_autoptr (GBytes) bytes = read_file (path, error);
    if (bytes == NULL)
        return NULL;
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size), *next = data;
    if (size == 0) {
        set_file_error (error, path, "is empty");
        return NULL;
    }
    g_autoptr (PKCS12) file = d2i_PKCS12 (NULL, &next, (long)size);
    if (file == NULL) {
        set_file_error (error, path,
                        begins_like_pkcs12 (data, size)
                            ? "is a PKCS#12 file that is cut short or damaged"
                            : "is not a PKCS#12 file");
        return NULL;
    }
    ERR_clear_error ();
    return g_steal_pointer (&file);
}

/* Encryption that OpenSSL keeps in its legacy provider. */
static gboolean is_legacy (const X509_ALGOR *algorithm)
{
    static const int legacy[] = {
        NID_pbe_WithSHA1And128BitRC4,
        NID_pbe_WithSHA1And40BitRC4,
        NID_pbe_WithSHA1And128BitRC2_CBC,
        NID_pbe_WithSHA1And40BitRC2_CBC,
        NID_pbeWithMD2AndDES_CBC,
        NID_pbeWithMD5AndDES_CBC,
        NID_pbeWithSHA1AndDES_CBC,
        NID_pbeWithMD2AndRC2_CBC,
        NID_pbeWithMD5AndRC2_CBC,
        NID_pbeWithSHA1AndRC2_CBC,
        NID_rc2_cbc,
        NID_rc2_40_cbc,
        NID_rc2_64_cbc,
        NID_rc4,
        NID_des_cbc,
    };
    const ASN1_OBJECT *object;
    const void *value;
    int type;

    X509_ALGOR_get0 (&object, &type, &value, algorithm);
    int nid = OBJ_obj2nid (object);
    if (nid == NID_pbes2 && type == V_ASN1_SEQUENCE) {
        g_autoptr (PBE2PARAM) parameters = ASN1_item_unpack (value, ASN1_ITEM_rptr (PBE2PARAM));
        return parameters != NULL && is_legacy (parameters->encryption);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (legacy); i++)
        if (legacy[i] == nid)
            return TRUE;
    return FALSE;
}

static gboolean bags_need_legacy (const SafeBags *bags)
{
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num (bags); i++) {
        const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value (bags, i);
        int kind = PKCS12_SAFEBAG_get_nid (bag);
        if (kind == NID_pkcs8ShroudedKeyBag) {
            const X509_ALGOR *algorithm;
            X509_SIG_get0 (PKCS12_SAFEBAG_get0_pkcs8 (bag), &algorithm, NULL);
            if (is_legacy (algorithm))
                return TRUE;
        }
        if (kind == NID_safeContentsBag && bags_need_legacy (PKCS12_SAFEBAG_get0_safes (bag)))
            return TRUE;
    }
    return FALSE;
}

static OSSL_PROVIDER *providers[2]; /* loaded by hand; NULL: not needed so far */

void tamga_pkcs12_unload (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (providers); i++)
        if (providers[i] != NULL)
            OSSL_PROVIDER_unload (g_steal_pointer (&providers[i]));
}

/* Loads the legacy provider into this process, which has this one file only, when the file needs
 * it. */
static gboolean load_legacy_if_needed (const AuthSafes *safes, const char *name, GError **error)
{
    gboolean needed = FALSE;

    for (int i = 0; i < sk_PKCS7_num (safes); i++) {
        PKCS7 *safe = sk_PKCS7_value (safes, i);
        int kind = OBJ_obj2nid (safe->type);
        if (kind == NID_pkcs7_encrypted && safe->d.encrypted != NULL) {
            needed |= is_legacy (safe->d.encrypted->enc_data->algorithm);
        } else if (kind == NID_pkcs7_data) {
            g_autoptr (SafeBags) bags = PKCS12_unpack_p7data (safe);
            needed |= bags != NULL && bags_need_legacy (bags);
        }
    }
    if (!needed || providers[1] != NULL)
        return TRUE;
    /* loading one provider by hand stops the automatic loading of the default one */
    if ((providers[0] = OSSL_PROVIDER_load (NULL, "default")) == NULL ||
        (providers[1] = OSSL_PROVIDER_load (NULL, "legacy")) == NULL)
        return set_file_error (
            error, name,
            "is encrypted with an old algorithm (RC2, RC4 or DES), and OpenSSL's "
            "legacy provider, which has these, is not installed");
    return TRUE;
}

typedef struct {
    TamgaPkcs12Content *content;
    const char *password;
    int length;
    guint opened, failed; /* encrypted parts */
    gboolean broken;      /* a part that is not encrypted cannot be read */
} Walk;

static GBytes *local_key_id (const PKCS12_SAFEBAG *bag)
{
    const ASN1_TYPE *attribute = PKCS12_SAFEBAG_get0_attr (bag, NID_localKeyID);
    if (attribute == NULL || attribute->type != V_ASN1_OCTET_STRING)
        return g_bytes_new (NULL, 0);
    return g_bytes_new (ASN1_STRING_get0_data (attribute->value.octet_string),
                        (gsize)ASN1_STRING_length (attribute->value.octet_string));
}

static char *friendly_name (PKCS12_SAFEBAG *bag)
{
    char *name = PKCS12_get_friendlyname (bag);
    char *copy = g_utf8_make_valid (name != NULL ? name : "", -1);
    OPENSSL_free (name);
    return copy;
}

static void take_key (Walk *walk, PKCS12_SAFEBAG *bag, const PKCS8_PRIV_KEY_INFO *info)
{
    g_autoptr (EVP_PKEY) key = EVP_PKCS82PKEY (info);

    if (key == NULL) {
        const ASN1_OBJECT *algorithm = NULL;
        PKCS8_pkey_get0 (&algorithm, NULL, NULL, NULL, info);
        g_free (walk->content->unknown_key);
        walk->content->unknown_key = tamga_ossl_oid (algorithm);
        return;
    }
    TamgaPkcs12Key *found = g_new0 (TamgaPkcs12Key, 1);
    found->key = g_steal_pointer (&key);
    found->id = local_key_id (bag);
    found->label = friendly_name (bag);
    g_ptr_array_add (walk->content->keys, found);
}

static void take_shrouded_key (Walk *walk, PKCS12_SAFEBAG *bag)
{
    tamga_progress_enter ("PKCS12_decrypt_skey");
    g_autoptr (PKCS8_PRIV_KEY_INFO) info = PKCS12_decrypt_skey (bag, walk->password, walk->length);
    tamga_progress_leave ();
    if (info == NULL) {
        walk->failed++;
        return;
    }
    walk->opened++;
    take_key (walk, bag, info);
}

static void take_certificate (Walk *walk, PKCS12_SAFEBAG *bag)
{
    if (PKCS12_SAFEBAG_get_bag_nid (bag) != NID_x509Certificate)
        return;
    X509 *certificate = PKCS12_SAFEBAG_get1_cert (bag);
    if (certificate == NULL) {
        walk->broken = TRUE;
        return;
    }
    TamgaPkcs12Certificate *found = g_new0 (TamgaPkcs12Certificate, 1);
    found->certificate = certificate;
    found->id = local_key_id (bag);
    found->label = friendly_name (bag);
    g_ptr_array_add (walk->content->certificates, found);
}

/* `depth`: safeContentsBags may hold bags; a file that nests them deeply is broken. */
static void walk_bags (Walk *walk, const SafeBags *bags, int depth)
{
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num (bags); i++) {
        PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value (bags, i);
        switch (PKCS12_SAFEBAG_get_nid (bag)) {
        case NID_keyBag:
            take_key (walk, bag, PKCS12_SAFEBAG_get0_p8inf (bag));
            break;
        case NID_pkcs8ShroudedKeyBag:
            take_shrouded_key (walk, bag);
            break;
        case NID_certBag:
            take_certificate (walk, bag);
            break;
        case NID_safeContentsBag:
            if (depth < 8)
                walk_bags (walk, PKCS12_SAFEBAG_get0_safes (bag), depth + 1);
            else
                walk->broken = TRUE;
            break;
        default: /* CRLs, secrets: nothing to sign with */
            break;
        }
    }
}

static void walk_safes (Walk *walk, const AuthSafes *safes)
{
    for (int i = 0; i < sk_PKCS7_num (safes); i++) {
        PKCS7 *safe = sk_PKCS7_value (safes, i);
        int kind = OBJ_obj2nid (safe->type);
        g_autoptr (SafeBags) bags = NULL;
        if (kind == NID_pkcs7_data) {
            bags = PKCS12_unpack_p7data (safe);
            walk->broken |= bags == NULL;
        } else if (kind == NID_pkcs7_encrypted) {
            tamga_progress_enter ("PKCS12_unpack_p7encdata");
            bags = PKCS12_unpack_p7encdata (safe, walk->password, walk->length);
            tamga_progress_leave ();
            if (bags != NULL)
                walk->opened++;
            else
                walk->failed++;
        } else {
            walk->broken = TRUE; /* encrypted with a public key (RFC 7292 3.1): not for people */
        }
        if (bags != NULL)
            walk_bags (walk, bags, 0);
    }
}

typedef enum { MAC_GOOD, MAC_BAD, MAC_ABSENT, MAC_UNKNOWN } Mac;

static Mac check_mac (PKCS12 *file, const char *password, int length)
{
    if (!PKCS12_mac_present (file))
        return MAC_ABSENT;
    ERR_clear_error ();
    tamga_progress_enter ("PKCS12_verify_mac");
    int good = PKCS12_verify_mac (file, password, length);
    tamga_progress_leave ();
    if (good)
        return MAC_GOOD;
    /* a mismatch leaves no error behind; an algorithm that is not there does */
    return ERR_peek_error () != 0 ? MAC_UNKNOWN : MAC_BAD;
}

static TamgaPkcs12Content *content_new (void)
{
    TamgaPkcs12Content *content = g_new0 (TamgaPkcs12Content, 1);
    content->keys = g_ptr_array_new_with_free_func (key_free);
    content->certificates = g_ptr_array_new_with_free_func (certificate_free);
    return content;
}

/* Whose fault is it? The MAC covers the encrypted parts, so a damaged byte and a wrong password
 * both break it; but only the right password opens an encrypted part. */
static gboolean judge (const Walk *walk, Mac mac, const char *name, GError **error)
{
    if (mac == MAC_UNKNOWN)
        return set_file_error (error, name,
                               "is protected by an algorithm that this program does not know");
    if (mac == MAC_BAD && walk->opened > 0)
        return set_file_error (error, name,
                               "is damaged: the password fits, the content does not match its "
                               "integrity code");
    if (mac == MAC_BAD || (mac == MAC_ABSENT && walk->opened == 0 && walk->failed > 0)) {
        ERR_clear_error ();
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN,
                     "wrong password for the file %s", name);
        return FALSE;
    }
    if (walk->failed > 0 || walk->broken)
        return set_file_error (error, name,
                               "has a part that cannot be read: it is damaged, or encrypted in a "
                               "way that this program does not know");
    return TRUE;
}

TamgaPkcs12Content *tamga_pkcs12_unpack (PKCS12 *file, const char *name,
                                         const TamgaSecret *password, GError **error)
{
    g_autoptr (AuthSafes) safes = PKCS12_unpack_authsafes (file);
    if (safes == NULL) {
        set_file_error (error, name, "is a damaged PKCS#12 file");
        return NULL;
    }
    if (!load_legacy_if_needed (safes, name, error))
        return NULL;

    g_autoptr (TamgaPkcs12Content) content = content_new ();
    Walk walk = {
        .content = content,
        .password = password->bytes,
        .length = (int)password->size,
    };
    Mac mac = check_mac (file, walk.password, walk.length);
    if (mac == MAC_BAD && password->size == 0) {
        /* "no password" is either an empty string or none at all (RFC 7292 B.1) */
        mac = check_mac (file, NULL, 0);
        if (mac == MAC_GOOD)
            walk.password = NULL;
    }
    walk_safes (&walk, safes);
    if (!judge (&walk, mac, name, error))
        return NULL;
    ERR_clear_error ();
    return g_steal_pointer (&content);
}
