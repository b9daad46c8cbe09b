# No national rules: what a signature needs anywhere.
[profile]
version=1
name=basic
title=No national rules

[signing]
gate=negative
default-level=B
minimum-level=B
timestamp-mandatory=false
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
