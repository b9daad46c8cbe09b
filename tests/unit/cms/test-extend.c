/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Extending CAdES signatures to T, LT and LTA: what was there keeps its bytes and its meaning,
 * every token covers what the standard says, and `openssl` agrees. */
#include <string.h>

#include "formats/cms/archive.h"
#include "formats/cms/der.h"
#include "formats/cms/hash_index.h"
#include "formats/cms/rewrite.h"
#include "formats/cms/token.h"
#include "formats/limits.h"
#include "tests/unit/cms/fixture.h"

#define ALL G_MAXUINT
#define OID_ARCHIVE_V3 "0.4.0.1733.2.4"

static GBytes *content_bytes (void)
{
    return g_bytes_new_static ("what is kept for fifty years\n", 29);
}

static const TamgaSignature *signature_of (GPtrArray *signatures, guint index)
{
    g_assert_nonnull (signatures);
    g_assert_cmpuint (index, <, signatures->len);
    return signatures->pdata[index];
}

/* How a timestamp of the file fares: 1 covers, 0 is about other data, -1 cannot be computed. */
static int fate (const TamgaTimestamp *timestamp)
{
    g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);

    if (token == NULL || timestamp->covered_digest == NULL)
        return -1;
    g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    return tamga_token_covers_digest (token, timestamp->covered_digest);
}

static guint count_kind (const TamgaSignature *signature, TamgaTimestampKind kind)
{
    guint count = 0;

    for (guint i = 0; i < signature->timestamps->len; i++)
        count += ((TamgaTimestamp *)signature->timestamps->pdata[i])->kind == kind;
    return count;
}

/* All intact, every timestamp covers, and so many of a kind in each signer of the content. */
static void assert_archived (GBytes *file, GBytes *content, guint archives)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = fixture_read (file, content, &error);

    g_assert_no_error (error);
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_assert_cmpstr (signature->integrity_text, ==, NULL);
        for (guint j = 0; j < signature->timestamps->len; j++)
            g_assert_cmpint (fate (signature->timestamps->pdata[j]), ==, 1);
        if (signature->countersigned == NULL)
            g_assert_cmpuint (count_kind (signature, TAMGA_TIMESTAMP_ARCHIVE), ==, archives);
    }
}

static gboolean proves (const TamgaTimestamp *timestamp, const char *id)
{
    return timestamp->proves != NULL &&
           g_ptr_array_find_with_equal_func (timestamp->proves, id, g_str_equal, NULL);
}

/* The newest archive timestamp proves every other timestamp of its signature. */
static void assert_chain (GBytes *file, GBytes *content)
{
    g_autoptr (GPtrArray) signatures = fixture_read (file, content, NULL);
    const TamgaSignature *signature = signature_of (signatures, 0);
    guint most = 0;

    for (guint i = 0; i < signature->timestamps->len; i++) {
        const TamgaTimestamp *timestamp = signature->timestamps->pdata[i];
        if (timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE) {
            g_assert_true (proves (timestamp, "timestamp 1"));
            g_assert_false (proves (timestamp, timestamp->id));
            most = MAX (most, timestamp->proves->len);
        }
    }
    g_assert_cmpuint (most, ==, signature->timestamps->len - 1);
}

/* `openssl` verifies the signature, and each token over the digest that is said to be covered. */
static void assert_peer_accepts (Fixture *fixture, GBytes *file, GBytes *content, gboolean detached)
{
    g_autofree char *path = fixture_write (fixture, "extended.p7m", file);
    g_autofree char *content_path = fixture_write (fixture, "content", content);
    g_autofree char *out = g_build_filename (fixture->folder, "peer.out", NULL);
    g_autoptr (GPtrArray) signatures = fixture_read (file, detached ? content : NULL, NULL);
    const TamgaSignature *signature = signature_of (signatures, 0);

    g_assert_true (fixture_openssl (fixture, "cms", "-verify", "-cades", "-binary", "-inform",
                                    "DER", "-in", path, "-CAfile", fixture->root.certificate_path,
                                    "-out", out, detached ? "-content" : NULL, content_path, NULL));
    for (guint i = 0; i < signature->timestamps->len; i++) {
        const TamgaTimestamp *timestamp = signature->timestamps->pdata[i];
        g_autofree char *token = fixture_write (fixture, "one.tst", timestamp->token);
        g_autofree char *hex = tamga_text_hex_bytes (timestamp->covered_digest);
        g_assert_true (fixture_openssl (fixture, "ts", "-verify", "-digest", hex, "-in", token,
                                        "-token_in", "-CAfile", fixture->root.certificate_path,
                                        NULL));
    }
}

