#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sites and worse send to the server of the bridge (RFC 6455 by hand, over real TLS).

    site.py CASE PORT CA        status 0: the server did what the case says
"""
import base64
import os
import socket
import ssl
import struct
import sys
import threading
import time

CASE, PORT, CA = sys.argv[1], int(sys.argv[2]), sys.argv[3]
SITE = "https://portal.example"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MAX_MESSAGE = 8 << 20  # of the test's server
MAX_CONNECTIONS = 400


def tls(address="127.0.0.1", protocols=None):
    context = ssl.create_default_context(cafile=CA)
    if protocols:
        context.set_alpn_protocols(protocols)
    connection = socket.create_connection((address, PORT), timeout=40)
    return context.wrap_socket(connection, server_hostname=address)


def request(method="GET", path="/", host=None, body=b"", address="127.0.0.1", **headers):
    lines = [f"{method} {path} HTTP/1.1"]
    if host is not False:
        lines.append(f"Host: {host or f'127.0.0.1:{PORT}'}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    connection = tls(address)
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return connection


def answer(connection):
    """Everything until the server ends the connection: status, headers, body."""
    whole = b""
    try:
        while piece := connection.recv(65536):
            whole += piece
    except (ConnectionResetError, ssl.SSLEOFError):
        pass
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in rest)
    return int(first.split()[1]), headers, body


UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13",
           "Sec_WebSocket_Key": base64.b64encode(b"0123456789abcdef").decode()}


def status_of_upgrade(**more):
    connection = request(**{**UPGRADE, **more})
    return int(connection.recv(65536).split()[1])


class Socket:
    def __init__(self, origin=SITE, **more):
        headers = dict(UPGRADE, **({"Origin": origin} if origin else {}))
        self.tls = request(**headers, **more)
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        assert b" 101 " in head, head
        assert b"sec-websocket-extensions" not in head.lower(), head
        self.greeting = self.receive()

    def fill(self):
        piece = self.tls.recv(1 << 20)
        if not piece:
            raise EOFError
        self.buffer += piece

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def frame(self):
        first, second = self.take(2)
        length = second & 127
        if length > 125:
            length = struct.unpack(*((">H", self.take(2)) if length == 126 else (">Q", self.take(8))))[0]
        return first, self.take(length)

    def receive(self):
        text = b""
        while True:
            first, part = self.frame()
            assert first & 15 in (0, TEXT), (first, part)
            text += part
            if first & 128:
                return text

    def close_code(self):
        """The code that the server closes with; texts before it are passed over."""
        while True:
            first, part = self.frame()
            if first & 15 == CLOSE:
                return struct.unpack(">H", part[:2])[0]

    @staticmethod
    def head(length, opcode=TEXT, final=True):
        first = bytes([opcode | (128 if final else 0)])
        if length < 126:
            return first + bytes([128 | length]) + b"\0\0\0\0"
        if length < 65536:
            return first + b"\xfe" + struct.pack(">H", length) + b"\0\0\0\0"
        return first + b"\xff" + struct.pack(">Q", length) + b"\0\0\0\0"

    def send(self, data, opcode=TEXT, final=True):
        data = data.encode() if isinstance(data, str) else data
        self.tls.sendall(self.head(len(data), opcode, final) + data)

    def call(self, text):
        self.send(text)
        return self.receive().decode()


def still_serves():
    assert Socket().call("still there?") == "still there?"


def case_greeting_and_echo():
    site = Socket()
    assert site.greeting == b'{"result":{"version":"1.4"}}', site.greeting
    assert site.call("сәлем") == "сәлем"
    assert site.call("") == ""
    site.send("x", PING)
    first, part = site.frame()
    assert first & 15 == PONG and part == b"x"
    assert Socket(origin=None).call("who am i").startswith("python")
    assert Socket().call("who am i") == SITE
    assert Socket(origin="http://localhost:8080").call("who am i") == "http://localhost:8080"


def case_both_addresses():
    assert Socket(address="::1", host=f"[::1]:{PORT}").call("six") == "six"
    assert Socket(host=f"localhost:{PORT}").call("name") == "name"


def case_heartbeat_during_a_call():
    site = Socket()
    site.send("slow")
    for _ in range(3):
        start = time.monotonic()
        assert site.call("--heartbeat--") == "--heartbeat--"
        assert time.monotonic() - start < 1
    assert site.receive() == b"slow"
    assert site.call("--heartbeat-- ") == "--heartbeat-- "


def case_pieces():
    site = Socket()
    site.send("--heart", final=False)
    site.send("beat", opcode=0, final=False)
    site.send("p", PING)
    site.send("--", opcode=0)
    first, part = site.frame()
    assert first & 15 == PONG and part == b"p"
    assert site.receive() == b"--heartbeat--"
    text = "қазақ ".encode()
    for at in range(len(text)):
        site.send(text[at:at + 1], opcode=TEXT if at == 0 else 0, final=at == len(text) - 1)
    assert site.receive() == text
    frame = site.head(5) + b"bytes"
    for at in range(len(frame)):
        site.tls.sendall(frame[at:at + 1])
    assert site.receive() == b"bytes"
    site.tls.sendall((site.head(3) + b"two") * 2)
    assert site.receive() == b"two" and site.receive() == b"two"


def case_large():
    site = Socket()
    assert len(site.call("a" * MAX_MESSAGE)) == MAX_MESSAGE
    site.send("40 MiB")
    assert len(site.receive()) == 40 << 20
    assert site.call("after") == "after"


def case_bad_frames():
    for frames, code in (
            ([(b"bytes", BINARY, True)], 1003),
            ([(b"\xff\xfe", TEXT, True)], 1007),
            ([(b"\xed\xa0\x80", TEXT, True)], 1007),  # a surrogate
            ([(b"\xc0\xaf", TEXT, True)], 1007),      # "/" in two bytes
            ([(b"\xd0", TEXT, False), (b"x", 0, True)], 1007),
            ([(b"x" * (MAX_MESSAGE + 1), TEXT, True)], 1009),
            ([(b"x" * MAX_MESSAGE, TEXT, False), (b"x", 0, True)], 1009)):
        site = Socket()
        try:
            for frame in frames:
                site.send(*frame)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass
        got = site.close_code()
        assert got == code, (frames[0][0][:8], got, code)
    for opcode in (3, 7, 11, 15):
        site = Socket()
        site.send(b"x", opcode)
        assert ended(site.tls), opcode
    still_serves()


def ended(connection, seconds=40):
    """Does the server end it?"""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
        return True
    except (ConnectionResetError, ssl.SSLError) as error:
        return not isinstance(error, ssl.SSLWantReadError) and "timed out" not in str(error)
    except socket.timeout:
        return False


def case_foreign_origins():
    for origin in ("null", "http://portal.example", "file://", "https://portal.example/",
                   "https://portal.example:443", "HTTPS://portal.example", "https://",
                   "https://a@portal.example", "chrome-extension://abc", "https://a https://b",
                   "http://127.0.0.1.evil.example", "http://localhost.evil.example"):
        status = status_of_upgrade(Origin=origin)
        assert status == 403, (origin, status)
        status, headers, _ = answer(request(path="/ping", Origin=origin))
        assert status == 403 and "access-control-allow-origin" not in headers, (origin, status)
    assert status_of_upgrade(Origin="https://denied.example") == 403
    assert status_of_upgrade(Origin="x" * 6000) == 403
    still_serves()


def case_foreign_hosts():
    for host in ("evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT + 1}",
                 f"127.0.0.1.evil.example:{PORT}", f"0.0.0.0:{PORT}", f"127.1:{PORT}", False):
        for path in ("/", "/ping"):
            status = answer(request(path=path, host=host))[0]
            assert status in (400, 403), (host, status)
        # lws itself answers nothing to an upgrade that has no Host
        got = request(host=host, Origin=SITE, **UPGRADE).recv(4096)
        assert b" 101 " not in got, (host, got)


def case_pages():
    status, headers, body = answer(request(Accept_Language="ru-RU,ru;q=0.9"))
    assert status == 200 and headers["content-language"] == "ru" and "Tamga работает" in body.decode()
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert int(headers["content-length"]) == len(body)
    assert answer(request(Accept_Language="en"))[1]["content-language"] == "en"
    assert answer(request())[1]["content-language"] == "kk"
    assert answer(request(path="/ping"))[2] == b"{}\n"
    assert answer(request(path="/../etc/passwd"))[0] in (403, 404)
    assert answer(request(path="/nothing"))[0] == 404
    status, headers, body = answer(request("HEAD"))
    assert status == 200 and body == b"" and int(headers["content-length"]) > 500
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        status = answer(request(method, Content_Length="2", body=b"{}"))[0]
        assert status in (400, 403, 405), (method, status)


def case_only_the_known_read():
    for method in ("GET", "OPTIONS"):
        headers = answer(request(method, "/ping", Origin="https://known.example"))[1]
        assert headers["access-control-allow-origin"] == "https://known.example"
        assert headers["access-control-allow-private-network"] == "true"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        assert "origin" in headers["vary"]
        for path, origin in (("/ping", SITE), ("/", "https://known.example"), ("/", SITE)):
            status, headers, _ = answer(request(method, path, Origin=origin))
            assert status == (200 if method == "GET" else 405)
            assert not [name for name in headers if name.startswith("access-control")], headers


def case_nothing_is_hidden_in_a_body():
    """A page may send any body to any host: it must not be read as another request."""
    hidden = "GET / HTTP/1.1\r\n" + "".join(
        f"{name.replace('_', '-')}: {value}\r\n" for name, value in
        {"Host": f"127.0.0.1:{PORT}", "Origin": SITE, **UPGRADE}.items()) + "\r\n"
    for method in ("POST", "GET", "OPTIONS", "PUT"):
        for more in ({"Content_Length": str(len(hidden))}, {}, {"Transfer_Encoding": "chunked"}):
            connection = request(method, "/ping", body=hidden.encode(), **more)
            whole = b""
            try:
                while piece := connection.recv(65536):
                    whole += piece
            except (ConnectionResetError, ssl.SSLError):
                pass
            assert b" 101 " not in whole and whole.count(b"HTTP/1.1 ") <= 1, (method, more, whole)


def case_no_other_protocol():
    assert status_of_upgrade(Upgrade="h2c", Connection="Upgrade, HTTP2-Settings",
                             HTTP2_Settings="AAMAAABkAAQAAP__") != 101
    assert tls(protocols=["h2", "http/1.1"]).selected_alpn_protocol() == "http/1.1"
    plain = socket.create_connection(("127.0.0.1", PORT), timeout=15)
    plain.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\n\r\n".encode())
    try:
        assert not plain.recv(4096).startswith(b"HTTP")
    except ConnectionResetError:
        pass
    connection = tls()
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
    assert b" 200 " not in connection.recv(4096)
    still_serves()


def case_many():
    sites = [Socket() for _ in range(MAX_CONNECTIONS)]
    assert status_of_upgrade(Origin=SITE) == 503
    for number, site in enumerate(sites):
        site.send(f"{number}")
    for number, site in enumerate(sites):
        assert site.receive() == f"{number}".encode()
    for site in sites:
        site.tls.close()
    deadline = time.monotonic() + 10
    while status_of_upgrade(Origin=SITE) != 101:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    still_serves()


def case_old_tls():
    """Not below TLS 1.2, whatever the other side would accept."""
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2):
        context = ssl.create_default_context(cafile=CA)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with socket.create_connection(("127.0.0.1", PORT), timeout=40) as connection:
            try:
                with context.wrap_socket(connection, server_hostname="127.0.0.1") as spoken:
                    got = spoken.version()
            except (ssl.SSLError, ConnectionResetError):
                got = None
        assert got == ("TLSv1.2" if version == ssl.TLSVersion.TLSv1_2 else None), (version, got)
    still_serves()


def case_idle():
    """A connection over which nothing comes ends by itself; the test's server waits two seconds."""
    begun = time.monotonic()
    assert Socket().close_code() == 1001
    assert time.monotonic() - begun >= 2
    still_serves()


