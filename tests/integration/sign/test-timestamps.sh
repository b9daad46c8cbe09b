#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Time-stamping services that misbehave (UA 115(6), UA 119): nothing is written, and the message
# says which of the checks failed.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
identity alice p256

# refused EXIT ERROR WORDS [ARGUMENT...]
refused() {
    local wanted=$1 error=$2 words=$3
    shift 3
    sign "$wanted" alice.p12 --level T --json --out "$d/out.pdf" "$@" "$d/contract.pdf"
    expect_json '.error // .documents[0].error' "$error"
    expect_text "$words"
    expect_folder "$d" contract.pdf
    refuse_text '"event":"signed"'
}

check_fault() {
    fault tsa "$1" "${5:-}"
    refused "$2" "$3" "$4"
    heal
}

signs() {
    sign 0 alice.p12 --level T --out "$d/out.pdf" "$@" "$d/contract.pdf"
    expect_text "${words:-Signed}"
    must pdf_contents "$d/out.pdf" 0 "$d/out.cms" && peer_timestamp "$d/out.cms" 0
    rm -f "$d"/out.*
}

check "VN 30: a time-stamp over RFC 3161" signs
check "UA 115(6).1: a refusal, in words" check_fault refusal 6 timestamp/refused \
    'time source' 'fail=timeNotAvailable'
check "UA 115(6).1: a refusal with the provider's own text" check_fault refusal 6 timestamp/refused \
    'Please pay first' 'fail=badRequest&text=Please%20pay%20first'
check "UA 115(6).2: another signer than the one named" check_fault wrong-name 6 timestamp/check \
    'signer|provider|name'
check "UA 115(6).3: the certificate is not for time-stamping" check_fault no-purpose 6 \
    timestamp/check 'purpose|timestamping|time-stamping'
check "UA 115(6).4: the certificate has expired" check_fault expired-tsa 6 timestamp/check 'expired'
check "UA 115(6).5: the signature is wrong" check_fault bad-signature 6 timestamp/check 'signature'
check "UA 115(6).6: the hash is another one" check_fault wrong-imprint 6 timestamp/check \
    'imprint|hash|digest'
check "the nonce is another one" check_fault wrong-nonce 6 timestamp/check 'nonce'
check "the nonce is missing" check_fault no-nonce 6 timestamp/check 'nonce'
check "the token names another certificate" check_fault wrong-ess 6 timestamp/check 'certificate'
check "garbage instead of a token" check_fault garbage 6 timestamp/refused \
    'not a time-?stamp|answer'
check "no answer" check_fault drop 6 timestamp/unreachable 'tsa'
check "the service's clock is two hours ahead" check_fault clock 3 timestamp/clock 'clock' shift=7200
check "the service's clock is two hours behind" check_fault clock 3 timestamp/clock 'clock' shift=-7200