static gboolean contains (GBytes *whole, GBytes *part)
{
    gsize length, part_length;
    const void *data = g_bytes_get_data (whole, &length);
    const void *wanted = g_bytes_get_data (part, &part_length);

    return memmem (data, length, wanted, part_length) != NULL;
}

/* Content, certificates, revocation values, the fields of signers and their unsigned attributes. */
static void assert_kept (GBytes *before, GBytes *after, gboolean attributes_grow)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("before", before);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    g_autoptr (GBytes) encap =
        g_bytes_new_from_bytes (before, data->encap.offset, data->encap.length);
    GPtrArray *lists[] = {data->certificates, data->crls};

    g_assert_true (contains (after, encap));
    for (gsize l = 0; l < G_N_ELEMENTS (lists); l++) {
        for (guint i = 0; i < lists[l]->len; i++)
            g_assert_true (contains (after, lists[l]->pdata[i]));
    }
    for (guint i = 0; i < data->signers->len; i++) {
        const TamgaSignerInfo *info = data->signers->pdata[i];
        g_assert_true (contains (after, info->fields));
        for (guint j = 0; !attributes_grow && info->unsigned_list && j < info->unsigned_list->len;
             j++)
            g_assert_true (contains (after, info->unsigned_list->pdata[j]));
    }
}

static void test_levels (void)
{
    static const char *const rows[][2] = {{"RSA", "RSA-PSS-SHA-256"}, {"P-256", "ECDSA-SHA-256"}};
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");
    TamgaStamper longer = fixture_stamper (fixture, "SHA-512");

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        gboolean detached = i == 1;
        Party *party = fixture_party (fixture, rows[i][0], "Signer");
        g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, party);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) one = fixture_cades (fixture, party, rows[i][1], TAMGA_LEVEL_B, detached,
                                                content, NULL, &error);
        GBytes *given = detached ? content : NULL;
        TamgaExtension to_lta = {.timestamp = TRUE, .evidence = evidence, .archive = TRUE};
        TamgaExtension renewal = {.archive = TRUE};
        g_autoptr (GBytes) two = fixture_extend (one, given, &to_lta, &stamper, &error);
        g_autoptr (GBytes) three = fixture_extend (two, given, &renewal, &longer, &error);
        g_autoptr (GBytes) four = fixture_extend (three, given, &renewal, &stamper, &error);
        g_autoptr (GPtrArray) signatures = NULL;
        g_assert_no_error (error);
        assert_kept (one, two, FALSE);
        assert_kept (two, three, FALSE);
        assert_kept (three, four, FALSE);
        assert_archived (two, given, 1);
        assert_archived (three, given, 2);
        assert_archived (four, given, 3);
        assert_chain (four, given);
        assert_peer_accepts (fixture, four, content, detached);
        signatures = fixture_read (two, given, NULL);
        g_assert_true (signature_of (signatures, 0)->has_evidence);
        g_assert_cmpuint (signature_of (signatures, 0)->findings->len, ==, 0);
        g_assert_cmpuint (count_kind (signature_of (signatures, 0), TAMGA_TIMESTAMP_SIGNATURE), ==,
                          1);
    }
}

