#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# unknown.py IN OUT CA-KEY WHAT...: makes of a CAdES file with an RSA signer one of an Uzbek signer.
# The certificate gets a key of O'zDSt 1092 and is signed anew with CA-KEY (RSA), so that it is a good
# one; the signer names the new certificate. WHAT: "signature" for the key and the algorithm of the
# signature, "digest" for the digest algorithm too. The signed value cannot be one that verifies.
import hashlib
import subprocess
import sys


def parse(data):
    """Nodes [tag, octets] or, of what is constructed, [tag, nodes]."""
    nodes, at = [], 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at:at + count], "big"), at + count
        value = data[at:at + size]
        nodes.append([tag, parse(value) if tag & 0x20 else value])
        at += size
    return nodes


def write(node):
    tag, value = node
    if isinstance(value, list):
        value = b"".join(write(part) for part in value)
    size = len(value)
    if size >= 0x80:
        octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes([tag, 0x80 | len(octets)]) + octets + value
    return bytes([tag, size]) + value


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = b""
    for number in [40 * first + second, *rest]:
        part = bytes([number & 0x7F])
        while number := number >> 7:
            part = bytes([0x80 | number & 0x7F]) + part
        out += part
    return [0x06, out]


def algorithm(text, *parameters):
    return [0x30, [oid(text), *parameters]]


source, target, ca_key, *what = sys.argv[1:]
content_info = parse(open(source, "rb").read())[0]
signed_data = content_info[1][1][1][0][1]
signer = next(node for node in reversed(signed_data) if node[0] == 0x31)[1][0][1]
serial = signer[1][1][1]
certificates = next(node for node in signed_data if node[0] == 0xA0)[1]
certificate = next(node for node in certificates if node[1][0][1][1] == serial)
tbs = certificate[1][0]

if "signature" in what:
    uzbek = [0x30, [oid("1.2.860.3.15.1.1.2.1.1")]]
    tbs[1][6] = [0x30, [algorithm("1.2.860.3.15.1.1.2.1", uzbek),
                        [0x03, b"\0" + write([0x04, bytes(range(64))])]]]
    value = subprocess.run(["openssl", "dgst", "-sha256", "-sign", ca_key], input=write(tbs),
                           stdout=subprocess.PIPE, check=True).stdout
    certificate[1][2] = [0x03, b"\0" + value]
    signer[4] = algorithm("1.2.860.3.15.1.1.2.2.2.2")
    signer[5] = [0x04, bytes(range(64))]

attributes = {write(node[1][0]): node for node in signer[3][1]}
certificate_hash = hashlib.sha256(write(certificate)).digest()
signing_certificate = attributes[write(oid("1.2.840.113549.1.9.16.2.47"))]


def name_certificate(nodes):
    for node in nodes:
        if isinstance(node[1], list):
            name_certificate(node[1])
        elif node[0] == 0x04 and len(node[1]) == 32:
            node[1] = certificate_hash


name_certificate(signing_certificate[1][1][1])
if "digest" in what:
    signed_data[1][1] = [algorithm("1.2.860.3.15.1.3.2.1.1")]
    signer[2] = algorithm("1.2.860.3.15.1.3.2.1.1")
    attributes[write(oid("1.2.840.113549.1.9.4"))][1][1][1] = [[0x04, bytes(range(32))]]
open(target, "wb").write(write(content_info))
