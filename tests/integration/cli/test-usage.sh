#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Options, usage errors and what may be printed where: needs no card and no network.
set -u
. "$(dirname "$(readlink -f "$0")")/lib.sh"
cd "$dir" || exit 1

run 0 --version
says out "tamga "
run 0
says out "tamga sign contract.pdf"
for command in sign verify token key cert trust journal profile doctor; do
    run 0 help $command
    says out "Usage:"
    head -n 1 "$dir/out" | grep -q '^  tamga ' || bad "help does not begin with an example"
    run 0 $command --help
    says out "--json"
done
run 0 help

# Bad usage is 64, says what is wrong and what to do, and prints nothing on standard output.
usage() {
    run 64 "$@"
    silent out
    says err "Next: "
}
usage nonsense
says err 'There is no command "nonsense"'
usage help nonsense
usage token
usage token dance
usage token list extra
usage token info a b
usage key
usage key sign
usage cert show a b
usage cert show a --key b
usage cert status --card --key b
usage cert export --der --chain
usage trust
usage trust add
usage trust add a b
usage trust sell root.pem
usage journal
usage journal burn
usage journal show --last=-1
usage profile edit
usage doctor now
usage verify
usage verify --at yesterday file
usage verify --document a b c
usage sign
usage token list --no-such-option
usage token list --module-timeout=-1
usage token list --module-timeout=9999
usage key list --pin-fd=x
usage key list --pin-fd=-1
usage key list --pin-fd=77
says err "not open"
exec 3>&- 4>&- 5>&-
# The descriptors that the program opens for itself are not the caller's.
for fd in 3 4 5; do usage key list --pin-fd=$fd; done

# A usage error of a script is JSON on standard output.
run 64 token dance --json
json '.error.code == "usage" and (.error.message | length) > 0 and (.error.next | length) > 0'

# Bad input is 4, a malformed URI is usage.
run 4 verify no-such-file
says err "no-such-file"
run 4 profile show atlantis
says err "atlantis"
says err "basic"
run 1 doctor --offline --profile atlantis --json
json '[.checks[] | select(.area == "profile" and .result == "problem" and .mend != null)] | length == 1'
for uri in 'pkcs11:bogus' 'pkcs11:id=%zz' 'pkcs11:token'; do
    run 64 key list --key "$uri"
    says err "Next: "
done
mkdir -p "$XDG_CONFIG_HOME/tamga"
printf '[tamga]\nprofil=vn\n' >"$XDG_CONFIG_HOME/tamga/tamga.conf"
run 4 profile show
says err "profil"
says err "tamga.conf"
run 1 doctor --offline
says out "PROBLEM  settings"
rm "$XDG_CONFIG_HOME/tamga/tamga.conf"

# "--" ends the options, wherever it stands; "-" is standard input.
printf 'not signed' >-x.pdf
run 4 verify -- -x.pdf
says out "-x.pdf"
run 4 verify no-such -- -x.pdf
says out "-x.pdf"
says err "no-such"
not_says err "Unknown option"
run 4 verify -- --
says err "-- cannot be opened"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out root.pem -days 30 \
    -subj "/C=KG/O=Тест/CN=Root A" 2>/dev/null
openssl x509 -in root.pem -outform DER -out root.der
run 0 cert show - <root.pem
says out "Root A"
run 0 cert show - <root.der
says out "Root A"
run 0 cert export --der --out=copy.der root.pem
cmp -s copy.der root.der || bad "the DER differs"
run 4 cert export --der --out=copy.der root.pem
says err "copy.der"
run 0 cert export --der --force --out=copy.der root.pem
run 0 cert export copy.der
openssl x509 -in "$dir/out" -outform DER -out again.der && cmp -s again.der root.der ||
    bad "the PEM differs"
run 4 cert show key.pem
says err "key.pem"
run 4 cert show "$dir"
: >empty
run 4 cert show empty
run 4 cert show nofile
says err "nofile cannot be opened"

# VN 5: the ten items come first and in the order of the article.
run 0 cert show root.pem
head -n 1 "$dir/out" | grep -q '^ 1  issuer' || bad "the issuer is not first"
[ "$(grep -oE '^ ?[0-9]+  ' "$dir/out" | tr -d ' ' | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 9 10 " ] ||
    bad "not ten items in order"
run 0 cert show root.pem --json
json '.certificates[0].items | map(.number) == [1,2,3,4,5,6,7,8,9,10]'

