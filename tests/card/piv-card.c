/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PIV application: objects, PIN, private key operations, command and response chaining. Clauses
 * are those of NIST SP 800-73-4 part 2 unless named otherwise. */
#include "tests/card/piv-card.h"

#include "tests/card/piv-objects.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define PIN_LENGTH 8         /* padded with FF (2.4.3) */
#define MAX_CERTIFICATE 8192 /* bytes of DER */
#define MAX_COMMAND 4096     /* bytes of data that chained commands may gather */

/* Status words (part 2, table 2 and the clauses of each command). */
enum {
    SW_OK = 0x9000,
    SW_MORE = 0x6100, /* low byte: how much */
    SW_TRIES = 0x63c0,
    SW_LENGTH = 0x6700,
    SW_SECURITY = 0x6982,
    SW_LOCKED = 0x6983,
    SW_DATA = 0x6a80,
    SW_NOT_FOUND = 0x6a82,
    SW_P1P2 = 0x6a86,
    SW_REFERENCE = 0x6a88,
    SW_INS = 0x6d00,
    SW_CLA = 0x6e00,
    SW_FAILED = 0x6f00,
};

/* Key slots (part 1, table 4b). */
static const struct {
    const char *name;
    guint8 reference;
    guint32 object; /* tag of its certificate (part 1, table 3) */
    gboolean pin_always;
} slot_table[] = {
    {"9a", 0x9a, 0x5fc105, FALSE},
    {"9c", 0x9c, 0x5fc10a, TRUE},
    {"9d", 0x9d, 0x5fc10b, FALSE},
};
#define N_SLOTS G_N_ELEMENTS (slot_table)

struct slot {
    EVP_PKEY *key; /* NULL: empty slot */
    guint8 algorithm;
    gsize input_length; /* RSA: exactly this; EC: at most this */
    GBytes *certificate;
};

struct tamga_piv_card {
    struct slot slots[N_SLOTS];
    guint8 first_pin[PIN_LENGTH];
    guint8 pin[PIN_LENGTH];
    guint max_tries;
    guint tries;
    gboolean verified;  /* a good VERIFY since the last reset */
    gboolean pin_fresh; /* and no private key operation since then */
    guint signatures;
    GByteArray *chain; /* data of the commands chained so far */
    guint8 chain_ins;  /* 0: none */
    GByteArray *rest;  /* of the response that GET RESPONSE fetches */
};

struct apdu {
    guint8 cla, ins, p1, p2;
    const guint8 *data;
    gsize length;
    gsize expected; /* most bytes of response data the reader takes at once */
};

G_DEFINE_QUARK (tamga-piv-card-error-quark, tamga_piv_card_error)

/* --- commands ----------------------------------------------------------------------------- */

/* SELECT (2.1.1, 3.1.1). */
static guint run_select (tamga_piv_card *card G_GNUC_UNUSED, const struct apdu *apdu,
                         GByteArray *out)
{
    g_autoptr (GByteArray) template = g_byte_array_new ();
    g_autoptr (GByteArray) authority = g_byte_array_new ();

    if (apdu->p1 != 0x04)
        return SW_NOT_FOUND;
    if (apdu->length < PIV_RID_LENGTH || apdu->length > PIV_AID_LENGTH ||
        memcmp (apdu->data, piv_aid, apdu->length) != 0)
        return SW_NOT_FOUND;
    piv_append_tlv (template, 0x4f, piv_aid + PIV_RID_LENGTH, PIV_AID_LENGTH - PIV_RID_LENGTH);
    piv_append_tlv (authority, 0x4f, piv_aid, PIV_RID_LENGTH);
    piv_append_tlv (template, 0x79, authority->data, authority->len);
    piv_append_tlv (out, 0x61, template->data, template->len);
    return SW_OK;
}

