/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The services: which path is answered by what, and the common way through faults and the log. */
#pragma once

#include "tests/provider/provider.h"

typedef struct ProviderService ProviderService;

/* Answers one request of SERVICE; appends words for the request log to DETAIL. */
typedef void (*ProviderServiceAnswer) (Provider *provider, const ProviderService *service,
                                       const ProviderRequest *request,
                                       const ProviderFaultSet *faults, ProviderAnswer *answer,
                                       GString *detail);

struct ProviderService {
    char *name; /* as in faults and the log: "ocsp-provider" */
    char *path;
    ProviderFamily family;
    gboolean post;       /* takes a body by POST; GET is refused unless `get` */
    gboolean get;        /* takes GET, and for OCSP the base64 form */
    const char *type;    /* Content-Type of its answers */
    const char *subject; /* name of the authority or TSA it speaks for */
    gboolean delta;      /* the delta CRL */
    ProviderServiceAnswer answer;
};

/* Fills provider->services for the authorities that are loaded. */
void provider_services_load (Provider *provider);
void provider_service_free (gpointer service);

/* The service of that name, also by the short names "crl-delta" and "crl-root". */
const ProviderService *provider_service_find (const Provider *provider, const char *name);

/* The ProviderHandler of the HTTP server; DATA is the Provider. */
void provider_service_handle (const ProviderRequest *request, ProviderAnswer *answer,
                              gpointer data);