policy() {
    local profile=$XDG_DATA_HOME/tamga/profiles/policy.profile
    mkdir -p "${profile%/*}"
    sed -e 's/^name=demo/name=policy/' -e '/^tsa-digest=/a tsa-policy=1.2.3.4.5' \
        "$TAMGA_SOURCE/client/profile/data/demo.profile" >"$profile"
    refused 6 timestamp/refused 'policy' --profile policy
    local granted
    granted=$(sed -n 's/.*PROVIDER_TSA_OTHER_POLICY "\([0-9.]*\)".*/\1/p' \
        "$TAMGA_SOURCE"/tests/provider/*.h)
    sed -i "s/^tsa-policy=.*/tsa-policy=$granted/" "$profile"
    signs --profile policy
    fault tsa wrong-policy
    refused 6 timestamp/check 'policy' --profile policy
    heal
}
check "another policy than the one asked for" policy

second_url() {
    fault tsa drop
    signs --tsa "$PROVIDER_URL/tsa" --tsa "$PROVIDER_URL/tsa2"
    heal
    signs --tsa http://127.0.0.1:1/tsa --tsa "$PROVIDER_URL/tsa2"
    fault tsa wrong-imprint
    fault tsa2 refusal fail=systemFailure
    sign 6 alice.p12 --level T --out "$d/out.pdf" --tsa "$PROVIDER_URL/tsa" \
        --tsa "$PROVIDER_URL/tsa2" "$d/contract.pdf"
    expect_text 'system failed|system failure' 'imprint|hash' 'Next: '
    expect_folder "$d" contract.pdf
    heal
}
check "several services are tried in turn" second_url

no_service() {
    printf '[tamga]\nprofile=demo\n' >"$W/plain.conf"
    mv "$XDG_CONFIG_HOME/tamga/tamga.conf" "$W/kept.conf"
    cp "$W/plain.conf" "$XDG_CONFIG_HOME/tamga/tamga.conf"
    refused 4 timestamp/no-service 'timestamp service|--tsa'
    mv "$W/kept.conf" "$XDG_CONFIG_HOME/tamga/tamga.conf"
    refused 6 timestamp/unreachable 'URL|address|http' --tsa 'ftp://127.0.0.1/tsa'
}
check "no service at all, and one that is no HTTP address" no_service

revoked_tsa() {
    # UA 119: at LT the status of the service is asked, and a revoked one is of no use.
    fault tsa revoked-tsa
    sign 3 alice.p12 --level LT --out "$d/out.pdf" "$d/contract.pdf"
    expect_text 'revoked' 'timestamp' 'Nothing was written'
    expect_folder "$d" contract.pdf
    journal_ends refused '.error == "sign/refused"' '.reason | test("revoked")'
    sign 0 alice.p12 --level T --out "$d/t.pdf" "$d/contract.pdf"
    heal
    # Level T asks later: who verifies it does.
    run "$TAMGA" verify --json "$d/t.pdf"
    expect_json '.signatures[0].checks | map(select(.name | startswith("timestamp-1")) | .result) | any(. != "passed" and . != "info")'
    expect_json '.signatures[0].best_signature_time.source | test("imestamp") | not'
    rm "$d/t.pdf"
}
check "UA 119: a revoked time-stamping service" revoked_tsa

suspended_tsa() {
    control suspend-tsa
    sign 3 alice.p12 --level LT --out "$d/out.pdf" "$d/contract.pdf"
    expect_text 'suspended'
    expect_folder "$d" contract.pdf
    control resume-tsa
    signs --level LT
}
check "UA 119: a suspended time-stamping service" suspended_tsa

# begun ARGUMENT...: signs at LT with a service that takes its time; sets BEGUN to the process. What
# happens before `ended EXIT` happens while the signature exists and its evidence is not there yet.
begun() {
    fault tsa2 delay ms=1500
    forget
    RUN="tamga sign $*"
    "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level LT --tsa "$PROVIDER_URL/tsa2" "$@" \
        <"$W/password" >"$W/out" 2>"$W/err" &
    BEGUN=$!
    local tries=0
    until provider_log | grep -q '/tsa2' || [ $((tries += 1)) -gt 100 ]; do sleep 0.03; done
}

ended() {
    wait "$BEGUN"
    CODE=$?
    [ $CODE = "$1" ] || { failed "exit code $CODE, not $1"; show_run; }
}

meanwhile_suspended() {
    control clear-log
    begun --out "$d/out.pdf" "$d/contract.pdf"
    control "suspend?serial=$(serial_of alice)"
    ended 3
    expect_text 'suspended' 'Nothing was written'
    expect_folder "$d" contract.pdf
    journal_ends refused '.error == "sign/refused"' '.timestamp != null'
    control "resume?serial=$(serial_of alice)"
    heal
}
check "VN 78.3: suspended between the signature and its evidence" meanwhile_suspended

older_evidence() {
    control clear-log
    begun --out "$d/out.pdf" "$d/contract.pdf"
    fault ocsp-provider drop
    fault crl-provider drop
    ended 0
    expect_text '^Note .*just before signing'
    forget
    verify 0 "$d/out.pdf"
    expect_json '.signatures[0].level' LT
    rm "$d/out.pdf"
    heal
}
check "where the evidence after the timestamp cannot be had, that from before is kept, and said" older_evidence

meanwhile_changed() {
    control clear-log
    cp "$d/contract.pdf" "$W/moving.pdf"
    begun --out "$d/out.pdf" "$W/moving.pdf"
    printf 'more' >>"$W/moving.pdf"
    ended 4
    expect_text 'changed'
    expect_folder "$d" contract.pdf
    heal
}
check "a document that another program changes while it is signed" meanwhile_changed

lines() {
    sign 0 alice.p12 --level T --out "$d/t.pdf" "$d/contract.pdf"
    verify 0 "$d/t.pdf"
    local line
    for line in purpose path status-1 signature imprint; do
        expect_json ".signatures[0].checks[] | select(.name == \"timestamp-1-$line\") | .result" passed
    done
    expect_exit 0 "$TAMGA" verify --checks "$d/t.pdf"
    expect_text 'UA 115\(6\)' 'UA 119'
    rm "$d/t.pdf"
}
check "UA 115(6), UA 118: each check is a named line of the report" lines

world_end