/* Evidence that is there already is not added, and nothing to add changes nothing. */
static void test_nothing_twice (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = content_bytes ();
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, party);
    TamgaExtension to_lt = {.evidence = evidence};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) one = fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_T, FALSE,
                                            content, NULL, &error);
    g_autoptr (GBytes) two = fixture_extend (one, NULL, &to_lt, NULL, &error);
    g_autoptr (GBytes) three = fixture_extend (two, NULL, &to_lt, NULL, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (g_bytes_get_size (two), >, g_bytes_get_size (one));
    g_assert_true (g_bytes_equal (two, three));
}

/* Several signers, indefinite lengths and pieces of content, as OpenSSL writes them. */
static void test_on_what_openssl_made (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *first = fixture_party (fixture, "RSA", "First");
    Party *second = fixture_party (fixture, "P-256", "Second");
    g_autoptr (GBytes) content = content_bytes ();
    g_autofree char *input = fixture_write (fixture, "content", content);
    g_autofree char *made = g_build_filename (fixture->folder, "made.p7m", NULL);
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");
    TamgaExtension extension = {.index = ALL, .timestamp = TRUE, .archive = TRUE};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) one = NULL, two = NULL, three = NULL;

    g_assert_true (fixture_openssl (
        fixture, "cms", "-sign", "-cades", "-binary", "-md", "sha256", "-nodetach", "-stream",
        "-outform", "DER", "-in", input, "-out", made, "-signer", first->certificate_path, "-inkey",
        first->key_path, "-signer", second->certificate_path, "-inkey", second->key_path, NULL));
    one = fixture_load (made);
    two = fixture_extend (one, NULL, &extension, &stamper, &error);
    g_assert_no_error (error);
    extension.timestamp = FALSE;
    three = fixture_extend (two, NULL, &extension, &stamper, &error);
    g_assert_no_error (error);
    assert_kept (one, three, FALSE);
    assert_archived (three, NULL, 2);
    assert_peer_accepts (fixture, three, content, FALSE);
}

static GBytes *stamp_something_else (const TamgaStamper *stamper, GBytes *imprint, GError **error)
{
    TamgaStamper honest = fixture_stamper (stamper->data, "SHA-256");
    g_autoptr (GBytes) other = tamga_digest_bytes (stamper->digest, imprint);

    return honest.stamp (&honest, other, error);
}

static void test_refused (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = content_bytes ();
    g_autoptr (GBytes) other = g_bytes_new_static ("another", 7);
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");
    TamgaStamper liar = stamper;
    g_autoptr (GBytes) file =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, TRUE, content, NULL, NULL);
    const struct {
        TamgaExtension extension;
        GBytes *content;
        const TamgaStamper *stamper;
        int code;
    } rows[] = {
        {{.archive = TRUE}, NULL, &stamper, TAMGA_FORMAT_ERROR_NO_CONTENT},
        {{.archive = TRUE}, other, &stamper, TAMGA_FORMAT_ERROR_UNSUPPORTED},
        {{.archive = TRUE}, content, NULL, TAMGA_FORMAT_ERROR_PARAMETER},
        {{.archive = TRUE}, content, &liar, TAMGA_FORMAT_ERROR_PARAMETER},
        {{.timestamp = TRUE}, content, &liar, TAMGA_FORMAT_ERROR_PARAMETER},
        {{.index = 1, .archive = TRUE}, content, &stamper, TAMGA_FORMAT_ERROR_PARAMETER},
    };

    liar.stamp = stamp_something_else;
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_null (
            fixture_extend (file, rows[i].content, &rows[i].extension, rows[i].stamper, &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, rows[i].code);
        g_test_message ("%s", error->message);
    }
}

/* ---- Hostile ---- */

static GBytes *lta_file (Fixture *fixture, GBytes *content)
{
    Party *party = fixture_party (fixture, "P-256", "Signer");
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");
    TamgaExtension extension = {.archive = TRUE};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) one = fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_LT, FALSE,
                                            content, NULL, &error);
    GBytes *two = fixture_extend (one, NULL, &extension, &stamper, &error);

    g_assert_no_error (error);
    return two;
}

