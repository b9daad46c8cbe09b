#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Signing with a card: pcscd, a virtual reader, a PIV card in it, and OpenSC's PKCS#11 module. The
# key 9C wants the PIN for each use. Wrong PINs, a locked card, a card pulled at a bad moment.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
. "$TAMGA_SOURCE/tests/card/card.sh"
card_reader_start || exit 1
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
seq 3000 >"$d/data.bin"
identity card rsa2048 "title=Head of Department"
identity curve p256
module=(--module "$CARD_MODULE")
key='pkcs11:id=%02' # 9C: digital signature, SP 800-73-4 part 1, table 4b

says_status() {
    local answer
    answer=$(card_control status)
    case " $answer " in *" $1 "*) ;; *) failed "the card says \"$answer\", not $1" ;; esac
}

# pins N: a file with that many lines of the right PIN, one for each question
pins() {
    local i
    for ((i = 0; i < $1; i++)); do echo "$PIN"; done >"$W/pins"
}

# card_sign EXIT ARGUMENT...
card_sign() {
    local wanted=$1
    shift
    pins 8
    expect_exit "$wanted" "$TAMGA" sign "${module[@]}" --key "$key" --pin-fd 0 "$@" <"$W/pins"
}

nothing_written() {
    expect_folder "$d" contract.pdf data.bin
}

must card_start "$W/id/card.key" "$W/id/card.der"

listed() {
    expect_exit 0 "$TAMGA" token list "${module[@]}"
    expect_text 'Virtual PCD'
    expect_exit 0 "$TAMGA" key list "${module[@]}"
    expect_text 'Signer card'
}
check "the card, its reader and its key are listed" listed

pades() {
    card_sign 0 --level "$1" --out "$d/out.pdf" "$d/contract.pdf" || return
    verify 0 "$d/out.pdf" && expect_indication 0 TOTAL-PASSED
    expect_json '.signatures[0].level' "$1"
    peer_pdf "$d/out.pdf" 1
    must pdf_contents "$d/out.pdf" 0 "$W/out.cms" && peer_cms "$W/out.cms" "$W/out.cms.content"
    journal_ends signed ".level == \"$1\""
    rm -f "$d/out.pdf"
}
check "PAdES-LT with RSA on the card" pades LT
check "PAdES-B with RSA on the card" pades B

cades() {
    card_sign 0 --level T --detached --out "$d/out.p7s" "$@" "$d/data.bin" || return
    verify 0 --document "$d/data.bin" "$d/out.p7s" && expect_indication 0 TOTAL-PASSED
    peer_cms "$d/out.p7s" "$d/data.bin"
    peer_timestamp "$d/out.p7s" 0
    rm -f "$d/out.p7s"
}
check "CAdES-T with RSA on the card" cades
check "CAdES-T with RSA-PSS on the card" cades --scheme PSS