# FPKI 1: trust needs the fingerprint; a wrong one, or nobody to compare, changes nothing.
fingerprint=$(openssl x509 -in root.pem -noout -fingerprint -sha256 | sed 's/.*=//')
run 4 trust add root.pem
says err "--sha256"
run 4 trust add root.pem --sha256 "$(tr 0-9A-F 1-9A-F0 <<<"$fingerprint")"
says err "fingerprint"
run 4 trust add root.pem --sha256 "${fingerprint%:*}"
run 0 trust list --json
json '.anchors == []'
run 0 trust add root.pem --sha256 "$fingerprint" --note "told by phone" --json
json '.event == "trust-added" and (.sha256 | length) == 64'
run 0 trust list
says out "Root A"
says out "told by phone"
run 0 trust add root.pem --sha256 "$fingerprint"
says out "already"
# FPKI 4: distrust cuts the path, and is listed.
run 0 trust distrust root.pem
run 0 trust list --json
json '.anchors | length == 1 and .[0].distrusted'
run 4 trust add root.pem --sha256 "$fingerprint"
run 4 trust remove 0000
run 0 trust remove "$(jq -r '.anchors[0].sha256[0:12]' <("$tamga" trust list --json))"
run 0 trust list --json
json '.anchors == []'
run 0 journal show --json
json '[.entries[].event] == ["trust-added", "trust-distrusted", "trust-removed"]'
run 0 journal show --ndjson --last 1
[ "$(jq -r .event "$dir/out")" = trust-removed ] || bad "the newest entry is another"
run 0 journal check
says out "whole, 3 entries"
sed -i '2s/Root A/Root B/' "$XDG_STATE_HOME/tamga/journal.jsonl"
run 4 journal check
says err "ine 3"
run 4 journal show
says err "ine 3"
run 1 doctor --offline
says out "PROBLEM  journal"
rm "$XDG_STATE_HOME/tamga/journal.jsonl"

# Names from outside cannot write on the screen.
openssl req -x509 -key key.pem -out evil.pem -days 30 -utf8 \
    -subj "/CN=$(printf 'A\033[2J\342\200\256B')" 2>/dev/null
run 0 cert show evil.pem
if grep -q $'\033' "$dir/out"; then bad "an escape sequence came through"; fi
run 4 verify "$(printf 'no\033[2Jfile')"
if grep -q $'\033' "$dir/err"; then bad "an escape sequence came through"; fi

# Colour is for terminals that want it. script(1) gives the command one.
colours() { script -qec "env $* $tamga profile list >/dev/null; env $* $tamga journal check" /dev/null; }
TERM=xterm colours | grep -q $'\033' || { bad "no colour on a terminal"; }
if TERM=xterm colours NO_COLOR=1 | grep -q $'\033'; then bad "colour in spite of NO_COLOR"; fi
if colours TERM=dumb | grep -q $'\033'; then bad "colour on a dumb terminal"; fi
run 0 journal check
if grep -q $'\033' "$dir/out"; then bad "colour on a pipe"; fi

# Profiles: every one loads, and says its rules.
run 0 profile list --json
json '[.profiles[] | select(.problem)] == [] and ([.profiles[].name] | contains(["basic", "demo", "kg", "kz", "vn"]))'
for name in basic demo kg kz vn; do
    run 0 profile show $name --json
    json ".name == \"$name\" and (.gate == \"full\" or .gate == \"negative\")"
    run 0 profile show $name
done

# Whoever reads the output may stop reading: no error, and the exit code stays.
( (sleep 0.3; code=0; timeout 20 "$tamga" profile list --json 2>"$dir/err" || code=$?
   echo "$code" >"$dir/code") | true) || true
[ "$(cat "$dir/code")" = 0 ] || bad "exit code $(cat "$dir/code") when nobody reads the output"
if grep -qi 'pipe\|could not be written' "$dir/err"; then bad "a message about a closed pipe"; fi

# A full disk under standard output is an error, not a silence.
code=0
timeout 20 "$tamga" profile list >/dev/full 2>"$dir/err" || code=$?
[ "$code" -eq 4 ] || bad "exit code $code with a full disk"
says err "Standard output could not be written"

# doctor: permissions that let others change the trust store.
mkdir -p "$XDG_DATA_HOME/tamga"
chmod 777 "$XDG_DATA_HOME/tamga"
run 1 doctor --offline --json
json '[.checks[] | select(.area == "folder" and .result == "problem" and (.mend | test("chmod")))] | length == 1'
chmod 700 "$XDG_DATA_HOME/tamga"
finish