/* Does any archive timestamp of the first signature cover? */
static gboolean archive_covers (GBytes *file)
{
    g_autoptr (GPtrArray) signatures = fixture_read (file, NULL, NULL);
    gboolean covers = FALSE;

    for (guint i = 0; signatures != NULL && i < signature_of (signatures, 0)->timestamps->len;
         i++) {
        const TamgaTimestamp *timestamp = signature_of (signatures, 0)->timestamps->pdata[i];
        g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);
        if (timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE && token != NULL &&
            token->signature->integrity == TAMGA_INTEGRITY_INTACT)
            covers |= tamga_token_covers_digest (token, timestamp->covered_digest);
    }
    return covers;
}

/* One bit in each certificate, revocation value and value of an unsigned attribute. */
static void test_every_unsigned_part (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    g_autoptr (GBytes) file = lta_file (fixture, content);
    g_autoptr (TamgaDocument) document = tamga_document_new ("file", file);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    const TamgaSignerInfo *info = data->signers->pdata[0];
    GPtrArray *lists[] = {data->certificates, data->crls, info->unsigned_list};
    guint parts = 0;

    g_assert_true (archive_covers (file));
    for (gsize l = 0; l < G_N_ELEMENTS (lists); l++) {
        for (guint i = 0; i < lists[l]->len; i++, parts++) {
            gsize length, part_length;
            guint8 *copy = g_memdup2 (g_bytes_get_data (file, &length), g_bytes_get_size (file));
            const void *part = g_bytes_get_data (lists[l]->pdata[i], &part_length);
            guint8 *at = memmem (copy, length, part, part_length);
            g_autoptr (GBytes) changed = NULL;
            length = g_bytes_get_size (file);
            at = memmem (copy, length, part, part_length);
            at[part_length - 5] ^= 0x01;
            changed = g_bytes_new_take (copy, length);
            g_assert_false (archive_covers (changed));
        }
    }
    g_assert_cmpuint (parts, >=, 5);
}

/* Elements of a SEQUENCE OF OCTET STRING of an index. */
static void add_hashes (GPtrArray *to, TamgaDer *fields)
{
    TamgaDerElement list, one;

    g_assert_true (tamga_der_take (fields, TAMGA_DER_SEQUENCE, &list));
    while (tamga_der_next (&list.contents, &one))
        g_ptr_array_add (to, tamga_der_raw (&one));
}

typedef enum { HONEST, MISSING, FOREIGN, DUPLICATE, NO_INDEX, OTHER_TOKEN } Lie;

