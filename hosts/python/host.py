"""A host in Python, by the package wasmtime: what a journey engine calls, `begin`, `complete`, and `test` for whoever edits connectors.

What a host must do stands in `wit/`. What this one leaves out: sessions of user agents, an egress policy with judged addresses, stores that
outlive the process, a limit on processor time, `abandoned`.
"""

import http.client
import json
import os
import secrets
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

from wasmtime import Engine, Store, WasmtimeError
from wasmtime.component import Component, Linker, Record, Variant

MEMORY = 16 << 20  # bytes of a sandbox
VARIABLE = 256 << 10  # bytes of a value
FETCHES = 6  # in one call


class Visit:
    """One visit of the step, and the one arbiter of it. A fleet keeps this in a store that all its hosts share."""

    def __init__(self):
        self.variables: dict[str, str] = {}
        self.attempts: dict[str, tuple[str, str, float]] = {}  # value, revision, when it may be dropped
        self.settled: dict | None = None
        self.pending_until = 0.0

    def attempt(self, key):
        value, revision, until = self.attempts.get(key, (None, None, 0.0))
        return (value, revision) if until > time.time() else None

    def apply(self, outcome, writes, settles, unless_pending=False):
        """All of it or nothing: here by nobody else being at work, elsewhere in one transaction under an id."""
        if self.settled or (unless_pending and self.pending_until > time.time()):
            return False
        for name, value in writes.items():
            if value is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = value
        if settles:
            self.settled = outcome
        return True


class Call:
    """One call in a sandbox of its own, with no more authority than it described."""

    def __init__(self, engine: Engine, component: Component, visit: Visit | None = None):
        self.visit, self.writes, self.description, self.fetches, self.replaced = visit, {}, None, 0, False
        self.origins: list[str] = []
        self.store = Store(engine)
        self.store.set_limits(memory_size=MEMORY)
        linker = Linker(engine)
        with linker.root() as root:
            for wanted, functions in self.imports().items():
                with root.add_instance(wanted) as instance:
                    for function, implementation in functions.items():
                        instance.add_func(function, implementation)
        self.instance = linker.instantiate(self.store, component)

    def ask(self, interface, name, *arguments):
        index = self.instance.get_export_index(self.store, f"journey:step/{interface}@0.1.0")
        function = self.instance.get_func(self.store, self.instance.get_export_index(self.store, name, index))
        return function(self.store, *arguments)

    def describe(self, settings, connector, origins="origins"):
        self.description = self.ask("settings", "describe", settings, connector)
        self.origins = self.described(origins)

    def described(self, field):
        """Fields are named as in `wit/`, with hyphens."""
        return getattr(self.description, field)

    def imports(self):
        nothing = lambda *_: None  # noqa: E731: a cache that never has anything
        return {
            "journey:step/http@0.1.0": {"fetch": self.fetch},
            "journey:step/variables@0.1.0": {"set": self.set},
            "journey:step/attempts@0.1.0": {"get": self.get, "put": self.put, "replace": self.replace},
            "journey:step/tenant-cache@0.1.0": {"get": nothing, "put": nothing},
            "wasi:clocks/wall-clock@0.2.0": {
                "now": lambda _: SimpleNamespace(seconds=int(time.time()), nanoseconds=0),
                "resolution": lambda _: SimpleNamespace(seconds=1, nanoseconds=0),
            },
            "wasi:random/random@0.2.0": {
                "get-random-bytes": lambda _, length: os.urandom(length),
                "get-random-u64": lambda _: int.from_bytes(os.urandom(8), "little"),
            },
        }

    def fetch(self, _store, request):
        self.fetches += 1
        url, most = urlsplit(request.url), getattr(request, "max-body-bytes")
        if self.fetches > FETCHES or f"{url.scheme}://{url.netloc}" not in self.origins:
            return Variant("denied", "not among the origins of this call")
        connection = http.client.HTTPConnection if url.scheme == "http" else http.client.HTTPSConnection
        # One request: no redirect, no cookie, no retry, no proxy.
        connection = connection(url.hostname, url.port, timeout=getattr(request, "timeout-ms") / 1000)
        try:
            path = url.path + (f"?{url.query}" if url.query else "")
            connection.request(request.method.upper(), path, request.body or None, dict(request.headers))
            answer = connection.getresponse()
            body = answer.read(most + 1)
        except TimeoutError:
            return Variant("timeout")
        except ConnectionRefusedError:
            return Variant("unreachable", "refused")
        except (OSError, http.client.HTTPException):
            return Variant("other", "the exchange broke off")
        finally:
            connection.close()
        if len(body) > most:
            return Variant("too-large")
        response = Record()
        response.status, response.body = answer.status, body
        response.headers = [(name.lower(), value) for name, value in answer.getheaders()]
        return response

    def set(self, _store, name, value):
        if name not in (self.described("output-variable"), self.described("error-variable")):
            return Variant("refused", "not a variable of this call")
        if value is not None and len(value.encode()) > VARIABLE:
            return Variant("too-large")
        self.writes[name] = value
        return None

    def get(self, _store, key):
        found = self.visit.attempt(key)
        if found is None:
            return None
        entry = Record()
        entry.value, entry.revision = found
        return entry

    def put(self, _store, key, value, lifetime):
        self.visit.attempts[key] = (value, secrets.token_hex(16), time.time() + lifetime)
        return None

    def replace(self, _store, key, revision, value, lifetime):
        found = self.visit.attempt(key)
        stands = found is not None and found[1] == revision
        if stands:
            self.put(None, key, value, lifetime)
            self.replaced = True
        return stands


