/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing and extending in memory, digests alone and bare values, through the whole job: a key
 * file, the test provider's answers, a journal, and openssl as the other reader. */
#include <openssl/pem.h>
#include <string.h>

#include "client/sign/extend.h"
#include "formats/ossl.h"
#include "tests/integration/keys/fixture.h"
#include "tests/integration/status/world.h"

#define PASSWORD "pa55word"
#define TEXT "The rent is 100 a month.\n"

typedef struct {
    World world;
    TamgaSignContext context;
    TamgaSignOptions options;
    TamgaSignUi ui;
    Person person;
    GPtrArray *keys;
    char *tsa_urls[2];
    char *path;        /* of the key file */
    gboolean approval; /* what the person says */
    guint approvals;   /* how often they were asked */
    guint asked_then;  /* for PINs, by then */
} Job;

static gboolean approve (const TamgaProcedure *gate, const TamgaKey *key, gpointer data)
{
    Job *job = data;
    g_assert_true (gate->allowed);
    g_assert_nonnull (key->certificate);
    job->approvals++;
    job->asked_then = job->person.asked;
    return job->approval;
}

static GBytes *bytes_of (const char *text)
{
    return g_bytes_new (text, strlen (text));
}

/* `data`: kind of the key; NULL: P-256. */
static void set_up (Job *job, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    static guint number;
    world_set_up (&job->world, NULL);
    g_autofree char *query =
        g_strdup_printf ("/person?name=p%u&role=signer&key=%s&password=" PASSWORD, ++number,
                         data ? (const char *)data : "P-256");
    g_autoptr (GBytes) nothing = bytes_of ("\n");
    g_autoptr (GBytes) file = tamga_provider_fixture_fetch (world_provider, query, nothing, &error);
    g_assert_no_error (error);
    job->path = g_build_filename (job->world.folder, "person.p12", NULL);
    g_assert_true (g_file_set_contents (job->path, g_bytes_get_data (file, NULL),
                                        (gssize)g_bytes_get_size (file), NULL));
    for (gsize i = 0; i < G_N_ELEMENTS (job->person.pins); i++)
        job->person.pins[i] = PASSWORD;
    g_autofree char *journal = g_build_filename (job->world.folder, "journal.jsonl", NULL);
    job->context = (TamgaSignContext){.status = job->world.context,
                                      .store = open_store (NULL, job->path, 0),
                                      .keys_ui = person_ui (&job->person),
                                      .journal = tamga_journal_open (journal, &error)};
    g_assert_no_error (error);
    /* As whoever lets a person choose does: the store is open, and the key chosen, before. */
    g_assert_true (tamga_key_store_login (job->context.store, &job->context.keys_ui, NULL, &error));
    job->context.key = the_key (job->context.store, &job->keys);
    g_assert_cmpuint (job->person.asked, ==, 1);
    job->tsa_urls[0] = (char *)tamga_provider_fixture_get (world_provider, "tsa_url");
    job->options = (TamgaSignOptions){.format = tamga_format_by_name ("cades"),
                                      .level = TAMGA_LEVEL_B,
                                      .level_given = TRUE,
                                      .tsa_urls = job->tsa_urls,
                                      .origin = "https://example.test"};
    job->approval = TRUE;
    job->ui = (TamgaSignUi){.approve = approve, .data = job};
}

static void tear_down (Job *job, gconstpointer data)
{
    (void)data;
    g_ptr_array_unref (job->keys);
    tamga_key_store_free (job->context.store);
    tamga_journal_free (job->context.journal);
    person_clear (&job->person);
    g_free (job->path);
    world_tear_down (&job->world, NULL);
}

static GPtrArray *sign (Job *job, const TamgaSignItem *items, gsize n, GError **error)
{
    return tamga_sign (&job->context, items, n, &job->options, &job->ui, &job->world.call, error);
}

static const TamgaSignOutcome *nth (const GPtrArray *outcomes, guint i)
{
    return outcomes->pdata[i];
}

