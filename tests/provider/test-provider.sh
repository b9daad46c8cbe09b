#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks the test provider with OpenSSL's own commands: issue, status, CRLs, time stamps, each fault
# at least once, delays that do not block one another, and a restart on the same directory.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/provider.sh"
work=$(mktemp -d)
trap 'provider_stop; rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
passed=0

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    echo "FAILED: $1"
    [ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/    /' | head -20
}
# says NAME REGEX TEXT; says_not NAME REGEX TEXT
says() { if grep -Eqi -- "$2" <<<"$3"; then pass; else fail "$1: expected /$2/" "$3"; fi; }
says_not() { if grep -Eqi -- "$2" <<<"$3"; then fail "$1: unexpected /$2/" "$3"; else pass; fi; }
equal() { if [ "$2" = "$3" ]; then pass; else fail "$1: expected $2, got $3"; fi; }
control() {
    provider_control "$1" && return
    fail "control $1"
    kill -0 "$PROVIDER_PID" 2>/dev/null || { echo "tamga-provider died"; exit 1; }
}
get() { curl -s --noproxy '*' --max-time 20 "$@"; }
der_cert() { get "$PROVIDER_URL/$1" | openssl x509 -inform DER -out "$2"; }
serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }
issue() { provider_issue r.pem "$1" "$2" || fail "issue $2"; }

# ocsp CERT [OPTION...]: status of CERT at the provider, everything openssl says about the answer
ocsp() {
    local cert=$1
    shift
    openssl ocsp -issuer provider.pem -cert "$cert" -url "$PROVIDER_URL/ocsp/provider" \
        -CAfile "$PROVIDER_ROOT" -verify_other provider.pem "$@" 2>&1
}
ocsp_root() {
    openssl ocsp -issuer "$PROVIDER_ROOT" -cert "$1" -url "$PROVIDER_URL/ocsp/root" \
        -CAfile "$PROVIDER_ROOT" 2>&1
}
crl() { get "$PROVIDER_URL/crl/$1" -o "$2" && openssl crl -inform DER -in "$2" -noout -text 2>&1; }
crl_number() { grep -A1 'X509v3 CRL Number' <<<"$1" | tail -1 | tr -d ' '; }
crl_pem() { get "$PROVIDER_URL/crl/$1" | openssl crl -inform DER; }
stamp() { get --data-binary @"$2" -H 'Content-Type: application/timestamp-query' \
    "$PROVIDER_URL/$1" -o "$3"; }

# --- other algorithms ------------------------------------------------------------------------
# The CA, its CRL, its OCSP answers and the time stamps of the algorithm that is asked for.
PROVIDER_ALGORITHM=RSA-3072 provider_start "$work/other" || exit 1
der_cert provider.cer provider.pem
openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -out r.pem -subj "/CN=Aigul Demo" 2>/dev/null
issue other.pem ""
for file in "$PROVIDER_ROOT" provider.pem; do
    says "--algorithm" 'Public-Key: \(3072 bit' "$(openssl x509 -in "$file" -noout -text)"
done
says "--algorithm, OCSP" 'other.pem: good' "$(ocsp other.pem)"
openssl ts -query -data r.pem -sha256 -cert -out q.tsq 2>/dev/null
stamp tsa q.tsq a.tsr
says "--algorithm, time stamp" 'Verification: OK' "$(openssl ts -verify -queryfile q.tsq -in a.tsr \
    -CAfile "$PROVIDER_ROOT" -untrusted provider.pem 2>&1)"
equal "--algorithm, time stamp" 3072 "$(openssl x509 -in other/tsa.pem -noout -text |
    sed -n 's/.*Public-Key: (\([0-9]*\) bit.*/\1/p')"
provider_stop
says "another algorithm on the same directory" 'made with RSA-3072' \
    "$(PROVIDER_ALGORITHM=P-384 provider_start "$work/other" 2>&1)"
says "an algorithm nobody knows" 'is one of: RSA-2048' \
    "$(PROVIDER_ALGORITHM=ROT-13 provider_start "$work/none" 2>&1)"
provider_start "$work/other" || exit 1
says "the algorithm is kept" ': OK' "$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted provider.pem other.pem 2>&1)"
provider_stop