/* A file with an archive timestamp whose index lies in that way, everything else being right. */
static GBytes *forge_archive (Fixture *fixture, GBytes *file, Lie lie)
{
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");
    g_autoptr (TamgaDocument) document = tamga_document_new ("file", file);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    g_autoptr (GPtrArray) nodes = tamga_signer_nodes (data, NULL);
    TamgaSignerNode *node = nodes->pdata[0];
    g_autoptr (GPtrArray) attributes = tamga_attributes_parse (node->list);
    const TamgaIndexed indexed = {data->certificates, data->crls, attributes};
    g_autoptr (GBytes) honest = tamga_hash_index_make (&indexed, stamper.digest);
    GPtrArray *lists[3];
    g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_autoptr (GBytes) index = NULL, content = NULL, input = NULL, imprint = NULL, token = NULL;
    g_autoptr (TamgaOutput) inner = tamga_output_new_memory (), outer = tamga_output_new_memory ();
    TamgaDerElement whole, algorithm;

    g_assert_true (tamga_der_whole (honest, TAMGA_DER_SEQUENCE, &whole));
    g_assert_true (tamga_der_take (&whole.contents, TAMGA_DER_SEQUENCE, &algorithm));
    g_ptr_array_add (fields, tamga_der_raw (&algorithm));
    for (gsize i = 0; i < 3; i++) {
        lists[i] = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
        add_hashes (lists[i], &whole.contents);
    }
    if (lie == MISSING)
        g_ptr_array_remove_index (lists[2], 0);
    if (lie == DUPLICATE)
        g_ptr_array_add (lists[0], g_bytes_ref (lists[0]->pdata[0]));
    if (lie == FOREIGN) {
        g_autoptr (GBytes) hash = tamga_digest_bytes (stamper.digest, honest);
        g_ptr_array_add (lists[1], tamga_der_wrap (TAMGA_DER_OCTET_STRING, hash));
    }
    for (gsize i = 0; i < 3; i++) {
        g_ptr_array_add (fields, tamga_elements_join (TAMGA_DER_SEQUENCE, lists[i]));
        g_ptr_array_unref (lists[i]);
    }
    index = tamga_elements_join (TAMGA_DER_SEQUENCE, fields);
    content = tamga_signed_data_content_digest (data, stamper.digest, NULL);
    input = tamga_archive_v3_input (data, node->info, lie == OTHER_TOKEN ? index : content, index);
    imprint = tamga_digest_bytes (stamper.digest, input);
    token = stamper.stamp (&stamper, imprint, NULL);
    {
        g_autoptr (TamgaDocument) whole_token = tamga_document_new ("token", token);
        g_autoptr (TamgaSignedData) parsed = tamga_signed_data_parse (whole_token, NULL);
        g_autoptr (GPtrArray) below = tamga_signer_nodes (parsed, NULL);
        g_autoptr (TamgaCmsParts) parts = tamga_cms_parts_from (parsed);
        g_autoptr (GBytes) filled = NULL;
        if (lie != NO_INDEX)
            tamga_signer_node_add (below->pdata[0], TAMGA_OID_HASH_INDEX_V3, index);
        g_assert_true (tamga_cms_rewrite (parsed, parts, below, inner, NULL));
        g_assert_true (tamga_output_commit (inner, NULL));
        filled = tamga_output_steal_bytes (inner);
        tamga_signer_node_add (node, OID_ARCHIVE_V3, filled);
    }
    {
        g_autoptr (TamgaCmsParts) parts = tamga_cms_parts_from (data);
        g_assert_true (tamga_cms_rewrite (data, parts, nodes, outer, NULL));
        g_assert_true (tamga_output_commit (outer, NULL));
    }
    return tamga_output_steal_bytes (outer);
}

static gboolean has_finding (GBytes *file, const char *code, TamgaSeverity severity)
{
    g_autoptr (GPtrArray) signatures = fixture_read (file, NULL, NULL);
    const TamgaSignature *signature = signature_of (signatures, 0);

    for (guint i = 0; i < signature->findings->len; i++) {
        const TamgaFinding *finding = signature->findings->pdata[i];
        if (strcmp (finding->code, code) == 0 && finding->severity == severity)
            return TRUE;
    }
    return FALSE;
}

static void test_lying_index (void)
{
    static const struct {
        Lie lie;
        gboolean covers;
        const char *finding;
    } rows[] = {
        {HONEST, TRUE, NULL},
        {MISSING, TRUE, "archive-left-out"},
        {FOREIGN, FALSE, "archive-hash-index-foreign"},
        {DUPLICATE, FALSE, "archive-hash-index-foreign"},
        {NO_INDEX, FALSE, "archive-hash-index"},
        {OTHER_TOKEN, FALSE, NULL},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) file =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_LT, FALSE, content, NULL, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GBytes) forged = forge_archive (fixture, file, rows[i].lie);
        g_autoptr (GPtrArray) signatures = fixture_read (forged, NULL, NULL);
        const TamgaTimestamp *archive = signature_of (signatures, 0)->timestamps->pdata[1];
        g_assert_cmpint (archive_covers (forged), ==, rows[i].covers);
        if (rows[i].finding != NULL)
            g_assert_true (has_finding (forged, rows[i].finding, TAMGA_SEVERITY_WARNING));
        /* What is left out is not proven. */
        g_assert_cmpint (proves (archive, "timestamp 1"), ==,
                         rows[i].lie == HONEST || rows[i].lie == OTHER_TOKEN);
    }
}

