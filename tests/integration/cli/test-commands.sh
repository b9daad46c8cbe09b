#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Cards, keys, certificates and their status, verification and doctor, on a SoftHSM token and with
# the test provider.
set -u
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "${TAMGA_SOURCE:?}/tests/card/softhsm.sh"
. "$TAMGA_SOURCE/tests/provider/provider.sh"
cleanup() {
    provider_stop || true
    rm -rf "$dir"
}
export no_proxy=127.0.0.1
cd "$dir" || exit 1
softhsm_start "$dir/hsm" && softhsm_token "CARD ONE" 123456 && provider_start "$dir/provider" || exit 1
for id in 01 02; do
    softhsm_new_key p256 key$id.pem && softhsm_csr key$id.pem "/C=KG/O=Ministry/CN=HOLDER $id" $id.csr &&
        provider_issue $id.csr $id.der || exit 1
done
softhsm_import "CARD ONE" 01 key01.pem && softhsm_cert "CARD ONE" 01 01.der || exit 1
mkdir -p "$XDG_CONFIG_HOME/tamga"
printf '[tamga]\nprofile=demo\n\n[tsa]\nurls=%s/tsa\n' "$PROVIDER_URL" >"$XDG_CONFIG_HOME/tamga/tamga.conf"
module="--module=$SOFTHSM_MODULE"
# with_pin PIN CODE WORD...: the PIN comes through a pipe.
with_pin() {
    printf '%s\n' "$1" >"$dir/pin"
    shift
    run "$@" --pin-fd=0 <"$dir/pin"
}

# Cards and keys.
run 0 token list "$module"
says out "CARD ONE"
run 0 token list "$module" --json
json '[.tokens[] | select(.label == "CARD ONE" and .pin.state == "ok")] | length == 1'
uri=$(jq -r '.tokens[] | select(.label == "CARD ONE").uri' "$dir/out")
run 0 token info "$uri" "$module" --json
json '.token.label == "CARD ONE" and .token.pin.min == 4'
run 0 key list "$module" --json
json '.keys | length == 1 and .[0].kind == "EC 256 bits (prime256v1)" and .[0].certificate.state == "valid"'
json '.keys[0].algorithms | contains(["ECDSA-SHA-256"])'
with_pin 123456 0 key list "$module" --login
says out "HOLDER 01"
with_pin 999999 5 key list "$module" --login --json
json '.error.code == "keys/wrong-pin"'
not_says err 999999
run 0 token list "$module" --json
json '[.tokens[] | select(.label == "CARD ONE" and .pin.count_low)] | length == 1'
run 5 key list "$module" --login
says err "there is no terminal"
with_pin 123 5 key list "$module" --login
says err "no try was used"
run 5 token info pkcs11:token=OTHER "$module"
run 5 token list --module="$dir/no-module.so"
says err "no-module.so"
run 5 token list --module="$dir/no-module.so" --json
json '.tokens == [] and (.problems | length) == 1'

# A driver that hangs and one that crashes are named, and are not a wrong PIN.
export TAMGA_FAULT_MODULE=$SOFTHSM_MODULE
fault=--module=$TAMGA_BUILD/lib/tamga-fault-pkcs11.so
for call in C_Initialize:hang C_GetSlotList:crash; do
    start=$(date +%s)
    TAMGA_FAULT=$call run 5 token list "$fault" --module-timeout=1
    [ $(($(date +%s) - start)) -lt 20 ] || bad "slow to give a driver up"
    says err "tamga-fault-pkcs11"
    not_says err "rong PIN"
    TAMGA_FAULT=$call run 1 doctor "$fault" --module-timeout=1 --json
    json '[.checks[] | select(.area == "driver" and .result == "problem" and .mend != null)] | length == 1'
done
TAMGA_FAULT=flag=final-try with_pin 123456 5 key list "$fault" --login
says err "--use-last-try"
TAMGA_FAULT=flag=final-try with_pin 123456 0 key list "$fault" --login --use-last-try
TAMGA_FAULT=flag=locked with_pin 123456 5 key list "$fault" --login
says err "Only your provider can unlock"
TAMGA_FAULT=flag=locked run 1 doctor "$fault" --offline
says out "PROBLEM  card"
TAMGA_FAULT=flag=pinpad TAMGA_FAULT_PINPAD_PIN=123456 run 0 key list "$fault" --login
says err "Enter the PIN on the reader"
# A token without the mechanism that signs a digest: the mechanism is named.
echo text >text.txt
TAMGA_FAULT=C_GetMechanismInfo:error=0x70 \
    with_pin 123456 5 sign "$fault" --profile=basic --level=B --out=none.p7m text.txt
says err "does not offer CKM_ECDSA for the key"
[ ! -e none.p7m ] || bad "there is an output"
unset TAMGA_FAULT_MODULE

