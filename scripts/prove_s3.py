"""Keeps files in a bucket and checks what arrives there; started by prove-s3.sh.

The bucket is moto's, a server of the S3 protocol in memory, on a port of the loopback. Times that the product waits
for are moved in its database: uploads become a day old, and the collection is due at once.
"""

import argparse
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib

from prove_durability import Fault, Product

BUCKET = "files"
PREFIX = "desk/1"
WITHIN = 60
# How long a slow reader takes, in seconds; longer than a request may take.
SLOWLY = 40
MIB = 1024 * 1024


class Bucket:
    """A server that speaks S3, and the one bucket in it."""

    def __init__(self, directory):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = open(os.path.join(directory, "bucket.log"), "ab")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [os.environ["MOTO_SERVER"], "-H", "127.0.0.1", "-p", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Fault("moto's server ended; see its log")
            try:
                if self.ask("PUT", f"/{BUCKET}")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise Fault(f"moto's server was not ready within {WITHIN} s")

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(WITHIN)

    def ask(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def keys(self):
        return re.findall("<Key>(.*?)</Key>", self.ask("GET", f"/{BUCKET}?list-type=2")[1])

    def unfinished(self):
        return self.ask("GET", f"/{BUCKET}?uploads")[1].count("<Upload>")


class Desk:
    """The product, as somebody who has an API key."""

    def __init__(self, product):
        self.product = product
        self.key = product.api_key()

    def ask(self, method, path, body=None, kind="application/octet-stream", within=WITHIN, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=within)
        try:
            sent = {"X-API-Key": self.key, "Content-Type": kind, **(headers or {})}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def upload(self, name, content, within=WITHIN):
        status, _, answer = self.ask(
            "POST", f"/api/support/attachments?fileName={name}", content, within=within
        )
        return status, json.loads(answer)

    def ticket(self, *uploads):
        body = {
            "customerId": 42, "customerName": "Proof of the bucket", "customerEmail": "proof@example.com",
            "subject": "Files in a bucket", "description": "This ticket was made to prove the bucket.",
            "category": "booking", "priority": "medium",
            "attachments": [{"uploadId": upload} for upload in uploads],
        }
        status, _, answer = self.ask("POST", "/api/support/tickets", json.dumps(body), "application/json")
        if status != 201:
            raise Fault(f"a ticket was answered with {status}: {answer.decode()}")
        return [file["attachmentId"] for file in json.loads(answer)["data"]["attachments"]]

    def read(self, file, headers=None):
        return self.ask("GET", f"/api/support/attachments/{file}", headers=headers)

    def change(self, statement):
        made = subprocess.run(
            [os.environ["PSQL"], "-h", self.product.postmaster()[1], "-U", "kamhub", "-d", "kamhub", "-Xq",
             "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True, text=True, check=False,
        )
        if made.returncode != 0:
            raise Fault(f"psql failed: {made.stderr.strip()}")

    def grow_old(self):
        """A day passes for uploads, and two hours for what nothing refers to."""
        self.change("UPDATE attachments SET created_at = created_at - interval '25 hours'")
        self.change("UPDATE attachment_objects SET unreferenced_since = unreferenced_since - interval '2 hours'"
                    " WHERE unreferenced_since IS NOT NULL")

    def collect(self):
        """The collection runs once; true when it ended."""
        self.change("INSERT INTO jobs (kind, payload, max_attempts, run_at, created_at)"
                    " VALUES ('attachments.collect', '{}', 5, now(), now())")
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            waiting = self.product.rows("SELECT 1 FROM jobs WHERE kind = 'attachments.collect' AND state <> 'dead'")
            if not waiting:
                return True
            time.sleep(0.1)
        return False


def picture():
    """A PNG of 64 by 64 grey pixels."""
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    head = (64).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + b"\x80" * 64) * 64)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class Proof:
    """What is checked, and what did not hold."""

    def __init__(self, product, bucket, desk):
        self.product, self.bucket, self.desk = product, bucket, desk
        self.broken = []

    def holds(self, said, holds, seen=""):
        print(("holds   " if holds else "BROKEN  ") + said + (f" ({seen})" if seen != "" else ""), flush=True)
        if not holds:
            self.broken.append(said)

    def files_go_there_and_back(self):
        small = b"%PDF-1.7\nA voucher for the valley of geysers."
        large = b"".join(b"%08d a line of a long report\n" % line for line in range(250_000))[: 9 * MIB]
        contents = {"voucher.pdf": small, "report.txt": large}
        uploads = []
        for name, content in contents.items():
            status, answer = self.desk.upload(name, content)
            self.holds(f"a file of {len(content)} bytes is taken", status == 201, status)
            uploads.append(answer["data"]["uploadId"])
        status, answer = self.desk.upload("map.png", picture())
        uploads.append(answer["data"]["uploadId"])
        files = self.desk.ticket(*uploads)
        for file, content in zip(files, contents.values()):
            status, headers, read = self.desk.read(file)
            self.holds(f"its {len(content)} bytes come back as they were", (status, read) == (200, content), status)
            known = self.desk.read(file, {"If-None-Match": headers["etag"]})
            self.holds("what the caller has is not sent again", (known[0], known[2]) == (304, b""), known[0])
        status, headers, read = self.desk.read(files[2])
        self.holds("an image is written anew and shown",
                   status == 200 and headers["content-disposition"].startswith("inline") and read[:4] == b"\x89PNG")
        keys = self.bucket.keys()
        self.holds("each file is one object below the prefix",
                   len(keys) == 3 and all(key.startswith(f"{PREFIX}/") for key in keys), len(keys))
        return dict(zip(files, contents.values()))

    def one_content_is_kept_once(self):
        before = len(self.bucket.keys())
        answers = []
        def send(number):
            answers.append(self.desk.upload(f"{number}.txt", b"the same words from many people\n" * 40_000)[0])
        threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.holds("six people upload the same file at once", answers == [201] * 6, answers)
        ended = self.desk.collect()
        self.holds("one copy of it stays", ended and len(self.bucket.keys()) == before + 1,
                   len(self.bucket.keys()) - before)

    def what_is_refused_leaves_nothing(self):
        before = len(self.bucket.keys())
        status, answer = self.desk.upload("large.txt", b"a" * (10 * MIB + 1))
        self.holds("a file of 10 MiB and a byte is refused", (status, answer["code"]) == (413, "FILE_TOO_LARGE"), status)
        status, answer = self.desk.upload("page.html", b"<!DOCTYPE html><script>alert(1)</script>")
        self.holds("a page is refused", (status, answer["code"]) == (415, "FILE_REFUSED"), status)
        self.desk.collect()
        self.holds("nothing of them stays, no parts either",
                   (len(self.bucket.keys()), self.bucket.unfinished()) == (before, 0),
                   f"{len(self.bucket.keys()) - before} objects, {self.bucket.unfinished()} unfinished")

    def what_nobody_uses_goes(self, used):
        self.desk.grow_old()
        self.desk.collect()
        self.desk.grow_old()
        ended = self.desk.collect()
        left = len(self.bucket.keys())
        self.holds("a day later what nobody used has left the bucket", ended and left == 3, f"{left} objects")
        rows = self.product.rows("SELECT count(*) AS objects FROM attachment_objects")[0]["objects"]
        self.holds("the database knows of the same objects", rows == left, rows)
        for file, content in used.items():
            self.holds("what is used stays", self.desk.read(file)[2] == content, file)

    def a_reader_may_be_slow(self, used):
        file, content = max(used.items(), key=lambda pair: len(pair[1]))
        connection = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=WITHIN)
        connection.connect()
        # What the kernel holds for the reader hides how slow it is.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        connection.request("GET", f"/api/support/attachments/{file}", headers={"X-API-Key": self.desk.key})
        response = connection.getresponse()
        began, read = time.monotonic(), b""
        try:
            while part := response.read(64 * 1024):
                read += part
                time.sleep(SLOWLY * 64 * 1024 / len(content))
        except (OSError, http.client.HTTPException) as error:
            print(f"        {error!r} after {len(read)} bytes", flush=True)
        connection.close()
        self.holds("a reader may take longer than any request", read == content,
                   f"{len(read)} bytes in {time.monotonic() - began:.0f} s")

    def the_bucket_may_be_silent_or_away(self, used):
        self.bucket.process.send_signal(signal.SIGSTOP)
        self.says_so("silent", used)
        self.bucket.process.send_signal(signal.SIGCONT)
        status, _ = self.desk.upload("b.txt", b"words after the silence")
        self.holds("when it speaks again uploads go on", status == 201, status)
        self.bucket.stop()
        self.says_so("away", used)
        self.bucket.start()
        status, _ = self.desk.upload("c.txt", b"words after the return")
        self.holds("when it is back uploads go on", status == 201, status)

    def says_so(self, state, used):
        def upload():
            return self.desk.upload("a.txt", f"words while it is {state}".encode())

        def read():
            status, _, answer = self.desk.read(next(iter(used)))
            return status, json.loads(answer)

        for said, call in [("an upload", upload), ("a read", read)]:
            began = time.monotonic()
            status, answer = call()
            took = time.monotonic() - began
            self.holds(f"while the bucket is {state} {said} says so within 25 s",
                       (status, answer.get("code")) == (503, "STORE_UNAVAILABLE") and took < 25,
                       f"{status} {answer.get('code')} after {took:.1f} s")
        ready = self.product.call("GET", "/health/ready", None, {}, 5)[0]
        self.holds("the desk goes on", ready == 200, ready)


