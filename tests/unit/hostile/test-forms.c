/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every form of signature against what may happen to a file: cut anywhere, any octet changed,
 * blocks doubled, taken out and put in. Nothing is by chance: the same damage in every run. */
#include <libxml/parser.h>
#include <string.h>

#include "tests/unit/hostile/operations.h"

#define SEED 20261123
/* Places that are tried in a file that is too large for all of them. */
#define SAMPLES 250
/* Files of this size and less are damaged at every octet. */
#define SMALL 4000
/* One damaged file in so many goes through all operations: they take some hundred times longer. */
#define OPERATE_EVERY 61

typedef enum { CUT, FLIP, HIGH_FLIP, DOUBLED, REMOVED, INSERTED, N_DAMAGES } Damage;

static const char *const damage_names[] = {"cut",     "flipped bit 0", "flipped bit 7",
                                           "doubled", "taken out",     "put in"};

static GBytes *damage (GBytes *file, Damage kind, gsize place, GRand *random)
{
    gsize size = g_bytes_get_size (file);
    const guint8 *data = g_bytes_get_data (file, NULL);
    gsize wanted = (gsize)g_rand_int_range (random, 1, 60);
    gsize length = MIN (wanted, size - place);
    GByteArray *result = g_byte_array_sized_new ((guint)(size + 60));
    g_byte_array_append (result, data, (guint)place);
    switch (kind) {
    case CUT:
        return g_byte_array_free_to_bytes (result);
    case FLIP:
    case HIGH_FLIP:
        g_byte_array_append (result, data + place, (guint)(size - place));
        result->data[place] ^= kind == FLIP ? 0x01 : 0x80;
        return g_byte_array_free_to_bytes (result);
    case DOUBLED:
        g_byte_array_append (result, data + place, (guint)length);
        break;
    case INSERTED:
        g_byte_array_append (result, data + g_rand_int_range (random, 0, (gint32)(size - length)),
                             (guint)length);
        break;
    default:
        place += length;
    }
    g_byte_array_append (result, data + place, (guint)(size - place));
    return g_byte_array_free_to_bytes (result);
}

static void damage_everywhere (const Cell *cell, GBytes *file)
{
    Subject subject;
    subject_begin (&subject, cell, file);
    gsize size = g_bytes_get_size (file);
    g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
    guint count = 0;
    for (Damage kind = 0; kind < N_DAMAGES; kind++) {
        gboolean all = size <= SMALL && kind <= FLIP;
        gsize places = all ? size : SAMPLES;
        for (gsize i = 0; i < places; i++) {
            /* Spread over the whole file, not always at the same distance. */
            gsize place = all ? i : (i * size + (gsize)g_rand_int (random) % size) / SAMPLES % size;
            g_autoptr (GBytes) damaged = damage (file, kind, place, random);
            gssize known = kind <= HIGH_FLIP ? (gssize)place : -1;
            subject_read (&subject, damaged, damage_names[kind], known);
            if (count++ % OPERATE_EVERY == 0)
                subject_operate (&subject, damaged, damage_names[kind]);
        }
    }
    g_assert_cmpuint (subject.errors + subject.refused, >, 200);
    subject_end (&subject);
}

/* A detached signature over documents of which one changed. */
static void damage_contents (Cell *cell, GBytes *file)
{
    for (guint i = 0; i < cell->documents->len; i++) {
        TamgaDocument *good = cell->documents->pdata[i];
        GBytes *bytes = tamga_document_memory (good);
        g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
        for (gsize place = 0; place < g_bytes_get_size (bytes); place++) {
            for (Damage kind = 0; kind < N_DAMAGES; kind++) {
                g_autoptr (GBytes) damaged = damage (bytes, kind, place, random);
                if (g_bytes_equal (damaged, bytes))
                    continue;
                cell->documents->pdata[i] =
                    tamga_document_new (tamga_document_name (good), damaged);
                g_autoptr (GPtrArray) signatures = cell_read (cell, file, NULL);
                for (guint k = 0; signatures != NULL && k < signatures->len; k++)
                    g_assert_false (signature_is_good (signatures->pdata[k]));
                tamga_document_unref (cell->documents->pdata[i]);
                cell->documents->pdata[i] = good;
            }
        }
    }
}

static const MatrixKey *find_key (const char *name)
{
    const MatrixKey *key = matrix_keys;
    while (key->name != NULL && strcmp (key->name, name) != 0)
        key++;
    g_assert_nonnull (key->name);
    return key;
}

/* One signer, and a second party that signs the damaged file. */
static Cell *new_cell (const MatrixForm *form, const char *key)
{
    Cell *cell = cell_new (form, find_key (key), 2);
    cell->signers = 1;
    return cell;
}

static void test_signed (gconstpointer data)
{
    static const char *const keys[] = {"p256", "kz-512", "ua-257"};
    for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
        if (!matrix_takes (data, find_key (keys[i])))
            continue;
        g_autoptr (Cell) cell = new_cell (data, keys[i]);
        g_autoptr (GBytes) file = cell_make (cell, TAMGA_LEVEL_B);
        damage_everywhere (cell, file);
        if (cell_is_detached (cell))
            damage_contents (cell, file);
    }
}

