/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of kinds of key stores. A new kind of token is a row. */
#include "bridge/storages.h"

#include <string.h>

/* A token is of the first kind whose words are in its model, manufacturer or label (any case). The
 * last row takes what no other does: sites have no name for it, and an empty list would mean that
 * there is no token. */
static const struct {
    const char *name;
    const char *words[4];
} kinds[] = {
    {"AKKZIDCardStore", {"kzidcard", "kz id", "id card", "id-card"}},
    {"AKKaztokenStore", {"kaztoken", "rutoken"}},
    {"AKEToken5110Store", {"5110", "id prime", "idprime"}},
    {"AKEToken72KStore", {"etoken"}},
    {"AKEToken5110Store", {"safenet"}},
    {"AKJaCartaStore", {"jacarta"}},
    {"AKAKEYStore", {"akey", "a-key"}},
    {"AKKaztokenStore", {NULL}},
};

/* Known to sites, never among the tokens. */
static const char *const others[] = {TAMGA_STORAGE_FILE, "JKS", "ABSIMCardStore",
                                     "ABCloudServiceStore"};

static gboolean has_word (const char *text, const char *word)
{
    g_autofree char *lower = g_ascii_strdown (text ? text : "", -1);
    return strstr (lower, word) != NULL;
}

const char *tamga_storage_of_token (const TamgaKeyToken *token)
{
    const char *const texts[] = {token->model, token->manufacturer, token->label};
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        for (gsize w = 0; w < G_N_ELEMENTS (kinds[i].words) && kinds[i].words[w]; w++) {
            for (gsize t = 0; t < G_N_ELEMENTS (texts); t++) {
                if (has_word (texts[t], kinds[i].words[w]))
                    return kinds[i].name;
            }
        }
    }
    return kinds[G_N_ELEMENTS (kinds) - 1].name;
}

gboolean tamga_storage_known (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (strcmp (kinds[i].name, name) == 0)
            return TRUE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
        if (strcmp (others[i], name) == 0)
            return TRUE;
    }
    return FALSE;
}