/* ---- Files of other implementations ---- */

static GBytes *load_corpus (const char *relative)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "corpora", relative, NULL);

    return fixture_load (path);
}

static gboolean has_old_archive (GBytes *file)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("file", file);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    g_autoptr (GPtrArray) nodes = tamga_signer_nodes (data, NULL);

    return tamga_signed_data_frozen (nodes);
}

/* The fate of each token by its signature, wherever it lies now. */
static GHashTable *fates (GPtrArray *signatures)
{
    GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        for (guint j = 0; j < signature->timestamps->len; j++) {
            const TamgaTimestamp *timestamp = signature->timestamps->pdata[j];
            g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);
            g_autofree char *serial = tamga_text_hex_bytes (token->signature->signature_value);
            g_hash_table_insert (table, g_strdup_printf ("%s %s", signature->id, serial),
                                 GINT_TO_POINTER (fate (timestamp)));
        }
    }
    return table;
}

static gboolean has_countersignature (GPtrArray *signatures)
{
    gboolean found = FALSE;

    for (guint i = 0; i < signatures->len; i++)
        found |= ((TamgaSignature *)signatures->pdata[i])->countersigned != NULL;
    return found;
}

static void extend_row (Fixture *fixture, char **columns)
{
    g_autoptr (GBytes) file = load_corpus (columns[0]);
    g_autoptr (GBytes) content = strcmp (columns[2], "-") != 0 ? load_corpus (columns[2]) : NULL;
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");
    Party *stranger = fixture->others->pdata[0];
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, stranger);
    TamgaExtension extension = {.index = ALL, .archive = TRUE, .evidence = evidence};
    g_autoptr (GError) error = NULL, frozen = NULL;
    g_autoptr (GPtrArray) before = fixture_read (file, content, &error), after = NULL;
    g_autoptr (GHashTable) old = NULL, new = NULL;
    g_autoptr (GBytes) extended = NULL;
    gboolean has_old = has_old_archive (file);
    GHashTableIter iter;
    gpointer key, value;

    g_assert_no_error (error);
    extension.timestamp = !has_old;
    extended = fixture_extend (file, content, &extension, &stamper, &error);
    g_test_message ("%s: %s", columns[0], error != NULL ? error->message : "extended");
    if (strstr (columns[0], "-ERS") != NULL || strstr (columns[0], "-er-") != NULL) {
        /* An evidence record covers the whole file. */
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
        return;
    }
    g_assert_no_error (error);
    /* What is added to a countersignature, or to the newest old token, lies in an attribute. */
    assert_kept (file, extended, has_old || has_countersignature (before));
    after = fixture_read (extended, content, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (before->len, ==, after->len);
    old = fates (before);
    new = fates (after);
    g_hash_table_iter_init (&iter, old);
    while (g_hash_table_iter_next (&iter, &key, &value)) {
        g_assert_true (g_hash_table_contains (new, key));
        g_assert_cmpint (GPOINTER_TO_INT (g_hash_table_lookup (new, key)), ==,
                         GPOINTER_TO_INT (value));
    }
    for (guint i = 0; i < after->len; i++) {
        const TamgaSignature *signature = after->pdata[i];
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
        if (signature->countersigned == NULL)
            g_assert_cmpuint (count_kind (signature, TAMGA_TIMESTAMP_ARCHIVE), ==,
                              count_kind (before->pdata[i], TAMGA_TIMESTAMP_ARCHIVE) + 1);
    }
    g_hash_table_iter_init (&iter, new);
    while (g_hash_table_iter_next (&iter, &key, &value)) {
        if (!g_hash_table_contains (old, key))
            g_assert_cmpint (GPOINTER_TO_INT (value), ==, 1);
    }
    /* A signature timestamp under an old archive timestamp would break it. */
    extension.timestamp = TRUE;
    if (has_old) {
        g_assert_null (fixture_extend (file, content, &extension, &stamper, &frozen));
        g_assert_error (frozen, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
    }
}

static void test_corpus (void)
{
    g_autofree char *manifest = g_build_filename (TAMGA_SHARED, "corpora", "manifest.tsv", NULL);
    g_autofree char *text = NULL;
    g_auto (GStrv) lines = NULL;
    g_autoptr (Fixture) fixture = NULL;
    guint rows = 0;

    if (!g_file_get_contents (manifest, &text, NULL, NULL)) {
        g_test_skip ("skipped: ../shared is missing");
        return;
    }
    fixture = fixture_new ();
    fixture_party (fixture, "P-256", "Somebody");
    lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto (GStrv) columns = g_strsplit (*line, "\t", -1);
        if (g_strv_length (columns) < 4 || strcmp (columns[1], "cades") != 0 ||
            strcmp (columns[3], "ok") != 0)
            continue;
        extend_row (fixture, columns);
        rows++;
    }
    g_assert_cmpuint (rows, >, 20);
}

