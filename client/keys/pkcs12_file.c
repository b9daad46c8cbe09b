/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PKCS#12 files. PKCS12_parse is not used: it fails as a whole on one unknown key type, does not
 * tell a wrong password from a damaged file, and loses which certificate is whose. */
#include <openssl/err.h>

#include "client/keys/key_file.h"
#include "client/keys/keys.h"
#include "client/keys/progress.h"
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

static gboolean bags_need_legacy (const SafeBags *bags)
{
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num (bags); i++) {
        const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value (bags, i);
        int kind = PKCS12_SAFEBAG_get_nid (bag);
        if (kind == NID_pkcs8ShroudedKeyBag) {
            const X509_ALGOR *algorithm;
            X509_SIG_get0 (PKCS12_SAFEBAG_get0_pkcs8 (bag), &algorithm, NULL);
            if (tamga_key_file_is_legacy (algorithm))
                return TRUE;
        }
        if (kind == NID_safeContentsBag && bags_need_legacy (PKCS12_SAFEBAG_get0_safes (bag)))
            return TRUE;
    }
    return FALSE;
}

static gboolean load_legacy_if_needed (const AuthSafes *safes, const char *name, GError **error)
{
    gboolean needed = FALSE;

    for (int i = 0; i < sk_PKCS7_num (safes); i++) {
        PKCS7 *safe = sk_PKCS7_value (safes, i);
        int kind = OBJ_obj2nid (safe->type);
        if (kind == NID_pkcs7_encrypted && safe->d.encrypted != NULL) {
            needed |= tamga_key_file_is_legacy (safe->d.encrypted->enc_data->algorithm);
        } else if (kind == NID_pkcs7_data) {
            g_autoptr (SafeBags) bags = PKCS12_unpack_p7data (safe);
            needed |= bags != NULL && bags_need_legacy (bags);
        }
    }
    return !needed || tamga_key_file_load_legacy (name, error);
}

typedef struct {
    TamgaFileContent *content;
    const char *password;
    int length;
    guint opened, failed; /* encrypted parts */
    gboolean broken;      /* a part that is not encrypted cannot be read */
    char *unknown;        /* of the parts that failed: what one is encrypted with; or NULL */
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
    tamga_file_content_add_key (walk->content, info, local_key_id (bag), friendly_name (bag));
}

/* A part did not open. OpenSSL's error queue tells whether it could have. */
static void note_failure (Walk *walk, const X509_ALGOR *algorithm)
{
    walk->failed++;
    if (tamga_key_file_was_unknown () && walk->unknown == NULL)
        walk->unknown = tamga_key_file_unknown (algorithm);
}

static void take_shrouded_key (Walk *walk, PKCS12_SAFEBAG *bag)
{
    const X509_ALGOR *algorithm;

    X509_SIG_get0 (PKCS12_SAFEBAG_get0_pkcs8 (bag), &algorithm, NULL);
    ERR_clear_error ();
    tamga_progress_enter ("PKCS12_decrypt_skey");
    g_autoptr (PKCS8_PRIV_KEY_INFO) info = PKCS12_decrypt_skey (bag, walk->password, walk->length);
    tamga_progress_leave ();
    if (info == NULL) {
        note_failure (walk, algorithm);
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
    tamga_file_content_add_certificate (walk->content, certificate, local_key_id (bag),
                                        friendly_name (bag));
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
        } else if (kind == NID_pkcs7_encrypted && safe->d.encrypted != NULL) {
            ERR_clear_error ();
            tamga_progress_enter ("PKCS12_unpack_p7encdata");
            bags = PKCS12_unpack_p7encdata (safe, walk->password, walk->length);
            tamga_progress_leave ();
            if (bags != NULL)
                walk->opened++;
            else
                note_failure (walk, safe->d.encrypted->enc_data->algorithm);
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

/* Whose fault is it? The MAC covers the encrypted parts, so a damaged byte and a wrong password
 * both break it; but only the right password opens an encrypted part. */
static gboolean judge (const Walk *walk, Mac mac, const char *name, GError **error)
{
    if (mac == MAC_BAD && walk->opened > 0)
        return tamga_key_file_set_error (
            error, name,
            "is damaged: the password fits, the content does not match its "
            "integrity code");
    if (mac != MAC_BAD && walk->unknown != NULL)
        return tamga_key_file_set_error (error, name, walk->unknown);
    if (mac == MAC_BAD || (mac == MAC_ABSENT && walk->opened == 0 && walk->failed > 0)) {
        ERR_clear_error ();
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN,
                     "wrong password for the file %s", name);
        return FALSE;
    }
    if (walk->failed > 0 || walk->broken)
        return tamga_key_file_set_error (
            error, name,
            "has a part that cannot be read: it is damaged, or encrypted in a "
            "way that this program does not know");
    return TRUE;
}

TamgaFileContent *tamga_pkcs12_unpack (PKCS12 *file, const char *name, const TamgaSecret *password,
                                       GError **error)
{
    g_autoptr (AuthSafes) safes = PKCS12_unpack_authsafes (file);
    if (safes == NULL) {
        tamga_key_file_set_error (error, name, "is a damaged PKCS#12 file");
        return NULL;
    }
    if (!load_legacy_if_needed (safes, name, error))
        return NULL;

    g_autoptr (TamgaFileContent) content = tamga_file_content_new ();
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
    if (mac == MAC_UNKNOWN) {
        const X509_ALGOR *algorithm;
        PKCS12_get0_mac (NULL, &algorithm, NULL, NULL, file);
        g_autofree char *what = tamga_key_file_unknown (algorithm);
        tamga_key_file_set_error (error, name, what);
        return NULL;
    }
    walk_safes (&walk, safes);
    gboolean good = judge (&walk, mac, name, error);
    g_free (walk.unknown);
    if (!good)
        return NULL;
    ERR_clear_error ();
    return g_steal_pointer (&content);
}