def step_trapped(call):
    error = {"version": 1, "code": "step_trapped", "category": "system", "retryable": True, "message": "ended by its host"}
    error |= {"path": None, "provider": dict.fromkeys(["error", "error_description", "status", "request_id"])}
    output, name = (call.described("output-variable"), call.described("error-variable")) if call.description else (None, "error_output")
    return {"code": "step_trapped"}, ({output: None} if output else {}) | {name: json.dumps(error)}


class Host:
    """Hosts the step. One callback URL is served, and it is one connector's: a host of several keeps a table."""

    def __init__(self, path, callback_url):
        self.engine = Engine()
        self.component = Component.from_file(self.engine, path)
        self.callback_url = callback_url

    def call(self, visit=None):
        return Call(self.engine, self.component, visit)

    def check(self, settings, connector):
        """What is wrong with settings and connector, by themselves."""
        return self.call().ask("settings", "check", settings, connector)

    def begin(self, visit, invocation):
        """The journey has come to the step: where to send the user agent, or why not."""
        if visit.settled:
            return "too late", None
        call = self.call(visit)
        try:
            call.describe(invocation.settings, invocation.connector)
            if call.described("callback-url") != self.callback_url:
                return "refused", {"code": "callback_refused"}
            outcome, writes = call.ask("redirect", "begin", invocation).outcome, call.writes
            failure = {"code": outcome.payload.code} if outcome.tag == "failed" else None
        except WasmtimeError:
            failure, writes = step_trapped(call)
        if failure:
            return ("failed" if visit.apply(failure, writes, True, unless_pending=True) else "refused"), failure
        request = outcome.payload
        if not visit.apply(None, writes, False):
            return "too late", None
        visit.pending_until = max(visit.pending_until, time.time() + getattr(request, "expires-in"))
        return "redirect", request

    def complete(self, visit, invocation, secret, response):
        """A response has come back to the callback URL, in the session that belongs to the visit."""
        if visit.settled:
            return "too late", "duplicate"
        call = self.call(visit)
        try:
            call.describe(invocation.settings, invocation.connector)
            outcome = call.ask("redirect", "complete", invocation, secret, response).outcome
            tag, writes = outcome.tag, call.writes
            told = outcome.payload.subject if tag == "authenticated" else outcome.payload.code
        except WasmtimeError:
            failure, writes = step_trapped(call)
            # Junk that runs into a limit must not end somebody's login.
            tag, told = ("failed" if call.replaced or response.tag == "abandoned" else "ignored"), failure["code"]
        if tag != "ignored" and not visit.apply({"tag": tag, "told": told}, writes, True):
            return "too late", "duplicate"
        return tag, told

    def secret_use(self, connector):
        """The use that a connector makes of the client secret; a secret is saved together with it."""
        target = self.call().ask("connection", "describe", connector)
        return getattr(target, "secret-use") if target else None

    def test(self, settings, connector, secret, saved_for):
        """Finds out what is wrong with a connection. `saved_for`: the use that the stored secret was saved for; a connector that uses it
        otherwise doesn't get it. Only who may edit the connector may ask for this, and not often."""
        if self.secret_use(connector) not in (None, saved_for):
            return "the secret is to be entered anew"
        # Without a visit there is nowhere to write to, and a test doesn't.
        call = self.call()
        call.describe(settings or "{}", connector, origins="test-origins")
        return call.ask("connection", "test", settings, connector, secret)


def arrived(url):
    """What the host's own listener would say: its public origin, and the request's path and query."""
    arrival = Record()
    arrival.url, arrival.parameters = url, urlsplit(url).query
    return Variant("query", arrival)