/* ---- What was signed ---- */

static GPtrArray *originals (GBytes *file, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("signature file", file);

    return tamga_cades_format.originals (document, NULL, NULL, error);
}

static void test_originals (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    gsize size = 6 * 1024 * 1024;
    g_autoptr (GBytes) content = g_bytes_new_take (g_malloc (size), size);
    g_autofree char *input = NULL, *made = g_build_filename (fixture->folder, "made.p7m", NULL);
    g_autoptr (GError) error = NULL, missing = NULL;
    g_autoptr (GBytes) own = NULL, peer = NULL, detached = NULL;

    memset ((void *)g_bytes_get_data (content, NULL), 'x', size);
    input = fixture_write (fixture, "content", content);
    own =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, FALSE, content, NULL, NULL);
    g_assert_true (fixture_openssl (fixture, "cms", "-sign", "-binary", "-md", "sha256",
                                    "-nodetach", "-stream", "-outform", "DER", "-in", input, "-out",
                                    made, "-signer", party->certificate_path, "-inkey",
                                    party->key_path, NULL));
    peer = fixture_load (made);
    for (gsize i = 0; i < 2; i++) {
        g_autoptr (GPtrArray) list = originals (i == 0 ? own : peer, &error);
        const TamgaOriginal *original;
        g_autoptr (GBytes) bytes = NULL;
        g_assert_no_error (error);
        g_assert_cmpuint (list->len, ==, 1);
        original = list->pdata[0];
        g_assert_cmpstr (original->mime_type, ==, i == 0 ? "text/plain" : NULL);
        bytes = tamga_document_bytes (original->document, 0,
                                      tamga_document_size (original->document), size, &error);
        g_assert_no_error (error);
        g_assert_true (g_bytes_equal (bytes, content));
        /* The joined pieces of a large one lie in a file. */
        g_assert_cmpint (tamga_document_memory (original->document) == NULL, ==, i == 1);
    }
    detached =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, TRUE, content, NULL, NULL);
    g_assert_null (originals (detached, &missing));
    g_assert_error (missing, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/cades/en319122_5_5_3/levels_and_renewals", test_levels);
    g_test_add_func ("/cades/extend/nothing_twice", test_nothing_twice);
    g_test_add_func ("/cades/extend/on_what_openssl_made", test_on_what_openssl_made);
    g_test_add_func ("/cades/extend/refused", test_refused);
    g_test_add_func ("/cades/en319122_5_5_3/every_unsigned_part", test_every_unsigned_part);
    g_test_add_func ("/cades/en319122_5_5_2/lying_index", test_lying_index);
    g_test_add_func ("/cades/extend/files_of_others", test_corpus);
    g_test_add_func ("/cades/originals", test_originals);
    return g_test_run ();
}
