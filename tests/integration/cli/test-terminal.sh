#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A person at a terminal (tmux): the PIN without echo, a wrong one, Ctrl-C, pinentry, and the
# comparison of a fingerprint.
set -u
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "${TAMGA_SOURCE:?}/tests/card/softhsm.sh"
screen() { tmux -S "$dir/tmux" "$@"; }
cleanup() {
    screen kill-server 2>/dev/null
    rm -rf "$dir"
}
cd "$dir" || exit 1
softhsm_start "$dir/hsm" && softhsm_token CARD 483920 && softhsm_identity CARD 01 p256 /CN=HOLDER || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj "/CN=Root A" 2>/dev/null
export PATH=$TAMGA_BUILD/bin:$PATH TERM=xterm
screen -f /dev/null new-session -d -s t -x 160 -y 50 'PS1="$ " bash --norc --noprofile' || exit 1

# type TEXT...: keys of tmux; begin COMMAND: a cleared screen, then the command and its exit code.
keys() { screen send-keys -t t "$@"; }
shown() { screen capture-pane -t t -p; }
begin() {
    keys C-l
    sleep 0.2
    screen clear-history -t t
    keys "clear; $1; echo \"code \$? \$(stty -a | grep -oE -- '-?\\becho\\b')\"" Enter
}
# Waits until the text is on the screen.
wait_for() {
    local i
    checks=$((checks + 1))
    for i in $(seq 200); do
        shown | grep -qF -- "$1" && return 0
        sleep 0.05
    done
    failures=$((failures + 1))
    echo "FAILED: \"$1\" is not on the screen:"
    shown | sed '/^$/d'
    return 1
}
# Waits until the text is what the person is asked: the last thing on the screen.
prompt() {
    local i
    checks=$((checks + 1))
    for i in $(seq 200); do
        shown | sed '/^$/d' | tail -n 1 | grep -qF -- "$1" && return 0
        sleep 0.05
    done
    failures=$((failures + 1))
    echo "FAILED: \"$1\" is not asked:"
    shown | sed '/^$/d'
    return 1
}
not_shown() {
    checks=$((checks + 1))
    if shown | grep -qF -- "$1"; then
        failures=$((failures + 1))
        echo "FAILED: \"$1\" is on the screen"
    fi
}

module="--module=$SOFTHSM_MODULE"
begin "tamga key list --login $module"
prompt "PIN:"
keys 111111 Enter
wait_for "rong PIN"
prompt "PIN (a wrong PIN was entered before):"
keys 483920 Enter
wait_for "HOLDER"
wait_for "code 0 echo"
not_shown 483920
not_shown 111111

# Ctrl-C at the prompt: nothing of the PIN stays, the terminal echoes again, the exit code says so.
begin "tamga key list --login $module"
prompt "PIN:"
keys 4839
keys C-c
wait_for "nothing was done with the key"
wait_for "code 5 echo"
not_shown 4839

# Too short: told at once, and not a try.
begin "tamga token pin $module"
prompt "PIN:"
keys 12 Enter
wait_for "No try was used"
prompt "PIN:"
keys 483920 Enter
prompt "New PIN:"
keys 725184 Enter
prompt "New PIN again:"
keys 725184 Enter
wait_for "The PIN is the new one"
wait_for "code 0 echo"

if command -v pinentry-curses >/dev/null; then
    begin "tamga key list --login --pinentry $module"
    wait_for "<OK>"
    keys 725184 Enter
    wait_for "HOLDER"
    wait_for "code 0 echo"
    begin "tamga key list --login --pinentry $module"
    wait_for "<OK>"
    keys C-c
    wait_for "nothing was done with the key"
    wait_for "code 5 echo"
else
    echo "skipped: pinentry-curses is not installed"
fi

# The password of an encrypted document: asked once, without echo; then it is read, or it is not.
qpdf --encrypt s3cr3tpw owner 256 -- "$TAMGA_SOURCE/packaging/sample/contract.pdf" locked.pdf || exit 1
for command in verify show extract; do
    case $command in verify) said="NOT SIGNED" ;; *) said="not signed" ;; esac
    begin "tamga $command locked.pdf"
    prompt "Password of locked.pdf:"
    keys s3cr3tpw Enter
    wait_for "$said"
    wait_for "code 4 echo"
    not_shown s3cr3tpw
done
begin "tamga verify locked.pdf"
prompt "Password of locked.pdf:"
keys wr0ngpw Enter
wait_for "password"
wait_for "code 4 echo"
not_shown wr0ngpw
begin "tamga verify locked.pdf"
prompt "Password of locked.pdf:"
keys s3cr
keys C-c
wait_for "Cancelled before the password"
wait_for "code 5 echo"
not_shown s3cr

# FPKI 1: the fingerprint is shown for comparison; anything but "yes" changes nothing.
begin "tamga trust add root.pem"
prompt "Type yes if they are the same:"
group=$(openssl x509 -in root.pem -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | cut -c 61-64)
wait_for "$group"
keys y Enter
wait_for "Nothing was changed"
wait_for "code 5 echo"
begin "tamga trust add root.pem"
prompt "Type yes if they are the same:"
keys yes Enter
wait_for "code 0 echo"
begin "tamga trust list"
wait_for "Root A"
# Colour doubles the word on a terminal.
checks=$((checks + 1))
screen capture-pane -t t -p -e | grep -q $'\033\[32mTrusted' || { failures=$((failures + 1)); echo "FAILED: no colour"; }
begin "NO_COLOR=1 tamga trust list"
wait_for "code 0"
checks=$((checks + 1))
if screen capture-pane -t t -p -e | grep -q $'\033\[3[123]m'; then failures=$((failures + 1)); echo "FAILED: colour"; fi
finish
