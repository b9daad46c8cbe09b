/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Containers made with the small PKI of the tests of CMS, taken apart and put together wrongly. */
#pragma once

#include "formats/zip/asic.h"
#include "formats/zip/container.h"
#include "tests/unit/cms/fixture.h"

typedef struct {
    const char *name, *content; /* NULL: the end */
} SceneFile;

typedef struct {
    const TamgaFormat *format;
    const Party *party;
    TamgaLevel level;
    const SceneFile *files;    /* ends with NULL */
    GBytes *container;         /* gets one more signature, and `files` besides; or NULL */
    const char *countersigned; /* or NULL */
} SceneSigning;

/* The whole way: prepare, sign, timestamp, evidence, embed. */
GBytes *scene_sign (Fixture *fixture, const SceneSigning *signing, GError **error);
GPtrArray *scene_read (GBytes *container, GError **error);
GBytes *scene_extend (Fixture *fixture, const TamgaFormat *format, GBytes *container,
                      const TamgaExtension *extensions, gsize n, GError **error);
TamgaStamper scene_stamper (Fixture *fixture);

/* The content of a file of it. */
GBytes *scene_file (GBytes *container, const char *name);
/* The container with a file changed, added (where it was not there), or removed (`content` NULL).
 */
GBytes *scene_change (GBytes *container, const char *name, GBytes *content);
GBytes *scene_change_text (GBytes *container, const char *name, const char *content);
/* "mimetype a.txt META-INF/...": names in order. */
char *scene_names (GBytes *container);
/* `unzip -t` and `zipinfo` take it. */
void scene_assert_peers (Fixture *fixture, GBytes *container);
const TamgaFinding *scene_finding (const TamgaSignature *signature, const char *code);
