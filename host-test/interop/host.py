"""A host in Python, by the package wasmtime: `host.py COMPONENT COGNITO`, the latter a program that serves a local Cognito for a callback URL.

It tests the connection, plays a whole login, its response once more, and a refusal. What a host must do stands in `wit/`; what this one leaves
out: sessions of user agents, an egress policy with judged addresses, stores that outlive the process, a limit on processor time, `abandoned`.
"""

import http.client
import http.cookiejar
import json
import os
import platform
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from types import SimpleNamespace
from urllib.parse import urlencode, urljoin, urlsplit

from wasmtime import Engine, Store, WasmtimeError
from wasmtime.component import Component, Linker, Record, Variant

CALLBACK_URL = "http://127.0.0.1:9/callback"
MEMORY = 16 << 20  # bytes of a sandbox
VARIABLE = 256 << 10  # bytes of a value
FETCHES = 6  # in one call

engine = Engine()
component = Component.from_file(engine, sys.argv[1])


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

    def __init__(self, visit: Visit | None):
        self.origins = "origins"
        self.visit, self.writes, self.description, self.fetches, self.replaced = visit, {}, None, 0, False

    def described(self, field):
        """Fields are named as in `wit/`, with hyphens."""
        return getattr(self.description, field)

    def fetch(self, _store, request):
        self.fetches += 1
        url, most = urlsplit(request.url), getattr(request, "max-body-bytes")
        if self.fetches > FETCHES or f"{url.scheme}://{url.netloc}" not in self.described(self.origins):
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

    def run(self, interface, name, *arguments, described_by=None):
        store = Store(engine)
        store.set_limits(memory_size=MEMORY)
        linker = Linker(engine)
        nothing = lambda *_: None  # noqa: E731: a cache that never has anything
        imports = {
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
        with linker.root() as root:
            for wanted, functions in imports.items():
                with root.add_instance(wanted) as instance:
                    for function, implementation in functions.items():
                        instance.add_func(function, implementation)
        instance = linker.instantiate(store, component)

        def exported(interface, name):
            index = instance.get_export_index(store, f"journey:step/{interface}@0.1.0")
            return instance.get_func(store, instance.get_export_index(store, name, index))

        if described_by:
            self.description = exported("settings", "describe")(store, *described_by)
        return exported(interface, name)(store, *arguments)


def step_trapped(call):
    error = {"version": 1, "code": "step_trapped", "category": "system", "retryable": True, "message": "ended by its host"}
    error |= {"path": None, "provider": dict.fromkeys(["error", "error_description", "status", "request_id"])}
    output, name = (call.described("output-variable"), call.described("error-variable")) if call.description else (None, "error_output")
    return {"code": "step_trapped"}, ({output: None} if output else {}) | {name: json.dumps(error)}


def begin(visit, invocation):
    if visit.settled:
        return "too late", None
    call = Call(visit)
    documents = (invocation.settings, invocation.connector)
    try:
        outcome, writes = call.run("redirect", "begin", invocation, described_by=documents).outcome, call.writes
        failure = {"code": outcome.payload.code} if outcome.tag == "failed" else None
    except WasmtimeError:
        failure, writes = step_trapped(call)
    # One URL is served, and it is this connector's: a host of several keeps a table.
    assert call.described("callback-url") == CALLBACK_URL, call.described("callback-url")
    if failure:
        return ("failed" if visit.apply(failure, writes, True, unless_pending=True) else "refused"), failure
    request = outcome.payload
    if not visit.apply(None, writes, False):
        return "too late", None
    visit.pending_until = max(visit.pending_until, time.time() + getattr(request, "expires-in"))
    return "redirect", request


def complete(visit, invocation, secret, response):
    if visit.settled:
        return "too late", "duplicate"
    call = Call(visit)
    documents = (invocation.settings, invocation.connector)
    try:
        outcome = call.run("redirect", "complete", invocation, secret, response, described_by=documents).outcome
        tag, writes = outcome.tag, call.writes
        told = outcome.payload.subject if tag == "authenticated" else outcome.payload.code
    except WasmtimeError:
        failure, writes = step_trapped(call)
        # Junk that runs into a limit must not end somebody's login.
        tag, told = ("failed" if call.replaced or response.tag == "abandoned" else "ignored"), failure["code"]
    if tag != "ignored" and not visit.apply({"tag": tag, "told": told}, writes, True):
        return "too late", "duplicate"
    return tag, told


def test(settings, connector, secret, saved_for):
    """Finds out what is wrong with a connection. `saved_for`: the use that the stored secret was saved for; a connector that uses it otherwise
    doesn't get it. Only who may edit the connector may ask for this, and not often."""
    target = Call(None).run("connection", "describe", connector)
    if target and getattr(target, "secret-use") != saved_for:
        return "the secret is to be entered anew"
    # Without a visit there is nowhere to write to, and a test doesn't.
    call = Call(None)
    call.origins = "test-origins"
    return call.run("connection", "test", settings, connector, secret, described_by=(settings or "{}", connector))


def arrived(url):
    """What the host's own listener would say: its public origin, and the request's path and query."""
    arrival = Record()
    arrival.url, arrival.parameters = url, urlsplit(url).query
    return Variant("query", arrival)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def sign_in(url, login):
    """The user's part, in a small user agent: the URL at which it comes back."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    agent = urllib.request.build_opener(cookies, NoRedirect, urllib.request.ProxyHandler({}))
    data = None
    while not url.startswith(CALLBACK_URL):
        try:
            page = agent.open(url, data, timeout=10).read().decode()
        except urllib.error.HTTPError as answer:
            url, data = urljoin(url, answer.headers["location"]), None
            continue
        hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page))
        action = re.search(r'action="([^"]*)"', page)[1].replace("&amp;", "&")
        fields = hidden | {"username": login["username"], "password": login["password"]}
        url, data = urljoin(url, action), urlencode(fields).encode()
    return url


def main():
    problems = [problem.path for problem in Call(Visit()).run("settings", "check", "{}", "{}")]
    assert problems == ["/settings/callback_url", "/connector/user_pool_id", "/connector/client_id"], problems

    with subprocess.Popen([sys.argv[2], "cognito", CALLBACK_URL], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cognito:
        login = json.loads(cognito.stdout.readline())
        invocation = Record()
        invocation.settings, invocation.connector = json.dumps(login["settings"]), json.dumps(login["connector"])
        invocation.browser, invocation.round = os.urandom(32), 1

        documents, secret = (invocation.settings, invocation.connector), login["client_secret"]
        use = getattr(Call(None).run("connection", "describe", invocation.connector), "secret-use")
        tell = lambda findings: [(found.check, found.status, found.code) for found in findings if found.status != "passed"]  # noqa: E731
        untested = ("untested", "skipped", None)
        tested = test(*documents, secret, use)
        assert tell(tested) == [untested] and len(tested) == 9, tell(tested)
        skipped = [("callback", "skipped", None), ("scope", "skipped", None)]
        rotated = tell(test(None, invocation.connector, "rotated", use))
        assert rotated == [*skipped, ("credentials", "failed", "client_rejected"), untested], rotated
        edited = json.dumps(login["connector"] | {"client_authentication": "client_secret_post"})
        assert test(invocation.settings, edited, secret, use) == "the secret is to be entered anew"

        visit = Visit()
        told, request = begin(visit, invocation)
        assert told == "redirect", told
        response = arrived(sign_in(request.url, login))
        elsewhere = arrived(response.payload.url.replace("/callback?", "/elsewhere?"))
        assert complete(visit, invocation, login["client_secret"], elsewhere) == ("ignored", "callback_mismatch")
        told, subject = complete(visit, invocation, login["client_secret"], response)
        assert told == "authenticated", (told, subject)
        output = json.loads(visit.variables["cognito_oidc_output"])
        assert output["user"]["external_user_id"] == subject and output["user"]["email"] == login["username"]
        assert json.loads(visit.variables["error_output"])["code"] == ""
        assert complete(visit, invocation, login["client_secret"], response) == ("too late", "duplicate")

        visit = Visit()
        _, request = begin(visit, invocation)
        refused = arrived(f"{CALLBACK_URL}?error=access_denied&state={request.state}")
        assert complete(visit, invocation, login["client_secret"], refused) == ("failed", "access_denied")
        assert json.loads(visit.variables["error_output"])["code"] == "access_denied"
        assert "cognito_oidc_output" not in visit.variables
        cognito.stdin.close()
    print(f"Python {platform.python_version()}: a test of the connection, a whole login, the same response once more, a refusal")


main()