/* One document, which must be signed. */
static GBytes *sign_one (Job *job, const TamgaSignItem *item)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) outcomes = sign (job, item, 1, &error);
    g_assert_no_error (error);
    g_assert_no_error (nth (outcomes, 0)->error);
    g_assert_null (nth (outcomes, 0)->output);
    g_assert_nonnull (nth (outcomes, 0)->bytes);
    return g_bytes_ref (nth (outcomes, 0)->bytes);
}

static GBytes *sign_text (Job *job, const char *text)
{
    g_autoptr (GBytes) bytes = bytes_of (text);
    g_autoptr (TamgaDocument) document = tamga_document_new ("rent.txt", bytes);
    const TamgaSignItem item = {.input = "rent.txt", .document = document};
    return sign_one (job, &item);
}

/* One item that is refused: as a whole, or as the only one. No bytes in either case. */
static void assert_refused (Job *job, const TamgaSignItem *item, GQuark domain, int code,
                            const char *text)
{
    g_autoptr (GError) error = NULL;
    guint asked = job->person.asked;
    g_autoptr (GPtrArray) outcomes = sign (job, item, 1, &error);
    const GError *refused = outcomes ? nth (outcomes, 0)->error : error;
    g_assert_error (refused, domain, code);
    assert_says (refused, text);
    if (outcomes)
        g_assert_null (nth (outcomes, 0)->bytes);
    g_assert_cmpuint (job->person.asked, ==, asked);
}

static void assert_text_refused (Job *job, const char *content, GQuark domain, int code,
                                 const char *text)
{
    g_autoptr (GBytes) bytes = bytes_of (content);
    g_autoptr (TamgaDocument) document = tamga_document_new ("it", bytes);
    const TamgaSignItem item = {.input = "it", .document = document};
    assert_refused (job, &item, domain, code, text);
}

/* The last entry of the journal, or NULL; `*n` entries are in it. */
static json_t *last_entry (Job *job, guint *n)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) entries = tamga_journal_read (job->context.journal, &error);
    g_assert_no_error (error);
    *n = entries->len;
    return entries->len > 0 ? json_incref (entries->pdata[entries->len - 1]) : NULL;
}

static void assert_entries (Job *job, guint wanted)
{
    guint n;
    json_t *entry = last_entry (job, &n);
    g_assert_cmpuint (n, ==, wanted);
    json_decref (entry);
}

static void assert_member (const json_t *entry, const char *name, const char *value)
{
    g_assert_cmpstr (json_string_value (json_object_get (entry, name)), ==, value);
}

/* Reads with Tamga; every signature is intact. `content` may be NULL. */
static GPtrArray *read_back (GBytes *bytes, GBytes *content)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaDocument) document = tamga_document_new ("made", bytes);
    g_autoptr (TamgaDocument) given = content ? tamga_document_new ("content", content) : NULL;
    g_autoptr (GPtrArray) contents = tamga_document_list (given);
    const TamgaReadOptions options = {.contents = contents};
    const TamgaFormat *format;
    GPtrArray *signatures = tamga_format_read (document, &options, &format, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    }
    return signatures;
}

static char *put (Job *job, const char *name, GBytes *bytes)
{
    char *path = g_build_filename (job->world.folder, name, NULL);
    g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                        (gssize)g_bytes_get_size (bytes), NULL));
    return path;
}

/* Is it good, says openssl? The words after are its arguments. */
static gboolean openssl (const char *const *arguments)
{
    g_autofree char *errors = NULL, *output = NULL;
    int status = -1;
    g_assert_true (g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                                 &output, &errors, &status, NULL));
    g_test_message ("%s%s", output, errors);
    return status == 0;
}

static gboolean openssl_verifies (Job *job, GBytes *signature, const char *content)
{
    g_autoptr (GBytes) text = bytes_of (content);
    g_autofree char *made = put (job, "made.p7s", signature), *of = put (job, "content", text);
    const char *root = tamga_provider_fixture_get (world_provider, "root");
    const char *const arguments[] = {"openssl", "cms",       "-verify", "-cades",   "-inform",
                                     "DER",     "-in",       made,      "-content", of,
                                     "-binary", "-CAfile",   root,      "-purpose", "any",
                                     "-out",    "/dev/null", NULL};
    return openssl (arguments);
}