static void test_archived (gconstpointer data)
{
    g_autoptr (Cell) cell = new_cell (data, "p256");
    g_autoptr (GBytes) file = cell_make (cell, MIN (cell->form->highest, TAMGA_LEVEL_LT));
    if (cell->form->highest == TAMGA_LEVEL_LTA) {
        g_autoptr (GBytes) before = g_steal_pointer (&file);
        file = cell_extend (cell, before, TAMGA_LEVEL_LTA, ARCHIVED);
    }
    damage_everywhere (cell, file);
}

/* ---- What never was a file of ours ---- */

typedef struct {
    const char *octets;
    gsize size;
} Rubbish;

#define RUBBISH(text)                                                                              \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }

static const Rubbish rubbish[] = {
    RUBBISH (""),
    RUBBISH ("0"),
    RUBBISH ("\0"),
    RUBBISH ("<"),
    RUBBISH ("{"),
    RUBBISH ("P"),
    RUBBISH ("%"),
    RUBBISH ("."),
    RUBBISH ("\xff\xfe"),
    RUBBISH ("\xef\xbb\xbf"),
    RUBBISH ("%PDF-"),
    RUBBISH ("%PDF-1.7\nstartxref\n0\n%%EOF\n"),
    RUBBISH ("%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF\n"),
    RUBBISH ("0\x80"),
    RUBBISH ("0\x80\0\0"),
    RUBBISH ("0\x84\xff\xff\xff\xff"),
    RUBBISH ("0\x88\x7f\xff\xff\xff\xff\xff\xff\xff"),
    RUBBISH ("0\x0b\x06\x09*\x86H\x86\xf7\r\x01\x07\x02"),
    RUBBISH ("-----BEGIN CMS-----\n-----END CMS-----\n"),
    RUBBISH ("-----BEGIN PKCS7-----\nMA==\n"),
    RUBBISH ("<?xml version=\"1.0\"?>"),
    RUBBISH ("<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"),
    RUBBISH ("<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>"),
    RUBBISH ("<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo/>"
             "<SignatureValue/></Signature>"),
    RUBBISH ("{}"),
    RUBBISH ("[]"),
    RUBBISH ("{\"payload\":\"\",\"signatures\":[]}"),
    RUBBISH ("{\"payload\":\"\",\"signatures\":[{}]}"),
    RUBBISH ("{\"payload\":1,\"signature\":2,\"protected\":3}"),
    RUBBISH ("{\"payload\":\"\",\"signature\":\"\",\"protected\":\"\",\"header\":null}"),
    RUBBISH (".."),
    RUBBISH ("e30.."),
    RUBBISH ("e30.e30.e30"),
    RUBBISH ("eyJhbGciOiJub25lIn0.e30."),
    RUBBISH ("PK\3\4"),
    RUBBISH ("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    RUBBISH ("PK\5\6\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0"),
    RUBBISH ("PK\6\6PK\6\7PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
};

/* Every format on every piece of it, also under the names that formats expect. */
static void test_rubbish (void)
{
    g_autoptr (Cell) cell = new_cell (&matrix_forms[0], "p256");
    for (gsize i = 0; i < G_N_ELEMENTS (rubbish); i++) {
        g_autoptr (GBytes) bytes = g_bytes_new_static (rubbish[i].octets, rubbish[i].size);
        for (const TamgaFormat *const *format = tamga_formats; *format != NULL; format++) {
            g_autofree char *name =
                g_strdup_printf ("rubbish %" G_GSIZE_FORMAT "%s", i, (*format)->extension);
            g_autoptr (TamgaDocument) document = tamga_document_new (name, bytes);
            operate_all (cell, *format, document);
        }
    }
}

/* Files of one form given to the formats of all others: nobody crashes, nobody finds good what
 * its own format would not. */
static void test_foreign (void)
{
    for (const MatrixForm *form = matrix_forms; form->name != NULL; form++) {
        g_autoptr (Cell) cell = new_cell (form, "p256");
        g_autoptr (GBytes) file = cell_make (cell, TAMGA_LEVEL_B);
        g_autoptr (TamgaDocument) document = cell_open (cell, file);
        for (const TamgaFormat *const *format = tamga_formats; *format != NULL; format++) {
            if ((*format)->read != cell->format->read)
                operate_all (cell, *format, document);
        }
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    const char *only = argc > 1 ? argv[1] : NULL;
    for (const MatrixForm *form = matrix_forms; form->name != NULL; form++) {
        if (only != NULL && strcmp (only, form->name) != 0)
            continue;
        g_autofree char *made = g_strconcat ("/hostile/", form->name, "/signed", NULL);
        g_autofree char *kept = g_strconcat ("/hostile/", form->name, "/archived", NULL);
        g_test_add_data_func (made, form, test_signed);
        if (form->highest > TAMGA_LEVEL_B)
            g_test_add_data_func (kept, form, test_archived);
    }
    if (only == NULL || strcmp (only, "rubbish") == 0) {
        g_test_add_func ("/hostile/rubbish", test_rubbish);
        g_test_add_func ("/hostile/foreign", test_foreign);
    }
    int result = g_test_run ();
    xmlCleanupParser ();
    return result;
}
