#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# test-peers.sh GROUP: other implementations accept every file of the matrix that they can read, and
# refuse a damaged one. Prints what each said of each form. Groups by what is made for them.
set -u
LC_ALL=C.UTF-8
TZ=UTC
export LC_ALL TZ
: "${TAMGA_BUILD:?}" "${TAMGA_SOURCE:?}"
here=$TAMGA_SOURCE/tests/peers
node=$TAMGA_BUILD/peers

cades='cades-attached cades-detached'
xades='xades-enveloped xades-enveloping xades-detached xmldsig'
jades='jades-compact jades-flattened jades-general jades-detached'
asic_cades='asic-e-cades asic-s-cades'
asic_xades='asic-e-xades asic-s-xades'
case ${1:-} in
cades) forms=$cades peers='openssl-cms openssl-ts bouncycastle' ;;
pades) forms=pades peers='pdfsig qpdf openssl-cms openssl-ts bouncycastle' ;;
xades) forms=$xades peers='xmlsec1 xadesjs openssl-ts' ;;
jades) forms=$jades peers='jose openssl-ts' ;;
asic-cades) forms=$asic_cades peers='zip openssl-cms openssl-ts bouncycastle' ;;
asic-xades) forms=$asic_xades peers='zip xmlsec1 openssl-ts' ;;
*)
    echo "usage: test-peers.sh cades|pades|xades|jades|asic-cades|asic-xades" >&2
    exit 2
    ;;
esac
W=$(mktemp -d "${TMPDIR:-/tmp}/tamga-peers.XXXXXX") || exit 1
trap 'rm -rf "$W"' EXIT
trap 'exit 1' INT TERM
for form in $forms; do
    if ! TAMGA_MATRIX_OUT=$W timeout 120 "$TAMGA_BUILD/bin/test-matrix" "$form" >"$W.log" 2>&1; then
        tail -n 20 "$W.log"
        rm -f "$W.log"
        echo "FAILED: the files of $form could not be made"
        exit 1
    fi
    rm -f "$W.log"
done
# What npm cannot bring here is told by the table as skipped.
case $peers in *xadesjs*) bash "$here/install" "$node" ;; esac
# shellcheck disable=SC2086
python3 "$here/peers.py" "$W" "$node" $peers