/* --- documents --- */

static void test_document (Job *job, gconstpointer data)
{
    (void)data;
    g_autofree char *sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, TEXT, -1);
    g_autoptr (GBytes) made = sign_text (job, TEXT);
    g_autoptr (GPtrArray) signatures = read_back (made, NULL);
    g_assert_cmpuint (signatures->len, ==, 1);
    g_assert_cmpuint (job->approvals, ==, 1);
    g_assert_cmpuint (job->person.asked, ==, 1); /* by set_up: not again */
    guint n;
    json_t *entry = last_entry (job, &n);
    g_assert_cmpuint (n, ==, 1);
    assert_member (entry, "event", "signed");
    assert_member (entry, "document", "rent.txt");
    assert_member (entry, "origin", "https://example.test");
    assert_member (entry, "digest", sha256);
    g_assert_true (json_is_null (json_object_get (entry, "output")));
    json_decref (entry);
    g_assert_false (g_file_test ("rent.txt.p7m", G_FILE_TEST_EXISTS));
    g_assert_false (g_file_test ("rent.signed.p7m", G_FILE_TEST_EXISTS));
}

static void test_levels (Job *job, gconstpointer data)
{
    (void)data;
    static const struct {
        TamgaLevel level;
        guint timestamps;
    } rows[] = {{TAMGA_LEVEL_B, 0}, {TAMGA_LEVEL_T, 1}, {TAMGA_LEVEL_LT, 1}, {TAMGA_LEVEL_LTA, 2}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        job->options.level = rows[i].level;
        g_autoptr (GBytes) made = sign_text (job, TEXT);
        g_autoptr (GPtrArray) signatures = read_back (made, NULL);
        const TamgaSignature *signature = signatures->pdata[0];
        g_assert_cmpuint (signature->timestamps->len, ==, rows[i].timestamps);
    }
}

static void test_empty (Job *job, gconstpointer data)
{
    (void)data;
    assert_text_refused (job, "", TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EMPTY, "it is empty");
    g_assert_cmpuint (job->approvals, ==, 0);
    assert_entries (job, 0);
}

/* One that is not XML does not stop the others. */
static void test_batch (Job *job, gconstpointer data)
{
    (void)data;
    static const char *const texts[] = {"<a>1</a>", "<a>2</b>", "<a>3</a>"};
    TamgaSignItem items[G_N_ELEMENTS (texts)] = {0};
    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        g_autoptr (GBytes) bytes = bytes_of (texts[i]);
        items[i].input = texts[i];
        items[i].document = tamga_document_new (texts[i], bytes);
    }
    job->options.format = tamga_format_by_name ("xades");
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) outcomes = sign (job, items, G_N_ELEMENTS (items), &error);
    g_assert_no_error (error);
    for (guint i = 0; i < outcomes->len; i++) {
        g_assert_cmpuint (nth (outcomes, i)->index, ==, i);
        g_assert_true ((nth (outcomes, i)->error != NULL) == (i == 1));
        g_assert_true ((nth (outcomes, i)->bytes != NULL) == (i != 1));
        if (i != 1) {
            g_autoptr (GPtrArray) signatures = read_back (nth (outcomes, i)->bytes, NULL);
            g_assert_cmpuint (signatures->len, ==, 1);
            g_assert_nonnull (g_strstr_len (g_bytes_get_data (nth (outcomes, i)->bytes, NULL), 64,
                                            i == 0 ? "<a>1" : "<a>3"));
        }
        tamga_document_unref (items[i].document);
    }
    g_assert_cmpuint (job->approvals, ==, 1);
    assert_entries (job, 2);
}

/* --- approval and refusal --- */

static void test_not_approved (Job *job, gconstpointer data)
{
    (void)data;
    job->approval = FALSE;
    assert_text_refused (job, TEXT, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED,
                         "nothing was signed");
    g_assert_cmpuint (job->approvals, ==, 1);
    assert_entries (job, 0);
}

