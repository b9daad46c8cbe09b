/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of what: the format of a document, and whether several documents get one signature
 * or one each, where the person does not say. */
#pragma once

#include "client/profile/profile.h"
#include "client/sign/job.h"

/* `several`: it is the first of documents that are signed together. The format that the options
 * name; else by content: a carrier gets one more signature of its format (a PDF always is one),
 * XML what the profile's format-xml says, anything else its format-other; several documents become
 * an ASiC-E container. Never NULL. */
const TamgaFormat *tamga_sign_choose_format (TamgaDocument *document, gboolean several,
                                             const TamgaSignOptions *options,
                                             const TamgaProfile *profile);

/* Do these documents get one signature together where the person does not say? Not one alone, not
 * where each of them is a PDF or holds signatures (a pile), and not where the options name a format
 * that is no container. What cannot be read is no reason for either. */
gboolean tamga_sign_choose_together (char **inputs, gsize n, const TamgaSignOptions *options);

/* FALSE with TAMGA_FORMAT_ERROR_PARAMETER where `output` is named like a file of another format: a
 * container called "contract.pdf" would be opened as a PDF by everyone who gets it. */
gboolean tamga_sign_check_name (const char *output, const TamgaFormat *format, GError **error);

/* FALSE with TAMGA_FORMAT_ERROR_PARAMETER where an option was given that means nothing for this
 * format: what the person asked for would be left out silently. */
gboolean tamga_sign_check_options (const TamgaFormat *format, const TamgaSignOptions *options,
                                   GError **error);