/* The card is named after its certificates, so that two cards have two serial numbers. */
static void make_guid (const tamga_piv_card *card, guint8 *guid)
{
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize length = sizeof digest;

    for (gsize i = 0; i < N_SLOTS; i++)
        if (card->slots[i].certificate != NULL)
            g_checksum_update (sum, g_bytes_get_data (card->slots[i].certificate, NULL),
                               (gssize)g_bytes_get_size (card->slots[i].certificate));
    g_checksum_get_digest (sum, digest, &length);
    memcpy (guid, digest, PIV_GUID_LENGTH);
    guid[6] = (guid[6] & 0x0f) | 0x40; /* a UUID (part 1, 3.4.1) */
    guid[8] = (guid[8] & 0x3f) | 0x80;
}

/* GET DATA (3.1.2). */
static guint run_get_data (tamga_piv_card *card, const struct apdu *apdu, GByteArray *out)
{
    const guint8 *data = apdu->data, *name;
    gsize left = apdu->length, length;
    guint8 guid[PIV_GUID_LENGTH];
    guint32 tag = 0;
    guint8 list;

    if (apdu->p1 != 0x3f || apdu->p2 != 0xff)
        return SW_P1P2;
    if (!piv_read_tlv (&data, &left, &list, &name, &length) || list != 0x5c || length < 1 ||
        length > 3)
        return SW_DATA;
    for (gsize i = 0; i < length; i++)
        tag = tag << 8 | name[i];
    for (gsize i = 0; i < N_SLOTS; i++) {
        if (slot_table[i].object == tag && card->slots[i].certificate != NULL) {
            piv_build_certificate (card->slots[i].certificate, out);
            return SW_OK;
        }
    }
    make_guid (card, guid);
    return piv_build_object (tag, guid, out) ? SW_OK : SW_NOT_FOUND;
}

static void forget_verification (tamga_piv_card *card)
{
    card->verified = FALSE;
    card->pin_fresh = FALSE;
}

/* Compares and counts: the counter falls before the comparison tells anything. */
static guint try_pin (tamga_piv_card *card, const guint8 *pin)
{
    if (card->tries == 0)
        return SW_LOCKED;
    card->tries--;
    forget_verification (card);
    if (CRYPTO_memcmp (pin, card->pin, PIN_LENGTH) != 0)
        return SW_TRIES | card->tries;
    card->tries = card->max_tries;
    card->verified = TRUE;
    card->pin_fresh = TRUE;
    return SW_OK;
}

/* VERIFY (3.2.1). */
static guint run_verify (tamga_piv_card *card, const struct apdu *apdu,
                         GByteArray *out G_GNUC_UNUSED)
{
    if (apdu->p2 != 0x80)
        return SW_REFERENCE;
    if (apdu->p1 == 0xff && apdu->length == 0) {
        forget_verification (card);
        return SW_OK;
    }
    if (apdu->p1 != 0x00)
        return SW_P1P2;
    if (apdu->length == 0) {
        if (card->verified)
            return SW_OK;
        return card->tries == 0 ? SW_LOCKED : SW_TRIES | card->tries;
    }
    if (apdu->length != PIN_LENGTH)
        return SW_DATA;
    return try_pin (card, apdu->data);
}

/* Six to eight digits, then FF. */
static gboolean is_padded_pin (const guint8 *pin)
{
    gsize n = 0;

    while (n < PIN_LENGTH && g_ascii_isdigit (pin[n]))
        n++;
    if (n < 6)
        return FALSE;
    for (; n < PIN_LENGTH; n++)
        if (pin[n] != 0xff)
            return FALSE;
    return TRUE;
}

/* CHANGE REFERENCE DATA (3.2.2). */
static guint run_change_pin (tamga_piv_card *card, const struct apdu *apdu,
                             GByteArray *out G_GNUC_UNUSED)
{
    guint status;

    if (apdu->p1 != 0x00)
        return SW_P1P2;
    if (apdu->p2 != 0x80)
        return SW_REFERENCE;
    if (apdu->length != 2 * PIN_LENGTH || !is_padded_pin (apdu->data + PIN_LENGTH))
        return SW_DATA;
    status = try_pin (card, apdu->data);
    if (status == SW_OK)
        memcpy (card->pin, apdu->data + PIN_LENGTH, PIN_LENGTH);
    return status;
}

