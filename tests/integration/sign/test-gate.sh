#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The signer procedure (VN 78) against a provider and a root that misbehave: no signature, nothing
# written, no PIN asked, and an entry in the journal that says which step refused and why.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
world_token
module=(--module "$SOFTHSM_MODULE")
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"

identity good rsa2048 && on_token good 01
identity revoked p256 && on_token revoked 02
identity other p256 issuer=provider2 && on_token other 03
identity crlless p256 ocsp_only=1 && on_token crlless 04

# attempt EXIT KEY-ID ARGUMENT...: signs with --json and a PIN that can be looked at afterwards
attempt() {
    local wanted=$1 id=$2
    shift 2
    forget
    rm -f "$d/out.pdf"
    exec 7<"$W/pin"
    expect_exit "$wanted" "$TAMGA" sign "${module[@]}" --key "$(uri "$id")" --pin-fd 7 --json \
        --out "$d/out.pdf" "$@" "$d/contract.pdf"
    local status=$?
    pin_left=
    read -r pin_left <&7
    exec 7<&-
    return $status
}

# refused KEY-ID STEP ANSWER [RULE] [ARGUMENT...]
refused() {
    local id=$1 step=$2 answer=$3 rule=VN\ 78.$2
    shift 3
    attempt 3 "$id" "$@" || return
    expect_json ".steps[] | select(.number == $step) | .rule + \" \" + .result" "$rule $answer"
    expect_json ".steps[] | select(.number == $step) | .passed" false
    expect_json '.error // .documents[0].error' sign/refused
    expect_json '.text // .documents[0].text | length > 20'
    [ "$pin_left" = "$PIN" ] || failed "the PIN was taken"
    expect_folder "$d" contract.pdf
    journal_ends refused ".steps[] | select(.number == $step) | .answer == \"$answer\"" \
        '.error == "sign/refused"' '.document | endswith("contract.pdf")' \
        '.rule | startswith("VN 78")'
}

allowed() {
    attempt 0 "$1" "${@:2}" || return
    is_output "$d/out.pdf"
    [ -z "$pin_left" ] || failed "the PIN was not taken, so its being left proves nothing"
    rm -f "$d/out.pdf"
}

check "VN 78.3: signs when both answers are good" allowed 01 --level B
check "VN 78.3: signs for the second provider's subscriber" allowed 03 --level B

revoked() {
    control "revoke?serial=$(serial_of revoked)&reason=keyCompromise"
    refused 02 1 revoked
    expect_text 'revoked'
}
check "VN 78.1: the signer is revoked" revoked

suspended() {
    control "suspend?serial=$(serial_of good)"
    refused 01 1 suspended
    control "resume?serial=$(serial_of good)"
    allowed 01 --level B
}
check "VN 28, VN 78.1: the signer is suspended, and signs again when resumed" suspended

unknown() {
    control "unknown?serial=$(serial_of crlless)"
    refused 04 1 unknown
    control "unknown?serial=$(serial_of crlless)&set=0"
    allowed 04 --level B
}
check "VN 78.1: the provider does not know the signer" unknown

provider_suspended() {
    control suspend-provider
    refused 01 2 suspended
    control resume-provider
}
check "VN 78.2: the provider is suspended at the root" provider_suspended

provider_revoked() {
    control 'revoke?name=provider2&reason=cessationOfOperation'
    refused 03 2 revoked
}
check "VN 78.2: the provider is revoked at the root" provider_revoked

# Everything that is not a good answer, at each level: OCSP fails in one way, and no CRL helps.
ways=(drop garbage empty http-500 stale future wrong-nonce unsigned bad-signature expired-responder
    wrong-responder stranger-responder other-cert wrong-issuer try-later unauthorized)

not_available() {
    fault "ocsp-$2" "$3"
    fault "crl-$2" drop
    refused 01 "$1" "not available"
    heal
}
for way in "${ways[@]}"; do
    check "VN 78.1: no good answer of the provider ($way), no CRL" not_available 1 provider "$way"
    check "VN 78.2: no good answer of the root ($way), no CRL" not_available 2 root "$way"
done

by_crl() {
    fault ocsp-provider drop
    fault ocsp-root garbage
    allowed 01 --level B
    attempt 0 01 --level B
    expect_json '[.steps[] | .method] | unique | join(",")' CRL
    rm -f "$d/out.pdf"
    fault crl-root stale
    refused 01 2 "not available"
    fault crl-root bad-signature
    refused 01 2 "not available"
    heal
}
check "VN 78: a CRL answers where OCSP does not; a stale or forged one does not" by_crl