provider_start "$work/dir" || exit 1
openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -out r.pem -subj "/CN=Aigul Demo" 2>/dev/null
der_cert provider.cer provider.pem
der_cert provider2.cer provider2.pem
equal root.cer "$PROVIDER_ROOT_SHA256" "$(get "$PROVIDER_URL/root.cer" | sha256sum | cut -d' ' -f1)"
equal "mode of the directory" 700 "$(stat -c %a dir)"
equal "mode of a key" 600 "$(stat -c %a dir/root.key)"

# --- issue -----------------------------------------------------------------------------------
issue good.pem "title=Director&o=ACME&qc=1&qcsscd=1&limit=EUR:1000&policy=2.999.1.10&delta=1"
text=$(openssl x509 -in good.pem -noout -text)
says "subject" 'CN = Aigul Demo, O = ACME, title = Director' "$text"
says "links" "OCSP - URI:$PROVIDER_URL/ocsp/provider" "$text"
says "links" "$PROVIDER_URL/crl/provider-delta.crl" "$text"
says "policy" 'Policy: 2.999.1.10' "$text"
statements=$(openssl asn1parse -in good.pem | grep -A1 qcStatements | tail -1 | sed 's/.*DUMP]://')
says "QcCompliance, QcType, QcSSCD, QcLimitValue" \
    '04008E460101.*04008E460106.*04008E460104.*04008E460102300C1303455552020203E8020100' "$statements"
cat provider.pem "$PROVIDER_ROOT" >chain.pem
says "chain" ': OK' "$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted provider.pem good.pem 2>&1)"
{ crl_pem root.crl && crl_pem provider.crl; } >crls.pem
says "crl_check_all" ': OK' "$(openssl verify -crl_check_all -CRLfile crls.pem \
    -CAfile "$PROVIDER_ROOT" -untrusted provider.pem good.pem 2>&1)"

# query | what the certificate must (or with ! must not) show
while IFS='|' read -r query regex; do
    [ -n "$query" ] || continue
    issue row.pem "$query"
    text=$(openssl x509 -in row.pem -noout -text)
    case $regex in
    '!'*) says_not "issue?$query" "${regex#!}" "$text" ;;
    *) says "issue?$query" "$regex" "$text" ;;
    esac
done <<'TABLE'
usage=nonRepudiation|Key Usage: critical *
usage=keyEncipherment|Key Encipherment
usage=none|!Key Usage
eku=emailProtection,clientAuth|E-mail Protection, TLS Web Client
no_aia=1|!Authority Information Access
no_crldp=1|!CRL Distribution
ocsp_only=1|!CRL Distribution
crl_only=1|!OCSP - URI
alg=sha1|sha1WithRSAEncryption
alg=pss|rsassaPss
issuer=root|Issuer: .*Tamga Demo Root CA
issuer=foreign|URI:http.*/foreign/ocsp/provider
issuer=provider2|Issuer: .*Second Provider
cn=Other&givenname=A&surname=B&sn=123|Subject: CN = Other, SN = B, serialNumber = 123, GN = A
email=a@b.example|email:a@b.example
ca=1|CA:TRUE
critical_unknown=1|2.999.666: critical
qc=1|!0.4.0.1862.1.4
TABLE
# body | query | reason
printf 'not a request' >junk
openssl req -in r.pem -outform DER -out r.der
size=$(stat -c %s r.der)
{ head -c $((size - 1)) r.der; printf '\x00'; } >forged.der
while IFS='|' read -r body query regex; do
    says "refuses $body?$query" "$regex" "$(provider_issue "$body" no.der "$query" 2>&1)"
    [ ! -e no.der ] || fail "a certificate was written for $body?$query"
