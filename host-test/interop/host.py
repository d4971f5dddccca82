"""A host in Python, by the package wasmtime: loads the component named, and plays what needs no network, the pure functions and a login that
the user refuses. So records, variants, options, lists and results go both ways."""

import json
import os
import platform
import sys
import time
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Record, Variant

engine = Engine()
component = Component.from_file(engine, sys.argv[1])
variables: dict[str, str | None] = {}
attempts: dict[str, str] = {}


def no_network(_store, _request):
    raise AssertionError("nothing needs the network")


IMPORTS = {
    "journey:step/http@0.1.0": {"fetch": no_network},
    "journey:step/variables@0.1.0": {"set": lambda _, name, value: variables.__setitem__(name, value)},
    "journey:step/attempts@0.1.0": {
        "put": lambda _, key, value, lifetime: attempts.__setitem__(key, value),
        "get": lambda _, key: attempts.get(key),
        "take": lambda _, key: attempts.pop(key, None),
    },
    "journey:step/tenant-cache@0.1.0": {"get": lambda _, key: None, "put": lambda _, key, value, lifetime: None},
    "wasi:clocks/wall-clock@0.2.0": {
        "now": lambda _: SimpleNamespace(seconds=int(time.time()), nanoseconds=0),
        "resolution": lambda _: SimpleNamespace(seconds=1, nanoseconds=0),
    },
    "wasi:random/random@0.2.0": {
        "get-random-bytes": lambda _, length: os.urandom(length),
        "get-random-u64": lambda _: int.from_bytes(os.urandom(8), "little"),
    },
}

linker = Linker(engine)
with linker.root() as root:
    for interface, functions in IMPORTS.items():
        with root.add_instance(interface) as instance:
            for name, function in functions.items():
                instance.add_func(name, function)


def call(interface, name, *arguments):
    """As the contract wants it, an instance for each call."""
    store = Store(engine)
    instance = linker.instantiate(store, component)
    exported = instance.get_export_index(store, f"journey:step/{interface}@0.1.0")
    function = instance.get_func(store, instance.get_export_index(store, name, exported))
    return function(store, *arguments)


problems = [problem.path for problem in call("settings", "check", "{}", "{}")]
assert problems == ["/settings/callback_url", "/connector/user_pool_id", "/connector/client_id"], problems

invocation = Record()
invocation.settings = json.dumps({"callback_url": "https://login.example.com/callback"})
invocation.connector = json.dumps({"user_pool_id": "eu-west-1_AbCdEf123", "domain": "shop", "client_id": "client"})
invocation.browser = os.urandom(32)

begun = call("redirect", "begin", invocation).outcome
assert begun.tag == "redirect", begun.tag
url = urlsplit(begun.payload.url)
assert url.hostname == "shop.auth.eu-west-1.amazoncognito.com", url.hostname
assert parse_qs(url.query)["state"] == [begun.payload.state]

response = Variant("query", f"error=access_denied&state={begun.payload.state}")
for expected in [("failed", "access_denied"), ("ignored", "duplicate")]:
    outcome = call("redirect", "complete", invocation, "a client secret", response).outcome
    assert (outcome.tag, outcome.payload.code) == expected, (outcome.tag, outcome.payload.code)
assert json.loads(variables["error_output"])["code"] == "access_denied"
assert variables["cognito_oidc_output"] is None
print(f"Python {platform.python_version()}: begun, refused, and once more ignored")
