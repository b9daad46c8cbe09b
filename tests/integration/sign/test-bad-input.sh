#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input: each gets a clear message and its exit code, and no output file.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
world_token
module=(--module "$SOFTHSM_MODULE")
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
identity alice rsa2048 && on_token alice 01
half=$(($(stat -c %s "$SAMPLE") / 2))

# bad EXIT WORDS KEY ARGUMENT...: no file appears in the folder of documents, or in $W/bad
bad() {
    local wanted=$1 words=$2 key=$3 before
    shift 3
    before=$(find "$d" -mindepth 1 -printf '%P %s\n' | sort)
    sign "$wanted" "$key" "$@"
    expect_text "$words"
    # A message is more than a number or a library's word.
    [ "$(wc -c <"$W/err")" -gt 20 ] || failed "too short a message"
    refuse_text 'error:[0-9A-F]{8}' 'CKR_[A-Z_]*$' '\(null\)'
    [ "$(find "$d" -mindepth 1 -printf '%P %s\n' | sort)" = "$before" ] ||
        failed "the folder changed: $(find "$d" -mindepth 1 -printf '%P ')"
}

printf 'just text\n' >"$d/text.txt"
head -c "$half" "$SAMPLE" >"$d/truncated.pdf"
: >"$d/empty.bin"
mkdir "$d/folder"
check "not a PDF with --format pades" bad 4 'not a PDF|no PDF' alice.p12 --level B --format pades "$d/text.txt"
check "a truncated PDF" bad 4 'truncated\.pdf' alice.p12 --level B "$d/truncated.pdf"
check "an empty file" bad 4 'empty' alice.p12 --level B "$d/empty.bin"
check "a folder" bad 4 'folder|directory' alice.p12 --level B "$d/folder"
check "no such file" bad 4 'nowhere' alice.p12 --level B "$d/nowhere.pdf"

encrypted() {
    must qpdf --encrypt '' owner 256 --modify=none -- "$SAMPLE" "$d/encrypted.pdf"
    bad 4 'permissions' alice.p12 --level B "$d/encrypted.pdf"
    must qpdf --encrypt user owner 256 -- "$SAMPLE" "$d/encrypted2.pdf"
    bad 4 'encrypted|password' alice.p12 --level B "$d/encrypted2.pdf"
}
check "a PDF whose permissions or password forbid signing" encrypted

unreadable() {
    cp "$SAMPLE" "$d/secret.pdf"
    chmod 000 "$d/secret.pdf"
    local -a drop=()
    if [ "$(id -u)" = 0 ]; then
        # root reads everything; the capability for that is given away for this one command.
        drop=(setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search)
    fi
    expect_exit 4 "${drop[@]}" "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level B "$d/secret.pdf" \
        <"$W/password"
    expect_text 'secret\.pdf' 'ermission|may not|allowed'
    rm -f "$d/secret.pdf"
    no_output "$d/secret.signed.pdf"
}
check "a file that may not be read" unreadable

damaged() {
    python3 - "$SAMPLE" "$d/damaged.pdf" <<'PYTHON'
import re, sys
data = open(sys.argv[1], "rb").read()
at = data.rindex(b"startxref")
open(sys.argv[2], "wb").write(data[:at] + re.sub(rb"\d+", b"7", data[at:], count=1))
PYTHON
    bad 4 'damaged|cross-reference|xref' alice.p12 --level B "$d/damaged.pdf"
}
check "a PDF whose cross-reference table is wrong" damaged

# Larger than there is room for: a filesystem of 64 KiB, and a device that is always full.
full_disk() {
    head -c 300000 /dev/urandom >"$d/large.bin"
    mkdir "$W/small"
    if ! unshare -m true 2>/dev/null; then
        note "skipped: a small filesystem needs root"
    else
        cat >"$W/full.sh" <<'SCRIPT'
mount -t tmpfs -o size=64k tmpfs "$1" || exit 90
shift
"$@"
code=$?
find "$SMALL" -mindepth 1 >"$SMALL_LIST"
exit $code
SCRIPT
        SMALL=$W/small SMALL_LIST=$W/small.list expect_exit 4 unshare -m bash "$W/full.sh" "$W/small" \
            "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level B --out "$W/small/out.p7m" \
            "$d/large.bin" <"$W/password"
        expect_text 'full|room|space'
        [ ! -s "$W/small.list" ] || failed "left behind: $(cat "$W/small.list")"
        if grep -q '"event":"signed"' "$JOURNAL"; then failed "the journal says it was signed"; fi
    fi
    timeout 60 "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level B --out - "$d/large.bin" \
        <"$W/password" >/dev/full 2>"$W/err"
    CODE=$?
    : >"$W/out"
    RUN='tamga sign --out - >/dev/full'
    [ $CODE = 4 ] || { failed "exit code $CODE, not 4"; show_run; }
    expect_text 'full|room|space|written'
    rm "$d/large.bin"
}
check "the disk is full while writing" full_disk

