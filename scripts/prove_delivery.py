"""Kills workers while deadlines pass and receivers fail, and checks that everybody was told; started by prove-delivery.sh.

All tickets are taken over with a creation time in the past, so that their deadlines pass within seconds of each other.
The receivers note what they took, under the id that came with it, also where they broke the connection before they
said so.
"""

import argparse
import collections
import datetime
import http.client
import http.server
import os
import random
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

from prove_durability import Fault, Product, exchange

AGENTS = 30
CAPACITY = 50
TARGET_MINUTES = 10
PASSWORD = "volcano-koryaksky-3456"
CATEGORIES = ["billing", "technical", "booking", "cancellation", "refund", "feedback", "bug_report",
              "feature_request", "other"]


class Moods:
    """Which of a receiver's calls fail, and how: one in three, decided by a seed."""

    def __init__(self, seed, ways):
        self.random = random.Random(seed)
        self.ways = ways
        self.lock = threading.Lock()
        self.counts = collections.Counter()

    def next(self):
        with self.lock:
            way = self.random.choice(self.ways) if self.random.random() < 1 / 3 else "take"
            self.counts[way] += 1
            return way


class Taken:
    """What a receiver took: the contents by id, in the order in which each id came first."""

    def __init__(self):
        self.lock = threading.Lock()
        self.by_id = {}

    def add(self, name, content):
        with self.lock:
            self.by_id.setdefault(name, []).append(content)

    def places(self):
        return {name: place for place, name in enumerate(self.by_id)}


def smtp_sink(seed):
    """A mail server; refuses for now, hangs up before or after the mail, or says nothing until the caller gives up."""
    moods = Moods(seed, ["refuse", "refuse", "hang up", "hang up", "take and hang up", "take and hang up", "stall"])
    taken = Taken()

    class Handler(socketserver.StreamRequestHandler):
        timeout = 60

        def say(self, line):
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self):
            mood = moods.next()
            if mood == "hang up":
                return
            if mood == "stall":
                time.sleep(4)
                return
            try:
                self.converse(mood)
            except OSError:
                pass

        def converse(self, mood):
            to = ""
            self.say("220 sink")
            while line := self.rfile.readline():
                command = line.decode(errors="replace").strip()
                word = command[:4].upper()
                if word == "EHLO":
                    self.say("250-sink")
                    self.say("250 8BITMIME")
                elif word == "RCPT":
                    if mood == "refuse":
                        self.say("450 4.2.1 busy, come again")
                        continue
                    to = command.split("<", 1)[1].split(">", 1)[0]
                    self.say("250 ok")
                elif word == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (line := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(line)
                    if line == b"":
                        return
                    message = b"".join(lines).decode(errors="replace")
                    head = message.split("\r\n\r\n", 1)[0].split("\r\n")
                    name = next(line.split("<", 1)[1].split("@", 1)[0] for line in head
                                if line.lower().startswith("message-id:"))
                    taken.add(name, (to, message))
                    if mood == "take and hang up":
                        return
                    self.say("250 taken")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], moods, taken


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def http_sink(seed):
    """An HTTP server; answers 500, 503 or 429 with Retry-After, hangs up before or after it took the call, or stalls."""
    moods = Moods(seed, ["500", "503", "429", "hang up", "take and hang up"] * 3 + ["stall"])
    posts, calls = Taken(), Taken()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            mood = moods.next()
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if mood in ("hang up", "stall"):
                time.sleep(4 if mood == "stall" else 0)
                self.close_connection = True
                return
            if mood in ("take", "take and hang up"):
                name = self.headers.get("webhook-id")
                (calls if name else posts).add(name or body, body)
            if mood == "take and hang up":
                self.close_connection = True
                return
            self.send_response(200 if mood == "take" else int(mood))
            if mood in ("503", "429"):
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], moods, (posts, calls)


