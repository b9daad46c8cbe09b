#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Ctrl-C and sudden death at many moments: never a half file, no process left behind, and the
# terminal as it was.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
world_token
module=(--module "$SOFTHSM_MODULE")
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
identity alice rsa2048 && on_token alice 01

# How long an undisturbed signature takes, in milliseconds; the services answer slowly, so that many
# of the moments fall between the steps.
for service in ocsp-provider ocsp-root tsa; do fault "$service" delay ms=60; done
begin=${EPOCHREALTIME/./}
sign 0 "$(uri 01)" --level LT --out "$d/whole.pdf" "$d/contract.pdf"
whole=$(((${EPOCHREALTIME/./} - begin) / 1000))
rm -f "$d/whole.pdf"
note "an undisturbed signature takes $whole ms"

# left_behind PID: processes of its session are still there a while after it ended
left_behind() {
    local tries=0
    while pgrep -s "$1" >/dev/null; do
        [ $((tries += 1)) -lt 100 ] || return 0
        sleep 0.03
    done
    return 1
}

# A file is there whole or not at all.
whole_or_none() {
    find "$d" -mindepth 1 ! -name contract.pdf ! -name out.pdf -printf 'left: %P\n' >"$W/left"
    [ ! -s "$W/left" ] || failed "$1: $(cat "$W/left")"
    if [ -e "$d/out.pdf" ]; then
        complete=$((complete + 1))
        pdfsig -nssdir "$(nss_store)" "$d/out.pdf" 2>&1 | grep -q 'Signature is Valid' ||
            failed "$1: half a file"
    fi
}

# interrupt SIGNAL MOMENT: the whole group of processes gets it, as from a terminal
interrupt() {
    local pid
    rm -f "$d/out.pdf"
    setsid "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 0 --level LT --out "$d/out.pdf" \
        "$d/contract.pdf" <"$W/pin" >"$W/out" 2>"$W/err" &
    pid=$!
    sleep "$(printf '0.%03d' "$2")"
    kill "-$1" -- "-$pid" 2>/dev/null || kill "-$1" "$pid" 2>/dev/null
    { wait "$pid"; } 2>/dev/null
    CODE=$?
    if left_behind "$pid"; then
        failed "$1 after $2 ms: processes are left"
        pgrep -a -s "$pid" | sed 's/^/    /'
    fi
    if grep -Eq 'Sanitizer|runtime error:' "$W/err"; then
        failed "a sanitizer speaks, $1 after $2 ms"
        head -n 30 "$W/err"
    fi
}

interrupted() {
    local moment step=$((whole / 24 + 1))
    complete=0
    cancelled=0
    for ((moment = 10; moment < whole + 60 && moment < 1000; moment += step)); do
        interrupt INT $moment
        case $CODE in
        0) is_output "$d/out.pdf" ;;
        5) cancelled=$((cancelled + 1)) && no_output "$d/out.pdf" ;;
        130) no_output "$d/out.pdf" ;; # before the program had begun
        *) failed "INT after $moment ms: exit code $CODE: $(tail -n 3 "$W/err")" ;;
        esac
        whole_or_none "INT after $moment ms"
    done
    note "cancelled $cancelled times, finished $complete times"
    [ $cancelled -ge 5 ] || failed "only $cancelled were interrupted in the middle"
}
check "Ctrl-C at many moments leaves a whole file or none" interrupted

