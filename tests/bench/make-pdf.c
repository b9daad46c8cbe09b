/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-make-pdf BYTES FILE: a PDF of about that size: pages, each with one large image that does
 * not compress, as scanned documents have. */
#include <stdio.h>
#include <stdlib.h>

#define IMAGE (1024u * 960u)

static unsigned long long state = 88172645463325252ull;

static unsigned char noise (void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned char)state;
}

int main (int argc, char **argv)
{
    long bytes = argc == 3 ? atol (argv[1]) : 0;
    FILE *out = bytes > 0 ? fopen (argv[2], "wb") : NULL;
    if (!out) {
        fputs ("usage: bench-make-pdf BYTES FILE\n", stderr);
        return 64;
    }
    unsigned pages = (unsigned)((bytes + IMAGE - 1) / IMAGE);
    unsigned objects = 2 + pages * 3;
    long *offsets = calloc (objects + 1, sizeof *offsets);
    fputs ("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", out);
    offsets[1] = ftell (out);
    fputs ("1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n", out);
    offsets[2] = ftell (out);
    fprintf (out, "2 0 obj\n<< /Type /Pages /Count %u /Kids [", pages);
    for (unsigned i = 0; i < pages; i++)
        fprintf (out, " %u 0 R", 3 + i * 3);
    fputs (" ] >>\nendobj\n", out);
    for (unsigned i = 0; i < pages; i++) {
        unsigned page = 3 + i * 3;
        offsets[page] = ftell (out);
        fprintf (out,
                 "%u 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %u 0 R "
                 "/Resources << /XObject << /I %u 0 R >> >> >>\nendobj\n",
                 page, page + 1, page + 2);
        offsets[page + 1] = ftell (out);
        fprintf (out,
                 "%u 0 obj\n<< /Length 30 >>\nstream\nq 500 0 0 700 40 70 cm /I Do Q\nendstream\n"
                 "endobj\n",
                 page + 1);
        offsets[page + 2] = ftell (out);
        fprintf (out,
                 "%u 0 obj\n<< /Type /XObject /Subtype /Image /Width 1024 /Height 960 /ColorSpace "
                 "/DeviceGray /BitsPerComponent 8 /Length %u >>\nstream\n",
                 page + 2, IMAGE);
        for (unsigned n = 0; n < IMAGE; n++)
            putc (noise (), out);
        fputs ("\nendstream\nendobj\n", out);
    }
    long xref = ftell (out);
    fprintf (out, "xref\n0 %u\n0000000000 65535 f \n", objects + 1);
    for (unsigned i = 1; i <= objects; i++)
        fprintf (out, "%010ld 00000 n \n", offsets[i]);
    fprintf (out, "trailer\n<< /Size %u /Root 1 0 R >>\nstartxref\n%ld\n%%%%EOF\n", objects + 1,
             xref);
    free (offsets);
    return fclose (out) != 0;
}
