# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# For tests of the programs as people use them: `tamga` on real parts. Source it, then
#
#   world_start              a home, a provider and its root as the only trusted one
#   world_token              a SoftHSM token (PIN 123456) as well
#   check NAME COMMAND...    one named check: runs COMMAND (a function of the test), prints how it
#                            went; a failed expectation inside fails the check, and the script at
#                            its end, but not the checks after it
#   world_end                the last line of every test
#
# Inside a check: `must` for what has to work before anything can be expected, `expect_*` for what is
# tested. Everything lives in $W, which is removed at the end; only processes of ours are ended.
# TAMGA_CHECK='pattern' runs only the checks whose names match (for work on one of them).
set -u
LC_ALL=C.UTF-8
TZ=UTC
export LC_ALL TZ
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY TAMGA_PROFILE
export no_proxy=127.0.0.1
# The programs' exit codes are tested: a sanitizer's must not look like one of them.
export ASAN_OPTIONS=exitcode=99 LSAN_OPTIONS=exitcode=98 UBSAN_OPTIONS=print_stacktrace=1:exitcode=97
: "${TAMGA_BUILD:?}" "${TAMGA_SOURCE:?}"
. "$TAMGA_SOURCE/tests/provider/provider.sh"
. "$TAMGA_SOURCE/tests/card/softhsm.sh"

TAMGA=$TAMGA_BUILD/bin/tamga
SAMPLE=$TAMGA_SOURCE/packaging/sample/contract.pdf
PIN=123456
PASSWORD='correct horse'
RUN_TIMEOUT=60
CHECKS=0 FAILED=0 CHECK_FAILED=0 IN_CHECK=
CODE=0

#--- telling -------------------------------------------------------------------------------------

note() {
    printf '    %s\n' "$*"
}

failed() {
    CHECK_FAILED=1
    [ -n "$IN_CHECK" ] || FAILED=$((FAILED + 1))
    printf '    FAILED: %s\n' "$*"
}

# The last command and what it said: after a failed expectation.
show_run() {
    printf '    the command: %s\n' "$RUN" | cut -c 1-600
    sed 's/^/    out: /' "$W/out" | head -n "${1:-12}" | cut -c 1-600
    sed 's/^/    err: /' "$W/err" | head -n 25 | cut -c 1-400
}

check() {
    local name=$1 start=$EPOCHREALTIME
    shift
    # shellcheck disable=SC2254
    case $name in ${TAMGA_CHECK:-*}) ;; *) return 0 ;; esac
    CHECKS=$((CHECKS + 1)) CHECK_FAILED=0 IN_CHECK=yes
    "$@"
    IN_CHECK=
    local ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    if [ $CHECK_FAILED = 0 ]; then
        printf 'ok: %s (%d ms)\n' "$name" $ms
    else
        FAILED=$((FAILED + 1))
        printf 'FAILED: %s (%d ms)\n' "$name" $ms
    fi
}

# What has to work before anything can be expected.
must() {
    local log=$W/must
    if ! "$@" >"$log" 2>&1; then
        failed "preparation: $*"
        sed 's/^/    /' "$log" | head -n 15
        return 1
    fi
}

#--- the world -----------------------------------------------------------------------------------

world_start() {
    W=$(mktemp -d "${TMPDIR:-/tmp}/tamga-test.XXXXXX") || exit 1
    trap world_clean EXIT
    trap 'exit 1' INT TERM
    export XDG_CONFIG_HOME=$W/home/config XDG_DATA_HOME=$W/home/data
    export XDG_STATE_HOME=$W/home/state XDG_CACHE_HOME=$W/home/cache
    JOURNAL=$XDG_STATE_HOME/tamga/journal.jsonl
    mkdir -p "$XDG_CONFIG_HOME/tamga" "$XDG_DATA_HOME" "$W/id"
    : >"$W/out"
    : >"$W/err"
    RUN=
    [ -x "$TAMGA" ] || { echo "FAILED: $TAMGA is not built"; exit 1; }
    provider_start "$W/provider" || exit 1
    printf '[tamga]\nprofile=demo\n\n[tsa]\nurls=%s/tsa\n' "$PROVIDER_URL" \
        >"$XDG_CONFIG_HOME/tamga/tamga.conf"
    if ! "$TAMGA" trust add "$PROVIDER_ROOT" --sha256 "$PROVIDER_ROOT_SHA256" >"$W/out" 2>&1; then
        echo "FAILED: the root cannot be trusted"
        cat "$W/out"
        exit 1
    fi
    printf '%s\n' "$PASSWORD" >"$W/password"
    printf '%s\n' "$PIN" >"$W/pin"
}