# The names of files stay as they are, also where a sentence begins with them.
for name in x.txt.p7s "the report.pdf" "a key file.p12"; do
    run 4 verify "$name"
    says err "$name "
    [ "$(head -c "${#name}" err)" = "$name" ] || bad "the name was changed" "$name"
done
run 5 key list --key="my key.p12"
says err "my key.p12"

# The PIN is changed: old, new, new again; and stays where the two differ.
printf '123456\n7777777\n8888888\n' >pins
run 5 token pin "$module" --pin-fd=0 <pins
says err "The PIN is what it was."
printf '123456\n7777777\n7777777\n' >pins
run 0 token pin "$module" --pin-fd=0 <pins
with_pin 7777777 0 key list "$module" --login
with_pin 123456 5 key list "$module" --login

# Key files.
openssl x509 -inform DER -in 02.der -out 02.pem
openssl pkcs12 -export -inkey key02.pem -in 02.pem -passout pass:secret -out two.p12
with_pin secret 0 key list --key two.p12 --json
json '.keys[0].store == "PKCS#12" and (.keys[0].on_token | not)'
with_pin wrong 5 key list --key two.p12
with_pin secret 0 cert show --key two.p12
says out "HOLDER 02"
run 4 cert show two.p12
says err "--key"
run 64 token info two.p12

# Certificates of the card, and their status with and without an answer (VN 78).
run 0 cert export --card "$module" --der --out=card.der
cmp -s card.der 01.der || bad "the certificate of the card is another"
run 3 cert status --card "$module"
says out "MAY NOT SIGN NOW"
run 0 trust add "$PROVIDER_ROOT" --sha256 "$PROVIDER_ROOT_SHA256"
run 0 cert status --card "$module"
says out "Check 1"
says out "Check 2"
says out "may sign now"
run 0 cert status --card "$module" --json
json '.allowed and (.steps | map(.status) == ["good", "good"]) and (.path | length) == 3'
run 3 cert status --card "$module" --offline --json
json '(.allowed | not) and .steps[0].status == "not available"'
provider_control 'fault?service=ocsp-root&kind=http-503' && provider_control 'fault?service=crl-root&kind=http-503'
run 3 cert status --card "$module"
says out "NOT AVAILABLE"
provider_control reset
serial=$(openssl x509 -inform DER -in 02.der -noout -serial | sed 's/.*=//')
run 0 cert status 02.pem
provider_control "suspend?serial=$serial"
run 3 cert status 02.pem --json
json '.steps[0].status == "suspended"'
provider_control "resume?serial=$serial"
provider_control "revoke?serial=$serial&reason=keyCompromise"
run 3 cert status 02.pem --json
json '.steps[0].status == "revoked" and .steps[0].revocation_time != null'

# Verification: the worst of several files counts, and a bad one stops nothing.
printf 'a document\n' >a.txt
with_pin 7777777 0 sign "$module" --out=a.p7m a.txt
run 0 verify a.p7m
says out "VALID"
says out "HOLDER 01"
run 0 verify --json a.p7m
json '.verdict == "valid" and (.signatures | length) == 1'
run 0 verify - <a.p7m
sed 's/a document/A document/' a.p7m >changed.p7m
run 1 verify changed.p7m
says out "INVALID"
run 1 verify a.p7m changed.p7m a.txt no-such-file --json
json '.exit_code == 1 and (.files | length) == 4 and .files[0].verdict == "valid" and .files[1].verdict == "invalid" and .files[3].error.code == "document/not-found"'
code=0
"$tamga" verify a.p7m changed.p7m a.txt --ndjson >"$dir/out" 2>"$dir/err" || code=$?
[ "$code" -eq 1 ] && [ "$(jq -s length "$dir/out")" -eq 3 ] || bad "not a JSON object per line" verify
run 4 verify a.p7m a.txt
run 0 verify --checks a.p7m
says out "status"
run 5 sign "$module" --json --out=c.p7m a.txt
json '.exit_code == 5 and (.text | test("no terminal"))'
[ ! -e c.p7m ] || bad "an output without a PIN" sign
printf 'a document\n' >b.txt
with_pin 7777777 0 sign "$module" --detached --out=b.p7s b.txt
run 0 verify b.p7s --document b.txt
run 0 trust remove "$PROVIDER_ROOT"
run 2 verify a.p7m
run 0 verify a.p7m --anchor "$PROVIDER_ROOT"
run 64 verify a.p7m --at 2026-13-01
run 0 journal show --event signed --json
json '.entries | length == 2 and (map(.certificate.subject | test("HOLDER 01")) | all)'

# An OpenSSL that is configured to have only what FIPS allows.
printf 'openssl_conf = all\n[all]\nalg_section = only\n[only]\ndefault_properties = fips=yes\n' >fips.cnf
OPENSSL_CONF=$PWD/fips.cnf run 4 verify a.p7m
says err "OpenSSL on this computer"
says err "OPENSSL_CONF"

# doctor with a service, without it, and with a clock that is wrong.
run 0 trust add "$PROVIDER_ROOT" --sha256 "$PROVIDER_ROOT_SHA256"
run 0 doctor "$module" --json
json '[.checks[] | select(.area == "clock" or .area == "TSA") | .result] == ["ok", "ok"]'
provider_control 'clock?shift=-7200'
run 1 doctor "$module" --json
json '[.checks[] | select(.area == "clock" and .result == "problem" and (.mend | test("timedatectl")))] | length == 1'
provider_control reset
provider_stop
run 1 doctor "$module" --json
json '[.checks[] | select(.area == "TSA" and .result == "problem" and .mend != null)] | length == 1'
json '[.checks[] | select(.area == "clock" and .result == "ok")] == []'
finish