# The last line of the journal is not one of its own, so nothing can be written behind it.
no_journal() {
    cp "$JOURNAL" "$W/journal" 2>/dev/null || : >"$W/journal"
    head -c 3000000 /dev/zero | tr '\0' x >>"$JOURNAL"
    bad 4 'journal' alice.p12 --level B --out "$d/unrecorded.pdf" "$d/contract.pdf"
    cp "$W/journal" "$JOURNAL"
}
check "no signed file without its entry in the journal" no_journal

no_folder() {
    bad 4 'nowhere' alice.p12 --level B --out "$d/nowhere/out.pdf" "$d/contract.pdf"
    bad 64 'folder' alice.p12 --level B --each --out "$d/out.pdf" "$d/contract.pdf" "$d/text.txt"
    bad 4 'name of a file of the format PAdES' alice.p12 --level B --out "$d/out.pdf" "$d/contract.pdf" "$d/text.txt"
}
check "an output in a folder that is not there" no_folder

too_small() {
    bad 4 'fit|room|contents-size' alice.p12 --level LT --contents-size 500 "$d/contract.pdf"
    sign 0 alice.p12 --level LT --contents-size 20000 --out "$d/roomy.pdf" "$d/contract.pdf"
    peer_pdf "$d/roomy.pdf" 1
    rm "$d/roomy.pdf"
}
check "the room for /Contents never overflows silently" too_small

wrong_password() {
    printf 'not it\n' >"$W/wrong"
    expect_exit 5 "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level B "$d/contract.pdf" <"$W/wrong"
    expect_text 'assword' 'alice\.p12'
    refuse_text 'mac verify' 'not it'
    expect_exit 5 "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 0 --level B "$d/contract.pdf" \
        <<<'999999'
    expect_text 'PIN'
    refuse_text 999999
    expect_exit 5 "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 0 --level B "$d/contract.pdf" \
        </dev/null
    expect_text 'PIN'
    no_output "$d/contract.signed.pdf"
}
check "a wrong password, a wrong PIN, no PIN" wrong_password

no_key() {
    must softhsm_cert tamga 77 "$W/id/alice.der" 
    bad 5 'no key|without|certificate' "$(uri 99)" --level B "$d/contract.pdf"
    openssl pkcs12 -export -nokeys -in "$W/id/alice.pem" -passout "pass:$PASSWORD" -out "$W/id/nokey.p12"
    bad 5 'no key|without|key' nokey.p12 --level B "$d/contract.pdf"
    # A certificate of a key that is not there.
    identity lonely p256
    must softhsm_cert tamga 78 "$W/id/lonely.der"
    bad 5 'no key|key' "$(uri 78)" --level B "$d/contract.pdf"
    softhsm_new_key p256 "$W/id/bare.key" && must softhsm_import tamga 79 "$W/id/bare.key"
    bad 5 'certificate' "$(uri 79)" --level B "$d/contract.pdf"
}
check "a certificate without a key, a key without a certificate" no_key

not_a_key_file() {
    printf 'not a key\n' >"$W/id/text.p12"
    bad 5 'text\.p12' text.p12 --level B "$d/contract.pdf"
    bad 5 'nowhere|not found|no such' nowhere.p12 --level B "$d/contract.pdf"
}
check "a key file that is none" not_a_key_file

certificates() {
    identity crypt rsa2048 usage=keyEncipherment
    bad 3 'sign|usage|use' crypt.p12 --level B "$d/contract.pdf"
    identity old p256 'not_before=-864000&not_after=-86400'
    bad 3 'expired' old.p12 --level B "$d/contract.pdf"
    identity early p256 'not_before=86400&days=10'
    bad 3 'not yet valid|valid from' early.p12 --level B "$d/contract.pdf"
    identity odd p256 critical_unknown=1
    bad 3 'critical|extension' odd.p12 --level B "$d/contract.pdf"
    [ "$(grep -c '"event":"refused"' "$JOURNAL")" -ge 4 ] || failed "refusals without journal entries"
}
check "a certificate that may not sign, expired, not yet valid, with an unknown critical extension" certificates

