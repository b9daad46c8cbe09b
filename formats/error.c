/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error domains of `formats`. */
#include "formats/error.h"

G_DEFINE_QUARK (tamga-document-error-quark, tamga_document_error)
G_DEFINE_QUARK (tamga-format-error-quark, tamga_format_error)
