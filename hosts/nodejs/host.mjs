// A host on Node.js, by way of jco: what a journey engine calls, `begin`, `complete`, and `test` for whoever edits connectors.
//
// What a host must do stands in `wit/`. What this one leaves out: sessions of user agents, an egress policy with judged addresses, stores that
// outlive the process, limits on memory and processor time (run each call in a worker with `resourceLimits`, and end it), `abandoned`.

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const VARIABLE = 256 << 10; // bytes of a value
const FETCHES = 6; // in one call
const EXCHANGE = fileURLToPath(new URL("fetch.mjs", import.meta.url));

/** The step, as jco transpiled it into a folder: makes an instance with the imports that it is given. */
export async function load(folder) {
  const files = pathToFileURL(`${folder}/`);
  const { instantiate } = await import(new URL("cognito_oidc.js", files));
  const modules = new Map();
  const module = (path) => {
    if (!modules.has(path)) modules.set(path, new WebAssembly.Module(readFileSync(new URL(path, files))));
    return modules.get(path);
  };
  return (imports) => instantiate(module, imports);
}

/** An error of an import: jco makes a `result` of what is thrown. */
const error = (tag, val) => Object.assign(new Error(tag), { payload: { tag, val } });

/** One visit of the step, and the one arbiter of it. A fleet keeps this in a store that all its hosts share. */
export class Visit {
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

  constructor(instance, visit) {
    this.visit = visit;
    this.step = instance(this.imports());
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

/** Hosts the step. One callback URL is served, and it is one connector's: a host of several keeps a table. */
export class Host {
  constructor(instance, callbackUrl) {
    this.call = (visit) => new Call(instance, visit);
    this.callbackUrl = callbackUrl;
  }

  /** What is wrong with settings and connector, by themselves. */
  check(settings, connector) {
    return this.call().step.settings.check(settings, connector);
  }

  /** The journey has come to the step: where to send the user agent, or why not. */
  begin(visit, invocation) {
    if (visit.settled) return { tag: "too late" };
    const call = this.call(visit);
    let outcome;
    let writes = call.writes;
    try {
      const redirect = call.describe(invocation);
      if (call.description.callbackUrl !== this.callbackUrl) return { tag: "refused", val: { code: "callback_refused" } };
      ({ outcome } = redirect.begin(invocation));
    } catch (trap) {
      if (!(trap instanceof WebAssembly.RuntimeError)) throw trap;
      const trapped = stepTrapped(call);
      [outcome, writes] = [{ tag: "failed", val: { code: trapped.code } }, trapped.writes];
    }
    if (outcome.tag === "failed") return visit.apply(writes, outcome, true) ? outcome : { tag: "refused", val: outcome.val };
    if (!visit.apply(writes, undefined)) return { tag: "too late" };
    visit.pendingUntil = Math.max(visit.pendingUntil, Date.now() + outcome.val.expiresIn * 1000);
    return outcome;
  }

  /** A response has come back to the callback URL, in the session that belongs to the visit. */
  complete(visit, invocation, secret, response) {
    const tooLate = { tag: "too late", val: { code: "duplicate" } };
    if (visit.settled) return tooLate;
    const call = this.call(visit);
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

  /** The use that a connector makes of the client secret; a secret is saved together with it. */
  secretUse(connector) {
    return this.call().step.connection.describe(connector)?.secretUse;
  }

  /**
   * Finds out what is wrong with a connection. `stored`: the client secret, with the use that it was saved for; a connector that uses it
   * otherwise doesn't get it. Only who may edit the connector may ask for this, and not often.
   */
  test(settings, connector, stored) {
    const use = this.secretUse(connector);
    if (use !== undefined && use !== stored.use) return "the secret is to be entered anew";
    const call = this.call();
    const { settings: documents, connection } = call.step;
    const description = documents.describe(settings ?? "{}", connector);
    // No variable: a test writes nothing, and without a visit there is nowhere to.
    call.description = { origins: description.testOrigins };
    return connection.test(settings, connector, stored.secret);
  }
}

/** What the host's own listener would say: its public origin, and the request's path and query. */
export const arrived = (url) => ({ tag: "query", val: { url, parameters: url.split("?")[1] ?? "" } });
