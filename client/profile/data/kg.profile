# Kyrgyzstan: draft rules for the use of digital signatures. A signed document carries a timestamp
# of the moment of signing (KG use.4), so level B is refused.
[profile]
version=1
name=kg
title=Kyrgyzstan, rules for the use of digital signatures
country=KG

[signing]
gate=full
default-level=LT
minimum-level=T
timestamp-mandatory=true
procedure=false

[verification]
accept-signing-certificate-v1=false

[status]
effect=revocation-time
cascade-root-revocation=false
max-age=86400
clock-tolerance=300

[network]
allow-loopback=false
allow-private=false

[services]
tsa-digest=SHA-256

[account]
reminder-days=30;14;7