/* A person who declines is not asked for the PIN of a token. */
static void test_not_approved_no_pin (Job *job, gconstpointer data)
{
    (void)data;
    g_autoptr (TamgaKeyStore) closed = open_store (NULL, job->path, 0);
    TamgaKeyStore *open = job->context.store;
    job->context.store = closed;
    job->approval = FALSE;
    guint asked = job->person.asked;
    assert_text_refused (job, TEXT, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED,
                         "nothing was signed");
    g_assert_cmpuint (job->person.asked, ==, asked);
    job->context.store = open;
}

static void test_gate (Job *job, gconstpointer data)
{
    (void)data;
    g_autofree char *serial = world_serial (job->context.key->certificate);
    world_control ("revoke?serial=%s&reason=keyCompromise", serial);
    assert_text_refused (job, TEXT, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_REFUSED, "Not signed");
    g_assert_cmpuint (job->approvals, ==, 0);
    guint n;
    json_t *entry = last_entry (job, &n);
    g_autofree char *sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, TEXT, -1);
    g_assert_cmpuint (n, ==, 1);
    assert_member (entry, "event", "refused");
    assert_member (entry, "document", "it");
    assert_member (entry, "digest", sha256);
    json_decref (entry);
}

/* --- digests alone --- */

static GBytes *digest_of (const char *name, const char *text)
{
    g_autoptr (GBytes) bytes = bytes_of (text);
    return tamga_digest_bytes (tamga_digest_by_name (name), bytes);
}

static void test_digest (Job *job, gconstpointer data)
{
    (void)data;
    static const char *const names[] = {"SHA-256", "SHA-384", "SHA-512"};
    g_autoptr (GBytes) content = bytes_of (TEXT);
    job->options.packaging = TAMGA_PACKAGING_DETACHED;
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (GBytes) digest = digest_of (names[i], TEXT);
        const TamgaSignItem item = {.input = "rent.txt", .digest = digest};
        job->options.level = i == 0 ? TAMGA_LEVEL_T : TAMGA_LEVEL_B;
        g_autoptr (GBytes) made = sign_one (job, &item);
        g_autoptr (GPtrArray) signatures = read_back (made, content);
        g_assert_true (openssl_verifies (job, made, TEXT));
        g_assert_false (openssl_verifies (job, made, "The rent is 999 a month.\n"));
        g_autofree char *hex = tamga_text_hex_bytes (digest);
        guint n;
        json_t *entry = last_entry (job, &n);
        assert_member (entry, "digest", hex);
        assert_member (entry, "digest_algorithm", names[i]);
        json_decref (entry);
    }
}

/* A key with a digest of its own takes no other, of whatever length that is. */
static void test_digest_gost (Job *job, gconstpointer data)
{
    (void)data;
    const TamgaAlgorithm *algorithm = tamga_algorithm_for_key (
        X509_get0_pubkey (job->context.key->certificate), NULL, NULL, NULL);
    g_assert_nonnull (algorithm);
    g_autoptr (GBytes) content = bytes_of (TEXT);
    g_autoptr (GBytes) digest = tamga_digest_bytes (tamga_algorithm_digest (algorithm), content);
    g_autoptr (GBytes) other = digest_of ("SHA-256", TEXT);
    const TamgaSignItem item = {.input = "rent.txt", .digest = digest};
    const TamgaSignItem wrong = {.input = "rent.txt", .digest = other};
    job->options.packaging = TAMGA_PACKAGING_DETACHED;
    g_autoptr (GBytes) made = sign_one (job, &item);
    g_autoptr (GPtrArray) signatures = read_back (made, content);
    g_assert_cmpuint (signatures->len, ==, 1);
    assert_refused (job, &wrong, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, "has 64 bytes");
}

static void test_digest_lengths (Job *job, gconstpointer data)
{
    (void)data;
    static const gsize wrong[] = {1, 20, 31, 33, 65};
    const guint8 zeros[65] = {0};
    job->options.packaging = TAMGA_PACKAGING_DETACHED;
    for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
        g_autoptr (GBytes) digest = g_bytes_new (zeros, wrong[i]);
        const TamgaSignItem item = {.input = "rent.txt", .digest = digest};
        assert_refused (job, &item, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                        "32, 48 or 64 bytes");
    }
    g_assert_cmpuint (job->approvals, ==, 0);
    assert_entries (job, 0);
}

