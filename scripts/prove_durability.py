"""Kills the product under load and checks that it kept its word; started by prove-durability.sh.

Every client notes what it was told (its tickets, their states, its messages). A request without an answer is
sent again after the restart, with the same Idempotency-Key where it creates something. No update takes a
ticket back to work, so that only automatic assignment, which capacity bounds, adds to anybody's load.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

READY_WITHIN = 60
ANSWER_WITHIN = 30
AGENTS = 12
CAPACITY = 5
STEPS = {
    "open": ["in_progress", "in_progress", "on_hold", "closed"],
    "in_progress": ["resolved", "resolved", "waiting_customer"],
    "waiting_customer": ["closed"],
    "on_hold": ["closed"],
    "resolved": ["closed"],
}
TARGETS = ["server", "database", "both"]


class Fault(Exception):
    """The proof itself could not be carried out."""


class Product:
    """The server and its private cluster in a directory of their own."""

    def __init__(self, directory, flags=()):
        self.directory = directory
        self.flags = flags
        self.data = os.path.join(directory, "data")
        self.log = open(os.path.join(directory, "server.log"), "ab")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KAMHUB_")},
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "KAMHUB_DATA_DIR": self.data,
            "LOG_LEVEL": "warn",
        }

    def command(self, *arguments):
        return [os.environ["KAMHUB_BINARY"], *arguments]

    def start(self):
        self.process = subprocess.Popen(
            self.command("serve", *self.flags), cwd=self.directory, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )
        self.await_ready()

    def await_ready(self):
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Fault(f"the server ended with {self.process.returncode}; see its log")
            try:
                if self.call("GET", "/health/ready", None, {}, 5)[0] == 200:
                    return
            except OSError:
                pass
            except http.client.HTTPException:
                pass
            time.sleep(0.05)
        raise Fault(f"the server was not ready within {READY_WITHIN} s")

    def call(self, method, path, body, headers, within=ANSWER_WITHIN):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=within)
        try:
            return exchange(connection, method, path, body, headers)
        finally:
            connection.close()

    def api_key(self):
        made = subprocess.run(
            self.command("api-key", "create", "--name", "durability proof", "--role", "admin"),
            cwd=self.directory, env=self.environment, capture_output=True, text=True, check=False,
        )
        if made.returncode != 0:
            raise Fault(f"api-key create failed: {made.stderr.strip()}")
        return made.stdout.strip()

    def postmaster(self):
        """The postmaster's process id and the directory of its socket."""
        with open(os.path.join(self.data, "postgres", "pgdata", "postmaster.pid"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        return int(lines[0]), lines[4]

    def kill_server(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def kill_database(self):
        try:
            parent = self.postmaster()[0]
        except FileNotFoundError:
            return
        family = [parent, *children(parent)]
        for process in family:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def rows(self, query):
        made = subprocess.run(
            [os.environ["PSQL"], "-h", self.postmaster()[1], "-U", "kamhub", "-d", "kamhub", "-XAt",
             "-v", "ON_ERROR_STOP=1", "-c", f"SELECT coalesce(json_agg(answer), '[]') FROM ({query}) AS answer"],
            capture_output=True, text=True, check=False,
        )
        if made.returncode != 0:
            raise Fault(f"psql failed: {made.stderr.strip()}")
        return json.loads(made.stdout)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill_server()
        # A cluster whose last server was killed runs on, and would outlive its directory.
        self.kill_database()


def children(parent):
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == parent:
                    found.append(int(entry))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def exchange(connection, method, path, body, headers):
    text = None if body is None else json.dumps(body)
    sent = dict(headers)
    if text is not None:
        sent["Content-Type"] = "application/json"
    connection.request(method, path, text, sent)
    response = connection.getresponse()
    content = response.read()
    try:
        return response.status, json.loads(content)
    except ValueError:
        return response.status, None


class Client(threading.Thread):
    """One caller: creates tickets, takes them further, and notes what it is told."""

    def __init__(self, number, seed, product, key, gate, writes_messages):
        super().__init__(daemon=True)
        self.number = number
        self.random = random.Random(f"{seed}/{number}")
        self.product = product
        self.headers = {"X-API-Key": key}
        self.gate = gate
        self.writes_messages = writes_messages
        self.connection = None
        self.busy = False
        self.asked = {}     # every Idempotency-Key that was sent: its body
        self.tickets = {}   # acknowledged: the ticket's id by its Idempotency-Key
        self.states = {}    # the state that was acknowledged last, by ticket
        self.versions = {}  # the version that was acknowledged last, by ticket
        self.messages = {}  # acknowledged: (ticket, id) by the message's Idempotency-Key
        self.updates = 0
        self.unanswered = 0
        self.answered_on_retry = 0
        self.unexpected = []

    def run(self):
        try:
            count = 0
            while self.gate.wait_open():
                count += 1
                choice = self.random.random()
                if choice < 0.5 or not self.states:
                    self.create(f"proof-{self.number}-{count}")
                elif choice < 0.8 or not self.writes_messages:
                    self.update()
                else:
                    self.write(f"message-{self.number}-{count}")
        except Exception as error:  # a thread that dies silently would prove nothing
            self.unexpected.append(f"client {self.number} broke: {error!r}")

    def ask(self, method, path, body, headers=None):
        """One request; None where it was not answered, or answered that it could not be done now."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=ANSWER_WITHIN)
            self.busy = True
            status, answer = exchange(self.connection, method, path, body, {**self.headers, **(headers or {})})
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            return None
        finally:
            self.busy = False
        # A commit whose outcome is unknown may be told as a fault; everything else of the 5xx kind is one.
        return None if status in (500, 502, 503, 504) else (status, answer)

    def insist(self, method, path, body, headers=None):
        """The same request until it is answered; also whether it had to be repeated."""
        repeated = False
        while True:
            answer = self.ask(method, path, body, headers)
            if answer is not None:
                if repeated:
                    self.answered_on_retry += 1
                return answer, repeated
            self.unanswered += not repeated
            repeated = True
            time.sleep(0.02)

    def create(self, key):
        body = {
            "subject": key,
            "description": "The product is killed while this ticket is made.",
            "customerName": f"Client {self.number}",
            "customerEmail": f"client{self.number}@example.com",
            "category": self.random.choice(["billing", "technical", "booking"]),
            "priority": self.random.choice(["low", "medium", "high"]),
        }
        self.asked[key] = body
        (status, answer), _ = self.insist("POST", "/api/support/tickets", body, {"Idempotency-Key": key})
        if status != 201:
            self.unexpected.append(f"create {key}: {status} {answer}")
            return
        ticket = answer["data"]
        self.tickets[key] = ticket["id"]
        self.note(ticket)

    def note(self, ticket):
        self.states[ticket["id"]] = ticket["status"]
        self.versions[ticket["id"]] = ticket["version"]

    def update(self):
        going = [ticket for ticket, status in self.states.items() if status in STEPS]
        if not going:
            return
        ticket = self.random.choice(going)
        step = self.random.choice(STEPS[self.states[ticket]])
        path = f"/api/support/tickets/{ticket}"
        answer = self.ask("PATCH", path, {"status": step})
        if answer is None:
            # Done or not: the ticket itself says so.
            self.unanswered += 1
            (status, answer), _ = self.insist("GET", path, None)
            if status != 200 or answer["data"]["status"] not in (step, self.states[ticket]):
                self.unexpected.append(f"read {ticket} after {step}: {status} {answer}")
                return
            self.note(answer["data"])
            return
        status, answer = answer
        if status != 200:
            self.unexpected.append(f"update {ticket} to {step}: {status} {answer}")
            return
        self.updates += 1
        self.note(answer["data"])

    def write(self, key):
        going = [ticket for ticket, status in self.states.items() if status in ("open", "in_progress")]
        if not going:
            return
        ticket = self.random.choice(going)
        body = {"senderType": "agent", "senderName": "Proof", "message": key, "isInternal": True}
        path = f"/api/support/tickets/{ticket}/messages"
        (status, answer), _ = self.insist("POST", path, body, {"Idempotency-Key": key})
        if status != 201:
            self.unexpected.append(f"message {key}: {status} {answer}")
            return
        self.messages[key] = (ticket, answer["data"]["id"])


class Gate:
    """Lets the clients work until the end."""

    def __init__(self):
        self.over = False

    def wait_open(self):
        return not self.over


def seeded_agents(product, key):
    for number in range(AGENTS):
        body = {
            "name": f"Agent {number}", "email": f"agent{number}@example.com", "status": "online",
            "specialization": ["billing", "technical", "booking"], "maxConcurrentTickets": CAPACITY,
        }
        status, answer = product.call("POST", "/api/support/agents", body, {"X-API-Key": key})
        if status != 201:
            raise Fault(f"an agent could not be made: {status} {answer}")


def kill(product, target, number, clients):
    """Kills, and brings the product back; answers how many requests were under way."""
    under_way = sum(client.busy for client in clients)
    if target == "server":
        product.kill_server()
    elif target == "database":
        product.kill_database()
    else:
        product.kill_server()
        product.kill_database()
    begun = time.monotonic()
    if target == "database":
        # The server lives on and brings its database back by itself.
        product.await_ready()
    else:
        product.start()
    took = time.monotonic() - begun
    done = sum(len(client.tickets) for client in clients)
    print(f"round {number:2}: killed {target}, {under_way} requests under way, "
          f"ready again after {took:.1f} s, {done} tickets so far", flush=True)


def replay(product, key, clients, chance):
    """Sends acknowledged requests again: the same ticket must be answered, and no new one made."""
    known = [(name, client) for client in clients for name in client.tickets]
    wrong = []
    sample = chance.sample(known, min(200, len(known)))
    for name, client in sample:
        status, answer = product.call("POST", "/api/support/tickets", client.asked[name],
                                      {"X-API-Key": key, "Idempotency-Key": name})
        if status != 201 or answer["data"]["id"] != client.tickets[name]:
            wrong.append(f"{name} was ticket {client.tickets[name]}, again: {status} {answer}")
    return len(sample), wrong


def checks(product, clients):
    """Everything that must hold, each with what breaks it."""
    tickets = {str(row["id"]): row for row in product.rows(
        "SELECT id, subject, status, version, agent_id FROM tickets")}
    by_subject = {}
    for row in tickets.values():
        by_subject.setdefault(row["subject"], []).append(str(row["id"]))
    acknowledged = {name: ticket for client in clients for name, ticket in client.tickets.items()}
    asked = {name for client in clients for name in client.asked}
    states = {ticket: state for client in clients for ticket, state in client.states.items()}
    versions = {ticket: version for client in clients for ticket, version in client.versions.items()}
    messages = {name: entry for client in clients for name, entry in client.messages.items()}
    stored = {}
    for row in product.rows("SELECT id, ticket_id, message FROM ticket_messages WHERE message LIKE 'message-%'"):
        stored.setdefault(row["message"], []).append((str(row["ticket_id"]), str(row["id"])))

    yield ("acknowledged tickets that are not there exactly once",
           [name for name, ticket in acknowledged.items() if by_subject.get(name) != [ticket]])
    yield "keys with more than one ticket", [name for name, ids in by_subject.items() if len(ids) > 1]
    yield "tickets that nobody asked for", [name for name in by_subject if name not in asked]
    yield ("acknowledged states that are not the stored ones",
           [ticket for ticket, state in states.items() if tickets.get(ticket, {}).get("status") != state])
    yield ("tickets older than the version that was acknowledged",
           [ticket for ticket, version in versions.items() if tickets.get(ticket, {}).get("version", 0) < version])
    yield ("acknowledged messages that are not there exactly once",
           [name for name, entry in messages.items() if stored.get(name) != [entry]])
    yield "message keys with more than one message", [name for name, rows in stored.items() if len(rows) > 1]
    for sentence, query in QUERIES:
        yield sentence, product.rows(query)


OPEN_WORK = "status IN ('open', 'in_progress', 'reopened') AND deleted_at IS NULL AND merged_into_id IS NULL"
QUERIES = [
    ("tickets without exactly one created event",
     "SELECT t.id FROM tickets t LEFT JOIN ticket_events e ON e.ticket_id = t.id AND e.type = 'created' "
     "GROUP BY t.id HAVING count(e.id) <> 1"),
    ("tickets without exactly one ticket.created in the outbox",
     "SELECT t.id FROM tickets t LEFT JOIN event_outbox o ON o.subject = 'tickets/' || t.id "
     "AND o.type = 'ticket.created' GROUP BY t.id HAVING count(o.id) <> 1"),
    ("created events or outbox rows of tickets that are not there",
     "SELECT o.subject FROM event_outbox o WHERE o.type = 'ticket.created' "
     "AND NOT EXISTS (SELECT FROM tickets t WHERE o.subject = 'tickets/' || t.id)"),
    ("messages without exactly one ticket.message.created in the outbox",
     "SELECT m.id FROM ticket_messages m LEFT JOIN event_outbox o ON o.type = 'ticket.message.created' "
     "AND o.data->'message'->>'id' = m.id::text GROUP BY m.id HAVING count(o.id) <> 1"),
    ("agents whose ledger is not their open work",
     f"SELECT l.agent_id, l.open_tickets, count(t.id) FROM agent_load l LEFT JOIN tickets t "
     f"ON t.agent_id = l.agent_id AND {OPEN_WORK} GROUP BY l.agent_id, l.open_tickets HAVING count(t.id) <> l.open_tickets"),
    ("open work of agents who have no ledger row",
     f"SELECT id FROM tickets WHERE {OPEN_WORK} AND agent_id IS NOT NULL AND agent_id NOT IN (SELECT agent_id FROM agent_load)"),
    ("agents over capacity",
     "SELECT l.agent_id FROM agent_load l JOIN support_agents a ON a.id = l.agent_id "
     "WHERE l.open_tickets > a.max_concurrent_tickets"),
    ("tickets whose timeline and row disagree on who works on them",
     "SELECT t.id, t.agent_id, e.type FROM tickets t JOIN LATERAL (SELECT type FROM ticket_events WHERE ticket_id = t.id "
     "AND type IN ('assigned', 'waiting', 'requeued') ORDER BY id DESC LIMIT 1) e ON true "
     "WHERE (e.type = 'assigned') <> (t.agent_id IS NOT NULL)"),
    ("tickets that wait while an agent has room",
     f"SELECT id FROM tickets WHERE {OPEN_WORK} AND agent_id IS NULL AND EXISTS (SELECT FROM agent_load l "
     "JOIN support_agents a ON a.id = l.agent_id WHERE l.open_tickets < a.max_concurrent_tickets AND a.status = 'online')"),
    ("idempotency keys without their answer", "SELECT key FROM idempotency_keys WHERE status IS NULL"),
]


def settle(product):
    """Gives the jobs that drain the queue their time: an interrupted one starts again by itself."""
    waiting = next(query for sentence, query in QUERIES if sentence.startswith("tickets that wait"))
    until = time.monotonic() + 60
    while product.rows(waiting) and time.monotonic() < until:
        time.sleep(0.2)


def prove(product, arguments):
    chance = random.Random(arguments.seed)
    product.start()
    key = product.api_key()
    seeded_agents(product, key)
    paths = product.call("GET", "/api-docs.json", None, {})[1]["paths"]
    writes_messages = "post" in paths.get("/api/support/tickets/{id}/messages", {})
    fsync = product.rows("SELECT current_setting('fsync') || ', ' || current_setting('synchronous_commit') AS is")[0]["is"]
    gate = Gate()
    clients = [Client(number, arguments.seed, product, key, gate, writes_messages)
               for number in range(arguments.clients)]
    print(f"{arguments.clients} clients, {AGENTS} agents of capacity {CAPACITY}, seed {arguments.seed}, "
          f"fsync and synchronous_commit {fsync}", flush=True)
    for client in clients:
        client.start()
    for number in range(1, arguments.rounds + 1):
        time.sleep(chance.uniform(0.5, 3.0))
        kill(product, TARGETS[(number - 1) % len(TARGETS)], number, clients)
    time.sleep(1)
    gate.over = True
    for client in clients:
        client.join(READY_WITHIN + ANSWER_WITHIN)
    stuck = [f"client {client.number} did not end" for client in clients if client.is_alive()]
    replayed, wrong = replay(product, key, clients, chance)
    settle(product)
    return report(product, clients, arguments, replayed, stuck + wrong)


def report(product, clients, arguments, replayed, wrong):
    total = lambda measure: sum(measure(client) for client in clients)
    print(f"\n{total(lambda c: len(c.tickets))} tickets, {total(lambda c: c.updates)} updates and "
          f"{total(lambda c: len(c.messages))} messages acknowledged; {total(lambda c: c.unanswered)} requests "
          f"without an answer, {total(lambda c: c.answered_on_retry)} answered when sent again; "
          f"{replayed} acknowledged keys replayed\n")
    results = [("unexpected answers", [line for client in clients for line in client.unexpected] + wrong)]
    results += checks(product, clients)
    violations = 0
    for sentence, found in results:
        violations += len(found)
        print(f"{len(found):6}  {sentence}")
        for entry in found[:5]:
            print(f"        {entry}")
    tickets = product.rows("SELECT count(*) AS n FROM tickets")[0]["n"]
    print(f"\n{arguments.rounds} kills, {tickets} tickets stored, {violations} violations")
    return 1 if violations or tickets == 0 else 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/prove-durability.sh", description="Kills the product under load.")
    parser.add_argument("--rounds", type=int, default=10, help="how often something is killed (10)")
    parser.add_argument("--clients", type=int, default=12, help="how many clients work at once (12)")
    parser.add_argument("--seed", type=int, default=20260101, help="decides the load and the moments")
    arguments = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="kamhub-proof-")
    # The database's user must reach its own directory in there.
    os.chmod(directory, 0o755)
    product = Product(directory)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.monotonic()
    outcome = 2
    try:
        outcome = prove(product, arguments)
        print(f"{time.monotonic() - begun:.0f} s")
    except Fault as fault:
        print(f"prove-durability.sh: {fault}", file=sys.stderr)
    finally:
        product.stop()
        if outcome == 0:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"the server's log and its data are in {directory}", file=sys.stderr)
    sys.exit(outcome)


if __name__ == "__main__":
    main()
