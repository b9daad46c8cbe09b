/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A container sorted out: what is payload, what is a signature, what says which belongs to which
 * (EN 319 162-1 4.3 and 4.4). Private to formats/zip. */
#pragma once

#include "formats/format.h"
#include "formats/xml/resolver.h"
#include "formats/zip/container.h"

#define TAMGA_ASIC_MIMETYPE "mimetype"
#define TAMGA_ASIC_META "META-INF/"
#define TAMGA_ASIC_ODF_MANIFEST "META-INF/manifest.xml"
#define TAMGA_ASIC_TYPE_E "application/vnd.etsi.asic-e+zip"
#define TAMGA_ASIC_TYPE_S "application/vnd.etsi.asic-s+zip"

typedef enum {
    TAMGA_ASIC_PAYLOAD,
    TAMGA_ASIC_MANIFEST,          /* of a CAdES signature or a timestamp */
    TAMGA_ASIC_ARCHIVE_MANIFEST,  /* of a timestamp over signatures and manifests */
    TAMGA_ASIC_EVIDENCE_MANIFEST, /* of an evidence record */
    TAMGA_ASIC_EVIDENCE,
    TAMGA_ASIC_XADES,
    TAMGA_ASIC_CADES,
    TAMGA_ASIC_STAMP,
    TAMGA_ASIC_MACHINERY, /* mimetype, META-INF/manifest.xml, folders */
    TAMGA_ASIC_UNKNOWN,   /* something else in META-INF */
} TamgaAsicRole;
#define TAMGA_ASIC_ROLES (TAMGA_ASIC_UNKNOWN + 1)
TamgaAsicRole tamga_asic_role (const char *name);

typedef struct {
    TamgaDocument *document;
    TamgaZip *zip;
    gboolean simple;                    /* ASiC-S: one file; else ASiC-E */
    gboolean typed;                     /* its media type says which one */
    gboolean bom;                       /* its media type begins with a byte order mark */
    GPtrArray *roles[TAMGA_ASIC_ROLES]; /* TamgaZipEntry, owned by `zip`, in order */
    GPtrArray *manifests;               /* TamgaAsicManifest, of all three kinds */
    GHashTable *digests;                /* "SHA-256:name" -> GBytes: each is computed once */
    TamgaProgress progress;
    gpointer progress_data;
} TamgaAsic;

/* Errors: those of tamga_zip_open. */
TamgaAsic *tamga_asic_open (TamgaDocument *document, GError **error);
void tamga_asic_free (TamgaAsic *asic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaAsic, tamga_asic_free)

/* The entry that a reference leads to: percent-decoded, else as it is written. NULL: none. */
const TamgaZipEntry *tamga_asic_find (TamgaAsic *asic, const char *uri);
/* A name as a reference writes it (RFC 3986). */
char *tamga_asic_uri (const char *name);
GBytes *tamga_asic_digest (TamgaAsic *asic, const TamgaZipEntry *entry, const TamgaDigest *digest,
                           GError **error);
/* A file of META-INF in memory; LIMIT beyond TAMGA_MAX_ZIP_META. */
GBytes *tamga_asic_bytes (TamgaAsic *asic, const TamgaZipEntry *entry, GError **error);
/* The same as a document. What is written anew must have been whole: its CRC is looked at. */
TamgaDocument *tamga_asic_carrier (TamgaAsic *asic, const TamgaZipEntry *entry, GError **error);
/* References of XML signatures lead to entries. Borrows. */
TamgaXmlResolver tamga_asic_resolver (TamgaAsic *asic);

/* A digest that a manifest gives of an entry. */
typedef struct {
    char *uri, *mime_type;
    const TamgaDigest *digest; /* NULL: unknown */
    GBytes *value;
    const TamgaZipEntry *entry; /* NULL: not there */
    gboolean equal;             /* after tamga_asic_manifest_check */
    gboolean root;              /* the archive manifest before this one (A.7) */
} TamgaAsicReference;
TamgaAsicReference *tamga_asic_reference_new (void);
void tamga_asic_reference_free (TamgaAsicReference *reference);

typedef struct {
    const TamgaZipEntry *entry;
    GBytes *bytes;
    const TamgaZipEntry *target; /* the signature or token that covers it; NULL: not there */
    GPtrArray *references;       /* TamgaAsicReference */
    gboolean critical;           /* has a critical extension: none is known here */
    gboolean odd;                /* legible, but not as the schema says */
    gboolean checked;            /* tamga_asic_manifest_check was called */
    char *problem;               /* why it cannot be read; NULL: it can */
} TamgaAsicManifest;

TamgaAsicManifest *tamga_asic_manifest_new (const TamgaZipEntry *entry);
/* Every manifest of the container; one that is broken says so in `problem`. */
gboolean tamga_asic_read_manifests (TamgaAsic *asic, GError **error);
/* The only manifest whose signature or token `target` is; NULL: none, or `*several`. */
TamgaAsicManifest *tamga_asic_manifest_of (TamgaAsic *asic, const TamgaZipEntry *target,
                                           gboolean *several);
/* Computes what `equal` needs. */
gboolean tamga_asic_manifest_check (TamgaAsic *asic, TamgaAsicManifest *manifest, GError **error);
/* Tells `signature` what of the manifest is missing, changed or not understood; lists objects. */
void tamga_asic_manifest_judge (const TamgaAsicManifest *manifest, TamgaSignature *signature);

/* META-INF/manifest.xml against what is there: findings of the container. */
gboolean tamga_asic_odf_compare (TamgaAsic *asic, GPtrArray *findings, GError **error);

/* What a made container has besides payload and signatures. */
GBytes *tamga_asic_manifest_make (const char *target, const char *target_type,
                                  GPtrArray *references); /* TamgaAsicReference */
GBytes *tamga_asic_odf_make (const char *container_type, GPtrArray *names, GPtrArray *mime_types);
/* By the extension of a name; never NULL. */
const char *tamga_asic_mime_type (const char *name);

/* Timestamps of the container (*.tst) as signatures without a signer, oldest first, numbered after
 * `numbers`; they tell the signatures read before what they cover of them. Appends to `signatures`
 * and to `origins` (TamgaAsicOrigin). */
gboolean tamga_asic_read_stamps (TamgaAsic *asic, GPtrArray *signatures, GArray *origins,
                                 guint numbers, GError **error);
/* Lists the only file, which `signature` covers as a whole. */
void tamga_asic_add_file (TamgaSignature *signature, const TamgaZipEntry *entry);
/* Fills in what `signature` covers of the payload: the entries in `covered` (TamgaZipEntry). */
void tamga_asic_describe_coverage (TamgaAsic *asic, TamgaSignature *signature, GHashTable *covered);