done <<'TABLE'
junk||400 the body is not a PKCS#10
forged.der||400 proof of possession
r.pem|issuer=nobody|400 issuer=nobody
r.pem|usage=a%0Ab|400 usage=
r.pem|usage=nosuch|400 the extensions
r.pem|limit=EURO|400 limit=
r.pem|days=x|400 days
r.pem|alg=md9|400 alg=
TABLE
issue early.pem "not_before=-864000&days=1"
says "expired" 'has expired' "$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted provider.pem early.pem 2>&1)"
issue late.pem "not_before=3600&not_after=7200"
says "not yet" 'not yet valid' "$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted provider.pem late.pem 2>&1)"
end=$(openssl x509 -in good.pem -noout -enddate)
issue renewed.pem "until=$(date -d "${end#*=}" +%s)"
equal "re-issue keeps notAfter (UA 92)" "$end" "$(openssl x509 -in renewed.pem -noout -enddate)"
control "fault?service=issuer&kind=other-key&count=1"
issue other.pem ""
if [ "$(openssl x509 -in other.pem -noout -pubkey)" = "$(openssl req -in r.pem -noout -pubkey)" ]; then
    fail "other-key (MD 4:57)"
fi
control "fault?service=issuer&kind=other-subject&count=1"
issue other.pem ""
says "other-subject (MD 4:57)" 'Somebody Else' "$(openssl x509 -in other.pem -noout -subject)"
control "fault?service=issuer&kind=refuse&text=not%20today&count=1"
says "refuse" 'not today' "$(provider_issue r.pem no.der 2>&1)"
control "fault?service=issuer&kind=bad-signature&count=1"
issue other.pem ""
says "issuer bad-signature" 'signature failure' "$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted provider.pem other.pem 2>&1)"

# --- people ----------------------------------------------------------------------------------
provider_person aibek first-head RSA-2048 'a b&c' aibek.p12 'days=30' || fail "person"
text=$(openssl x509 -inform DER -in aibek.p12.der -noout -text -nameopt utf8)
says "first head" 'CN=ТЕСТОВ ТЕСТ, SN=ТЕСТОВ, serialNumber=IIN123456789011, C=KZ, O=АО "ТЕСТ", OU=BIN123456789021, GN=ТЕСТОВИЧ' "${text// = /=}"
says "first head" 'OU=BIN123456789021' "${text// = /=}"
says "first head" '1.2.398.3.3.4.1.2, 1.2.398.3.3.4.1.2.1$' "$text"
says "key store" '1.2.398.3.3.5:' "$text"
text=$(openssl pkcs12 -in aibek.p12 -passin 'pass:a b&c' -legacy -nodes -info 2>&1)
says "file" 'MAC: sha1, Iteration 1024' "$text"
says "file" 'Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 1024' "$text"
says "file" 'Encrypted data: pbeWithSHA1And40BitRC2-CBC, Iteration 1024' "$text"
name=$(openssl x509 -inform DER -in aibek.p12.der -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :' | tr A-F a-f)
equal "friendlyName is the key identifier" 2 "$(grep -c "friendlyName: $name" <<<"$text")"
says "key of the certificate" ': OK' "$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted provider.pem <(printf '%s' "$text") 2>&1)"
control "revoke?name=aibek"
openssl x509 -inform DER -in aibek.p12.der -out aibek.pem
says "revoked by name" 'revoked' "$(ocsp aibek.pem)"
says "name taken" '400 name=aibek' "$(provider_person aibek signer P-256 x no.p12 2>&1)"
provider_person olena ua-employee P-256 secret olena.p12 container=pbes2 || fail "person"
text=$(openssl asn1parse -inform DER -in olena.p12.der | grep -A1 'Subject Directory' | tail -1)
says "DRFO and EDRPOU" '2A8624020101010B010401013[0-9A-F]*31323334353637383930.*010B01040201[0-9A-F]*3132333435363738$' "$text"
text=$(openssl pkcs12 -in olena.p12 -passin pass:secret -nodes -info 2>&1)
says "file" 'MAC: sha256, Iteration 2048' "$text"
provider_person oksana ua-seal P-256 secret oksana.p12 || fail "person"
text=$(openssl asn1parse -inform DER -in oksana.p12)
says "file" 'DSTU Gost 34311' "$text"
safes=$(sed -n '/OCTET STRING/{s/.*\[HEX DUMP\]:\(3[0-9A-F]*\)/\1/p;q}' <<<"$text")
equal "PBES2 with HMAC of GOST 34.311" 2 "$(grep -o '060A2A8624020101010101020500' <<<"$safes" | wc -l)"
equal "and GOST 28147 in cipher feedback" 2 "$(grep -o '060B2A86240201010101010103' <<<"$safes" | wc -l)"
while IFS='|' read -r query regex; do
    says "refuses /person?$query" "$regex" "$(provider_curl -X POST "$PROVIDER_URL/person?$query" 2>&1)"
done <<'TABLE'
role=king&password=x|400 role=king
role=signer&key=ROT-13&password=x|400 key=ROT-13
role=signer&container=floppy&password=x|400 container=floppy
role=signer|400 a password
role=signer&password=x&name=root|400 name=root
TABLE

# --- hierarchies -----------------------------------------------------------------------------
der_cert root2-by-root.cer cross.pem
der_cert provider3.cer provider3.pem
issue third.pem "issuer=provider3"
cat cross.pem provider3.pem >via-cross.pem
says "cross certificate (MD 4:113)" ': OK' "$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted via-cross.pem third.pem 2>&1)"
says "without it" 'unable to get|error' "$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted provider3.pem third.pem 2>&1)"
issue old.pem "issuer=provider-expired&not_before=-864000"
der_cert provider-expired.cer provider-expired.pem
text=$(openssl verify -CAfile "$PROVIDER_ROOT" -untrusted provider-expired.pem old.pem 2>&1)
says "issuer expired now (UA 110)" 'has expired' "$text"
says "but valid at issue" ': OK' "$(openssl verify -attime $(($(date +%s) - 432000)) \
    -CAfile "$PROVIDER_ROOT" -untrusted provider-expired.pem old.pem 2>&1)"
der_cert provider-keyend.cer keyend.pem
says "key period ended (MD 4:58)" 'Private Key Usage' "$(openssl x509 -in keyend.pem -noout -text)"
issue abroad.pem "issuer=foreign"
der_cert foreign/provider.cer foreign.pem
says "foreign root" ': OK' "$(openssl verify -CAfile dir/foreign-root.pem -untrusted foreign.pem abroad.pem 2>&1)"
says "foreign OCSP" 'abroad.pem: good' "$(openssl ocsp -issuer foreign.pem -cert abroad.pem \
    -url "$PROVIDER_URL/foreign/ocsp/provider" -CAfile dir/foreign-root.pem 2>&1)"

# --- OCSP ------------------------------------------------------------------------------------
text=$(ocsp good.pem)
says "good" 'good.pem: good' "$text"
says "good" 'Response verify OK' "$text"
says "provider at the root" 'provider.pem: good' "$(ocsp_root provider.pem)"
says "another authority's certificate" 'abroad.pem: unknown' "$(ocsp abroad.pem)"
issue unlisted.pem "register=0"
says "never registered" 'unlisted.pem: unknown' "$(ocsp unlisted.pem)"
openssl ocsp -sha256 -issuer provider.pem -cert good.pem -no_nonce -reqout q.ocsp >/dev/null 2>&1
path=$(base64 -w0 q.ocsp | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')
get "$PROVIDER_URL/ocsp/provider/$path" -o a.ocsp
says "GET form, SHA-256 CertID" 'good.pem: good' "$(openssl ocsp -sha256 -issuer provider.pem \
    -cert good.pem -respin a.ocsp -CAfile "$PROVIDER_ROOT" -verify_other provider.pem 2>&1)"
printf 'junk' | get --data-binary @- "$PROVIDER_URL/ocsp/provider" -o a.ocsp
says "junk request" 'malformedrequest' "$(openssl ocsp -respin a.ocsp 2>&1)"

issue bad.pem ""
bad=$(serial_of bad.pem)
control "revoke?serial=$bad&reason=keyCompromise&time=-3600"
text=$(ocsp bad.pem)
says "revoked" 'bad.pem: revoked' "$text"
says "reason" 'Reason: keyCompromise' "$text"
colons=$(sed 's/../&:/g; s/:$//' <<<"${bad,,}")
control "unknown?serial=$colons"
says "unknown" 'bad.pem: unknown' "$(ocsp bad.pem)"
control "unknown?serial=$bad&set=0"
says "known again" 'bad.pem: revoked' "$(ocsp bad.pem)"

# kind | what openssl must say about the answer for good.pem
while IFS='|' read -r kind regex; do
    control "fault?service=ocsp-provider&kind=$kind"
    says "ocsp $kind" "$regex" "$(ocsp good.pem -resp_text -timeout 3)"
    control "fault?service=ocsp-provider&kind=none"
done <<'TABLE'
bad-signature|Response Verify Failure
unsigned|Response Verify Failure
expired-responder|certificate has expired
wrong-responder|missing ocspsigning usage
stranger-responder|Response Verify Failure
ca-responder|Response verify OK
responder-by-key|Responder Id: [0-9A-F]{40}
no-certificate|signer certificate not found
other-cert|No Status found
wrong-issuer|No Status found
stale|status expired
future|status not yet valid
clock&shift=%2B7200|status not yet valid
clock&shift=-7200|status expired
wrong-nonce|Nonce Verify error
no-nonce|no nonce in response
malformed-request|malformedrequest
internal-error|internalerror
try-later|trylater
sig-required|sigrequired
unauthorized|unauthorized
garbage|Error querying OCSP responder|parsing
empty|Error querying OCSP responder
drop|Error querying OCSP responder
http-500|Code=500
short|Error querying OCSP responder
redirect|302|Error querying OCSP responder
TABLE
control "fault?service=ocsp-provider&kind=no-next-update"
says_not "ocsp no-next-update" 'Next Update' "$(ocsp good.pem)"
control "fault?service=ocsp-provider&kind=say-good"
says "ocsp say-good" 'bad.pem: good' "$(ocsp bad.pem)"
control "reset"
says "reset" 'bad.pem: revoked' "$(ocsp bad.pem)"
control "fault?service=ocsp-provider&kind=try-later&count=2"
ocsp good.pem >/dev/null
says "count 2" 'trylater' "$(ocsp good.pem)"
says "count over" 'good.pem: good' "$(ocsp good.pem)"

# --- status changes and CRLs -----------------------------------------------------------------
before=$(crl_number "$(crl provider.crl full.der)")
text=$(crl provider.crl full.der)
says "listed" "Serial Number: $bad" "$text"
says "reason" 'Key Compromise' "$text"
date=$(grep -A1 "Serial Number: $bad" <<<"$text" | sed -n 's/.*Revocation Date: //p')
age=$(($(date +%s) - $(date -d "$date" +%s)))
if [ $age -ge 3600 ] && [ $age -lt 3700 ]; then pass; else fail "dated before its listing (MD 4:72): $date"; fi
says_not "no IDP" 'Issuing Distribution' "$text"
issue held.pem "delta=1"
held=$(serial_of held.pem)
control "suspend?serial=$held&time=-2592000"
after=$(crl_number "$(crl provider.crl full.der)")
if [ $((after)) -gt $((before)) ]; then pass; else fail "CRLNumber did not grow: $before, $after"; fi
says "held" 'Certificate Hold' "$(ocsp held.pem; crl provider.crl full.der)"
says "suspended at OCSP" 'certificateHold' "$(ocsp held.pem)"
equal "same CRL while nothing changes" "$(get "$PROVIDER_URL/crl/provider.crl" | sha256sum)" \
    "$(get "$PROVIDER_URL/crl/provider.crl" | sha256sum)"

# A base that lists the held one; then it is resumed and good.pem is revoked: only the delta knows.
verify_with() { # CERT CRL...
    local cert=$1
    shift
    { crl_pem root.crl; for list in "$@"; do crl_pem "$list"; done; } >crls.pem
    openssl verify -crl_check -use_deltas -CRLfile crls.pem -CAfile "$PROVIDER_ROOT" \
        -untrusted provider.pem "$cert" 2>&1
}
issue later.pem "delta=1"
control "new-base?freeze=1"
control "resume?serial=$held"
control "revoke?serial=$(serial_of later.pem)"
says "base alone: held" 'revoked' "$(verify_with held.pem provider.crl)"
says "base alone: later good" ': OK' "$(verify_with later.pem provider.crl)"
text=$(crl provider-delta.crl delta.der)
says "delta indicator" 'Delta CRL Indicator: critical' "$text"
says "removeFromCRL (UA 99)" 'Remove From CRL' "$text"
says_not "the delta has only changes" "$bad" "$text"
says "base and delta: held again good" ': OK' "$(verify_with held.pem provider.crl provider-delta.crl)"
says "base and delta: later revoked" 'revoked' "$(verify_with later.pem provider.crl provider-delta.crl)"
control "new-base"
says_not "new base" 'Serial Number' "$(crl provider-delta.crl delta.der)"
says "live again" "$(serial_of later.pem)" "$(crl provider.crl full.der)"
control "suspend?serial=$held&time=-2592000"
control "revoke?serial=$held&reason=superseded"
says "hold, then revoked (MD 4:77)" 'superseded' "$(ocsp held.pem)"
says "resume of a revoked one" 'is not suspended' "$(provider_control "resume?serial=$held" 2>&1)"
control "revoke?serial=$(serial_of early.pem)"
says_not "expired ones are not listed (MD 4:103)" "$(serial_of early.pem)" "$(crl provider.crl full.der)"

# kind | what `openssl crl` must (! must not) show, verified against the issuer
while IFS='|' read -r kind regex; do
    control "fault?service=crl-provider&kind=$kind"
    get "$PROVIDER_URL/crl/provider.crl" -o full.der
    text=$(openssl crl -inform DER -in full.der -noout -CAfile provider.pem 2>&1
        openssl crl -inform DER -in full.der -noout -text 2>&1)
    case $regex in
    '!'*) says_not "crl $kind" "${regex#!}" "$text" ;;
    *) says "crl $kind" "$regex" "$text" ;;
    esac
    control "fault?service=crl-provider&kind=none"
done <<'TABLE'
bad-signature|verify failure
unsigned|verify failure
wrong-key|verify failure
wrong-issuer|Issuer: .*Foreign Root
stale|verify OK
wrong-idp|Only CA Certificates
partial-reasons|Only Some Reasons
indirect|Indirect CRL
unknown-critical|2.999.666: critical
unknown-critical-entry|2.999.666: critical
no-next-update|Next Update: NONE
no-number|!CRL Number
garbage|Unable to load CRL
pem|Unable to load CRL
trailing-data|verify OK
TABLE
control "fault?service=crl-provider&kind=lower-number"
equal "crl lower-number" 0 "$(crl_number "$(crl provider.crl full.der)")"
control "fault?service=crl-delta&kind=wrong-base"
says "delta wrong-base" 'Delta CRL Indicator: critical' "$(crl provider-delta.crl full.der)"
control "reset"
control "fault?service=crl-provider&kind=stale"
says "stale CRL" 'CRL has expired' "$(verify_with good.pem provider.crl)"
control "fault?service=crl-provider&kind=none"
control "fault?service=crl-provider&kind=future"
says "future CRL" 'CRL is not yet valid' "$(verify_with good.pem provider.crl)"
control "reset"

# --- provider and root -----------------------------------------------------------------------
control "suspend-provider"
says "provider suspended" 'certificateHold' "$(ocsp_root provider.pem)"
says "on the root's CRL" 'Certificate Hold' "$(crl root.crl root.der)"
control "resume-provider"
says "provider resumed" 'provider.pem: good' "$(ocsp_root provider.pem)"
control "revoke-provider?reason=CACompromise&time=-60"
says "provider revoked" 'cACompromise' "$(ocsp_root provider.pem)"
{ crl_pem root.crl && crl_pem provider.crl; } >crls.pem
says "crl_check_all finds it" 'certificate revoked' "$(openssl verify -crl_check_all -CRLfile crls.pem \
    -CAfile "$PROVIDER_ROOT" -untrusted provider.pem good.pem 2>&1)"
control "suspend?name=root"
says "root blocked (UA-P 53)" 'certificateHold' "$(ocsp_root "$PROVIDER_ROOT")"

# --- time stamps -----------------------------------------------------------------------------
echo "signed text" >data
der_cert tsa.cer tsa.pem
verify_stamp() {
    openssl ts -verify -queryfile q.tsq -in a.tsr -CAfile "$PROVIDER_ROOT" -untrusted provider.pem 2>&1
}
for digest in sha256 sha384 sha512; do
    for tsa in tsa tsa2; do
        openssl ts -query -data data -$digest -cert -out q.tsq 2>/dev/null
        stamp $tsa q.tsq a.tsr
        says "$tsa $digest" 'Verification: OK' "$(verify_stamp)"
    done
done
openssl ts -query -data data -sha256 -no_nonce -tspolicy 2.999.1.2 -out q.tsq 2>/dev/null
stamp tsa q.tsq a.tsr
text=$(openssl ts -reply -in a.tsr -text 2>&1)
says "policy honoured" 'Policy OID: 2.999.1.2' "$text"
says "no nonce asked" 'Nonce: unspecified' "$text"
says "accuracy" 'Accuracy: 0x01 seconds' "$text"
says "certReq absent" 'verify.*(error|FAILED)|signer certificate' "$(verify_stamp)"
openssl ts -verify -queryfile q.tsq -in a.tsr -CAfile "$PROVIDER_ROOT" -untrusted \
    <(cat tsa.pem provider.pem) >/dev/null 2>&1 && pass || fail "token without certificates verifies"
while IFS='|' read -r options regex; do
    # shellcheck disable=SC2086
    openssl ts -query -data data $options -out q.tsq 2>/dev/null
    stamp tsa q.tsq a.tsr
    text=$(openssl ts -reply -in a.tsr -text 2>&1)
    says "ts $options" 'Status: Rejected' "$text"
    says "ts $options" "$regex" "$text"
done <<'TABLE'
-sha1|unrecognized or unsupported algorithm
-sha256 -tspolicy 1.2.3|policy is not supported
TABLE
openssl ts -query -data data -sha256 -cert -out q.tsq 2>/dev/null
while IFS='|' read -r kind regex; do
    control "fault?service=tsa&kind=$kind"
    stamp tsa q.tsq a.tsr
    says "tsa $kind" "$regex" "$(verify_stamp; openssl ts -reply -in a.tsr -text 2>&1)"
    control "fault?service=tsa&kind=none"
done <<'TABLE'
wrong-imprint|message imprint mismatch
wrong-nonce|nonce mismatch
no-nonce|nonce not returned
wrong-policy|Policy OID: 2.999.1.99
wrong-name|tsa name mismatch|Somebody Else
wrong-ess|ess signing certificate error|ess
no-purpose|unsupported certificate purpose|unsuitable certificate purpose|verify error
expired-tsa|certificate has expired
bad-signature|signature failure
no-certificate|signer certificate|verify error
no-accuracy|Accuracy: unspecified
granted-with-mods|Status: Granted with modifications
clock&shift=-86400|Verification: OK
refusal&fail=timeNotAvailable|time source is not available
refusal&fail=badAlg|unrecognized or unsupported algorithm
refusal&fail=systemFailure&text=closed%20today|closed today
refusal&status=3|Status: Waiting
TABLE
control "fault?service=tsa&kind=clock&shift=-86400"
stamp tsa q.tsq a.tsr
control "fault?service=tsa&kind=none"
says "tsa clock" "$(LC_ALL=C date -u -d '-1 day' '+%b %e')" \
    "$(openssl ts -reply -in a.tsr -text 2>&1 | grep 'Time stamp')"
control "fault?service=tsa&kind=revoked-tsa"
stamp tsa q.tsq a.tsr
control "reset"
openssl ts -reply -in a.tsr -token_out -out t.der 2>/dev/null
openssl cms -verify -inform DER -in t.der -noverify -signer revoked-tsa.pem -out /dev/null 2>&1 ||
    fail "signature of the revoked TSA"
says "revoked-tsa" 'revoked-tsa.pem: revoked' "$(ocsp revoked-tsa.pem)"
says "good TSA" 'tsa.pem: good' "$(ocsp tsa.pem)"
control "suspend-tsa"
says "blocked TSA (UA 119)" 'certificateHold' "$(ocsp tsa.pem)"
control "resume-tsa"
control "revoke-tsa?time=-60"
says "revoked TSA" 'tsa.pem: revoked' "$(ocsp tsa.pem)"

# --- transport -------------------------------------------------------------------------------
http() { get "$@" -o out -w '%{http_code} %{size_download} %{redirect_url} %{content_type}'; }
url=$PROVIDER_URL/crl/provider.crl
control "fault?service=crl-provider&kind=redirect&to=http%3A%2F%2F127.0.0.1%3A1%2Fx"
says "redirect" '^302 .* http://127.0.0.1:1/x' "$(http "$url")"
control "fault?service=crl-provider&kind=none"
for code in 404 500 503; do
    control "fault?service=crl-provider&kind=http-$code&count=1"
    says "http-$code" "^$code " "$(http "$url")"
done
control "fault?service=crl-provider&kind=wrong-type&count=1"
says "wrong-type" 'text/html' "$(http "$url")"
control "fault?service=crl-provider&kind=huge"
equal "huge never ends" 50000000 "$(get "$url" | head -c 50000000 | wc -c)"
control "fault?service=crl-provider&kind=none"
control "fault?service=crl-provider&kind=slow-drip&ms=100"
get --max-time 1 "$url" -o out
equal "slow-drip" 28 $?
control "fault?service=crl-provider&kind=none"
control "fault?service=crl-provider&kind=drop&count=1"
get "$url" -o out
equal "drop" 52 $?
control "fault?service=crl-provider&kind=short&count=1"
get "$url" -o out
equal "short" 18 $?
says "unknown path" '^404 ' "$(http "$PROVIDER_URL/nothing")"
says "GET of the TSA" '^405 ' "$(http "$PROVIDER_URL/tsa")"
head -c 1100000 /dev/zero >big
says "body limit" '^413 ' "$(http -H Expect: --data-binary @big "$PROVIDER_URL/issue")"
says "header limit" '^413 ' "$(http -H "X: $(head -c 17000 /dev/zero | tr '\0' x)" "$url")"
if ss -Hltn 2>/dev/null | grep -q "0.0.0.0:${PROVIDER_URL##*:}\b"; then fail "listens beyond the loopback"; fi

# Delays of different services and of one service run side by side.
control "fault?service=all&kind=delay&ms=1000"
start=$(date +%s%N)
jobs=()
for path in crl/provider.crl crl/root.crl crl/provider-delta.crl root.cer provider.cer root.cer; do
    get "$PROVIDER_URL/$path" -o /dev/null &
    jobs+=($!)
done
wait "${jobs[@]}"
ms=$((($(date +%s%N) - start) / 1000000))
if [ $ms -ge 1000 ] && [ $ms -lt 2500 ]; then pass; else fail "6 delays of 1 s took $ms ms"; fi
control "reset"

# --- control ---------------------------------------------------------------------------------
while IFS='|' read -r command regex; do
    says "control $command" "400 $regex" "$(provider_control "$command" 2>&1)"
done <<'TABLE'
revoke?serial=00FF|no certificate 00FF
revoke?serial=xyz|no certificate xyz
revoke|say which certificate
revoke?name=tsa2&reason=boredom|reason=boredom
fault?service=tsa&kind=pem|tsa cannot have the fault pem
fault?service=moon&kind=drop|there is no service called moon
fault?service=tsa&kind=odd|there is no fault called odd
fault?service=tsa|a fault needs
clock|the clock needs shift
clock?shift=soon|shift=soon is not a number
new-base?authority=moon|there is no authority called moon
dance|there is no command called dance
TABLE
control "clock?shift=-172800"
says "clock of OCSP" 'status expired' "$(ocsp good.pem)"
says "clock of the CRL" 'CRL has expired' "$(verify_with good.pem provider.crl)"
control "reset"
says "clock reset" 'Response verify OK' "$(ocsp good.pem)"
says_not "clock reset" 'expired' "$(ocsp good.pem)"
log=$(provider_log)
says "log" "ocsp-provider	POST	/ocsp/provider	200	serial=$bad nonce=yes" "$log"
says "log names the fault" 'crl-provider	GET	/crl/provider.crl	200	.*fault=slow-drip' "$log"
control "clear-log"
equal "log cleared" "" "$(provider_log)"
says "state" '"serial": "'"$bad"'", "issuer": "provider", "name": "", "status": "revoked"' \
    "$(get "$PROVIDER_URL/control/state")"

# --- the same directory again ----------------------------------------------------------------
url=$PROVIDER_URL
number=$(crl_number "$(crl provider.crl full.der)")
says "a second one on the directory" 'another tamga-provider is running' \
    "$(timeout 20 "$TAMGA_BUILD/bin/tamga-provider" --directory dir 2>&1)"
port=${PROVIDER_URL##*:}
timeout 20 "$TAMGA_BUILD/bin/tamga-provider" --directory dir2 --port "$port" >out 2>&1
equal "port taken: exit code" 1 $?
says "port taken" "cannot listen on 127.0.0.1 port $port" "$(cat out)"
provider_stop
equal "exit code on SIGTERM" 0 $?
text=$(timeout 20 "$TAMGA_BUILD/bin/tamga-provider" --directory dir --port 1 2>&1)
equal "another port: exit code" 1 $?
says "another port" "name port $port, not 1" "$text"
provider_start "$work/dir" || exit 1
equal "same port" "$url" "$PROVIDER_URL"
says "status kept" 'bad.pem: revoked' "$(ocsp bad.pem)"
says "time kept" 'keyCompromise' "$(ocsp bad.pem)"
says "good kept" 'good.pem: good' "$(ocsp good.pem)"
says "provider kept" 'cACompromise' "$(ocsp_root provider.pem)"
if [ $(($(crl_number "$(crl provider.crl full.der)"))) -gt $((number)) ]; then
    pass
else
    fail "CRLNumber after a restart does not grow"
fi
provider_stop
start=$(date +%s)
timeout 20 "$TAMGA_BUILD/bin/tamga-provider" --directory dir --lifetime 1
equal "lifetime: exit code" 0 $?
if [ $(($(date +%s) - start)) -le 5 ]; then pass; else fail "lifetime 1 is not kept"; fi
timeout 20 "$TAMGA_BUILD/bin/tamga-provider" >/dev/null 2>&1
equal "usage: exit code" 64 $?

echo "provider: $passed checks passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 150 ]
