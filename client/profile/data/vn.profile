# Vietnam: Decree 130/2018/ND-CP. Both answers, of the provider and of the root, or no signature
# (article 78). Reminder from day 45, urgent from day 30 (article 26).
[profile]
version=1
name=vn
title=Vietnam, Decree 130/2018/ND-CP
country=VN

[signing]
gate=full
default-level=LT
minimum-level=B
timestamp-mandatory=false
procedure=true

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

[services]
root-crl-urls=https://rootca.gov.vn/crl/vnrca256.crl
tsa-digest=SHA-256

[keys]
stores=USB token;PKCS#11 module of the provider

[account]
reminder-days=45;30;14;7
renewal=Ask for renewal at least 30 days before the certificate ends (VN 26).