per_use() {
    local made
    made=$(card_control status | grep -o 'signatures=[0-9]*' | cut -d= -f2)
    cp "$d/contract.pdf" "$W/a.pdf"
    cp "$d/contract.pdf" "$W/b.pdf"
    card_sign 0 --level B --out "$d" "$W/a.pdf" "$W/b.pdf"
    is_output "$d/a.signed.pdf" && is_output "$d/b.signed.pdf"
    rm -f "$d"/*.signed.pdf
    says_status "signatures=$((made + 2))"
}
check "a key that wants the PIN for each use signs two documents" per_use

wrong_pin() {
    expect_exit 5 "$TAMGA" sign "${module[@]}" --key "$key" --pin-fd 0 --level B --out "$d/out.pdf" \
        "$d/contract.pdf" < <(printf '999999\n999999\n999999\n')
    expect_text 'PIN' 'wrong|Wrong'
    refuse_text 999999 'locked' 'driver'
    nothing_written
    # One wrong PIN is one try, whatever follows on the descriptor.
    says_status tries=2
    card_sign 0 --level B --out "$d/out.pdf" "$d/contract.pdf"
    rm -f "$d/out.pdf"
    says_status tries=3
}
check "VN 73: a wrong PIN costs one try, and the next right one signs" wrong_pin

last_try() {
    local i
    for i in 1 2; do
        run "$TAMGA" sign "${module[@]}" --key "$key" --pin-fd 0 --level B --out "$d/out.pdf" \
            "$d/contract.pdf" <<<999999
    done
    says_status tries=1
    # The last try is never used without a question, and nobody is there to be asked.
    expect_exit 5 "$TAMGA" sign "${module[@]}" --key "$key" --pin-fd 0 --level B --out "$d/out.pdf" \
        "$d/contract.pdf" <<<999999
    expect_text 'last|One try'
    says_status tries=1
    nothing_written
}
check "VN 73: the last try is not used without a question" last_try

locked() {
    card_control lock >/dev/null
    says_status tries=0
    card_sign 5 --level B --out "$d/out.pdf" "$d/contract.pdf"
    expect_text 'locked' 'rovider'
    refuse_text 'rong PIN\.'
    nothing_written
    expect_exit 0 "$TAMGA" token info "${module[@]}" --key "$key"
    expect_text 'locked'
    card_control reset-pin >/dev/null
    card_sign 0 --level B --out "$d/out.pdf" "$d/contract.pdf"
    rm -f "$d/out.pdf"
}
check "VN 73: a locked card is told apart from a wrong PIN" locked

pulled_before() {
    card_control pull >/dev/null
    card_sign 5 --level B --out "$d/out.pdf" "$d/contract.pdf"
    expect_text 'ard|oken'
    refuse_text 'rong PIN' 'locked'
    nothing_written
    card_control insert >/dev/null
}
check "no card in the reader" pulled_before

pulled_while_signing() {
    local signed
    signed=$(grep -c '"event":"signed"' "$JOURNAL")
    card_control pull-on-sign >/dev/null
    card_sign 5 --level B --out "$d/out.pdf" "$d/contract.pdf"
    expect_text 'removed|taken out|pulled'
    refuse_text 'rong PIN' 'locked'
    nothing_written
    [ "$(grep -c '"event":"signed"' "$JOURNAL")" = "$signed" ] ||
        failed "the journal says it was signed"
    card_control insert >/dev/null
    card_sign 0 --level B --out "$d/out.pdf" "$d/contract.pdf"
    peer_pdf "$d/out.pdf" 1
    rm -f "$d/out.pdf"
}
check "the card is pulled while it signs: nothing is written, and it signs when it is back" \
    pulled_while_signing

pulled_in_a_batch() {
    local i
    mkdir "$W/batch" "$W/signed"
    for i in 1 2 3; do cp "$d/contract.pdf" "$W/batch/$i.pdf"; done
    card_control pull-on-sign >/dev/null
    pins 8
    expect_exit 5 "$TAMGA" sign "${module[@]}" --key "$key" --pin-fd 0 --level B --out "$W/signed" \
        "$W"/batch/*.pdf <"$W/pins"
    expect_text '0 of 3 signed'
    expect_folder "$W/signed" ''
    card_control insert >/dev/null
}
check "the card is pulled during a batch: the rest is not tried" pulled_in_a_batch

refused_by_procedure() {
    control "suspend?serial=$(serial_of card)"
    forget
    card_sign 3 --level B --out "$d/out.pdf" "$d/contract.pdf"
    expect_text 'SUSPENDED' 'VN 78'
    nothing_written
    control "resume?serial=$(serial_of card)"
    says_status tries=3
}
check "VN 78.1: a suspended certificate on a card" refused_by_procedure

must card_stop
must card_start "$W/id/curve.key" "$W/id/curve.der"
forget
check "PAdES-LT with P-256 on the card" pades LT
check "CAdES-T with P-256 on the card" cades

world_end
