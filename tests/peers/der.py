# SPDX-License-Identifier: GPL-3.0-or-later
"""As much DER as peers need: values of signers in a CMS file, and the time-stamp tokens in it."""

SIGNATURE_TIMESTAMP = bytes.fromhex("060b2a864886f70d010910020e")
ARCHIVE_TIMESTAMP = bytes.fromhex("060604008d450204")
TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")


class Node:
    def __init__(self, data, start):
        self.data, self.start, self.tag = data, start, data[start]
        size, self.body = data[start + 1], start + 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[self.body : self.body + count], "big")
            self.body += count
        self.end = self.body + size

    def children(self):
        found, at = [], self.body
        while at < self.end:
            found.append(Node(self.data, at))
            at = found[-1].end
        return found

    def whole(self):
        return self.data[self.start : self.end]

    def value(self):
        return self.data[self.body : self.end]


def signed_data(data):
    return Node(data, 0).children()[1].children()[0].children()


def signers(data):
    """Of each signer: its signature value and its tokens as (kind, token)."""
    found = []
    for signer in signed_data(data)[-1].children():
        fields = signer.children()
        value = [field for field in fields if field.tag == 0x04][-1].value()
        tokens = []
        for attribute in [a for f in fields if f.tag == 0xA1 for a in f.children()]:
            kind, values = attribute.children()
            for token in values.children():
                if kind.whole() == SIGNATURE_TIMESTAMP:
                    tokens.append(("signature", token.whole()))
                elif kind.whole() == ARCHIVE_TIMESTAMP:
                    tokens.append(("archive", token.whole()))
        found.append((value, tokens))
    return found


def is_token(data):
    return signed_data(data)[2].children()[0].whole() == TST_INFO


def imprint(token):
    """The message imprint of a token, in hexadecimal."""
    content = signed_data(token)[2].children()[1].children()[0].value()
    return Node(content, 0).children()[2].children()[1].value().hex()


def public_numbers(spki):
    """("RSA", n, e) or ("EC", x, y) of a SubjectPublicKeyInfo."""
    bits = Node(spki, 0).children()[1].value()[1:]
    if bits[0] == 0x04:
        half = (len(bits) - 1) // 2
        return "EC", bits[1 : 1 + half], bits[1 + half :]
    n, e = Node(bits, 0).children()
    return "RSA", n.value().lstrip(b"\0"), e.value()