class Workers:
    """Worker processes, one of which is killed and started again at random moments."""

    def __init__(self, product, count):
        self.product = product
        self.processes = [self.start() for _ in range(count)]
        self.kills = 0

    def start(self):
        environment = {name: value for name, value in self.product.environment.items() if name != "PORT"}
        return subprocess.Popen(
            self.product.command("worker"), cwd=self.product.directory, env=environment,
            stdin=subprocess.DEVNULL, stdout=self.product.log, stderr=self.product.log,
        )

    def kill_one(self, chance):
        index = chance.randrange(len(self.processes))
        self.processes[index].send_signal(signal.SIGKILL)
        self.processes[index].wait()
        self.kills += 1
        self.processes[index] = self.start()

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def asked(product, key, method, path, body, expected):
    status, answer = product.call(method, path, body, {"X-API-Key": key})
    if status != expected:
        raise Fault(f"{method} {path} answered {status}: {answer}")
    return answer["data"]


def people(product, key):
    """Agents with an account each, and a supervisor."""
    asked(product, key, "POST", "/api/support/users",
          {"email": "chief@desk.example", "name": "The Chief", "role": "supervisor", "password": PASSWORD}, 201)
    for number in range(AGENTS):
        email = f"agent{number}@desk.example"
        asked(product, key, "POST", "/api/support/users",
              {"email": email, "name": f"Agent {number}", "role": "agent", "password": PASSWORD}, 201)
        asked(product, key, "POST", "/api/support/agents",
              {"email": email, "name": f"Agent {number}", "specialization": CATEGORIES, "status": "online",
               "maxConcurrentTickets": CAPACITY}, 201)


