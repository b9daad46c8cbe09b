# SPDX-License-Identifier: GPL-3.0-or-later
# make-files.py GOOD-FOLDER FOLDER: files that mean harm, made of signed ones. What each is for stands
# at its name; what may become of it stands in test-files.sh.
import base64, io, json, os, re, sys, warnings, zipfile

good, out = sys.argv[1], sys.argv[2]
warnings.simplefilter("ignore")


def read(name):
    with open(os.path.join(good, name), "rb") as file:
        return file.read()


def write(name, data):
    with open(os.path.join(out, name), "wb") as file:
        file.write(data)


# ---- Containers ----


def container(name, change=None, add=(), first=(), method=zipfile.ZIP_STORED):
    """The good container with `change` (name -> None: leave out, text, or (name, data)), and more."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(read("both.asice"))) as old, zipfile.ZipFile(made, "w") as new:
        for title, data in first:
            new.writestr(title, data)
        for entry in old.infolist():
            value = (change or {}).get(entry.filename, old.read(entry))
            if isinstance(value, tuple):
                new.writestr(*value)
            elif value is not None:
                new.writestr(entry.filename, value)
        for title, data in add:
            new.writestr(title, data, compress_type=method)
    write(name, made.getvalue())


container("zip-duplicate.asice", add=[("data.txt", "another\n")])
container("zip-case.asice", add=[("DATA.TXT", "another\n")])
container("zip-up.asice", add=[("../up.txt", "up\n")])
container("zip-up-signed-name.asice", change={"annex.txt": ("../annex.txt", b"annex\n")})
container("zip-absolute.asice", add=[("/tmp/tamga-absolute.txt", "root\n")])
container("zip-backslash.asice", add=[("..\\up.txt", "up\n")])
container("zip-drive.asice", add=[("C:\\up.txt", "up\n")])
container("zip-escape.asice", add=[("a\033[2Jb\u202etxt.exe", "shown\n")])
container("zip-no-mimetype.asice", change={"mimetype": None})
container("zip-other-mimetype.asice", change={"mimetype": "application/zip"})
container("zip-late-mimetype.asice", first=[("first.txt", "first\n")])
container("zip-missing.asice", change={"annex.txt": None})
container("zip-changed.asice", change={"annex.txt": "annez\n"})
container("zip-bomb.asice", add=[("bomb.txt", bytes(200 << 20))], method=zipfile.ZIP_DEFLATED)
container("zip-many.asice", add=[("f%d" % i, "") for i in range(20000)])
container("zip-no-signature.asice", change={"META-INF/signatures.xml": None, "META-INF/signatures001.xml": None})


# ---- XML ----

xml = read("good.xml")


def changed(name, old, new, count=1):
    assert re.search(old, xml, re.S), old
    write(name, re.sub(old, lambda match: new, xml, count=count, flags=re.S))


def declared(subset):
    body = re.sub(rb"^<\?xml[^>]*\?>\s*", b"", xml)
    return b'<?xml version="1.0"?>\n<!DOCTYPE contract [' + subset + b"]>\n" + body


laughs = b"".join(
    b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10 if i else b"ha") for i in range(12)
)
write("xml-dtd.xml", declared(b""))
write("xml-entity.xml", declared(b'<!ENTITY x SYSTEM "file:///etc/passwd">').replace(b"words", b"&x;"))
write("xml-laughs.xml", declared(laughs).replace(b"words", b"&l11;"))
reference = re.search(rb"<ds:Reference\b.*?</ds:Reference>", xml, re.S).group(0)
write("xml-references.xml", xml.replace(reference, reference * 100000, 1))
write("xml-depth.xml", xml.replace(b"words", b"<a>" * 50000 + b"</a>" * 50000))
changed("xml-unknown-algorithm.xml", rb'(?<=SignatureMethod Algorithm=")[^"]*', b"urn:example:unknown")
changed("xml-weak-algorithm.xml", rb'(?<=SignatureMethod Algorithm=")[^"]*',
        b"http://www.w3.org/2000/09/xmldsig#rsa-sha1")
changed("xml-weak-digest.xml", rb'(?<=DigestMethod Algorithm=")[^"]*',
        b"http://www.w3.org/2001/04/xmldsig-more#md5")
changed("xml-http.xml", rb'(?<=Reference )([^>]*?)URI=""', b'URI="http://127.0.0.1:9/secret"')
changed("xml-file.xml", rb'(?<=Reference )([^>]*?)URI=""', b'URI="file:///etc/passwd"')
changed("xml-changed.xml", rb"words", b"Words")
changed("xml-xslt.xml", rb'(?<=Transform Algorithm=")[^"]*', b"http://www.w3.org/TR/1999/REC-xslt-19991116")


# ---- JSON ----

text = read("good.json").decode()
jws = json.loads(text)
header = json.loads(base64.urlsafe_b64decode(jws["protected"] + "==="))


def jose(name, **changes):
    wanted = {key: value for key, value in {**header, **changes}.items() if value is not None}
    encoded = base64.urlsafe_b64encode(json.dumps(wanted).encode()).rstrip(b"=").decode()
    write(name, json.dumps({**jws, "protected": encoded}).encode())


jose("jose-none.json", alg="none")
jose("jose-mac.json", alg="HS256")
jose("jose-unknown-algorithm.json", alg="XX999")
jose("jose-critical.json", crit=["urn:example:unknown"], **{"urn:example:unknown": 1})
jose("jose-no-certificate.json", x5c=None)
write("jose-duplicate.json", ('{"payload":"' + jws["payload"] + '",' + text.lstrip()[1:]).encode())
write("jose-no-payload.json", json.dumps({k: v for k, v in jws.items() if k != "payload"}).encode())
write("jose-changed.json", json.dumps({**jws, "payload": "b3RoZXI"}).encode())
write("jose-depth.json", b'{"payload":' + b"[" * 200000)
one = {"protected": jws["protected"], "signature": jws["signature"]}
write("jose-signatures.json", json.dumps({"payload": jws["payload"], "signatures": [one] * 100000}).encode())


# ---- CMS and PDF ----

cms = read("good.p7m")
sha256 = bytes.fromhex("0609608648016503040201")
write("cms-unknown-digest.p7m", cms.replace(sha256, bytes.fromhex("060960864801650304027f")))
write("cms-weak-digest.p7m", cms.replace(sha256, bytes.fromhex("06092a864886f70d020501")[:11]))
write("cms-cut.p7m", cms[: len(cms) // 2])
write("cms-length.p7m", cms[:1] + b"\x84\x7f\xff\xff\xff" + cms[4:])
write("cms-nesting.p7m", b"\x30\x80" * 100000)
pdf = read("good.pdf")
write("pdf-cut.pdf", pdf[: len(pdf) // 2])
write("pdf-changed.pdf", pdf.replace(b"/Title", b"/Titme", 1) if b"/Title" in pdf else pdf[:400] + b"x" + pdf[401:])
write("pdf-loop.pdf", re.sub(rb"/Prev \d+", b"/Prev %d" % pdf.rindex(b"xref"), pdf))
