/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys and certificates of a token, and which belongs to which: by CKA_ID, confirmed by the
 * public key where that is known, else by the public key alone; never by label (tokens exist whose
 * labels differ, and several certificates may have one label). */
#include "client/keys/pkcs11_module.h"
#include "client/keys/protocol.h"
#include "client/keys/store.h"
#include "formats/ossl.h"

typedef struct {
    CK_OBJECT_HANDLE handle;
    GBytes *id;
    X509 *certificate;    /* of a certificate object */
    EVP_PKEY *public_key; /* NULL where it cannot be known */
    gboolean used;        /* a private key was found for this certificate */
} Object;

static void object_free (gpointer data)
{
    Object *object = data;
    g_bytes_unref (object->id);
    X509_free (object->certificate);
    EVP_PKEY_free (object->public_key);
    g_free (object);
}

typedef struct {
    GPtrArray *certificates, *public_keys, *private_keys; /* Object */
    guint schemes;                                        /* 1 << TamgaScheme */
} Listing;

static void listing_free (Listing *listing)
{
    g_clear_pointer (&listing->certificates, g_ptr_array_unref);
    g_clear_pointer (&listing->public_keys, g_ptr_array_unref);
    g_clear_pointer (&listing->private_keys, g_ptr_array_unref);
    g_free (listing);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listing, listing_free)

/* All objects of a class. Certificates that are not X.509, or broken, are left out. */
static GPtrArray *list_objects (TamgaPkcs11 *module, CK_OBJECT_CLASS class, GError **error)
{
    g_autoptr (GArray) handles = tamga_pkcs11_find (module, class, error);
    if (handles == NULL)
        return NULL;
    g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (object_free);
    for (guint i = 0; i < handles->len; i++) {
        Object *object = g_new0 (Object, 1);
        object->handle = g_array_index (handles, CK_OBJECT_HANDLE, i);
        object->id = tamga_pkcs11_attribute (module, object->handle, CKA_ID);
        if (class == CKO_CERTIFICATE) {
            g_autoptr (GBytes) der = tamga_pkcs11_attribute (module, object->handle, CKA_VALUE);
            object->certificate = tamga_ossl_certificate (der);
            if (object->certificate == NULL) {
                object_free (object);
                continue;
            }
            object->public_key = X509_get_pubkey (object->certificate);
        } else {
            object->public_key = tamga_pkcs11_public_key (module, object->handle);
        }
        g_ptr_array_add (objects, object);
    }
    ERR_clear_error ();
    return g_steal_pointer (&objects);
}

static const struct {
    CK_MECHANISM_TYPE mechanism;
    TamgaScheme scheme;
} mechanisms[] = {
    {CKM_RSA_PKCS, TAMGA_SCHEME_RSA_PKCS1},
    {CKM_RSA_PKCS_PSS, TAMGA_SCHEME_RSA_PSS},
    {CKM_ECDSA, TAMGA_SCHEME_ECDSA},
};

/* What the token can sign digests with. */
static guint list_schemes (TamgaPkcs11 *module)
{
    guint schemes = 0;

    for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++) {
        CK_MECHANISM_INFO info;
        CK_RV rv =
            TAMGA_P11 (module, C_GetMechanismInfo, module->slot, mechanisms[i].mechanism, &info);
        if (rv == CKR_OK && (info.flags & CKF_SIGN) != 0)
            schemes |= 1u << mechanisms[i].scheme;
    }
    return schemes;
}

static Listing *list_token (TamgaPkcs11 *module, GError **error)
{
    g_autoptr (Listing) listing = g_new0 (Listing, 1);

    module->lost = CKR_OK;
    if ((listing->certificates = list_objects (module, CKO_CERTIFICATE, error)) == NULL ||
        (listing->public_keys = list_objects (module, CKO_PUBLIC_KEY, error)) == NULL ||
        (listing->private_keys = list_objects (module, CKO_PRIVATE_KEY, error)) == NULL)
        return NULL;
    listing->schemes = list_schemes (module);
    return g_steal_pointer (&listing);
}

/* A half-read token is an error, not a short list. */
static gboolean all_was_read (TamgaPkcs11 *module, GError **error)
{
    if (module->lost != CKR_OK)
        return tamga_pkcs11_failed (module, "C_GetAttributeValue", module->lost, error);
    return TRUE;
}

static gboolean same_id (const Object *a, const Object *b)
{
    return g_bytes_get_size (a->id) > 0 && g_bytes_equal (a->id, b->id);
}

static gboolean same_key (EVP_PKEY *a, EVP_PKEY *b)
{
    return a != NULL && b != NULL && EVP_PKEY_eq (a, b) == 1;
}

static guint count_same_id (GPtrArray *objects, const Object *wanted)
{
    guint n = 0;
    for (guint i = 0; i < objects->len; i++)
        n += same_id (objects->pdata[i], wanted) ? 1 : 0;
    return n;
}

/* Of two certificates of one key the one issued later: the other was renewed. */
static Object *newer (Object *a, Object *b)
{
    if (a == NULL)
        return b;
    return tamga_ossl_time (X509_get0_notBefore (b->certificate)) >
                   tamga_ossl_time (X509_get0_notBefore (a->certificate))
               ? b
               : a;
}

/* The public half of a private key that does not tell it: of the one public key object with its
 * id, where no other private key has that id. */