static void test_digest_batch (Job *job, gconstpointer data)
{
    (void)data;
    const guint8 zeros[31] = {0};
    g_autoptr (GBytes) good = digest_of ("SHA-256", TEXT), bad = g_bytes_new (zeros, 31);
    const TamgaSignItem items[] = {{.input = "1", .digest = bad},
                                   {.input = "2", .digest = good},
                                   {.input = "3", .digest = good}};
    job->options.packaging = TAMGA_PACKAGING_DETACHED;
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) outcomes = sign (job, items, G_N_ELEMENTS (items), &error);
    g_assert_no_error (error);
    g_assert_error (nth (outcomes, 0)->error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    assert_says (nth (outcomes, 0)->error, "31 bytes");
    g_assert_null (nth (outcomes, 0)->bytes);
    for (guint i = 1; i < outcomes->len; i++)
        g_assert_true (openssl_verifies (job, nth (outcomes, i)->bytes, TEXT));
}

static void test_digest_elsewhere (Job *job, gconstpointer data)
{
    (void)data;
    static const struct {
        const char *format;
        TamgaPackaging packaging;
        TamgaLevel level;
        int code;
        const char *text;
    } rows[] = {
        {"cades", TAMGA_PACKAGING_DEFAULT, TAMGA_LEVEL_B, TAMGA_FORMAT_ERROR_PARAMETER, "detached"},
        {"xades", TAMGA_PACKAGING_DETACHED, TAMGA_LEVEL_B, TAMGA_FORMAT_ERROR_PARAMETER, "CAdES"},
        {"jades", TAMGA_PACKAGING_DETACHED, TAMGA_LEVEL_B, TAMGA_FORMAT_ERROR_PARAMETER, "CAdES"},
        {"pades", TAMGA_PACKAGING_DEFAULT, TAMGA_LEVEL_B, TAMGA_FORMAT_ERROR_PARAMETER, "CAdES"},
        {NULL, TAMGA_PACKAGING_DETACHED, TAMGA_LEVEL_B, TAMGA_FORMAT_ERROR_PARAMETER, "CAdES"},
        {"cades", TAMGA_PACKAGING_DETACHED, TAMGA_LEVEL_LTA, TAMGA_FORMAT_ERROR_UNSUPPORTED,
         "only a digest"},
    };
    g_autoptr (GBytes) digest = digest_of ("SHA-256", TEXT);
    const TamgaSignItem item = {.input = "rent.txt", .digest = digest};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        job->options.format =
            rows[i].format ? tamga_format_by_name (rows[i].format) : &tamga_format_raw;
        job->options.packaging = rows[i].packaging;
        job->options.level = rows[i].level;
        assert_refused (job, &item, TAMGA_FORMAT_ERROR, rows[i].code, rows[i].text);
    }
}

/* --- bare values --- */

static void test_raw (Job *job, gconstpointer data)
{
    (void)data;
    job->options.format = &tamga_format_raw;
    g_autoptr (GBytes) made = sign_text (job, TEXT), text = bytes_of (TEXT);
    g_autofree char *key = g_build_filename (job->world.folder, "key.pem", NULL);
    g_autoptr (BIO) out = BIO_new_file (key, "w");
    g_assert_true (PEM_write_bio_PUBKEY (out, X509_get0_pubkey (job->context.key->certificate)));
    g_assert_cmpint (BIO_flush (out), ==, 1);
    g_autofree char *value = put (job, "value", made), *content = put (job, "content", text);
    const char *const good[] = {"openssl",    "dgst", "-sha256", "-verify", key,
                                "-signature", value,  content,   NULL};
    g_assert_true (openssl (good));
    const char *const bad[] = {"openssl",    "dgst", "-sha256", "-verify", key,
                               "-signature", value,  job->path, NULL};
    g_assert_false (openssl (bad));
}

