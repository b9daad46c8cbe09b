#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Certificates, documents and services that mean harm: what they may not do to the screen, to the
# network and to the time of the person.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
seq 500 >"$d/data.bin"
identity alice p256

escape=$(printf '\033')
override=$(printf '\342\200\256') # U+202E, right-to-left override
isolate=$(printf '\342\201\247')  # U+2067
joiner=$(printf '\342\200\213')   # U+200B, zero width space

# Nothing of the last command can move the cursor, turn the writing round or hide a letter.
clean_screen() {
    refuse_text "$escape" "$override" "$isolate" "$joiner" "$(printf '\r')" "$(printf '\a')" "$(printf '\b')"
}

names() {
    identity evil p256 '' "/C=XA/O=Bank${override}knaB/CN=Alice${escape}[2J${isolate}Director${joiner}"
    sign 0 evil.p12 --level B --reason "pay${override}100${escape}[31m" --location "x${joiner}y" \
        --out "$d/evil.pdf" "$d/contract.pdf"
    clean_screen
    expect_text 'Alice.*Director'
    expect_exit 0 "$TAMGA" verify "$d/evil.pdf"
    clean_screen
    expect_text 'Alice.+Director' 'Bank.+knaB'
    expect_exit 0 "$TAMGA" verify --checks "$d/evil.pdf"
    clean_screen
    expect_exit 0 "$TAMGA" cert show "$W/id/evil.pem"
    clean_screen
    expect_exit 0 "$TAMGA" journal show
    clean_screen
    # It is shown, not left out: the reader sees that something is there.
    verify 0 "$d/evil.pdf"
    refuse_text "$escape"
    expect_json '.signatures[0].signer.name' 'Alice\u{001B}[2J\u{2067}Director\u{200B}'
}
check "control and bidi characters of a certificate are shown, not obeyed" names

file_names() {
    local name="evil${escape}[2J${override}fdp.pdf"
    cp "$d/contract.pdf" "$d/$name"
    run "$TAMGA" verify "$d/$name"
    clean_screen
    sign 0 alice.p12 --level B "$d/$name"
    clean_screen
    run "$TAMGA" verify "$d/no${escape}[31mwhere"
    clean_screen
    sign 4 alice.p12 --level B "$d/no${escape}[31mwhere"
    clean_screen
    rm -f "$d"/evil*fdp*
}
check "control characters in the name of a file" file_names

# silent: the provider was not asked for anything
silent() {
    local seen
    seen=$(provider_log)
    [ -z "$seen" ] || failed "requests were made: $(printf '%s' "$seen" | head -n 3)"
}

loopback() {
    local profile
    forget
    for profile in vn kg; do
        control clear-log
        sign 3 alice.p12 --profile $profile --level LT --tsa "$PROVIDER_URL/tsa" --out "$d/out.pdf" "$d/contract.pdf"
        expect_text 'loopback|address|may not'
        silent
        no_output "$d/out.pdf"
    done
    control clear-log
    sign 0 alice.p12 --profile basic --level B --out "$d/basic.pdf" "$d/contract.pdf"
    silent
    control clear-log
    sign 3 alice.p12 --profile basic --level T --tsa "$PROVIDER_URL/tsa" --out "$d/out.pdf" "$d/contract.pdf"
    silent
    no_output "$d/out.pdf"
    control clear-log
    expect_exit 2 "$TAMGA" verify --json --profile vn "$d/basic.pdf"
    expect_indication 0 INDETERMINATE TRY_LATER
    silent
}
check "an address on this machine is not asked, except under the demo profile" loopback

redirects() {
    local to
    for to in http://169.254.169.254/latest file:///etc/passwd http://10.0.0.1/ ftp://127.0.0.1/; do
        forget
        fault ocsp-provider redirect "to=$to"
        fault crl-provider drop
        sign 3 alice.p12 --level B --out "$d/out.pdf" "$d/contract.pdf"
        expect_text 'NOT AVAILABLE'
        heal
    done
    # In a circle.
    forget
    fault ocsp-provider redirect
    fault crl-provider redirect
    sign 3 alice.p12 --level B --out "$d/out.pdf" "$d/contract.pdf"
    heal
    no_output "$d/out.pdf"
}
check "redirections to other machines, other schemes and in a circle" redirects