world_token() {
    softhsm_start "$W/softhsm" && softhsm_token tamga "$PIN" || exit 1
}

world_clean() {
    trap - EXIT
    type card_cleanup >/dev/null 2>&1 && card_cleanup
    provider_stop
    [ -z "${W:-}" ] || rm -rf "$W"
}

world_end() {
    if [ $CHECKS = 0 ]; then
        echo "FAILED: no check was run"
        exit 1
    fi
    printf '%d checks, %d failed\n' $CHECKS $FAILED
    [ $FAILED = 0 ]
    exit
}

# Everything that Tamga remembers of earlier answers.
forget() {
    rm -rf "$XDG_CACHE_HOME/tamga" "$XDG_STATE_HOME/tamga/crl"*
}

# control PATH?QUERY of the provider
control() {
    must provider_control "$1"
}

# fault SERVICE KIND [NAME=VALUE]: until `heal`
fault() {
    control "fault?service=$1&kind=$2${3:+&$3}"
}

heal() {
    control reset
}

#--- people --------------------------------------------------------------------------------------

# identity NAME TYPE [QUERY of the provider] [SUBJECT]: key, certificate, chain and key file in
# $W/id: NAME.key, NAME.der, NAME.pem, NAME.p12
identity() {
    local base=$W/id/$1 query=${3:-}
    [ -e "$base.key" ] || must softhsm_new_key "$2" "$base.key" || return 1
    must openssl req -new -key "$base.key" -subj "${4:-/C=XA/O=Test/CN=Signer $1}" -utf8 \
        -outform DER -out "$base.csr" &&
        must provider_issue "$base.csr" "$base.der" "${query// /%20}" &&
        must openssl x509 -inform DER -in "$base.der" -out "$base.pem" &&
        must key_file "$1"
}

# The issuers of the test provider, and the PKCS#12 file of an identity.
key_file() {
    local base=$W/id/$1
    [ -s "$W/chain.pem" ] ||
        cat "$PROVIDER_DIR"/provider.pem "$PROVIDER_DIR"/provider2.pem "$PROVIDER_DIR"/root.pem \
            >"$W/chain.pem"
    openssl pkcs12 -export -inkey "$base.key" -in "$base.pem" -certfile "$W/chain.pem" \
        -name "$1" -passout "pass:$PASSWORD" -out "$base.p12"
}

# on_token NAME ID: the identity on the token; its URI is $(uri ID)
on_token() {
    must softhsm_import tamga "$2" "$W/id/$1.key" && must softhsm_cert tamga "$2" "$W/id/$1.der"
}

uri() {
    printf 'pkcs11:token=tamga;id=%s' "$(printf '%s' "$1" | sed 's/../%&/g')"
}

serial_of() {
    openssl x509 -inform DER -in "$W/id/$1.der" -noout -serial | sed 's/^serial=//'
}

#--- running -------------------------------------------------------------------------------------

# run COMMAND...: within bounded time; sets CODE, fills $W/out and $W/err
run() {
    RUN="$*"
    timeout -k 5 "$RUN_TIMEOUT" "$@" >"$W/out" 2>"$W/err"
    CODE=$?
    if grep -Eq 'Sanitizer|runtime error:|SUMMARY: ' "$W/out" "$W/err"; then
        failed "a sanitizer speaks"
        grep -Eh -A 12 'Sanitizer|runtime error:' "$W/out" "$W/err" | head -n 40 | sed 's/^/    /'
    fi
    case $CODE in
    124 | 137) failed "not done after $RUN_TIMEOUT s: $RUN" ;;
    esac
}