def tickets(product, key, count, due_from, due_for, chance):
    """Tickets whose deadlines pass between `due_from` and `due_for` seconds later."""
    created = [due_from + datetime.timedelta(seconds=chance.uniform(0, due_for))
               - datetime.timedelta(minutes=TARGET_MINUTES) for _ in range(count)]
    faults = []

    def create(part):
        connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)
        for at in part:
            status, answer = exchange(connection, "POST", "/api/support/tickets", {
                "subject": "A deadline that will be missed", "description": "Nobody will answer this one in time.",
                "customerName": "Patient Customer", "customerEmail": "customer@example.com", "customerId": 7,
                "category": "technical", "priority": "high", "createdAt": at.isoformat().replace("+00:00", "Z"),
            }, {"X-API-Key": key})
            if status != 201:
                faults.append(f"{status} {answer}")
                return

    threads = [threading.Thread(target=create, args=(created[number::6],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise Fault(f"a ticket was not created: {faults[0]}")


UNFINISHED = """
    SELECT (SELECT count(*) FROM sla_notifications WHERE status <> 'sent')
         + (SELECT count(*) FROM deliveries WHERE status <> 'sent') AS n,
           (SELECT count(*) FROM sla_violations) AS violations,
           (SELECT count(*) FROM deliveries WHERE channel = 'webhook') AS calls"""


def await_end(product, expected, within):
    until = time.monotonic() + within
    while time.monotonic() < until:
        row = product.rows(UNFINISHED)[0]
        if row["n"] == 0 and row["violations"] >= expected and row["calls"] >= expected:
            return
        time.sleep(1)


QUERIES = [
    ("tickets without exactly one violation of each type",
     "SELECT t.id FROM tickets t LEFT JOIN sla_violations v ON v.ticket_id = t.id GROUP BY t.id "
     "HAVING count(v.id) FILTER (WHERE v.violation_type = 'FIRST_RESPONSE_SLA') <> 1 "
     "OR count(v.id) FILTER (WHERE v.violation_type = 'RESOLUTION_SLA') <> 1"),
    ("violations of which somebody was not told by mail, in the inbox and in Slack",
     "SELECT v.id FROM sla_violations v WHERE (SELECT count(DISTINCT channel) FROM sla_notifications n "
     "WHERE n.violation_id = v.id AND n.status = 'sent') <> 3"),
    ("notifications that are not sent, or belong to no message",
     "SELECT id, channel, status, last_error FROM sla_notifications WHERE status <> 'sent' OR delivery_id IS NULL"),
    ("notifications of the same notice to the same person by the same channel",
     "SELECT notice, channel, recipient FROM sla_notifications GROUP BY 1, 2, 3 HAVING count(*) > 1"),
    ("deliveries that are not sent", "SELECT id, channel, status, last_error FROM deliveries WHERE status <> 'sent'"),
    ("inbox deliveries without exactly one entry",
     "SELECT d.id FROM deliveries d LEFT JOIN inbox_entries e ON e.delivery_id = d.id WHERE d.channel = 'dashboard' "
     "GROUP BY d.id HAVING count(e.id) <> 1"),
    ("violations that were not told to the webhook exactly once",
     "SELECT o.id FROM event_outbox o LEFT JOIN deliveries d ON d.event_id = o.id AND d.channel = 'webhook' "
     "WHERE o.type = 'sla.violation_detected' GROUP BY o.id HAVING count(d.id) <> 1"),
    ("dead letters, and jobs of deliveries that are left",
     "SELECT id, kind, state, last_error FROM jobs WHERE state = 'dead' OR kind LIKE 'notifications.send%'"),
]


def out_of_order(product, calls):
    """Webhook calls about a ticket that came before an earlier one about it."""
    rows = product.rows("SELECT i.id || '-' || d.id AS name, d.sequence FROM deliveries d, installation i "
                        "WHERE d.channel = 'webhook' ORDER BY d.id")
    places, last, wrong = calls.places(), {}, []
    for row in rows:
        place = places.get(row["name"], -1)
        if place < last.get(row["sequence"], -1):
            wrong.append(row["name"])
        last[row["sequence"]] = place
    return wrong


def checks(product, mails, posts, calls):
    for sentence, query in QUERIES:
        yield sentence, product.rows(query)
    letters = product.rows("SELECT 'kh-' || i.id || '-' || d.id AS name, d.destination FROM deliveries d, installation i "
                           "WHERE d.channel = 'email'")
    known = {row["name"]: row["destination"] for row in letters}
    yield ("mails that are sent and never came",
           [name for name, to in known.items() if not any(got == to for got, _ in mails.by_id.get(name, []))])
    yield "mails that came under an id that nobody sent", [name for name in mails.by_id if name not in known]
    yield ("mails whose repetition is not the same letter",
           [name for name, copies in mails.by_id.items() if len(set(copies)) > 1])
    slack = product.rows("SELECT count(*) AS n FROM deliveries WHERE channel = 'slack'")[0]["n"]
    came = len(posts.by_id)
    hooks = {row["name"] for row in product.rows("SELECT i.id || '-' || d.id AS name FROM deliveries d, installation i "
                                                 "WHERE d.channel = 'webhook'")}
    yield "webhook calls that are sent and never came", [name for name in hooks if name not in calls.by_id]
    yield "webhook calls that came under an id that nobody sent", [name for name in calls.by_id if name not in hooks]
    yield ("webhook calls whose repetition is not the same event",
           [name for name, bodies in calls.by_id.items() if len(set(bodies)) > 1])
    yield "webhook calls about a ticket that overtook an earlier one", out_of_order(product, calls)
    yield "messages to Slack that never came, or were not sent", [] if came == slack else [f"{slack} sent, {came} came"]


def prove(product, workers, arguments, smtp, slack):
    chance = random.Random(arguments.seed)
    product.start()
    key = product.api_key()
    people(product, key)
    asked(product, key, "POST", "/api/support/sla/policies",
          {"name": "Everything in ten minutes", "firstResponseMinutes": TARGET_MINUTES,
           "resolutionMinutes": TARGET_MINUTES, "active": True}, 201)
    asked(product, key, "POST", "/api/support/webhooks",
          {"url": f"http://127.0.0.1:{slack[0]}/hooks", "events": ["sla.violation_detected"]}, 201)
    # Creation ends well before the first deadline passes.
    due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=10 + arguments.tickets / 25)
    tickets(product, key, arguments.tickets, due, arguments.seconds, chance)
    late = datetime.datetime.now(datetime.timezone.utc) - due
    print(f"{arguments.tickets} tickets, {arguments.workers} workers, seed {arguments.seed}; the first deadline "
          f"passes in {-late.total_seconds():.0f} s", flush=True)
    workers.processes = [workers.start() for _ in range(arguments.workers)]
    time.sleep(max(0, -late.total_seconds()))
    until = time.monotonic() + arguments.seconds + 10
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.3, 2.5))
        workers.kill_one(chance)
    print(f"{workers.kills} workers killed; the rest is theirs to finish", flush=True)
    await_end(product, 2 * arguments.tickets, 120)
    return report(product, workers, smtp, slack)