/* Finds challenge (81) of the dynamic authentication template that asks for a response (82). */
static gboolean find_challenge (const struct apdu *apdu, const guint8 **challenge, gsize *length)
{
    const guint8 *data = apdu->data, *items, *value;
    gsize left = apdu->length, items_length, value_length;
    gboolean wants_response = FALSE;
    guint8 tag;

    *challenge = NULL;
    if (!piv_read_tlv (&data, &left, &tag, &items, &items_length) || tag != 0x7c || left != 0)
        return FALSE;
    while (items_length > 0) {
        if (!piv_read_tlv (&items, &items_length, &tag, &value, &value_length))
            return FALSE;
        if (tag == 0x82 && value_length == 0)
            wants_response = TRUE;
        if (tag == 0x81) {
            *challenge = value;
            *length = value_length;
        }
    }
    return wants_response && *challenge != NULL;
}

/* The raw private key operation: the reader's side does the padding of RSA. */
static gboolean use_key (const struct slot *slot, const guint8 *input, gsize length,
                         GByteArray *signature)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (slot->key, NULL);
    gsize size = (gsize)EVP_PKEY_get_size (slot->key);
    gboolean rsa = EVP_PKEY_is_a (slot->key, "RSA");
    gboolean good;

    g_byte_array_set_size (signature, (guint)size);
    good = context != NULL && EVP_PKEY_sign_init (context) == 1 &&
           (!rsa || EVP_PKEY_CTX_set_rsa_padding (context, RSA_NO_PADDING) == 1) &&
           EVP_PKEY_sign (context, signature->data, &size, input, length) == 1;
    EVP_PKEY_CTX_free (context);
    g_byte_array_set_size (signature, good ? (guint)size : 0);
    return good;
}

/* GENERAL AUTHENTICATE (3.2.4) as appendix A.4 uses it for signatures. */
static guint run_general_authenticate (tamga_piv_card *card, const struct apdu *apdu,
                                       GByteArray *out)
{
    g_autoptr (GByteArray) signature = g_byte_array_new ();
    g_autoptr (GByteArray) template = g_byte_array_new ();
    const struct slot *slot;
    const guint8 *challenge;
    gsize length = 0, i;
    gboolean allowed;

    for (i = 0; i < N_SLOTS; i++)
        if (slot_table[i].reference == apdu->p2 && card->slots[i].key != NULL)
            break;
    if (i == N_SLOTS)
        return SW_P1P2;
    slot = &card->slots[i];
    if (apdu->p1 != slot->algorithm)
        return SW_P1P2;
    if (!find_challenge (apdu, &challenge, &length) || length == 0 || length > slot->input_length ||
        (EVP_PKEY_is_a (slot->key, "RSA") && length != slot->input_length))
        return SW_DATA;

    allowed = slot_table[i].pin_always ? card->pin_fresh : card->verified;
    card->pin_fresh = FALSE;
    if (!allowed)
        return SW_SECURITY;
    if (!use_key (slot, challenge, length, signature))
        return SW_FAILED;
    card->signatures++;
    piv_append_tlv (template, 0x82, signature->data, signature->len);
    piv_append_tlv (out, 0x7c, template->data, template->len);
    return SW_OK;
}

static const struct {
    guint8 ins;
    guint (*run) (tamga_piv_card *card, const struct apdu *apdu, GByteArray *out);
} commands[] = {
    {0xa4, run_select},
    {0xcb, run_get_data},
    {0x20, run_verify},
    {0x24, run_change_pin},
    {0x87, run_general_authenticate},
};

/* --- APDUs -------------------------------------------------------------------------------- */

/* ISO/IEC 7816-4, 5.1: short and extended forms of the four cases. */
static gboolean parse_apdu (const guint8 *command, gsize length, struct apdu *apdu)
{
    const guint8 *p = command + 4;
    gsize left, size = 1;

    if (length < 4)
        return FALSE;
    left = length - 4;
    *apdu = (struct apdu){command[0], command[1], command[2], command[3], NULL, 0, 256};
    if (left == 0)
        return TRUE;
    if (left >= 3 && p[0] == 0) {
        size = 2;
        p++;
        left--;
    }
    if (left > size) {
        apdu->length = size == 1 ? p[0] : (gsize)p[0] << 8 | p[1];
        apdu->data = p + size;
        left -= size;
        if (apdu->length == 0 || apdu->length > left)
            return FALSE;
        p = apdu->data + apdu->length;
        left -= apdu->length;
    }
    if (left == size)
        apdu->expected = size == 1 ? p[0] : (gsize)p[0] << 8 | p[1];
    if (apdu->expected == 0)
        apdu->expected = size == 1 ? 256 : 65536;
    return left == 0 || left == size;
}