static void find_public_key (Listing *listing, Object *private_key)
{
    if (private_key->public_key != NULL ||
        count_same_id (listing->private_keys, private_key) != 1 ||
        count_same_id (listing->public_keys, private_key) != 1)
        return;
    for (guint i = 0; i < listing->public_keys->len; i++) {
        Object *candidate = listing->public_keys->pdata[i];
        if (same_id (candidate, private_key) && candidate->public_key != NULL) {
            EVP_PKEY_up_ref (candidate->public_key);
            private_key->public_key = candidate->public_key;
        }
    }
}

/* The certificate of a private key; `*by_id`: found by CKA_ID. */
static Object *find_certificate (Listing *listing, Object *private_key, gboolean *by_id)
{
    gboolean alone = count_same_id (listing->private_keys, private_key) == 1;
    Object *with_id = NULL, *with_key = NULL;

    find_public_key (listing, private_key);
    for (guint i = 0; i < listing->certificates->len; i++) {
        Object *candidate = listing->certificates->pdata[i];
        gboolean fits = same_key (candidate->public_key, private_key->public_key);
        if (same_id (candidate, private_key) &&
            (fits || (private_key->public_key == NULL && alone)))
            with_id = newer (with_id, candidate);
        if (fits)
            with_key = newer (with_key, candidate);
    }
    *by_id = with_id != NULL;
    return with_id != NULL ? with_id : with_key;
}

static GVariant *key_facts (TamgaPkcs11 *module, Listing *listing, Object *private_key)
{
    gboolean by_id;
    Object *certificate = find_certificate (listing, private_key, &by_id);
    if (certificate != NULL)
        certificate->used = TRUE;
    EVP_PKEY *public_key = private_key->public_key != NULL ? private_key->public_key
                           : certificate != NULL           ? certificate->public_key
                                                           : NULL;
    g_autofree const char **algorithms = tamga_store_algorithms (public_key, listing->schemes);
    g_autoptr (GBytes) label_bytes =
        tamga_pkcs11_attribute (module, private_key->handle, CKA_LABEL);
    g_autofree char *label =
        g_strndup (g_bytes_get_data (label_bytes, NULL), g_bytes_get_size (label_bytes));
    CK_OBJECT_HANDLE handle = private_key->handle;
    if (public_key != NULL) {
        EVP_PKEY_up_ref (public_key);
        g_hash_table_replace (module->public_keys, GSIZE_TO_POINTER (handle), public_key);
    }
    return tamga_store_key_facts (&(TamgaStoreKey){
        .handle = handle,
        .id = private_key->id,
        .label = label,
        .store = "PKCS#11",
        .certificate = certificate != NULL ? certificate->certificate : NULL,
        .public_key = public_key,
        .always_authenticate = tamga_pkcs11_flag (module, handle, CKA_ALWAYS_AUTHENTICATE, FALSE),
        .on_token = !tamga_pkcs11_flag (module, handle, CKA_EXTRACTABLE, FALSE),
        .matched_by_id = by_id,
        .algorithms = algorithms,
    });
}

/* Most tokens hide private keys until the login. A certificate of a person shows that there is
 * likely one; `sign` needs the login and a new listing. */
static GVariant *hidden_key_facts (TamgaPkcs11 *module, Listing *listing, Object *certificate)
{
    g_autofree const char **algorithms =
        tamga_store_algorithms (certificate->public_key, listing->schemes);
    g_autoptr (GBytes) label_bytes =
        tamga_pkcs11_attribute (module, certificate->handle, CKA_LABEL);
    g_autofree char *label =
        g_strndup (g_bytes_get_data (label_bytes, NULL), g_bytes_get_size (label_bytes));
    return tamga_store_key_facts (&(TamgaStoreKey){
        .id = certificate->id,
        .label = label,
        .store = "PKCS#11",
        .certificate = certificate->certificate,
        .public_key = certificate->public_key,
        .on_token = TRUE,
        .matched_by_id = FALSE,
        .algorithms = algorithms,
    });
}

GVariant *tamga_pkcs11_keys (TamgaPkcs11 *module, GError **error)
{
    g_autoptr (Listing) listing = list_token (module, error);
    GVariantBuilder keys;

    if (listing == NULL)
        return NULL;
    g_variant_builder_init (&keys, G_VARIANT_TYPE ("aa{sv}"));
    for (guint i = 0; i < listing->private_keys->len; i++) {
        Object *private_key = listing->private_keys->pdata[i];
        if (tamga_pkcs11_flag (module, private_key->handle, CKA_SIGN, TRUE))
            g_variant_builder_add_value (&keys, key_facts (module, listing, private_key));
    }
    for (guint i = 0; !module->logged_in && i < listing->certificates->len; i++) {
        Object *certificate = listing->certificates->pdata[i];
        if (!certificate->used && !tamga_keys_is_authority (certificate->certificate))
            g_variant_builder_add_value (&keys, hidden_key_facts (module, listing, certificate));
    }
    g_autoptr (GVariant) answer = g_variant_ref_sink (g_variant_builder_end (&keys));
    if (!all_was_read (module, error))
        return NULL;
    return g_steal_pointer (&answer);
}

GVariant *tamga_pkcs11_certificates (TamgaPkcs11 *module, GError **error)
{
    GVariantBuilder list;

    module->lost = CKR_OK;
    g_autoptr (GPtrArray) certificates = list_objects (module, CKO_CERTIFICATE, error);
    if (certificates == NULL || !all_was_read (module, error))
        return NULL;
    g_variant_builder_init (&list, G_VARIANT_TYPE ("aay"));
    for (guint i = 0; i < certificates->len; i++)
        g_variant_builder_add_value (
            &list, tamga_store_certificate (((Object *)certificates->pdata[i])->certificate));
    return g_variant_builder_end (&list);
}