def report(product, workers, smtp, slack):
    (_, mail_moods, mails), (_, slack_moods, (posts, calls)) = smtp, slack
    again = {taken: sum(len(found) - 1 for found in taken.by_id.values()) for taken in (mails, calls)}
    for name, moods in (("mail server", mail_moods), ("HTTP server", slack_moods)):
        total = sum(moods.counts.values())
        failed = total - moods.counts["take"]
        ways = ", ".join(f"{count} {way}" for way, count in sorted(moods.counts.items()) if way != "take")
        print(f"{name}: {total} calls, {failed} failed ({ways})")
    counts = product.rows("""
        SELECT (SELECT count(*) FROM sla_violations) AS violations,
               (SELECT count(*) FROM sla_notifications) AS notifications,
               (SELECT count(*) FROM deliveries) AS deliveries,
               (SELECT max(attempts) FROM deliveries) AS attempts""")[0]
    print(f"{counts['violations']} violations, {counts['notifications']} notifications in {counts['deliveries']} "
          f"deliveries, at most {counts['attempts']} attempts; {len(mails.by_id)} mails came, and {again[mails]} copies; "
          f"{len(calls.by_id)} webhook calls came, and {again[calls]} copies\n")
    wrong = 0
    for sentence, found in checks(product, mails, posts, calls):
        wrong += len(found)
        print(f"{len(found):6}  {sentence}")
        for entry in found[:5]:
            print(f"        {entry}")
    print(f"\n{workers.kills} kills, {counts['violations']} violations, {wrong} faults")
    return 1 if wrong or counts["violations"] == 0 else 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/prove-delivery.sh", description="Kills workers while deadlines pass.")
    parser.add_argument("--tickets", type=int, default=1200, help="tickets that miss two deadlines each (1200)")
    parser.add_argument("--workers", type=int, default=3, help="worker processes (3)")
    parser.add_argument("--seconds", type=int, default=30, help="over how long the deadlines are spread (30)")
    parser.add_argument("--seed", type=int, default=20260101, help="decides the load, the failures and the moments")
    arguments = parser.parse_args()
    if arguments.tickets > AGENTS * CAPACITY:
        parser.error(f"at most {AGENTS * CAPACITY} tickets: the agents take no more")
    directory = tempfile.mkdtemp(prefix="kamhub-proof-")
    # The database's user must reach its own directory in there.
    os.chmod(directory, 0o755)
    smtp, slack = smtp_sink(arguments.seed), http_sink(arguments.seed + 1)
    product = Product(directory, ["--role", "web"])
    product.environment.update({
        "SMTP_URL": f"smtp://127.0.0.1:{smtp[0]}?tls=none",
        "MAIL_FROM": "KamHub Support <desk@desk.example>",
        "SLACK_WEBHOOK_URL": f"http://127.0.0.1:{slack[0]}/services/T0/B0/x",
        "KAMHUB_DELIVERY_RETRY_LONGEST_SECONDS": "2",
        "KAMHUB_WEBHOOK_ALLOW_HTTP": "true",
        "KAMHUB_WEBHOOK_ALLOW_PRIVATE": "true",
        "LOG_LEVEL": "off",
    })
    workers = Workers(product, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.monotonic()
    outcome = 2
    try:
        outcome = prove(product, workers, arguments, smtp, slack)
        print(f"{time.monotonic() - begun:.0f} s")
    except Fault as fault:
        print(f"prove-delivery.sh: {fault}", file=sys.stderr)
    finally:
        workers.stop()
        product.stop()
        if outcome == 0:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"the server's log and its data are in {directory}", file=sys.stderr)
    sys.exit(outcome)


if __name__ == "__main__":
    main()