/* Takes the next EXPECTED bytes off the rest of the response; says with 61xx when more is left. */
static GBytes *take_response (tamga_piv_card *card, gsize expected)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    guint n = (guint)MIN (expected, card->rest->len);
    guint status = SW_OK;

    if (n > 0) {
        g_byte_array_append (out, card->rest->data, n);
        g_byte_array_remove_range (card->rest, 0, n);
    }
    if (card->rest->len > 0)
        status = SW_MORE | (card->rest->len >= 256 ? 0 : card->rest->len);
    g_byte_array_append (out, (guint8[]){(guint8)(status >> 8), (guint8)status}, 2);
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

static GBytes *answer_status (tamga_piv_card *card, guint status)
{
    g_byte_array_set_size (card->rest, 0);
    return g_bytes_new ((guint8[]){(guint8)(status >> 8), (guint8)status}, 2);
}

static GBytes *run_command (tamga_piv_card *card, const struct apdu *apdu)
{
    for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
        guint status;

        if (commands[i].ins != apdu->ins)
            continue;
        g_byte_array_set_size (card->rest, 0);
        status = commands[i].run (card, apdu, card->rest);
        return status == SW_OK ? take_response (card, apdu->expected)
                               : answer_status (card, status);
    }
    return answer_status (card, SW_INS);
}

static void drop_chain (tamga_piv_card *card)
{
    g_byte_array_set_size (card->chain, 0);
    card->chain_ins = 0;
}

GBytes *tamga_piv_card_transmit (tamga_piv_card *card, const guint8 *command, gsize length)
{
    struct apdu apdu;
    GBytes *response;

    if (!parse_apdu (command, length, &apdu)) {
        drop_chain (card);
        return answer_status (card, SW_LENGTH);
    }
    if ((apdu.cla & ~0x10) != 0) {
        drop_chain (card);
        return answer_status (card, SW_CLA);
    }
    if (apdu.ins == 0xc0) /* GET RESPONSE (ISO/IEC 7816-4, 7.6.1) */
        return take_response (card, apdu.expected);

    /* Command chaining (ISO/IEC 7816-4, 5.1.1.1); another command ends a chain. */
    if (card->chain_ins != apdu.ins)
        drop_chain (card);
    if (card->chain->len + apdu.length > MAX_COMMAND) {
        drop_chain (card);
        return answer_status (card, SW_LENGTH);
    }
    if (apdu.length > 0)
        g_byte_array_append (card->chain, apdu.data, (guint)apdu.length);
    if (apdu.cla & 0x10) {
        card->chain_ins = apdu.ins;
        return answer_status (card, SW_OK);
    }
    apdu.data = card->chain->data;
    apdu.length = card->chain->len;
    response = run_command (card, &apdu);
    drop_chain (card);
    return response;
}

gboolean tamga_piv_card_is_signing (const guint8 *command, gsize length)
{
    return length > 4 && (command[0] & 0x10) == 0 && command[1] == 0x87;
}

/* --- the card itself ---------------------------------------------------------------------- */

tamga_piv_card *tamga_piv_card_new (const char *pin, guint tries, GError **error)
{
    tamga_piv_card *card;
    guint8 padded[PIN_LENGTH];
    gsize length = strlen (pin);

    memset (padded, 0xff, sizeof padded);
    memcpy (padded, pin, MIN (length, sizeof padded));
    if (length > PIN_LENGTH || !is_padded_pin (padded) || tries < 1 || tries > 15) {
        g_set_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_PIN,
                     "a PIN is 6 to 8 digits, with 1 to 15 tries");
        return NULL;
    }
    card = g_new0 (tamga_piv_card, 1);
    memcpy (card->pin, padded, PIN_LENGTH);
    memcpy (card->first_pin, padded, PIN_LENGTH);
    card->tries = card->max_tries = tries;
    card->chain = g_byte_array_new ();
    card->rest = g_byte_array_new ();
    return card;
}

