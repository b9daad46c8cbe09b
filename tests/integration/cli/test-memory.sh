#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# After the login no process has the PIN in its memory, its arguments or its environment: looked for
# while the command waits for a timestamp, with a real token.
set -u
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "${TAMGA_SOURCE:?}/tests/card/softhsm.sh"
. "$TAMGA_SOURCE/tests/provider/provider.sh"
cleanup() {
    [ -z "${processes:-}" ] || kill -CONT $processes 2>/dev/null
    [ -z "${signing:-}" ] || kill "$signing" 2>/dev/null
    provider_stop || true
    rm -rf "$dir"
}
export no_proxy=127.0.0.1
cd "$dir" || exit 1
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: only root may look into tamga-key"
    exit 0
fi
# The token is made with another PIN, so that no helper of this test ever has the real one.
pin=$(od -An -N6 -tu2 /dev/urandom | tr -d ' ' | cut -c 1-14)71
label="CARD-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')"
softhsm_start "$dir/hsm" && softhsm_token "$label" 123456 && provider_start "$dir/provider" &&
    softhsm_new_key rsa2048 key.pem && softhsm_csr key.pem /CN=HOLDER key.csr &&
    provider_issue key.csr key.der && softhsm_import "$label" 01 key.pem &&
    softhsm_cert "$label" 01 key.der || exit 1
module="--module=$SOFTHSM_MODULE"
printf '123456\n%s\n%s\n' "$pin" "$pin" >pins
run 0 token pin "$module" --pin-fd=0 <pins
run 0 trust add "$PROVIDER_ROOT" --sha256 "$PROVIDER_ROOT_SHA256"
printf 'a document\n' >a.txt
printf '%s\n' "$pin" >pins
provider_control 'fault?service=tsa&kind=delay&ms=9000'
provider_control clear-log
"$tamga" sign "$module" --profile=demo --tsa="$PROVIDER_URL/tsa" --pin-fd=0 --out=a.p7m a.txt \
    <pins >"$dir/out" 2>"$dir/err" &
signing=$!
for _ in $(seq 200); do
    provider_log | grep -q "/tsa" && break
    sleep 0.05
done
provider_log | grep -q "/tsa" || bad "no timestamp was asked for" sign

# scan PID TEXT: how often the text is in the writable memory and in the arguments of a process.
cat >scan.py <<'PYTHON'
import re, sys
pid, text = sys.argv[1], open(sys.argv[2], "rb").read().strip()
hits = 0
with open(f"/proc/{pid}/mem", "rb", 0) as memory:
    for line in open(f"/proc/{pid}/maps"):
        start, end, mode = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
        start, end = int(start, 16), int(end, 16)
        if "w" not in mode or end - start > 1 << 29:
            continue
        try:
            memory.seek(start)
            hits += memory.read(end - start).count(text)
        except (OSError, ValueError, OverflowError):
            pass
for name in ("cmdline", "environ"):
    hits += open(f"/proc/{pid}/{name}", "rb").read().count(text)
print(hits)
PYTHON
printf '%s' "$label" >label
# Held still: the answer must not come while they are looked through.
processes="$signing $(pgrep -P "$signing" | tr '\n' ' ')"
kill -STOP $processes
looked=0
for process in $processes; do
    name=$(tr '\0' ' ' <"/proc/$process/cmdline" | cut -d ' ' -f 1)
    checks=$((checks + 1))
    found=$(python3 scan.py "$process" pins)
    [ "$found" = 0 ] || bad "the PIN is $found times in ${name##*/}" sign
    case $name in
    *tamga-key)
        looked=$((looked + 1))
        # The scan sees what is there: the name of the token.
        [ "$(python3 scan.py "$process" label)" -gt 0 ] || bad "the scan of ${name##*/} sees nothing" sign
        ;;
    */tamga) looked=$((looked + 1)) ;;
    esac
done
[ "$looked" -eq 2 ] || bad "not both of tamga and tamga-key were looked at" sign
kill -TERM "$signing"
kill -CONT $processes
wait "$signing"
checks=$((checks + 1))
[ ! -e a.p7m ] || bad "something was written in spite of the signal" sign
signing= processes=
not_says out "$pin"
not_says err "$pin"
! grep -rqF "$pin" "$XDG_STATE_HOME" "$XDG_CACHE_HOME" 2>/dev/null || bad "the PIN was written down" sign
finish