/* Bytes that another format would have had signed for another document. */
static void test_raw_hostile (Job *job, gconstpointer data)
{
    (void)data;
    static const struct {
        const char *content, *says;
    } rows[] = {
        {NULL, "CMS signature"}, /* below */
        {"<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:SignedInfo>",
         "XML signature"},
        {"\xef\xbb\xbf \n<SignedInfo>", "XML signature"},
        {"eyJhbGciOiJFUzI1NiJ9.VGhl", "JSON signature"},
        {"IHsiYWxnIjoiRVMyNTYifQ.any thing", "JSON signature"},
    };
    job->options.format = &tamga_format_raw;
    for (gsize i = 1; i < G_N_ELEMENTS (rows); i++)
        assert_text_refused (job, rows[i].content, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN,
                             rows[i].says);
    /* contentType of id-data: 31 1A 30 18 06 09 .. 31 0B 06 09 .. */
    static const guint8 attributes[] = {0x31, 0x1a, 0x30, 0x18, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x09, 0x03, 0x31, 0x0b, 0x06, 0x09, 0x2a,
                                        0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
    g_autoptr (GBytes) bytes = g_bytes_new_static (attributes, sizeof attributes);
    g_autoptr (TamgaDocument) document = tamga_document_new ("it", bytes);
    const TamgaSignItem item = {.input = "it", .document = document};
    assert_refused (job, &item, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN, rows[0].says);
    g_assert_cmpuint (job->approvals, ==, 0);
    /* Neither is anything of that kind. */
    static const char *const fine[] = {"<SignedInformation/>", "version 1.0", "a.b", "{}.", "."};
    for (gsize i = 0; i < G_N_ELEMENTS (fine); i++) {
        g_autoptr (GBytes) made = sign_text (job, fine[i]);
    }
}

static void test_raw_options (Job *job, gconstpointer data)
{
    (void)data;
    job->options.format = &tamga_format_raw;
    job->options.level = TAMGA_LEVEL_T;
    assert_text_refused (job, TEXT, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                         "no level but B");
    job->options.level = TAMGA_LEVEL_LTA;
    assert_text_refused (job, TEXT, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED, "LTA");
    job->options.level = TAMGA_LEVEL_B;
    job->options.reason = "because";
    assert_text_refused (job, TEXT, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, "a reason");
    job->options.reason = NULL;
    const TamgaClaims claims = {.country = "KZ"};
    job->options.claims = &claims;
    assert_text_refused (job, TEXT, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, "place");
    assert_entries (job, 0);
}

/* --- extending and stamping --- */

typedef GPtrArray *(*Keyless) (const TamgaSignContext *context, const TamgaSignItem *items, gsize n,
                               const TamgaExtendOptions *options, const TamgaSignUi *ui,
                               const TamgaCall *call, GError **error);

static GPtrArray *without_key (Job *job, Keyless work, GBytes *bytes, TamgaLevel level)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaDocument) document = tamga_document_new ("made.p7m", bytes);
    const TamgaSignItem item = {.input = "made.p7m", .document = document};
    const TamgaExtendOptions options = {.level = level, .tsa_urls = job->tsa_urls};
    GPtrArray *outcomes = work (&job->context, &item, 1, &options, NULL, &job->world.call, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (outcomes->len, ==, 1);
    g_assert_null (((TamgaExtendOutcome *)outcomes->pdata[0])->output);
    return outcomes;
}

