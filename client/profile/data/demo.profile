# The demonstration provider on this machine. The only profile that may talk to the loopback: never
# use it for documents that matter. Service addresses come from the certificates; the address of
# the timestamp service is given by option or configuration.
[profile]
version=1
name=demo
title=Demonstration provider on this machine

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
allow-loopback=true
allow-private=false

[services]
tsa-digest=SHA-256

[keys]
stores=SoftHSM token;PKCS#12 file

[account]
reminder-days=45;30;14;7
