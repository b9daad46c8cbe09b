#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""peers.py FOLDER NODE_FOLDER PEER...: shows files of the matrix to other implementations.

FOLDER is what test-matrix wrote with TAMGA_MATRIX_OUT. Every peer named is shown every file of the
forms that it could know; it accepts it, or cannot read it for a reason that is known here, or has
refused it, which fails the test. Of each form one file with a damaged byte is shown as well, which every peer must
refuse; where a peer is shown a part of a file (a CMS of a container, say), the byte is in that. NODE_FOLDER holds the peers from npm, or does not exist.

PEER: openssl-cms, openssl-ts, bouncycastle, pdfsig, qpdf, xmlsec1, xadesjs, jose, zip."""

import base64
import collections
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

sys.dont_write_bytecode = True
import der

NOW = "1795000000"  # when the matrix takes place: tests/unit/trust/pki.h
HERE = os.path.dirname(os.path.abspath(__file__))
JARS = [f"/usr/share/java/{name}.jar" for name in ("bcprov", "bcpkix", "bcutil")]
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"


class CannotRead(Exception):
    """The peer does not know what this file uses: the reason."""


class File:
    """One file of the matrix; `work` is a folder of its own."""

    def __init__(self, folder, name, work):
        self.form, self.key, self.signers, self.step, self.extension = re.fullmatch(
            r"([^.]+)\.([^.]+)\.(\d)\.([^.]+)(\..+)", name).groups()
        self.name, self.path, self.work = name, os.path.join(folder, name), work
        self.world = os.path.join(folder, f"{self.form}.{self.key}.{self.signers}")
        self.signers, self.hurt, self.why = int(self.signers), False, ""
        with open(self.path, "rb") as file:
            self.data = file.read()

    def documents(self):
        return sorted(
            os.path.join(self.world, name)
            for name in os.listdir(self.world) if name.startswith("document "))

    def write(self, name, data):
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def pem(self, name):
        return os.path.join(self.world, name + ".pem")

    def trust(self):
        return ["-CAfile", self.pem("root"), "-attime", NOW]

    def damaged(self, where):
        """The same file with the bit of one byte changed; without `where` the parts of it that
        are shown will be."""
        other = copy.copy(self)
        if where is None:
            other.hurt = True
        else:
            other.data = flip(self.data, where(self.data))
            other.path = self.write("damaged" + self.extension, other.data)
        return other


def flip(data, where):
    return data[:where] + bytes([data[where] ^ 1]) + data[where + 1 :]


def run(*command, folder=None):
    """What the command said, if it went well; None otherwise."""
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        stdin=subprocess.DEVNULL, check=False)
    run.said = done.stdout.decode("utf-8", "replace")
    return run.said if done.returncode == 0 else None


# ---- What lies in a file -------------------------------------------------------------------------


def pdf_signatures(data):
    """Of each signature: the DER and what it covers."""
    for match in re.finditer(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data):
        first, length, second, rest = map(int, match.groups())
        padded = bytes.fromhex(data[first + length + 1 : second - 1].decode("ascii"))
        yield (der.Node(padded, 0).whole(),
               data[first : first + length] + data[second : second + rest])


def cms_parts(file):
    """(CMS, path of the CMS, path of its content or None when it is inside)."""
    parts = whole_cms_parts(file)
    if file.hurt:
        parts = [(cms, file.write("hurt.cms", flip(cms, cms.index(der.signers(cms)[0][0]) + 20)),
                  content) for cms, _, content in parts if not der.is_token(cms)][:1]
    return parts


def whole_cms_parts(file):
    if file.form == "cades-attached":
        return [(file.data, file.path, None)]
    if file.form == "cades-detached":
        return [(file.data, file.path, file.documents()[0])]
    parts = []
    if file.form == "pades":
        for number, (cms, content) in enumerate(pdf_signatures(file.data)):
            parts.append((cms, file.write(f"{number}.cms", cms),
                          file.write(f"{number}.content", content)))
        return parts
    with zipfile.ZipFile(file.path) as archive:
        names = archive.namelist()
        for name in names:
            if not re.fullmatch(r"META-INF/signature[^/]*\.p7s", name):
                continue
            cms = archive.read(name)
            covered = [
                entry for entry in names
                if re.fullmatch(r"META-INF/ASiCManifest[^/]*\.xml", entry)
                and ('URI="' + name + '"').encode() in archive.read(entry)]
            if not covered:  # ASiC-S signs the only document itself
                covered = [entry for entry in names
                           if entry != "mimetype" and not entry.startswith("META-INF/")]
            parts.append((cms, file.write(name, cms),
                          file.write(covered[0], archive.read(covered[0]))))
    return parts


def tokens_of(file):
    """(token, what it covers or None when that is for the format alone to say)."""
    tokens = whole_tokens(file)
    if file.hurt:
        tokens = [(flip(token, token.index(der.signers(token)[0][0]) + 20), covered)
                  for token, covered in tokens]
    return tokens


def whole_tokens(file):
    found = []
    if file.form in CMS_FORMS:
        for cms, _, content in whole_cms_parts(file):
            if der.is_token(cms):
                with open(content, "rb") as covered:
                    found.append((cms, covered.read()))
                continue
            for value, tokens in der.signers(cms):
                for kind, token in tokens:
                    found.append((token, value if kind == "signature" else None))
        if file.form.startswith("asic"):
            with zipfile.ZipFile(file.path) as archive:
                found += [(archive.read(name), None) for name in archive.namelist()
                          if name.endswith(".tst")]
        return found
    if file.form.startswith("jades"):
        texts = [token["val"] for element in json_unsigned(file.data)
                 for kind in ("sigTst", "arcTst")
                 for token in element.get(kind, {}).get("tstTokens", [])]
    else:
        texts = [text for xml in whole_xml_parts(file)
                 for text in re.findall(rb"<[\w:]*EncapsulatedTimeStamp[^>]*>([^<]+)<", xml[0])]
    return [(base64.b64decode(text), None) for text in texts]


def json_unsigned(data):
    """The elements of every etsiU."""
    if data[:1] != b"{":
        return
    top = json.loads(data)
    for one in top.get("signatures", [top]):
        for element in one.get("header", {}).get("etsiU", []):
            if isinstance(element, str):
                element = json.loads(
                    base64.urlsafe_b64decode(element + "=" * (-len(element) % 4)))
            yield element


def xml_parts(file):
    """(XML, its path, folder from which its references are read)."""
    parts = whole_xml_parts(file)
    if file.hurt:
        xml, _, root = parts[0]
        parts = [(xml, file.write("hurt.xml", flip(xml, in_xml(xml))), root)]
    return parts


def whole_xml_parts(file):
    if not file.form.startswith("asic"):
        return [(file.data, file.path, file.world)]
    root = os.path.join(file.work, "container")
    shutil.rmtree(root, ignore_errors=True)
    with zipfile.ZipFile(file.path) as archive:
        archive.extractall(root)
        return [(archive.read(name), os.path.join(root, name), root)
                for name in archive.namelist()
                if re.fullmatch(r"META-INF/[^/]*signatures[^/]*\.xml", name)]


# ---- Peers: True (accepted), False (refused), or CannotRead ---------------------------------------


def openssl_cms(file):
    good = 0
    for cms, path, content in cms_parts(file):
        if der.is_token(cms):
            continue  # a document timestamp: for openssl ts
        out = os.path.join(file.work, "out")
        there = ["-content", content] if content else []
        if run("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", path,
               *there, *file.trust(), "-certfile", file.pem("provider"), "-purpose", "any",
               "-out", out) is None:
            return False
        if not content and not same(out, file.documents()[0]):
            return False
        good += len(der.signers(cms))
    return good == file.signers


def same(one, other):
    with open(one, "rb") as first, open(other, "rb") as second:
        return first.read() == second.read()


SEEN_TOKENS = set()


def openssl_ts(file):
    tokens = tokens_of(file)
    if not tokens:
        raise CannotRead("no timestamp at level B")
    for token, covered in tokens:
        if token in SEEN_TOKENS:  # an extended file holds those of the file before
            continue
        path = file.write("token.tst", token)
        about = ["-digest", der.imprint(token)]
        if covered is not None:
            about = ["-data", file.write("token.data", covered)]
        if run("openssl", "ts", "-verify", "-token_in", "-in", path, *about, *file.trust(),
               "-untrusted", file.pem("provider")) is None:
            return False
        SEEN_TOKENS.add(token)
    return True


def bouncycastle(files):
    """All files in one virtual machine."""
    lists, wanted = [], []
    for file in files:
        for cms, path, content in cms_parts(file):
            if not der.is_token(cms):
                lists.append(path + ("\t" + content if content else ""))
                wanted.append(file)
    listed = files[0].write("list", "\n".join(lists).encode())
    run("java", "-cp", ":".join(JARS), os.path.join(HERE, "BcCades.java"), "--list", listed)
    answers = collections.defaultdict(list)
    for line in run.said.splitlines():
        if match := re.fullmatch(r"= (0|1) (.*)", line):
            answers[match[2]].append(match[1] == "0")
    verdicts = {}
    for file, line in zip(wanted, lists):
        good = answers.get(line.split("\t")[0]) == [True]
        verdicts[file] = verdicts.get(file, True) and good
    return verdicts


def pdfsig(file):
    said = run("pdfsig", "-nocert", file.path)
    if said is None:
        return False
    # Of document timestamps it only says that they are there.
    stamps = sum(der.is_token(cms) for cms, _ in pdf_signatures(file.data))
    return (said.count("Signature is Valid") == file.signers
            and said.count("Signature has not yet been verified") == stamps
            and said.count("Signature Validation:") == file.signers + stamps)


def qpdf(file):
    said = run("qpdf", "--check", file.path)
    return said is not None and "WARNING" not in said


def xmlsec1(file):
    ids = ["--id-attr:Id", XADES + ":SignedProperties", "--id-attr:Id", "contract"]
    for name in ("Signature", "SignatureValue", "Object", "Reference"):
        ids += ["--id-attr:Id", DSIG + ":" + name]
    good = 0
    for xml, path, root in xml_parts(file):
        for number in range(1, xml.count(b"</ds:Signature>") + 1):
            if run("unshare", "-n", "xmlsec1", "--verify", "--insecure", *ids, "--node-xpath",
                   f"(//*[local-name()='Signature'])[{number}]", path, folder=root) is None:
                if re.search("href=.*-rsa-MGF1", run.said):
                    raise CannotRead("knows no identifiers of RSASSA-PSS (RFC 9231 2.3.10)")
                return False
            good += 1
    return good == file.signers


def xadesjs(files):
    """All files in one node."""
    unknown = {
        "Unknown transform http://www.w3.org/2002/06/xmldsig-filter2":
            "knows no XPath Filter 2.0, which leaves out parallel signatures",
        "Malformed element 'ArchiveTimeStamp'":
            "knows no ArchiveTimeStamp of 1.4.1 (EN 319 132-1 5.5.2.2)",
    }
    verdicts = {}
    run("node", os.path.join(NODE, "xadesjs.mjs"), *[file.path for file in files])
    answers = {}
    for line in run.said.splitlines():
        if line.startswith("{"):
            answer = json.loads(line)
            answers[answer.get("file")] = answer
    for file in files:
        answer = answers.get(file.path, {})
        verdicts[file] = bool(answer.get("valid")) and answer.get("count") == file.signers and (
            file.form == "xmldsig" or bool(answer.get("time")))
        file.why = str(answer)
        for words, reason in unknown.items():
            if words in file.why:
                verdicts[file] = reason
    return verdicts


def jwk_of(file, number):
    key = run("openssl", "x509", "-in", file.pem(f"signer-{number}"), "-noout", "-pubkey")
    pem = base64.b64decode("".join(key.strip().splitlines()[1:-1]))
    kind, one, two = der.public_numbers(pem)

    def text(number_bytes):
        return base64.urlsafe_b64encode(number_bytes).rstrip(b"=").decode()

    if kind == "RSA":
        jwk = {"kty": "RSA", "n": text(one), "e": text(two)}
    else:
        curve = {32: "P-256", 48: "P-384", 66: "P-521"}[len(one)]
        jwk = {"kty": "EC", "crv": curve, "x": text(one), "y": text(two)}
    return file.write(f"signer-{number}.jwk", json.dumps(jwk).encode())


def jose(file):
    # Of a detached one it sees the value over the empty payload of ObjectIdByURIHash only
    # (TS 119 182-1 5.2.8.3.3): it passes over "crit", and with it over the digests in "sigD".
    beside = file.form == "jades-detached"
    for number in range(1, file.signers + 1):
        if run("jose", "jws", "ver", "-i", file.path, "-k", jwk_of(file, number),
               "-O", os.path.join(file.work, "out")) is None:
            return False
        if not beside and not same(os.path.join(file.work, "out"), file.documents()[0]):
            return False
    return True


def unzip(file):
    if run("unzip", "-tqq", file.path) is None or run("zipinfo", "-v", file.path) is None:
        return False
    first = re.split(r"\nCentral directory entry #\d+:", run.said)[1]
    stored = re.search(r"compression method:\s+none \(stored\)", first)
    extra = re.search(r"length of extra field:\s+0 bytes", first)
    return bool(stored and extra and re.match(r"\s*-+\s+mimetype\s", first)) \
        and file.data[30:38] == b"mimetype" and file.data[28:30] == b"\0\0"


# ---- Walking -------------------------------------------------------------------------------------

ASIC_CADES = ["asic-e-cades", "asic-s-cades"]
ASIC_XADES = ["asic-e-xades", "asic-s-xades"]
CMS_FORMS = ["cades-attached", "cades-detached", "pades"] + ASIC_CADES
XML_FORMS = ["xades-enveloped", "xades-enveloping", "xades-detached", "xmldsig"] + ASIC_XADES
JSON_FORMS = ["jades-compact", "jades-flattened", "jades-general", "jades-detached"]


def digit(data, where):
    """The first place from `where` on whose changed bit makes another digit, hexadecimal as well as
    base64: anything else would be a damaged file instead of a wrong value."""
    return re.compile(rb"[0-9b-eB-E]").search(data, where).start()


def in_pdf_value(data):
    """A digit of the first signature value."""
    cms = next(cms for cms, _ in pdf_signatures(data) if not der.is_token(cms))
    value = der.signers(cms)[0][0].hex().encode()
    return digit(data, data.lower().index(value) + 20)


def in_pdf_structure(data):
    """The length of the cross-reference table no longer fits."""
    return data.index(b"xref\n0 ") + 7


def in_entry(data):
    """A letter of a document in a container."""
    return data.index(b"Tamga matrix content") + 3


def in_xml(data):
    return digit(data, re.search(rb"<ds:SignatureValue[^>]*>\s*", data).end() + 10)


def in_json(data):
    found = re.search(rb'"signature":\s*"', data)
    return digit(data, (found.end() if found else data.rindex(b".") + 1) + 9)


# name: (check, forms, all files at once, programs, where one byte of the file is damaged)
PEERS = {
    "openssl-cms": (openssl_cms, CMS_FORMS, False, ["openssl"], None),
    "openssl-ts": (openssl_ts, CMS_FORMS + XML_FORMS + JSON_FORMS, False, ["openssl"], None),
    "bouncycastle": (bouncycastle, CMS_FORMS, True, ["java"], None),
    "pdfsig": (pdfsig, ["pades"], False, ["pdfsig"], in_pdf_value),
    "qpdf": (qpdf, ["pades"], False, ["qpdf"], in_pdf_structure),
    "xmlsec1": (xmlsec1, XML_FORMS, False, ["xmlsec1", "unshare"], None),
    "xadesjs": (xadesjs, XML_FORMS[:2] + ["xmldsig"], True, ["node"], in_xml),
    "jose": (jose, JSON_FORMS, False, ["jose"], in_json),
    "zip": (unzip, ASIC_CADES + ASIC_XADES, False, ["unzip", "zipinfo"], in_entry),
}


def missing(name):
    for program in PEERS[name][3]:
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if name == "bouncycastle" and not all(map(os.path.exists, JARS)):
        return "Bouncy Castle is not installed"
    if name == "xadesjs" and not os.path.exists(os.path.join(NODE, "installed.json")):
        return "xadesjs is not installed"
    if name == "xmlsec1" and run("unshare", "-n", "true") is None:
        return "no namespace without a network can be made here"
    return None


def damaged_files(verdicts, where):
    """Of every form the first file that was accepted, with a changed byte."""
    found = {}
    for file, verdict in verdicts.items():
        if verdict is True and file.form not in found:
            found[file.form] = file.damaged(where)
    return list(found.values())


def ask(name, files):
    """{file: True, False or the reason why the peer cannot read it}."""
    check, _, together, _, _ = PEERS[name]
    if together:
        return check(files) if files else {}
    verdicts = {}
    for file in files:
        try:
            verdicts[file] = check(file)
        except CannotRead as reason:
            verdicts[file] = str(reason)
        if verdicts[file] is False:
            file.why = run.said.strip()[-300:]
    return verdicts


def judge(name, folder, work):
    """The rows of the table for one peer; whether nothing went wrong."""
    files = []
    for entry in sorted(os.listdir(folder)):
        if os.path.isfile(os.path.join(folder, entry)) and entry.split(".")[0] in PEERS[name][1]:
            own = os.path.join(work, entry)
            os.makedirs(own, exist_ok=True)
            files.append(File(folder, entry, own))
    counts = collections.defaultdict(collections.Counter)
    reasons, fine = collections.defaultdict(set), bool(files)
    verdicts = ask(name, files)
    for file, verdict in verdicts.items():
        outcome = {True: "accepted", False: "refused"}.get(verdict, "cannot read")
        counts[file.form][outcome] += 1
        if outcome == "cannot read":
            reasons[file.form].add(verdict)
        if outcome == "refused":
            fine = False
            print(f"REFUSED by {name}: {file.name}: {file.why}")
    damaged = ask(name, damaged_files(verdicts, PEERS[name][4]))
    for file, verdict in damaged.items():
        counts[file.form]["damage seen"] += verdict is False
        if verdict is not False:
            fine = False
            print(f"NOT SEEN by {name}: a changed byte in {file.name}")
    if not damaged:
        fine = False
        print(f"NOTHING was accepted by {name}")
    for form in sorted(counts):
        row = counts[form]
        print(f"{name:13} {form:17} {row['accepted']:8} {row['cannot read']:11} "
              f"{row['refused']:7} {row['damage seen']:11}  {'; '.join(sorted(reasons[form]))}")
    return fine


def main():
    folder, names = sys.argv[1], sys.argv[3:]
    fine = True
    print(f"{'peer':13} {'form':17} accepted cannot read refused damage seen")
    with tempfile.TemporaryDirectory() as work:
        for name in names:
            if reason := missing(name):
                print(f"{name:13} skipped: {reason}")
                continue
            fine = judge(name, folder, os.path.join(work, name)) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    NODE = sys.argv[2]
    sys.exit(main())