words_of_options() {
    bad 4 'no-such|profile' alice.p12 --profile no-such "$d/contract.pdf"
    bad 64 'URI|uri|pkcs11' 'pkcs11:token=%zz' --level B "$d/contract.pdf"
    bad 64 'URI|uri|pkcs11' 'pkcs11:token=a;token=b' --level B "$d/contract.pdf"
    bad 5 'nobody' 'pkcs11:token=nobody' --level B "$d/contract.pdf"
    bad 64 '--level' alice.p12 --level Z "$d/contract.pdf"
    bad 64 '--format' alice.p12 --format word "$d/contract.pdf"
    bad 64 '--digest' alice.p12 --digest MD5 "$d/contract.pdf"
    bad 64 '--digest' alice.p12 --digest SHA-1 "$d/contract.pdf"
    bad 64 '.' alice.p12 --no-such-option "$d/contract.pdf"
    expect_exit 64 "$TAMGA" sign
    expect_exit 64 "$TAMGA" no-such-command
    expect_exit 5 "$TAMGA" sign --module "$W/nowhere.so" --key pkcs11:token=tamga "$d/contract.pdf"
    expect_text 'nowhere\.so'
}
check "unknown profile, malformed URI, unknown token, module and options" words_of_options

no_service() {
    cp "$XDG_CONFIG_HOME/tamga/tamga.conf" "$W/good.conf"
    printf '[tamga]\nprofile=demo\n' >"$XDG_CONFIG_HOME/tamga/tamga.conf"
    bad 4 'no timestamp service' alice.p12 --level T "$d/contract.pdf"
    refuse_text 'PIN|assword' 'Check 1'
    cp "$W/good.conf" "$XDG_CONFIG_HOME/tamga/tamga.conf"
}
check "a timestamp is wanted and no service is named: said before key and PIN" no_service

broken_profile() {
    mkdir -p "$XDG_DATA_HOME/tamga/profiles"
    sed -e 's/^name=demo/name=broken/' -e 's/^gate=full/gate=maybe/' \
        "$TAMGA_SOURCE/client/profile/data/demo.profile" >"$XDG_DATA_HOME/tamga/profiles/broken.profile"
    bad 4 'gate' alice.p12 --profile broken --level B "$d/contract.pdf"
    printf '[tamga]\nprofil=demo\n' >"$W/bad.conf"
    cp "$XDG_CONFIG_HOME/tamga/tamga.conf" "$W/good.conf"
    cp "$W/bad.conf" "$XDG_CONFIG_HOME/tamga/tamga.conf"
    bad 4 'profil' alice.p12 --level B "$d/contract.pdf"
    cp "$W/good.conf" "$XDG_CONFIG_HOME/tamga/tamga.conf"
}
check "a profile and a configuration with a mistake" broken_profile

no_network() {
    fault tsa drop
    bad 6 'tsa' alice.p12 --level T "$d/contract.pdf"
    heal
    # After the signature the evidence fails: the gate was good, and the CRL is still to be had.
    if unshare -n true 2>/dev/null; then
        forget
        expect_exit 3 unshare -n "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level LT \
            "$d/contract.pdf" <"$W/password"
        expect_text 'VN 78'
        no_output "$d/contract.signed.pdf"
    fi
    bad 3 'VN 78|offline' alice.p12 --offline --level B "$d/contract.pdf"
}
check "TSA, OCSP and CRL unreachable" no_network

verify_bad_input() {
    verify 4 "$d/contract.pdf"
    expect_json .verdict not-signed
    verify 4 "$d/text.txt"
    verify 4 "$d/empty.bin"
    verify 4 "$d/truncated.pdf"
    verify 4 "$d/folder"
    verify 4 "$d/nowhere.pdf"
    expect_exit 4 "$TAMGA" verify "$d/contract.pdf"
    expect_text 'no signature|not signed|NOT SIGNED'
}
check "verify: files without a signature, and files that are none" verify_bad_input

world_end