def case_slow():
    """Who does not finish is not waited for, and nobody waits for them."""
    begun = time.monotonic()
    slow = {"nothing": socket.create_connection(("127.0.0.1", PORT)), "tls": tls(),
            "half a request": tls(), "dripping": tls()}
    slow["half a request"].sendall(b"GET / HTTP/1.1\r\nHost: ")
    stalled = Socket()
    stalled.tls.sendall(stalled.head(1000) + b"x" * 10)
    drip = b"GET / HTTP/1.1\r\nX-A: " + b"a" * 100
    gone = {}

    def watch(name, connection):
        if name == "dripping":
            try:
                for at in range(30):
                    connection.sendall(drip[at:at + 1])
                    time.sleep(1)
            except OSError:
                gone[name] = time.monotonic() - begun
            return
        if ended(connection):
            gone[name] = time.monotonic() - begun
    threads = [threading.Thread(target=watch, args=item) for item in slow.items()]
    for thread in threads:
        thread.start()
    still_serves()
    assert stalled.close_code() == 1008
    assert 25 < time.monotonic() - begun < 45
    for thread in threads:
        thread.join()
    assert set(gone) == set(slow) and max(gone.values()) < 25, gone
    still_serves()


def case_unread_heartbeats():
    """A flood of them by one who reads nothing ends with the connection, not with the memory."""
    site = Socket()
    one = (site.head(13) + b"--heartbeat--") * 1000
    try:
        for _ in range(4000):
            site.tls.sendall(one)
    except OSError:
        still_serves()
        return
    raise AssertionError("all of them were taken")


def case_sudden_ends():
    for _ in range(20):
        site = Socket()
        site.send("slow")
        site.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        site.tls.close()
    site = Socket()
    site.send(struct.pack(">H", 1000), CLOSE)
    assert site.close_code() == 1000
    still_serves()


globals()["case_" + CASE.replace("-", "_")]()