def main():
    parser = argparse.ArgumentParser(prog="scripts/prove-s3.sh", description="Proves that files are kept in a bucket.")
    parser.add_argument("--keep", action="store_true", help="leave the directory with the logs")
    arguments = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="kamhub-s3.")
    bucket = Bucket(directory)
    product = Product(directory)
    product.environment.update({
        "KAMHUB_ATTACHMENTS_STORE": f"s3://{BUCKET}/{PREFIX}",
        "S3_ENDPOINT": f"http://127.0.0.1:{bucket.port}",
        "S3_ACCESS_KEY_ID": "proof",
        "S3_SECRET_ACCESS_KEY": hashlib.sha256(directory.encode()).hexdigest(),
    })
    began = time.monotonic()
    keep = arguments.keep
    try:
        bucket.start()
        product.start()
        proof = Proof(product, bucket, Desk(product))
        used = proof.files_go_there_and_back()
        proof.one_content_is_kept_once()
        proof.what_is_refused_leaves_nothing()
        proof.what_nobody_uses_goes(used)
        proof.a_reader_may_be_slow(used)
        proof.the_bucket_may_be_silent_or_away(used)
        keep = keep or bool(proof.broken)
        print(f"{len(proof.broken)} broken, {time.monotonic() - began:.0f} s", flush=True)
        return 1 if proof.broken else 0
    except Fault as fault:
        keep = True
        print(f"the proof could not be carried out: {fault}", file=sys.stderr)
        return 1
    finally:
        product.stop()
        bucket.stop()
        if keep:
            print(f"the logs are in {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
