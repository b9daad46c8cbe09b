/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the matrix and what they sign. */
#include "tests/matrix/matrix.h"

#include <string.h>

const MatrixForm matrix_forms[] = {
    {"cades-attached", "cades", TAMGA_PACKAGING_DEFAULT, 0, MATRIX_TEXT, 1, TAMGA_LEVEL_LTA,
     "CAdES", 2, ".p7m"},
    {"cades-detached", "cades", TAMGA_PACKAGING_DETACHED, 0, MATRIX_TEXT, 1, TAMGA_LEVEL_LTA,
     "CAdES", 2, ".p7s"},
    {"pades", "pades", TAMGA_PACKAGING_DEFAULT, 0, MATRIX_PDF, 1, TAMGA_LEVEL_LTA, "PAdES", 2,
     ".pdf"},
    {"xades-enveloped", "xades", TAMGA_PACKAGING_ENVELOPED, 0, MATRIX_XML, 1, TAMGA_LEVEL_LTA,
     "XAdES", 2, ".xml"},
    {"xades-enveloping", "xades", TAMGA_PACKAGING_ENVELOPING, 0, MATRIX_TEXT, 1, TAMGA_LEVEL_LTA,
     "XAdES", 1, ".xml"},
    {"xades-detached", "xades", TAMGA_PACKAGING_DETACHED, 0, MATRIX_TEXT, 2, TAMGA_LEVEL_LTA,
     "XAdES", 1, ".xml"},
    {"xmldsig", "xmldsig", TAMGA_PACKAGING_DEFAULT, 0, MATRIX_XML, 1, TAMGA_LEVEL_B, "XMLDSig", 1,
     ".xml"},
    {"asic-e-xades", "asic-e-xades", TAMGA_PACKAGING_DEFAULT, 0, MATRIX_TEXT, 2, TAMGA_LEVEL_LTA,
     "XAdES", 2, ".asice"},
    {"asic-e-cades", "asic-e-cades", TAMGA_PACKAGING_DEFAULT, 0, MATRIX_TEXT, 2, TAMGA_LEVEL_LTA,
     "CAdES", 2, ".asice"},
    {"asic-s-xades", "asic-s-xades", TAMGA_PACKAGING_DEFAULT, 0, MATRIX_TEXT, 1, TAMGA_LEVEL_LTA,
     "XAdES", 2, ".asics"},
    {"asic-s-cades", "asic-s-cades", TAMGA_PACKAGING_DEFAULT, 0, MATRIX_TEXT, 1, TAMGA_LEVEL_LTA,
     "CAdES", 2, ".asics"},
    {"jades-compact", "jades", TAMGA_PACKAGING_DEFAULT, TAMGA_JOSE_COMPACT, MATRIX_TEXT, 1,
     TAMGA_LEVEL_B, "JAdES", 1, ".jws"},
    {"jades-flattened", "jades", TAMGA_PACKAGING_DEFAULT, TAMGA_JOSE_FLATTENED, MATRIX_TEXT, 1,
     TAMGA_LEVEL_LTA, "JAdES", 1, ".json"},
    {"jades-general", "jades", TAMGA_PACKAGING_DEFAULT, TAMGA_JOSE_GENERAL, MATRIX_TEXT, 1,
     TAMGA_LEVEL_LTA, "JAdES", 2, ".json"},
    {"jades-detached", "jades", TAMGA_PACKAGING_DETACHED, TAMGA_JOSE_GENERAL, MATRIX_TEXT, 2,
     TAMGA_LEVEL_LTA, "JAdES", 1, ".json"},
    {.name = NULL},
};

const MatrixKey matrix_keys[] = {
    {"rsa-pkcs1", "RSA", NULL, "RSA-PKCS1-SHA-256", "SHA-256"},
    {"rsa-pss", "RSA", NULL, "RSA-PSS-SHA-256", "SHA-256"},
    {"p256", "EC", "P-256", "ECDSA-SHA-256", "SHA-256"},
    {"p384", "EC", "P-384", "ECDSA-SHA-384", "SHA-256"},
    {"p521", "EC", "P-521", "ECDSA-SHA-512", "SHA-256"},
    {"kz-512", "KZ-GOST-2015-512", NULL, "GOST-34.10-2015-512", "Streebog-512"},
    {"kz-256", "KZ-GOST-2015-256", NULL, "GOST-34.10-2015-256", "SHA-256"},
    {"ua-257", "DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1.2.6", "DSTU-4145-GOST-34.311",
     "GOST-34.311-DKE-1"},
    {"ua-431", "DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1.2.9", "DSTU-4145-Kupyna-512", "SHA-256"},
    {.name = NULL},
};

gboolean matrix_takes (const MatrixForm *form, const MatrixKey *key)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name (key->algorithm);
    g_assert_nonnull (algorithm);
    if (strcmp (form->reads_as, "XAdES") == 0 || strcmp (form->reads_as, "XMLDSig") == 0)
        return algorithm->xml_uri != NULL;
    return strcmp (form->reads_as, "JAdES") != 0 || algorithm->jwa != NULL;
}

/* A page with one line of text: small, and whole. */
static GBytes *make_pdf (void)
{
    static const char *const objects[] = {
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R\n"
        "   /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> "
        ">> >>",
        "<< /Length 51 >>\nstream\nBT /F1 12 Tf 20 100 Td (" MATRIX_MARK ") Tj ET\nendstream",
    };
    GString *pdf = g_string_new ("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
    gsize offsets[G_N_ELEMENTS (objects)];
    for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
        offsets[i] = pdf->len;
        g_string_append_printf (pdf, "%u 0 obj\n%s\nendobj\n", i + 1, objects[i]);
    }
    gsize xref = pdf->len;
    g_string_append (pdf, "xref\n0 5\n0000000000 65535 f \n");
    for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
        g_string_append_printf (pdf, "%010" G_GSIZE_FORMAT " 00000 n \n", offsets[i]);
    g_string_append_printf (
        pdf,
        "trailer\n<< /Size 5 /Root 1 0 R /ID [<00112233445566778899aabbccddeeff>"
        " <00112233445566778899aabbccddeeff>] >>\nstartxref\n%" G_GSIZE_FORMAT "\n%%%%EOF\n",
        xref);
    return g_string_free_to_bytes (pdf);
}

GPtrArray *matrix_documents (const MatrixForm *form)
{
    static const char text[] = "First line.\n" MATRIX_MARK ".\nLast line.\n";
    static const char xml[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a comment -->\n"
                              "<contract xmlns=\"urn:example:contract\" Id=\"all\">\n"
                              "  <title lang='en'>" MATRIX_MARK "</title>\n"
                              "  <party><name>\xd0\x90\xd0\xb9\xd1\x82</name></party>\n"
                              "</contract>\n";
    GPtrArray *documents = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
    for (guint i = 0; i < form->documents; i++) {
        static const char *const suffixes[] = {
            [MATRIX_TEXT] = "txt", [MATRIX_XML] = "xml", [MATRIX_PDF] = "pdf"};
        g_autofree char *name = g_strdup_printf ("document %u.%s", i + 1, suffixes[form->content]);
        g_autoptr (GBytes) bytes = NULL;
        if (form->content == MATRIX_PDF)
            bytes = make_pdf ();
        else if (form->content == MATRIX_XML)
            bytes = g_bytes_new_static (xml, sizeof xml - 1);
        else
            bytes = g_bytes_new_static (text, sizeof text - 1 - i);
        g_ptr_array_add (documents, tamga_document_new (name, bytes));
    }
    return documents;
}
