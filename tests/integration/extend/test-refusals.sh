#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What cannot be extended is refused with its reason, and nothing is written.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/extend/lib.sh"
world_start
d=$W/documents
o=$W/folder
mkdir "$d" "$o"
cp "$SAMPLE" "$d/contract.pdf"
identity alice rsa2048 && identity boris p256 && identity carl p256
sign 0 alice.p12 --level B --out "$d/b.pdf" "$d/contract.pdf"
sign 0 alice.p12 --level T --out "$d/t.pdf" "$d/contract.pdf"
sign 0 alice.p12 --level LT --out "$d/lt.pdf" "$d/contract.pdf"

service_down() {
    fault tsa drop
    extend 6 --level T --out "$o/x.pdf" "$d/b.pdf"
    expect_text 'No timestamp could be had' 'Next: '
    extend 6 --level LTA --out "$o/x.pdf" "$d/lt.pdf"
    heal
    expect_folder "$o"
}
check "a timestamp service that is down" service_down

status_down() {
    forget
    for service in ocsp-provider crl-provider; do fault $service drop; done
    extend 6 --level LT --out "$o/x.pdf" "$d/t.pdf"
    expect_text 'evidence that level LT' 'Signer alice' 'not available|did not|closed' 'Next: '
    heal
    expect_folder "$o"
    journal_ends refused '.error == "sign/evidence"'
}
check "whose status is missing is said, and kept in the journal" status_down

revoked_later() {
    sign 0 carl.p12 --level T --out "$d/carl.t.pdf" "$d/contract.pdf" || return
    sign 0 carl.p12 --level B --out "$d/carl.b.pdf" "$d/contract.pdf" || return
    sleep 2
    control "revoke?serial=$(serial_of carl)&reason=keyCompromise"
    forget
    extend 0 --level LT --out "$d/carl.lt.pdf" "$d/carl.t.pdf" || return
    alone 0 "$d/carl.lt.pdf"
    expect_indication 0 TOTAL-PASSED
    expect_json '.signatures[0].level' LT
    extend 3 --level LT --out "$o/x.pdf" "$d/carl.b.pdf"
    expect_text revoked
    expect_folder "$o"
    journal_ends refused
}
check "revoked after the timestamp is good evidence, before it is none" revoked_later

nothing_to_do() {
    extend 0 --level LT --out "$o/x.pdf" "$d/lt.pdf"
    expect_text 'Unchanged'
    extend 0 --level T --json --out "$o/x.pdf" "$d/lt.pdf"
    expect_json '.documents[0].result' unchanged
    expect_folder "$o"
}
check "what has the level already is left as it is" nothing_to_do

bad_input() {
    extend 4 --out "$o/x.pdf" "$d/contract.pdf"
    expect_text 'not signed'
    printf 'hello\n' >"$d/hello.txt"
    extend 4 --out "$o/x" "$d/hello.txt"
    extend 4 --out "$o/x" "$d/missing.pdf"
    : >"$d/empty"
    extend 4 --out "$o/x" "$d/empty"
    extend 64 --level B --out "$o/x" "$d/b.pdf"
    extend 64 --level X --out "$o/x" "$d/b.pdf"
    expect_folder "$o"
}
check "what is not signed, and what is no level" bad_input

damaged() {
    python3 - "$d/lt.pdf" "$d/damaged.pdf" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = data.index(b"/Title") if b"/Title" in data else 400
data[at + 8] ^= 1
open(sys.argv[2], "wb").write(data)
PYTHON
    extend 3 --out "$o/x.pdf" "$d/damaged.pdf"
    expect_text 'not valid|could not be verified'
    expect_folder "$o"
    journal_ends refused '.error == "sign/not-valid"'
}
check "a signature that is broken is not made to last" damaged

output_there() {
    printf 'mine\n' >"$o/mine.pdf"
    extend 4 --level LTA --out "$o/mine.pdf" "$d/lt.pdf"
    [ "$(cat "$o/mine.pdf")" = mine ] || failed "it was replaced"
    extend 0 --level LTA --force --out "$o/mine.pdf" "$d/lt.pdf"
    alone 0 "$o/mine.pdf"
    rm "$o/mine.pdf"
}
check "an output that exists is replaced only when that is asked for" output_there

batch() {
    for i in 1 2 3 4; do cp "$d/t.pdf" "$d/pile$i.pdf"; done
    printf '%%PDF-1.7\nnot really\n' >"$d/pile5.pdf"
    extend 4 --level LT --json --out "$o" "$d"/pile[12].pdf "$d/pile5.pdf" "$d"/pile[34].pdf
    expect_json '[.documents[].result] | join(",")' written,written,failed,written,written
    expect_folder "$o" pile1.lt.pdf pile2.lt.pdf pile3.lt.pdf pile4.lt.pdf
    rm -f "$o"/*
}
check "one bad file does not stop the others" batch

interrupted() {
    fault tsa delay ms=3000
    timeout --foreground -s INT 1 "$TAMGA" extend --level LTA --out "$o/x.pdf" "$d/lt.pdf" >"$W/out" 2>"$W/err"
    grep -q 'Cancelled' "$W/err" || { failed "nothing said about cancelling"; show_run; }
    heal
    expect_folder "$o"
}
check "Ctrl-C leaves nothing and says so" interrupted

no_service() {
    extend 4 --profile basic --level T --out "$o/x.pdf" "$d/b.pdf"
    expect_folder "$o"
}
printf '[tamga]\nprofile=demo\n' >"$W/home/config/tamga/tamga.conf"
check "no timestamp service is named" no_service

world_end
