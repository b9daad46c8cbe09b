#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Files that mean harm, given to every command that reads files: an answer in words and a code of
# the list, nothing written, no time and no memory beyond what a good file takes.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
good=$W/good d=$W/files o=$W/output
mkdir "$good" "$d" "$o"
identity alice p256
printf 'data\n' >"$good/data.txt"
printf 'annex\n' >"$good/annex.txt"
printf '<?xml version="1.0"?>\n<contract><text>words</text></contract>\n' >"$good/contract.xml"
sign 0 alice.p12 --format asic-e-xades --level B --out "$good/both.asice" "$good/data.txt" "$good/annex.txt"
sign 0 alice.p12 --format xades --level B --out "$good/good.xml" "$good/contract.xml"
sign 0 alice.p12 --format jades --level B --out "$good/good.json" "$good/data.txt"
sign 0 alice.p12 --format cades --level B --out "$good/good.p7m" "$good/data.txt"
sign 0 alice.p12 --format pades --level B --out "$good/good.pdf" "$SAMPLE"
must python3 "$TAMGA_SOURCE/tests/integration/hostile/make-files.py" "$good" "$d"

# What one run may take, sanitizers included: a good file takes some 45 MiB.
SECONDS_MAX=20
MEMORY_MAX=$((256 * 1024))

# measured COMMAND...: as `run`, and bounded
measured() {
    run setsid -w python3 -c 'import resource, subprocess, sys, time
begin = time.monotonic()
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    print(int(time.monotonic() - begin), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=file)
sys.exit(code if code >= 0 else 128 - code)' "$W/measure" "$@"
    local seconds kib
    read -r seconds kib <"$W/measure"
    [ "$seconds" -le $SECONDS_MAX ] || failed "$seconds s: $*"
    [ "$kib" -le $MEMORY_MAX ] || failed "$kib KiB: $*"
    refuse_text "$(printf '\033')" "$(printf '\342\200\256')" 'root:x:0'
}

# answered CODES: one of them, and where it is no success there is a sentence
answered() {
    case " $1 " in *" $CODE "*) ;; *) failed "exit code $CODE, not one of $1" && show_run 6 ;; esac
    [ "$CODE" = 0 ] || [ -s "$W/err" ] || [ -s "$W/out" ] || failed "not a word: $RUN"
}

# harmless FILE VERIFY EXTRACT: the codes of these two; nothing else makes anything of it either
harmless() {
    local file=$d/$1 before after
    before=$(sha256sum "$file")
    measured "$TAMGA" show "$file"
    answered '0 4'
    measured "$TAMGA" extend --level T --tsa "$PROVIDER_URL/tsa" --out "$o/extended" "$file"
    answered '3 4'
    measured "$TAMGA" extract -o "$o/taken" "$file"
    answered "$3"
    [ "$CODE" != 0 ] || rm -rf "$o/taken"
    measured "$TAMGA" verify "$file"
    answered "$2"
    expect_folder "$o"
    [ ! -e /tmp/tamga-absolute.txt ] || failed "a file was written outside of the folder"
    after=$(sha256sum "$file")
    [ "$before" = "$after" ] || failed "$1 was changed"
}

# unsignable FILE: what cannot be read to its end is not signed over
unsignable() {
    measured "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level B --out "$o/signed" "$d/$1" <"$W/password"
    answered 4
    expect_folder "$o"
}

refused() {
    local name
    for name; do
        harmless "$name" 4 4
        unsignable "$name"
    done
}
check "containers with names twice, out of the folder, or too many; a bomb" refused \
    zip-duplicate.asice zip-case.asice zip-up.asice zip-up-signed-name.asice zip-absolute.asice \
    zip-backslash.asice zip-drive.asice zip-escape.asice zip-many.asice zip-bomb.asice
check "XML with a DTD, with entities, of great depth, with 100000 references" refused \
    xml-dtd.xml xml-entity.xml xml-laughs.xml xml-depth.xml xml-references.xml

# They are no carriers of that kind any more: whoever signs them signs them as data.
unreadable() {
    local name
    for name; do
        harmless "$name" 4 4
    done
}
check "CMS, PDF and JSON that end too early, never, with 100000 signatures, a name twice" unreadable cms-cut.p7m cms-length.p7m \
    cms-nesting.p7m jose-signatures.json jose-duplicate.json pdf-cut.pdf pdf-loop.pdf jose-depth.json zip-no-signature.asice

algorithms() {
    local name
    for name in xml-unknown-algorithm.xml jose-unknown-algorithm.json cms-unknown-digest.p7m; do
        harmless $name 2 0
        expect_text '[Aa]lgorithm|digest'
    done
    for name in xml-weak-algorithm.xml xml-weak-digest.xml jose-mac.json jose-none.json; do
        harmless $name 1 0
    done
    harmless cms-weak-digest.p7m 2 0
    harmless jose-critical.json 1 0
    expect_text 'crit'
    harmless jose-no-certificate.json 2 0
    expect_text 'certificate'
}
check "algorithms that are unknown, weak or none; critical headers; no certificate" algorithms

contents() {
    harmless zip-missing.asice 1 0
    expect_text 'annex\.txt'
    harmless zip-changed.asice 1 0
    expect_text 'annex\.txt'
    harmless xml-changed.xml 1 0
    harmless jose-changed.json 1 0
    harmless pdf-changed.pdf 1 '0 4'
    harmless jose-no-payload.json 2 4
    control clear-log
    harmless xml-http.xml 2 4
    harmless xml-file.xml 2 4
    harmless xml-xslt.xml '1 2' '0 4'
}
check "content that is changed, missing, elsewhere, or made by a program" contents

# No signature covers it; the names and digests of the files are signed (EN 319 162-1 4.3.3.1).
mimetypes() {
    local name
    for name in zip-no-mimetype zip-other-mimetype zip-late-mimetype; do
        measured "$TAMGA" verify "$d/$name.asice"
        answered 0
        expect_text 'mimetype|media type'
    done
}
check "a container whose mimetype is missing, another one, or not the first is told of" mimetypes

world_end
