# Ukraine: resolution 992 (UA) on trust services, central certifying authority (czo.gov.ua). A
# certificate is not used when it is blocked or revoked, and the time at which the provider changed
# its status is decisive (UA 95, 135). Answers are had from OCSP first, lists whole and delta after
# that (UA 4, 99, 100). A provider must be on the trusted list (UA 71): add the root of the central
# authority with `tamga trust add` by the fingerprint that it publishes.
[profile]
version=1
name=ua
title=Ukraine, central certifying authority
country=UA

[signing]
gate=full
default-level=LT
minimum-level=B
timestamp-mandatory=false
procedure=false

[verification]
accept-signing-certificate-v1=false

[status]
effect=revocation-time
cascade-root-revocation=false
max-age=3600
clock-tolerance=300

[network]
allow-loopback=false
allow-private=false

# The services of a provider are named in its certificates; these are those for the certificates of
# providers.
[services]
tsa-digest=SHA-256
ocsp-urls=http://czo.gov.ua/services/ocsp/
root-crl-urls=http://czo.gov.ua/download/crls/CZO-2020-Full.crl

[timestamp DSTU-4145]
policy=1.2.804.2.1.1.1.2.3.1
digest=GOST-34.311-DKE-1

# Lists of providers (TS 119 612), one for each kind of signature over the list.
[trust]
trusted-lists=https://czo.gov.ua/download/tl/TL-UA.xml;https://czo.gov.ua/download/tl/TL-UA-DSTU.xml;https://czo.gov.ua/download/tl/TL-UA-EC.xml

# DRFO: number of the register of taxpayers (or series and number of a passport). EDRPOU: of the
# register of enterprises. EDDR: record in the demographic register.
[identifiers]
1.2.804.2.1.1.1.11.1.4.1.1=DRFO
1.2.804.2.1.1.1.11.1.4.2.1=EDRPOU
1.2.804.2.1.1.1.11.1.4.11.1=EDDR
2.5.4.5:TINUA-=DRFO
2.5.4.97:NTRUA-=EDRPOU

[keys]
stores=key file (Key-6.dat, PKCS#12, JKS);USB token

[account]
reminder-days=30;14;7
renewal=A provider issues a new certificate while the current one is valid, asked for with a signature by the current key; after that the application is made anew.

[oids]
1.2.804.2.1.1.1.2.1=qualified certificate under the law of Ukraine
1.2.804.2.1.1.1.2.2=certificate policy of qualified trust services
1.2.804.2.1.1.1.2.3.1=timestamp policy of qualified trust services
1.2.804.2.1.1.1.3.9=electronic seal
1.3.6.1.4.1.19398.1.1.8.31=provider's software
1.2.804.2.1.1.1.11.1.4.1.1=DRFO
1.2.804.2.1.1.1.11.1.4.2.1=EDRPOU
1.2.804.2.1.1.1.11.1.4.11.1=EDDR
