# Kazakhstan: practice of the National Certification Authority (pki.gov.kz). New keys are GOST
# 34.10-2015 of 512 bits since April 2024; RSA remains with certificates of before and with those of
# information systems. XML is signed as XAdES; what portals expect is --format xmldsig, or
# format-xml=xmldsig in a profile of one's own.
[profile]
version=1
name=kz
title=Kazakhstan, National Certification Authority
country=KZ

[signing]
gate=negative
default-level=T
minimum-level=B
timestamp-mandatory=false
procedure=false

# The programs of the authority make plain CMS and XMLDSig, which do not name the certificate under
# the signature.
[verification]
accept-signing-certificate-v1=false
accept-unnamed-certificate=true

[status]
effect=revocation-time
cascade-root-revocation=false
max-age=86400
clock-tolerance=300

[network]
allow-loopback=false
allow-private=false

[services]
tsa-urls=http://tsp.pki.gov.kz:80
tsa-policy=1.2.398.3.3.2.6.2
tsa-digest=SHA-256
ocsp-urls=http://ocsp.pki.gov.kz/
crl-urls=http://crl.pki.gov.kz/nca_gost_2022.crl;http://crl.pki.gov.kz/nca_rsa_2022.crl;http://crl.pki.gov.kz/nca_gost.crl;http://crl.pki.gov.kz/nca_rsa.crl
delta-crl-urls=http://crl.pki.gov.kz/nca_d_gost_2022.crl;http://crl.pki.gov.kz/nca_d_rsa_2022.crl
root-crl-urls=http://crl.root.gov.kz/gost.crl;http://crl.root.gov.kz/rsa.crl;http://crl.root.gov.kz/gost2015_2022.crl;http://crl.root.gov.kz/gost2020.crl;http://crl.root.gov.kz/rsa2020.crl
certificate-urls=https://pki.gov.kz/cert/root_gost_2022.cer;https://pki.gov.kz/cert/nca_gost_2022.cer;https://pki.gov.kz/cert/root_rsa_2020.cer;https://pki.gov.kz/cert/nca_rsa_2022.cer;https://pki.gov.kz/cert/nca_gost.crt;https://pki.gov.kz/cert/nca_rsa.crt;https://root.gov.kz/cert/

# The service has a policy for each kind of key; the general keys above are those for RSA.
[timestamp GOST-2015-512]
policy=1.2.398.3.3.2.6.4
digest=Streebog-512

# Keys of GOST 34.310-2004 are not issued any more: signatures of before are read, with a warning,
# and no new ones are made.
[algorithms]
GOST-2004=warn
GOST-34.310-2004=refuse;since=2025-05-01

# IIN: individual identification number. BIN: business identification number.
[identifiers]
2.5.4.5:IIN=IIN;digits=12
2.5.4.11:BIN=BIN;digits=12

[keys]
stores=PKCS#12 file;ID card;flash drive

[account]
reminder-days=30;14;7
renewal=A certificate is renewed online in the personal account only while the current key is valid. Keys in files and on flash drives renew online; keys on the chip of the ID card are rewritten at a service centre.

[oids]
1.2.398.3.3.2=NCA certificate policy
1.2.398.3.3.2.1=organisation, signing
1.2.398.3.3.2.2=organisation, authentication
1.2.398.3.3.2.3=individual, signing
1.2.398.3.3.2.4=individual, authentication
1.2.398.3.3.1.1=certification authority
1.2.398.3.3.4.1.1=individual
1.2.398.3.3.4.1.1.1=information system of an individual
1.2.398.3.3.4.1.2=organisation
1.2.398.3.3.4.1.2.1=first head
1.2.398.3.3.4.1.2.2=right to sign
1.2.398.3.3.4.1.2.3=right to sign financial documents
1.2.398.3.3.4.1.2.4=human resources
1.2.398.3.3.4.1.2.5=employee
1.2.398.3.3.4.1.2.6=information system of an organisation
1.2.398.3.3.4.2=NCA staff
1.2.398.3.3.4.3.1=identified in person
1.2.398.3.3.4.3.2=identified remotely
1.2.398.3.3.4.3.2.1=digital id
1.2.398.3.3.5=type of key store
1.2.398.3.3.5.1.1=PKCS#12 file
1.2.398.3.3.2.6.1=timestamp, GOST 34.310-2004
1.2.398.3.3.2.6.2=timestamp, RSA with SHA-256
1.2.398.3.3.2.6.3=timestamp, GOSTGT
1.2.398.3.3.2.6.4=timestamp, GOST 34.10-2015 512