stricter_with_cache() {
    # The CRL is known from a time when OCSP was down; then OCSP lies.
    fault ocsp-provider drop
    refused 02 1 revoked
    heal
    fault ocsp-provider say-good
    rm -f "$d/out.pdf"
    exec 7<"$W/pin"
    expect_exit 3 "$TAMGA" sign "${module[@]}" --key "$(uri 02)" --pin-fd 7 --json --level B \
        --out "$d/out.pdf" "$d/contract.pdf"
    exec 7<&-
    expect_json '.steps[0].result' revoked
    no_output "$d/out.pdf"
    heal
}
check "MD 2:66: where OCSP and a known CRL differ, the stricter one counts" stricter_with_cache

words() {
    fault ocsp-root drop
    fault crl-root drop
    forget
    sign 3 "$(uri 01)" --out "$d/out.pdf" "$d/contract.pdf"
    expect_text '^Check 2 .*NOT AVAILABLE' 'Not signed|not signed' 'VN 78' 'Next: '
    heal
    expect_exit 0 "$TAMGA" journal show
    expect_text 'refused'
    expect_exit 0 "$TAMGA" journal check
}
check "VN 78.3: the refusal in words names step, answer and source, and what to do" words

several_documents() {
    cp "$SAMPLE" "$d/second.pdf"
    fault ocsp-provider drop
    fault crl-provider drop
    forget
    local before
    before=$(grep -c '"event":"refused"' "$JOURNAL")
    sign 3 "$(uri 01)" --level B "$d/contract.pdf" "$d/second.pdf"
    [ $(($(grep -c '"event":"refused"' "$JOURNAL") - before)) = 2 ] ||
        failed "not one refusal for each document in the journal"
    expect_folder "$d" contract.pdf second.pdf
    rm "$d/second.pdf"
    heal
}
check "VN 78.3: a refusal is journalled for each document" several_documents

# A profile with gate = negative, as kz has, allowed to talk to this machine.
mkdir -p "$XDG_DATA_HOME/tamga/profiles"
sed -e 's/^name=kz/name=kz-here/' -e 's/^allow-loopback=false/allow-loopback=true/' \
    -e '/^[a-z-]*-urls=/d' -e '/^tsa-policy=/d' "$TAMGA_SOURCE/client/profile/data/kz.profile" \
    >"$XDG_DATA_HOME/tamga/profiles/kz-here.profile"

negative() {
    fault ocsp-provider drop
    fault crl-provider drop
    fault ocsp-root drop
    fault crl-root drop
    allowed 01 --profile kz-here --level B
    attempt 0 01 --profile kz-here --level B
    expect_json '[.steps[] | .result] | unique | join(",")' 'not available'
    rm -f "$d/out.pdf"
    journal_ends signed '[.steps[] | .tolerated] | all'
    attempt 3 01 --profile kz-here --level T
    expect_folder "$d" contract.pdf
    attempt 3 01 --profile kz-here --level LT
    expect_folder "$d" contract.pdf
    heal
    attempt 3 02 --profile kz-here --level B
    expect_json '.steps[0].result' revoked
    expect_folder "$d" contract.pdf
    control "suspend?serial=$(serial_of good)"
    attempt 3 01 --profile kz-here --level B
    expect_json '.steps[0].result' suspended
    expect_folder "$d" contract.pdf
    control "resume?serial=$(serial_of good)"
    attempt 3 03 --profile kz-here --level B
    expect_json '[.steps[] | .result] | join(",")' 'good,revoked'
    expect_folder "$d" contract.pdf
}
check "gate = negative tolerates no answer at level B only, and nothing bad at any" negative

# A profile whose answers are old after a second; the PIN comes after three.
sed -e 's/^name=demo/name=hasty/' -e 's/^max-age=.*/max-age=1/' \
    "$TAMGA_SOURCE/client/profile/data/demo.profile" >"$XDG_DATA_HOME/tamga/profiles/hasty.profile"
identity late p256 && on_token late 05

slow_pin() {
    rm -f "$d/out.pdf"
    expect_exit "$1" "$TAMGA" sign "${module[@]}" --key "$(uri 05)" --pin-fd 7 --profile hasty \
        --level B --out "$d/out.pdf" "$d/contract.pdf" 7< <(
        sleep 1.5
        [ "$1" = 0 ] || control "revoke?serial=$(serial_of late)" >/dev/null
        sleep 1.5
        printf '%s\n' "$PIN"
    )
}
waited() {
    slow_pin 0
    is_output "$d/out.pdf"
    rm -f "$d/out.pdf"
    slow_pin 3
    expect_text 'revoked'
    expect_folder "$d" contract.pdf
    journal_ends refused '.steps[0].answer == "revoked"'
}
check "VN 78.1: answers that grew old while the PIN was waited for are asked for again" waited

world_end
