// A host on Node.js, by way of jco: `node host.mjs FOLDER COGNITO`, the component transpiled into the folder, and a program that serves a local
// Cognito for a callback URL.
//
// It tests the connection, plays a whole login, its response once more, and a refusal. What a host must do stands in `wit/`; what this one leaves out: sessions of
// user agents, an egress policy with judged addresses, stores that outlive the process, limits on memory and processor time (run each call
// in a worker with `resourceLimits`, and end it), `abandoned`.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

const CALLBACK_URL = "http://127.0.0.1:9/callback";
const VARIABLE = 256 << 10; // bytes of a value
const FETCHES = 6; // in one call
const EXCHANGE = fileURLToPath(new URL("fetch.mjs", import.meta.url));

const folder = pathToFileURL(`${process.argv[2]}/`);
const { instantiate } = await import(new URL("cognito_oidc.js", folder));
const modules = new Map();
const load = (path) => {
  if (!modules.has(path)) modules.set(path, new WebAssembly.Module(readFileSync(new URL(path, folder))));
  return modules.get(path);
};

/** An error of an import: jco makes a `result` of what is thrown. */
const error = (tag, val) => Object.assign(new Error(tag), { payload: { tag, val } });

/** One visit of the step, and the one arbiter of it. A fleet keeps this in a store that all its hosts share. */
class Visit {
  variables = new Map();
  attempts = new Map();
  settled = undefined;
  pendingUntil = 0;

  attempt(key) {
    const entry = this.attempts.get(key);
    return entry && entry.until > Date.now() ? entry : undefined;
  }

  /** All of it or nothing: here by nobody else being at work, elsewhere in one transaction under an id. */
  apply(writes, settlement, unlessPending = false) {
    if (this.settled || (unlessPending && this.pendingUntil > Date.now())) return false;
    for (const [name, json] of writes) json === undefined ? this.variables.delete(name) : this.variables.set(name, json);
    this.settled = settlement;
    return true;
  }
}

/** One call in an instance of its own, with no more authority than it described. */
class Call {
  writes = new Map();
  fetches = 0;
  replaced = false;

  constructor(visit) {
    this.visit = visit;
    this.step = instantiate(load, this.imports());
  }

  describe({ settings, connector }) {
    this.description = this.step.settings.describe(settings, connector);
    return this.step.redirect;
  }

