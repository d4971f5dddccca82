"""What runs in Python: `peer.py FIXTURE COMPONENT`, by the package wasmtime. Reads lines `row times`, and answers each by an array of
nanoseconds, one for each time."""

import json
import sys
import time
from types import SimpleNamespace

from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Record, Variant

with open(sys.argv[1], encoding="utf-8") as file:
    fixture = json.load(file)
engine = Engine()
component = Component.from_file(engine, sys.argv[2])


def record(**fields):
    made = Record()
    for name, value in fields.items():
        setattr(made, name.replace("_", "-"), value)
    return made


def fetch(_store, request):
    canned = fixture["exchanges"][request.url]
    return record(status=200, headers=[("content-type", canned["content_type"])], body=canned["body"].encode())


def attempt(_store, key):
    value = fixture["attempts"].get(key)
    return None if value is None else record(value=value, revision="1")


drawn = 0


def random_bytes(_store, length):
    global drawn
    drawn += length
    return bytes((index * 37 + 11) & 0xFF for index in range(drawn - length, drawn))


linker = Linker(engine)
with linker.root() as root:
    for interface, functions in {
        "journey:step/http@0.1.0": {"fetch": fetch},
        "journey:step/variables@0.1.0": {"set": lambda *_: None},
        "journey:step/attempts@0.1.0": {"get": attempt, "put": lambda *_: None, "replace": lambda *_: True},
        "journey:step/tenant-cache@0.1.0": {"get": lambda _, key: fixture["cache"].get(key), "put": lambda *_: None},
        "wasi:clocks/wall-clock@0.2.0": {
            "now": lambda _: SimpleNamespace(seconds=fixture["now"], nanoseconds=0),
            "resolution": lambda _: SimpleNamespace(seconds=1, nanoseconds=0),
        },
        "wasi:random/random@0.2.0": {"get-random-bytes": random_bytes, "get-random-u64": lambda _: 0},
    }.items():
        with root.add_instance(interface) as instance:
            for name, function in functions.items():
                instance.add_func(name, function)

invocation = record(settings=fixture["settings"], connector=fixture["connector"], browser=bytes(fixture["browser"]), round=1)
response = Variant("query", record(url=fixture["arrival"], parameters=fixture["query"]))


def exported(store, name):
    instance = linker.instantiate(store, component)
    index = instance.get_export_index(store, "journey:step/redirect@0.1.0")
    return instance.get_func(store, instance.get_export_index(store, name, index))


def begin():
    global drawn
    drawn, store = 0, Store(engine)
    assert exported(store, "begin")(store, invocation).outcome.tag == "redirect"


def complete():
    global drawn
    drawn, store = 0, Store(engine)
    outcome = exported(store, "complete")(store, invocation, fixture["secret"], response).outcome
    assert outcome.tag == "authenticated", outcome.payload.code


rows = {"python_begin": begin, "python_complete": complete}

for line in sys.stdin:
    row, times = line.split()
    taken = []
    for _ in range(int(times)):
        since = time.perf_counter_ns()
        rows[row]()
        taken.append(time.perf_counter_ns() - since)
    print(json.dumps(taken), flush=True)