# expect_exit CODE COMMAND...
expect_exit() {
    local wanted=$1
    shift
    run "$@"
    [ "$CODE" = "$wanted" ] && return 0
    failed "exit code $CODE, not $wanted"
    show_run
    return 1
}

# sign EXIT KEY ARGUMENT...: KEY is an identity's key file ("alice.p12"), or a URI
sign() {
    local wanted=$1 key=$2 secret=$W/pin
    shift 2
    case $key in *.p12) secret=$W/password key=$W/id/$key ;; esac
    expect_exit "$wanted" "$TAMGA" sign "${module[@]}" --key "$key" --pin-fd 0 "$@" <"$secret"
}
module=()

# verify EXIT FILE ARGUMENT...: leaves JSON in $W/out
verify() {
    local wanted=$1
    shift
    expect_exit "$wanted" "$TAMGA" verify --json "$@"
}

#--- expecting -----------------------------------------------------------------------------------

# expect_text REGEX...: each is somewhere in what the last command said
expect_text() {
    local word
    for word; do
        cat "$W/out" "$W/err" | grep -Eq -- "$word" && continue
        failed "nothing said like \"$word\""
        show_run
        return 1
    done
}

# refuse_text REGEX...: none is in what the last command said
refuse_text() {
    local word
    for word; do
        cat "$W/out" "$W/err" | grep -Eaq -- "$word" || continue
        failed "said: \"$word\""
        show_run
        return 1
    done
}

# expect_json EXPRESSION [WORD]: jq over standard output of the last command is true (or WORD)
expect_json() {
    local got
    got=$(jq -r "$1" "$W/out" 2>&1)
    [ "$got" = "${2:-true}" ] && return 0
    failed "$1 is \"$(printf '%s' "$got" | head -c 200)\", not \"${2:-true}\""
    jq -c '{verdict, summary, exit_code, error, steps, documents, signatures: (.signatures // [] |
        map({indication, sub_indication, level, reason, integrity,
        bad: [.checks[]? | select(.result != "passed" and .result != "info") | .name + ": " + .text]}))}' \
        "$W/out" 2>/dev/null | head -c 1500 | sed 's/^/    /'
    show_run 0
    return 1
}

# expect_indication N INDICATION [SUB]: of the Nth signature (from 0) of the last `verify`
expect_indication() {
    expect_json ".signatures[$1].indication" "$2" || return 1
    [ -z "${3:-}" ] || expect_json ".signatures[$1].sub_indication" "$3"
}

no_output() {
    local file
    for file; do
        [ ! -e "$file" ] || failed "$file was written"
    done
}

is_output() {
    [ -s "$1" ] || { failed "$1 was not written"; return 1; }
}

same_file() {
    cmp -s "$1" "$2" || failed "$1 and $2 differ"
}

# The folder holds exactly these names, hidden ones included: no half file, no temporary one.
expect_folder() {
    local folder=$1 names
    shift
    names=$(printf '%s\n' "$@" | LC_ALL=C sort)
    [ "$(find "$folder" -mindepth 1 -printf '%P\n' | LC_ALL=C sort)" = "$names" ] ||
        failed "$folder holds: $(find "$folder" -mindepth 1 -printf '%P ')"
}

# journal_ends EVENT JQ...: the newest entry is of that kind, and the chain is whole
journal_ends() {
    local event=$1 word
    shift
    [ "$(tail -n 1 "$JOURNAL" 2>/dev/null | jq -r .event)" = "$event" ] ||
        failed "the last journal entry is not \"$event\": $(tail -n 1 "$JOURNAL" | head -c 300)"
    for word; do
        [ "$(tail -n 1 "$JOURNAL" | jq -r "$word")" = true ] ||
            failed "journal: not $word: $(tail -n 1 "$JOURNAL" | head -c 800)"
    done
    local out
    out=$("$TAMGA" journal check 2>&1) || failed "the journal is not whole: $out"
}

#--- other implementations -----------------------------------------------------------------------