  imports() {
    const put = (key, value, lifetime) => {
      const revision = randomBytes(16).toString("hex");
      this.visit.attempts.set(key, { value, revision, until: Date.now() + lifetime * 1000 });
    };
    return {
      "journey:step/http": { fetch: (request) => this.fetch(request) },
      "journey:step/variables": {
        set: (name, json) => {
          const { outputVariable, errorVariable } = this.description;
          if (![outputVariable, errorVariable].includes(name)) throw error("refused", "not a variable of this call");
          if (json !== undefined && Buffer.byteLength(json) > VARIABLE) throw error("too-large");
          this.writes.set(name, json);
        },
      },
      "journey:step/attempts": {
        get: (key) => this.visit.attempt(key),
        put,
        replace: (key, revision, value, lifetime) => {
          const stands = this.visit.attempt(key)?.revision === revision;
          if (stands) put(key, value, lifetime);
          this.replaced ||= stands;
          return stands;
        },
      },
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
  }

  /** The step waits for the answer, so the exchange runs in a process of its own. */
  fetch({ method, url, headers, body, timeoutMs, maxBodyBytes }) {
    this.fetches += 1;
    if (this.fetches > FETCHES || !this.description.origins.includes(new URL(url).origin)) {
      throw error("denied", "not among the origins of this call");
    }
    const input = JSON.stringify({ method, url, headers, body: Buffer.from(body).toString("base64"), timeoutMs, maxBodyBytes });
    const { stdout } = spawnSync(process.execPath, [EXCHANGE], { input, maxBuffer: 4 * maxBodyBytes });
    const answer = JSON.parse(stdout);
    if (answer.error) throw error(answer.error.tag, answer.error.val);
    return { ...answer, body: new Uint8Array(Buffer.from(answer.body, "base64")) };
  }
}

function stepTrapped({ description }) {
  const provider = { error: null, error_description: null, status: null, request_id: null };
  const words = { code: "step_trapped", category: "system", retryable: true, message: "ended by its host" };
  const json = JSON.stringify({ version: 1, ...words, path: null, provider });
  const writes = new Map([[description?.errorVariable ?? "error_output", json]]);
  if (description?.outputVariable) writes.set(description.outputVariable, undefined);
  return { code: "step_trapped", writes };
}

function begin(visit, invocation) {
  if (visit.settled) return { tag: "too late" };
  const call = new Call(visit);
  let outcome;
  let writes = call.writes;
  try {
    const redirect = call.describe(invocation);
    // One URL is served, and it is this connector's: a host of several keeps a table.
    assert.equal(call.description.callbackUrl, CALLBACK_URL);
    ({ outcome } = redirect.begin(invocation));
  } catch (trap) {
    if (!(trap instanceof WebAssembly.RuntimeError)) throw trap;
    const trapped = stepTrapped(call);
    [outcome, writes] = [{ tag: "failed", val: { code: trapped.code } }, trapped.writes];
  }
  if (outcome.tag === "failed") return visit.apply(writes, outcome, true) ? outcome : { tag: "refused" };
  if (!visit.apply(writes, undefined)) return { tag: "too late" };
  visit.pendingUntil = Math.max(visit.pendingUntil, Date.now() + outcome.val.expiresIn * 1000);
  return outcome;
}

function complete(visit, invocation, secret, response) {
  const tooLate = { tag: "too late", val: { code: "duplicate" } };
  if (visit.settled) return tooLate;
  const call = new Call(visit);
  let outcome;
  let writes = call.writes;
  try {
    ({ outcome } = call.describe(invocation).complete(invocation, secret, response));
  } catch (trap) {
    if (!(trap instanceof WebAssembly.RuntimeError)) throw trap;
    const trapped = stepTrapped(call);
    // Junk that runs into a limit must not end somebody's login.
    const tag = call.replaced || response.tag === "abandoned" ? "failed" : "ignored";
    [outcome, writes] = [{ tag, val: { code: trapped.code } }, trapped.writes];
  }
  if (outcome.tag !== "ignored" && !visit.apply(writes, outcome)) return tooLate;
  return outcome;
}

/**
 * Finds out what is wrong with a connection. `stored`: the client secret, with the use that it was saved for; a connector that uses it otherwise
 * doesn't get it. Only who may edit the connector may ask for this, and not often.
 */
function test(settings, connector, stored) {
  const call = new Call(undefined);
  const { settings: documents, connection } = call.step;
  const target = connection.describe(connector);
  if (target && target.secretUse !== stored.use) return "the secret is to be entered anew";
  const description = documents.describe(settings ?? "{}", connector);
  // No variable: a test writes nothing, and without a visit there is nowhere to.
  call.description = { origins: description.testOrigins };
  return connection.test(settings, connector, stored.secret);
}

/** What the host's own listener would say: its public origin, and the request's path and query. */
const arrived = (url) => ({ tag: "query", val: { url, parameters: url.split("?")[1] ?? "" } });

/** The user's part, in a small user agent: the URL at which it comes back. */
async function signIn(url, login) {
  const cookies = new Map();
  let body;
  while (!url.startsWith(CALLBACK_URL)) {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers: { cookie }, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    const page = await answer.text();
    body = undefined;
    if (answer.headers.has("location")) {
      url = new URL(answer.headers.get("location"), url).href;
      continue;
    }
    const hidden = [...page.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    body = new URLSearchParams([...hidden, ["username", login.username], ["password", login.password]]);
    url = new URL(page.match(/action="([^"]*)"/)[1].replaceAll("&amp;", "&"), url).href;
  }
  return url;
}

const problems = new Call(new Visit()).step.settings.check("{}", "{}").map((problem) => problem.path);
assert.deepEqual(problems, ["/settings/callback_url", "/connector/user_pool_id", "/connector/client_id"]);

const cognito = spawn(process.argv[3], ["cognito", CALLBACK_URL], { stdio: ["pipe", "pipe", "inherit"] });
const { value: line } = await createInterface({ input: cognito.stdout })[Symbol.asyncIterator]().next();
const login = JSON.parse(line);
const secret = login.client_secret;
const invocation = {
  settings: JSON.stringify(login.settings),
  connector: JSON.stringify(login.connector),
  browser: new Uint8Array(randomBytes(32)),
  round: 1,
};

const use = new Call(undefined).step.connection.describe(invocation.connector).secretUse;
const told = (findings) => findings.filter(({ status }) => status !== "passed").map(({ check, status, code }) => [check, status, code]);
const untested = ["untested", "skipped", undefined];
const tested = test(invocation.settings, invocation.connector, { secret, use });
assert.deepEqual(told(tested), [untested]);
assert.equal(tested.length, 9);
const rotated = test(undefined, invocation.connector, { secret: "rotated", use });
const skipped = ["callback", "scope"].map((check) => [check, "skipped", undefined]);
assert.deepEqual(told(rotated), [...skipped, ["credentials", "failed", "client_rejected"], untested]);
const edited = JSON.stringify({ ...login.connector, client_authentication: "client_secret_post" });
assert.equal(test(invocation.settings, edited, { secret, use }), "the secret is to be entered anew");

let visit = new Visit();
let begun = begin(visit, invocation);
assert.equal(begun.tag, "redirect");
const response = arrived(await signIn(begun.val.url, login));
const elsewhere = arrived(response.val.url.replace("/callback?", "/elsewhere?"));
assert.equal(complete(visit, invocation, secret, elsewhere).val.code, "callback_mismatch");
const authenticated = complete(visit, invocation, secret, response);
assert.equal(authenticated.tag, "authenticated", authenticated.val.code);
const output = JSON.parse(visit.variables.get("cognito_oidc_output"));
assert.deepEqual([output.user.external_user_id, output.user.email], [authenticated.val.subject, login.username]);
assert.equal(JSON.parse(visit.variables.get("error_output")).code, "");
assert.equal(complete(visit, invocation, secret, response).tag, "too late");

visit = new Visit();
begun = begin(visit, invocation);
const refused = complete(visit, invocation, secret, arrived(`${CALLBACK_URL}?error=access_denied&state=${begun.val.state}`));
assert.deepEqual([refused.tag, refused.val.code], ["failed", "access_denied"]);
assert.equal(JSON.parse(visit.variables.get("error_output")).code, "access_denied");
assert.equal(visit.variables.get("cognito_oidc_output"), undefined);
cognito.stdin.end();
console.log(`Node.js ${process.version}: a test of the connection, a whole login, the same response once more, a refusal`);
