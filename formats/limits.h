/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ceilings for everything whose size an outsider chooses. One place, one reason each. */
#pragma once

/* A DER object that is held in memory whole: a SignedData without its content, a token, a
 * certificate. Real signatures with LTA evidence stay below 2 MiB. */
#define TAMGA_MAX_DER_SIZE (64u * 1024 * 1024)
/* One certificate. Real ones are 1-4 KiB; some government ones carry photos. */
#define TAMGA_MAX_CERTIFICATE_SIZE (1u * 1024 * 1024)
/* Certificates in one signature, its tokens and its evidence stores together. */
#define TAMGA_MAX_CERTIFICATES 1000u
/* OCSP responses plus CRLs in one signature. */
#define TAMGA_MAX_REVOCATIONS 1000u
/* SignerInfos in one SignedData. */
#define TAMGA_MAX_SIGNERS 1000u
/* Pieces that encapsulated content is cut into (BER, constructed OCTET STRING): 64 MiB of ranges;
 * with the 1 KiB pieces of common writers, content of 4 GiB. */
#define TAMGA_MAX_CONTENT_PIECES 4194304u
/* Countersignatures that stand on each other. Two are met in practice. */
#define TAMGA_MAX_COUNTERSIGNATURE_DEPTH 8u
/* Attributes of one SignerInfo. */
#define TAMGA_MAX_ATTRIBUTES 256u
/* Time-stamp tokens of one signature. */
#define TAMGA_MAX_TIMESTAMPS 256u
/* Certificates in one path, anchor included. */
#define TAMGA_MAX_PATH_LENGTH 16
/* An OCSP response fetched from the network. */
#define TAMGA_MAX_OCSP_SIZE (1u * 1024 * 1024)
/* A CRL fetched from the network; the largest in public use are near 30 MiB. */
#define TAMGA_MAX_CRL_SIZE (64u * 1024 * 1024)
/* A time-stamp response. */
#define TAMGA_MAX_TIMESTAMP_SIZE (1u * 1024 * 1024)
/* A URL taken from a certificate or a profile. */
#define TAMGA_MAX_URL_LENGTH 2048u
/* Nonce of OCSP (RFC 8954) and of time-stamp requests, bytes. */
#define TAMGA_NONCE_SIZE 16u
/* One message between a program and its helper process. */
#define TAMGA_MAX_FRAME_SIZE (80u * 1024 * 1024)
/* Objects in one PDF, and revisions of one PDF. */
#define TAMGA_MAX_PDF_OBJECTS 8000000u
#define TAMGA_MAX_PDF_REVISIONS 10000u
/* /Contents of one PDF signature, bytes before hex encoding. */
#define TAMGA_MAX_PDF_CONTENTS (16u * 1024 * 1024)
/* A PDF that is read into memory by the parser's side structures only; the file itself is not. */
#define TAMGA_MAX_PDF_SIZE (4096ull * 1024 * 1024)
/* An image for a visible signature. */
#define TAMGA_MAX_IMAGE_SIZE (16u * 1024 * 1024)
/* An XML document that is signed or holds signatures: the tree takes about 24 times its size. */
#define TAMGA_MAX_XML_SIZE (32u * 1024 * 1024)
/* Characters of one text in XML, as libxml2 reads it: base64 of a document inside of a signature. */
#define TAMGA_MAX_XML_TEXT 10000000u
/* Elements nested in each other (also the limit of libxml2). */
#define TAMGA_MAX_XML_DEPTH 256u
/* Name spaces in scope at one element of XML; the sum of their squares over all elements, which is
 * what canonicalization takes (some seconds); identifiers that more than one element has. */
#define TAMGA_MAX_XML_NAMESPACES 1000u
#define TAMGA_MAX_XML_NAMESPACE_WORK 1000000000u
#define TAMGA_MAX_XML_DUPLICATES 1000u
/* Nodes visited (and 16 octets each written) for all canonical forms of one document together,
 * about a minute's work: some fifty times the largest one. Octets of one that is held in memory. */
#define TAMGA_MAX_XML_WORK 200000000u
#define TAMGA_MAX_XML_CANONICAL (256u * 1024 * 1024)
/* Content beside an XML signature that a transform or a timestamp needs in memory. */
#define TAMGA_MAX_XML_CONTENT (1024u * 1024 * 1024)
/* References of one XML signature, objects of one JAdES sigD, entries of one manifest. */
#define TAMGA_MAX_REFERENCES 10000u
/* Transforms of one reference. */
#define TAMGA_MAX_TRANSFORMS 8u
/* A JSON document with signatures. */
#define TAMGA_MAX_JSON_SIZE (64u * 1024 * 1024)
/* Values in such a document, and how deep they are nested. */
#define TAMGA_MAX_JSON_VALUES 1000000u
#define TAMGA_MAX_JSON_DEPTH 64u
/* Entries of one container, and its central directory. */
#define TAMGA_MAX_ZIP_ENTRIES 10000u
#define TAMGA_MAX_ZIP_DIRECTORY (16u * 1024 * 1024)
/* Name of an entry, bytes: PATH_MAX of Linux. */
#define TAMGA_MAX_ZIP_NAME 4096u
/* Expansion of a compressed entry beyond TAMGA_ZIP_RATIO_FREE: repetitive XML and CSV reach 100,
 * bombs 1032. Memory does not grow with it (content is streamed), time does. */
#define TAMGA_MAX_ZIP_RATIO 250u
#define TAMGA_ZIP_RATIO_FREE (1u * 1024 * 1024)
/* What all compressed entries may expand to: about a minute of inflating and hashing. */
#define TAMGA_MAX_ZIP_INFLATED (16ull * 1024 * 1024 * 1024)
/* An inflated entry up to this size is kept in memory, beyond it in an unnamed file. */
#define TAMGA_ZIP_SPOOL_SIZE (1u * 1024 * 1024)
/* A signature, manifest or other file of META-INF, in memory. */
#define TAMGA_MAX_ZIP_META (32u * 1024 * 1024)
/* A PKCS#12 file; real ones are 2-20 KiB. */
#define TAMGA_MAX_PKCS12_SIZE (16u * 1024 * 1024)
/* Certificate files in the folder of a key file that are looked at for its certificate. */
#define TAMGA_MAX_CERTIFICATE_FILES 1000u
/* SubjectPublicKeyInfo or PrivateKeyInfo of a national algorithm; real ones stay below 700 octets,
 * attributes of private keys included. */
#define TAMGA_MAX_NATIONAL_KEY_SIZE 8192u