# peer_cms FILE [CONTENT]: openssl accepts the CAdES signature, its certificate and its content
peer_cms() {
    local -a content=()
    [ $# = 1 ] || content=(-content "$2" -binary)
    expect_exit 0 openssl cms -verify -cades -inform DER -in "$1" "${content[@]}" \
        -CAfile "$PROVIDER_ROOT" -certfile "$PROVIDER_DIR/provider.pem" -purpose any \
        -out "$W/peer.content"
}

# peer_pdf FILE COUNT: qpdf finds a sound file, pdfsig COUNT valid signatures
peer_pdf() {
    expect_exit 0 qpdf --check "$1"
    refuse_text WARNING
    expect_exit 0 pdfsig -nssdir "$(nss_store)" "$1"
    local valid
    valid=$(grep -c 'Signature Validation: Signature is Valid' "$W/out")
    [ "$valid" = "$2" ] || { failed "pdfsig finds $valid valid signatures, not $2"; show_run 40; }
}

# An empty store of certificates: pdfsig must not look into the person's browser.
nss_store() {
    if [ ! -d "$W/nss" ]; then
        mkdir "$W/nss"
        certutil -N -d "$W/nss" --empty-password >/dev/null 2>&1
        certutil -A -d "$W/nss" -n root -t C,C,C -i "$PROVIDER_ROOT" >/dev/null 2>&1
        certutil -A -d "$W/nss" -n provider -t ,, -i "$PROVIDER_DIR/provider.pem" >/dev/null 2>&1
    fi
    printf '%s' "$W/nss"
}

# pdf_contents FILE N OUT: the DER in /Contents of the Nth signature (from 0)
pdf_contents() {
    python3 - "$1" "$2" "$3" <<'PYTHON'
import re, sys
data = open(sys.argv[1], "rb").read()
ranges = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data)
first, length, second, rest = map(int, ranges[int(sys.argv[2])])
der = bytes.fromhex(data[first + length + 1:second - 1].decode())
size = der[1]
if size & 0x80:
    count = size & 0x7F
    size = int.from_bytes(der[2:2 + count], "big") + count
open(sys.argv[3], "wb").write(der[:size + 2])
open(sys.argv[3] + ".content", "wb").write(data[first:first + length] + data[second:second + rest])
PYTHON
}

# Signature value and time-stamp token of a CMS file's Nth signer: OUT.value, OUT.tst
cms_parts() {
    python3 - "$1" "$2" "$3" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read()
def read(at):
    tag, size, head = data[at], data[at + 1], 2
    if size & 0x80:
        count = size & 0x7F
        size, head = int.from_bytes(data[at + 2:at + 2 + count], "big"), 2 + count
    return tag, at + head, at + head + size
def children(start, end):
    found = []
    while start < end:
        tag, body, stop = read(start)
        found.append((tag, start, body, stop))
        start = stop
    return found
_, body, end = read(0)
signed = children(*read(children(body, end)[1][2])[1:])
infos = [c for c in signed if c[0] == 0x31][-1]
signer = children(infos[2], infos[3])[int(sys.argv[2])]
fields = children(signer[2], signer[3])
value = [c for c in fields if c[0] == 0x04][-1]
open(sys.argv[3] + ".value", "wb").write(data[value[2]:value[3]])
oid = bytes.fromhex("060b2a864886f70d010910020e")
for attribute in [a for c in fields if c[0] == 0xA1 for a in children(c[2], c[3])]:
    parts = children(attribute[2], attribute[3])
    if data[parts[0][1]:parts[0][3]] == oid:
        token = children(parts[1][2], parts[1][3])[0]
        open(sys.argv[3] + ".tst", "wb").write(data[token[1]:token[3]])
PYTHON
}

# peer_timestamp CMS N: openssl accepts the time-stamp over the signature value of the Nth signer
peer_timestamp() {
    rm -f "$W/part".*
    must cms_parts "$1" "$2" "$W/part" && is_output "$W/part.tst" &&
        expect_exit 0 openssl ts -verify -in "$W/part.tst" -token_in -data "$W/part.value" \
            -CAfile "$PROVIDER_ROOT" -untrusted "$PROVIDER_DIR/provider.pem" &&
        expect_text 'Verification: OK'
}