static void test_extend (Job *job, gconstpointer data)
{
    (void)data;
    static const struct {
        TamgaLevel level;
        guint timestamps;
    } rows[] = {{TAMGA_LEVEL_T, 1}, {TAMGA_LEVEL_LT, 1}, {TAMGA_LEVEL_LTA, 2}};
    g_autoptr (GBytes) made = sign_text (job, TEXT);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GPtrArray) outcomes = without_key (job, tamga_extend, made, rows[i].level);
        const TamgaExtendOutcome *outcome = outcomes->pdata[0];
        g_assert_no_error (outcome->error);
        g_assert_nonnull (outcome->bytes);
        g_autoptr (GPtrArray) signatures = read_back (outcome->bytes, NULL);
        const TamgaSignature *signature = signatures->pdata[0];
        g_assert_cmpuint (signature->timestamps->len, ==, rows[i].timestamps);
        g_bytes_unref (made);
        made = g_bytes_ref (outcome->bytes);
    }
    g_autoptr (GPtrArray) again = without_key (job, tamga_extend, made, TAMGA_LEVEL_T);
    const TamgaExtendOutcome *outcome = again->pdata[0];
    g_assert_no_error (outcome->error);
    g_assert_true (outcome->unchanged);
    g_assert_null (outcome->bytes);
}

static void test_extend_refused (Job *job, gconstpointer data)
{
    (void)data;
    g_autoptr (GBytes) made = sign_text (job, TEXT);
    gsize size;
    const char *old = g_bytes_get_data (made, &size);
    g_autofree char *changed = g_memdup2 (old, size);
    char *at = g_strstr_len (changed, (gssize)size, "100 a month");
    g_assert_nonnull (at);
    *at = '9';
    g_autoptr (GBytes) broken = g_bytes_new (changed, size);
    g_autoptr (GPtrArray) outcomes = without_key (job, tamga_extend, broken, TAMGA_LEVEL_T);
    const TamgaExtendOutcome *outcome = outcomes->pdata[0];
    g_assert_error (outcome->error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_NOT_VALID);
    g_assert_null (outcome->bytes);
    g_autoptr (GBytes) nothing = bytes_of ("");
    g_autoptr (GPtrArray) empty = without_key (job, tamga_extend, nothing, TAMGA_LEVEL_T);
    outcome = empty->pdata[0];
    g_assert_error (outcome->error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EMPTY);
}

static void test_timestamp (Job *job, gconstpointer data)
{
    (void)data;
    g_autoptr (GBytes) text = bytes_of (TEXT);
    g_autoptr (GPtrArray) outcomes = without_key (job, tamga_timestamp_files, text, TAMGA_LEVEL_T);
    const TamgaExtendOutcome *outcome = outcomes->pdata[0];
    g_assert_no_error (outcome->error);
    g_assert_nonnull (outcome->bytes);
    g_autoptr (GPtrArray) signatures = read_back (outcome->bytes, NULL);
    g_assert_true (((TamgaSignature *)signatures->pdata[0])->is_document_timestamp);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_assert_true (tamga_algorithm_load ());
    world_start ();
#define ADD(name, kind, function) g_test_add (name, Job, kind, set_up, function, tear_down)
    ADD ("/memory/document", NULL, test_document);
    ADD ("/memory/levels", NULL, test_levels);
    ADD ("/memory/empty", NULL, test_empty);
    ADD ("/memory/batch", NULL, test_batch);
    ADD ("/memory/not-approved", NULL, test_not_approved);
    ADD ("/memory/not-approved-no-pin", NULL, test_not_approved_no_pin);
    ADD ("/memory/gate", NULL, test_gate);
    ADD ("/memory/digest/ec", NULL, test_digest);
    ADD ("/memory/digest/rsa", "RSA-2048", test_digest);
    ADD ("/memory/digest/gost", "KZ-GOST-2015-512", test_digest_gost);
    ADD ("/memory/digest/lengths", NULL, test_digest_lengths);
    ADD ("/memory/digest/batch", NULL, test_digest_batch);
    ADD ("/memory/digest/elsewhere", NULL, test_digest_elsewhere);
    ADD ("/memory/raw/ec", NULL, test_raw);
    ADD ("/memory/raw/rsa", "RSA-2048", test_raw);
    ADD ("/memory/raw/hostile", NULL, test_raw_hostile);
    ADD ("/memory/raw/options", NULL, test_raw_options);
    ADD ("/memory/extend", NULL, test_extend);
    ADD ("/memory/extend-refused", NULL, test_extend_refused);
    ADD ("/memory/timestamp", NULL, test_timestamp);
    int status = g_test_run ();
    world_stop ();
    return status;
}