# What was signed before Ctrl-C is whole and stays; what was not, is not there, and that is said.
batch_interrupted() {
    local i pid count
    mkdir "$W/batch" "$W/signed"
    for i in 1 2 3 4 5 6 7 8; do cp "$SAMPLE" "$W/batch/$i.pdf"; done
    fault tsa delay ms=400
    setsid "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 0 --level T --out "$W/signed" \
        "$W"/batch/*.pdf <"$W/pin" >"$W/out" 2>"$W/err" &
    pid=$!
    for ((i = 0; i < 400; i++)); do
        [ "$(find "$W/signed" -mindepth 1 | wc -l)" -lt 2 ] || break
        sleep 0.05
    done
    kill -INT "$pid"
    wait "$pid"
    CODE=$?
    RUN='tamga sign of eight'
    [ $CODE = 5 ] || { failed "exit code $CODE, not 5"; show_run; }
    count=$(find "$W/signed" -mindepth 1 | wc -l)
    [ "$count" -lt 8 ] && [ "$count" -gt 0 ] || failed "$count files of 8"
    expect_text "$count of 8 signed" 'ancelled'
    verify 0 "$W"/signed/*.pdf
    rm -rf "$W/batch" "$W/signed"
    for service in ocsp-provider ocsp-root tsa; do fault "$service" delay ms=60; done
}
check "Ctrl-C in a batch: what is signed is whole, and counted" batch_interrupted

killed() {
    local moment step=$((whole / 12 + 1))
    complete=0
    for ((moment = 10; moment < whole + 60 && moment < 1000; moment += step)); do
        interrupt KILL $moment
        whole_or_none "KILL after $moment ms"
    done
    expect_exit 0 "$TAMGA" journal check
    rm -f "$d/out.pdf"
    sign 0 "$(uri 01)" --level B --out "$d/out.pdf" "$d/contract.pdf"
    expect_exit 0 "$TAMGA" journal check
    rm -f "$d/out.pdf"
}
check "sudden death at many moments leaves a whole file or none, and a journal that can go on" killed

# Only the front end dies: its helpers end by themselves.
orphans() {
    local pid
    fault tsa delay ms=1500
    setsid "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 0 --level T --out "$d/out.pdf" \
        "$d/contract.pdf" <"$W/pin" >"$W/out" 2>"$W/err" &
    pid=$!
    sleep 0.8
    kill -KILL "$pid"
    { wait "$pid"; } 2>/dev/null
    if left_behind "$pid"; then failed "helpers are left: $(pgrep -a -s "$pid")"; fi
    no_output "$d/out.pdf"
    heal
}
check "helpers end when the program that started them is killed" orphans

# A terminal of its own: what is typed at the prompt, what is seen, and how it is left.
terminal() {
    cat >"$W/terminal.py" <<'PYTHON'
import os, pty, select, signal, sys, termios, time
typed, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
pid, master = pty.fork()
if pid == 0:
    os.execv(command[0], command)
seen, sent, echo_off, end = b"", False, None, time.time() + 40
while time.time() < end:
    ready, _, _ = select.select([master], [], [], 0.1)
    if ready:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    if not sent and b"PIN" in seen and seen.rstrip(b" ").endswith(b":"):
        time.sleep(0.2)
        echo_off = not termios.tcgetattr(master)[3] & termios.ECHO
        os.write(master, typed)
        sent = True
try:
    echo_on = bool(termios.tcgetattr(master)[3] & termios.ECHO)
except termios.error:
    echo_on = None
_, status = os.waitpid(pid, 0)
print("code=%d asked=%d echo_off=%s echo_on=%s" % (os.waitstatus_to_exitcode(status), sent, echo_off, echo_on))
sys.stdout.flush()
os.write(1, seen)
PYTHON
    run python3 "$W/terminal.py" "$1" "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --level B \
        --out "$d/out.pdf" "$d/contract.pdf"
    expect_text 'asked=1' 'echo_off=True' 'echo_on=(True|None)'
}

typed_pin() {
    terminal "$PIN\\n"
    expect_text 'code=0' 'Signed'
    refuse_text "$PIN"
    is_output "$d/out.pdf"
    rm -f "$d/out.pdf"
}
check "the PIN is not seen on the terminal" typed_pin


ctrl_c() {
    terminal '12\x03'
    expect_text 'code=5' 'ancelled'
    refuse_text '12$'
    no_output "$d/out.pdf"
}
check "Ctrl-C at the PIN prompt: the echo comes back" ctrl_c

world_end
