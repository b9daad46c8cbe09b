/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signers of a SignedData and the countersignatures below them (RFC 5652 11.4), each with its
 * place, so that it can be read and that something can be added to it while every other byte stays
 * what it is. */
#pragma once

#include "formats/cms/attributes.h"

typedef struct _TamgaSignerNode TamgaSignerNode;
struct _TamgaSignerNode {
    TamgaSignerInfo *info;   /* owned where `parent` is set, else the SignedData's */
    TamgaSignerNode *parent; /* whose signature value is signed; NULL: a signer of the content */
    guint depth;             /* 0: a signer of the content */
    guint attribute, value;  /* place among parent's unsigned_list, and among that one's values */
    char *id;                /* "signature 1", "countersignature 2 of signature 1" */
    GPtrArray *troubles;     /* char *: countersignatures in it that cannot be read, and why */
    GPtrArray *list;         /* GBytes: its unsigned attributes, with values exchanged */
    GPtrArray *added;        /* GBytes: unsigned attributes that come to them */
    gboolean changed;
};

/* All of them in the order that reading gives; a time-stamp token's only signer is called so.
 * Elements: TamgaSignerNode; `data` must outlive them. Error: TAMGA_FORMAT_ERROR_LIMIT. */
GPtrArray *tamga_signer_nodes (const TamgaSignedData *data, GError **error);
/* The node with that id; NULL when there is none. */
TamgaSignerNode *tamga_signer_nodes_find (GPtrArray *nodes, const char *id);
/* The signer of the content above a node, or the node itself. */
TamgaSignerNode *tamga_signer_node_top (TamgaSignerNode *node);
/* Adds an unsigned attribute with one value. */
void tamga_signer_node_add (TamgaSignerNode *node, const char *oid, GBytes *value);
/* Exchanges one value of an unsigned attribute. */
void tamga_signer_node_exchange (TamgaSignerNode *node, guint attribute, guint index,
                                 GBytes *value);
/* Elements as attributes (TamgaAttribute); what is not one is left out. `list` may be NULL. */
GPtrArray *tamga_attributes_parse (GPtrArray *list);
/* The unsigned attributes of the node as they are to become (GBytes). */
GPtrArray *tamga_signer_node_attributes (GPtrArray *nodes, TamgaSignerNode *node);
/* The SignerInfo with all that was changed in the node and in those below it; its own bytes where
 * nothing was. Other elements keep their bytes and their order. */
GBytes *tamga_signer_node_encode (GPtrArray *nodes, TamgaSignerNode *node);
/* Attribute with one value. */
GBytes *tamga_cms_attribute (const char *oid, GBytes *value);
/* Puts `element` where DER wants it (X.690 11.6) if `elements` are in that order, else last: the
 * others keep their order. */
void tamga_elements_insert (GPtrArray *elements, GBytes *element);
/* Elements one after the other under `tag`, as they are. */
GBytes *tamga_elements_join (guint8 tag, GPtrArray *elements);