strangers_url() {
    # The addresses in a certificate that leads to no anchor are never asked.
    local base=$W/id/stranger
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$base.key" \
        -subj '/CN=Stranger' -days 30 -addext keyUsage=critical,digitalSignature \
        -addext "authorityInfoAccess=OCSP;URI:$PROVIDER_URL/ocsp/provider,caIssuers;URI:$PROVIDER_URL/provider.cer" \
        -addext "crlDistributionPoints=URI:$PROVIDER_URL/crl/provider.crl" -out "$base.pem" 2>"$W/must"
    openssl cms -sign -cades -binary -nodetach -signer "$base.pem" -inkey "$base.key" \
        -in "$d/data.bin" -outform DER -out "$d/stranger.p7m"
    control clear-log
    verify 2 "$d/stranger.p7m" && expect_indication 0 INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND
    silent
}
check "the addresses in a stranger's certificate are not asked" strangers_url

# bounded SECONDS FAULT: the services of the provider do that to every answer
bounded() {
    local begin=$SECONDS
    forget
    fault ocsp-provider "$2" "${3:-}"
    fault crl-provider "$2" "${3:-}"
    sign 3 alice.p12 --level B --out "$d/out.pdf" "$d/contract.pdf"
    expect_text 'NOT AVAILABLE' "${4:-.}"
    [ $((SECONDS - begin)) -le "$1" ] || failed "it took $((SECONDS - begin)) s"
    no_output "$d/out.pdf"
    heal
}
check "answers without an end are cut off" bounded 20 huge '' 'large|longer|more than|limit'
check "answers that drip are given up" bounded 30 slow-drip ms=500
check "answers that break off" bounded 10 short

mutated() {
    # One process judges all of them: none may end it, none may be valid that differs in what is covered.
    sign 0 alice.p12 --level T --out "$d/good.$1" --format "$2" "$d/$3"
    mkdir "$d/mutated"
    python3 - "$d/good.$1" "$d/mutated" "$1" <<'PYTHON'
import random, sys
data = open(sys.argv[1], "rb").read()
random.seed(20261122)
def write(name, body):
    open("%s/%s.%s" % (sys.argv[2], name, sys.argv[3]), "wb").write(body)
for i in range(40):
    write("cut-%02d" % i, data[: 1 + len(data) * i // 41])
for i in range(80):
    changed = bytearray(data)
    changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    write("flip-%02d" % i, bytes(changed))
for i in range(30):
    at, size = random.randrange(len(data)), random.randrange(1, 40)
    write("hole-%02d" % i, data[:at] + data[at + size:])
for i in range(30):
    changed = bytearray(data)
    for _ in range(8):
        changed[random.randrange(len(data))] = random.choice((0, 0x30, 0x7F, 0x80, 0x84, 0xFF))
    write("noise-%02d" % i, bytes(changed))
PYTHON
    run "$TAMGA" verify --json "$d"/mutated/*
    case $CODE in
    1 | 2 | 4) ;;
    *) failed "exit code $CODE" && show_run 3 ;;
    esac
    expect_json '.files | length' 180
    # A certificate or token beside what is signed may change without harm to the digest; nothing
    # that was cut off or has a hole may pass.
    expect_json '[.files[] | select(.file | test("cut-|hole-")) | select(.verdict == "valid") | .file] | length' 0
    note "verdicts: $(jq -r '[.files[].verdict] | group_by(.) | map("\(.[0]) \(length)") | join(", ")' "$W/out")"
    rm -rf "$d/mutated"
}
check "180 mutations of a PDF" mutated pdf pades contract.pdf
check "180 mutations of a CMS file" mutated p7m cades data.bin

world_end