void tamga_piv_card_free (tamga_piv_card *card)
{
    if (card == NULL)
        return;
    for (gsize i = 0; i < N_SLOTS; i++) {
        EVP_PKEY_free (card->slots[i].key);
        g_clear_pointer (&card->slots[i].certificate, g_bytes_unref);
    }
    g_byte_array_unref (card->chain);
    g_byte_array_unref (card->rest);
    g_free (card);
}

/* Algorithm identifiers of SP 800-78-4, table 6-2. */
static gboolean name_algorithm (struct slot *slot)
{
    int bits = EVP_PKEY_get_bits (slot->key);
    gboolean rsa = EVP_PKEY_is_a (slot->key, "RSA");
    gboolean ec = EVP_PKEY_is_a (slot->key, "EC");

    if (rsa && bits == 2048)
        slot->algorithm = 0x07;
    else if (ec && bits == 256)
        slot->algorithm = 0x11;
    else if (ec && bits == 384)
        slot->algorithm = 0x14;
    else
        return FALSE;
    slot->input_length = (gsize)bits / 8;
    return TRUE;
}

static gboolean load_key (struct slot *slot, const char *path, GError **error)
{
    FILE *file = fopen (path, "re");

    if (file != NULL) {
        EVP_PKEY_free (slot->key);
        slot->key = PEM_read_PrivateKey (file, NULL, NULL, (void *)"");
        fclose (file);
    }
    if (slot->key != NULL && name_algorithm (slot))
        return TRUE;
    g_set_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_KEY,
                 "%s: not a PEM key of RSA-2048, P-256 or P-384", path);
    return FALSE;
}

static gboolean load_certificate (struct slot *slot, const char *path, GError **error)
{
    g_autofree char *der = NULL;
    const guint8 *p;
    gsize length;
    X509 *certificate;
    gboolean good;

    if (!g_file_get_contents (path, &der, &length, error))
        return FALSE;
    p = (const guint8 *)der;
    certificate = length > MAX_CERTIFICATE ? NULL : d2i_X509 (NULL, &p, (long)length);
    good = certificate != NULL && p == (const guint8 *)der + length &&
           X509_check_private_key (certificate, slot->key) == 1;
    X509_free (certificate);
    if (!good) {
        g_set_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_CERTIFICATE,
                     "%s: not a DER certificate of the key, of at most %d bytes", path,
                     MAX_CERTIFICATE);
        return FALSE;
    }
    g_clear_pointer (&slot->certificate, g_bytes_unref);
    slot->certificate = g_bytes_new (der, length);
    return TRUE;
}

gboolean tamga_piv_card_load (tamga_piv_card *card, const char *name, const char *key_file,
                              const char *certificate_file, GError **error)
{
    for (gsize i = 0; i < N_SLOTS; i++)
        if (g_ascii_strcasecmp (slot_table[i].name, name) == 0)
            return load_key (&card->slots[i], key_file, error) &&
                   load_certificate (&card->slots[i], certificate_file, error);
    g_set_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_SLOT,
                 "%s: the key slots are 9a, 9c and 9d", name);
    return FALSE;
}

void tamga_piv_card_reset (tamga_piv_card *card)
{
    forget_verification (card);
    drop_chain (card);
    g_byte_array_set_size (card->rest, 0);
}

void tamga_piv_card_lock (tamga_piv_card *card)
{
    card->tries = 0;
    forget_verification (card);
}

void tamga_piv_card_restore_pin (tamga_piv_card *card)
{
    memcpy (card->pin, card->first_pin, PIN_LENGTH);
    card->tries = card->max_tries;
    forget_verification (card);
}

guint tamga_piv_card_tries (const tamga_piv_card *card)
{
    return card->tries;
}

guint tamga_piv_card_signatures (const tamga_piv_card *card)
{
    return card->signatures;
}
