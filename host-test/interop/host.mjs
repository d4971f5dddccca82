// A host on Node.js, by way of jco: loads the component that was transpiled into the folder named, and plays what needs no network, the pure
// functions and a login that the user refuses. So records, variants, options, lists and results go both ways.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const { instantiate } = await import(new URL("cognito_oidc.js", folder));

const variables = new Map();
const attempts = new Map();
const take = (key) => {
  const value = attempts.get(key);
  attempts.delete(key);
  return value;
};
const imports = {
  "journey:step/http": { fetch: () => assert.fail("nothing needs the network") },
  "journey:step/variables": { set: (name, json) => variables.set(name, json) },
  "journey:step/attempts": { put: (key, value) => attempts.set(key, value), get: (key) => attempts.get(key), take },
  "journey:step/tenant-cache": { get: () => undefined, put: () => {} },
  "wasi:clocks/wall-clock": {
    now: () => ({ seconds: BigInt(Math.trunc(Date.now() / 1000)), nanoseconds: 0 }),
    resolution: () => ({ seconds: 1n, nanoseconds: 0 }),
  },
  "wasi:random/random": {
    getRandomBytes: (length) => new Uint8Array(randomBytes(Number(length))),
    getRandomU64: () => randomBytes(8).readBigUInt64LE(),
  },
};

/** As the contract wants it, an instance for each call. */
const step = () => instantiate((path) => new WebAssembly.Module(readFileSync(new URL(path, folder))), imports);

const problems = step().settings.check("{}", "{}").map((problem) => problem.path);
assert.deepEqual(problems, ["/settings/callback_url", "/connector/user_pool_id", "/connector/client_id"]);

const invocation = {
  settings: JSON.stringify({ callback_url: "https://login.example.com/callback" }),
  connector: JSON.stringify({ user_pool_id: "eu-west-1_AbCdEf123", domain: "shop", issuer: "original", client_id: "client" }),
  browser: new Uint8Array(randomBytes(32)),
};
assert.deepEqual(step().settings.origins(invocation.settings, invocation.connector), [
  "https://shop.auth.eu-west-1.amazoncognito.com",
  "https://cognito-idp.eu-west-1.amazonaws.com",
]);

const begun = step().redirect.begin(invocation).outcome;
assert.equal(begun.tag, "redirect");
const url = new URL(begun.val.url);
assert.equal(url.origin, "https://shop.auth.eu-west-1.amazoncognito.com");
assert.equal(url.searchParams.get("state"), begun.val.state);

const response = { tag: "query", val: `error=access_denied&state=${begun.val.state}` };
const outcomes = [1, 2].map(() => step().redirect.complete(invocation, "a client secret", response).outcome);
assert.deepEqual(outcomes.map(({ tag, val }) => [tag, val.code]), [["failed", "access_denied"], ["ignored", "duplicate"]]);
assert.equal(JSON.parse(variables.get("error_output")).code, "access_denied");
assert.equal(variables.get("cognito_oidc_output"), undefined);
console.log(`Node.js ${process.version}: begun, refused, and once more ignored`);
