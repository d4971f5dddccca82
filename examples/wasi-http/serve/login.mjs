// A whole login through the composed component, and what must not go well: `node login.mjs COMPONENT PROGRAM …`, a program that serves a user
// pool for the callback URL that it is given last.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser } from "./browser.mjs";
import { Pool } from "./pool.mjs";
import { Relay } from "./relay.mjs";
import { Served, unusedPort } from "./server.mjs";

const [component, ...program] = process.argv.slice(2);
const ISOLATED = ["--isolate-requests", "worker", "--isolate-worker-pool-size", "2"];

const origin = `http://127.0.0.1:${await unusedPort()}`;
const isCallback = (url) => url.startsWith(`${origin}/callback?`);
const isOwn = (url) => url === `${origin}/`;

const state = mkdtempSync(join(tmpdir(), "journey-"));
const pool = await Pool.start(program, `${origin}/callback`);
const relay = await Relay.start();
const { login } = pool;
let served;

/** What must be found nowhere but where it belongs. */
const secrets = [login.client_secret, login.password];

const environment = (connector) => ({ ...pool.environment(connector), STATE_FOLDER: state });

/** Everything that lies in the store. */
function stored(folder = state) {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? stored(path) : `${path}\n${readFileSync(path)}`;
  }).join("\n");
}

try {
  const { token_endpoint: tokenEndpoint, ...endpoints } = login.connector.custom_endpoints;
  const connector = { ...login.connector, custom_endpoints: { ...endpoints, token_endpoint: `${relay.origin}/token` } };
  served = await Served.start(component, origin, ISOLATED, environment(connector));
  relay.behavior = relay.forwarding(tokenEndpoint);

  // A login.
  const ada = new Browser();
  assert.deepEqual(await ada.status(origin), { status: "none", code: null, user: null });
  const response = await ada.go(`${origin}/start`, isCallback, login);
  secrets.push(...new URL(response).searchParams.values());
  assert.equal((await ada.status(origin)).status, "waiting");
  const session = ada.jar(origin).get("journey");
  secrets.push(session);

  // In another browser, the response does nothing, there or here.
  const mallory = new Browser();
  assert.equal((await mallory.fetch(response)).to, `${origin}/`);
  assert.equal((await mallory.status(origin)).status, "none");
  await mallory.go(`${origin}/start`, (url) => !url.startsWith(origin));
  let from = served.printed.length;
  assert.equal((await mallory.fetch(response)).to, `${origin}/`);
  await served.says("complete: ignored, ", from);
  assert.equal((await mallory.status(origin)).status, "waiting");
  assert.equal((await ada.status(origin)).status, "waiting");
  assert.deepEqual(relay.asked, [], "no code was sent");

  // Twice at once: one takes the attempt, and the other one is a duplicate while that one still waits for the provider.
  let answered;
  relay.behavior = relay.forwarding(tokenEndpoint, new Promise((resolve) => (answered = resolve)));
  from = served.printed.length;
  const twin = new Browser();
  twin.jar(origin).set("journey", session);
  const first = ada.fetch(response);
  while (relay.asked.length === 0) await new Promise((later) => setTimeout(later, 20));
  assert.equal((await twin.fetch(response)).to, `${origin}/`);
  await served.says("complete: ignored, duplicate", from);
  answered();
  const landed = await first;
  assert.equal(landed.to, `${origin}/`, `${landed.status}: ${served.printed}`);
  await served.says("complete: authenticated", from);
  assert.deepEqual(relay.asked, ["/token"], "the code was sent once");
  const { headers, body } = relay.last;
  assert.equal(Number(headers["content-length"]), body.length);
  assert.equal(headers["transfer-encoding"], undefined);
  assert.match(headers["user-agent"], /^cognito-oidc\//);
  const status = await ada.status(origin);
  assert.equal(status.status, "authenticated");
  assert.deepEqual([status.user.email, status.user.email_verified], [login.username, true]);
  const page = await ada.fetch(`${origin}/`);
  assert.match(page.text, /Logged in: .*ada@example\.com \(verified\)/);

  // The user has another session since; the old one shows nothing, and the response has become worthless in both.
  const renewed = ada.jar(origin).get("journey");
  assert.notEqual(renewed, session);
  secrets.push(renewed);
  assert.equal((await twin.status(origin)).status, "ended");
  for (const browser of [ada, twin]) {
    from = served.printed.length;
    assert.equal((await browser.fetch(response)).to, `${origin}/`);
    await served.says("complete: too late, duplicate", from);
  }
  assert.equal((await ada.status(origin)).status, "authenticated");
  assert.deepEqual(relay.asked, ["/token"], "and never again");

  // A user who says no.
  const request = await mallory.go(`${origin}/start`, (url) => !url.startsWith(origin));
  const refusal = `${origin}/callback?error=access_denied&state=${new URL(request).searchParams.get("state")}`;
  assert.equal((await mallory.fetch(refusal)).to, `${origin}/`);
  assert.deepEqual(await mallory.status(origin), { status: "failed", code: "access_denied", user: null });

  // What no step may see.
  for (const [method, headers, status] of [["HEAD", {}, 200], ["GET", { "sec-purpose": "prefetch" }, 503], ["POST", {}, 415], ["PUT", {}, 405]]) {
    assert.equal((await ada.fetch(`${origin}/callback?code=a&state=b`, { method, headers })).status, status, method);
  }
  served.end();

  // A response by form post: from another site, so with the second cookie alone. It finds the visit, and a query's cookie doesn't.
  const posting = { ...environment(login.connector), JOURNEY_SETTINGS: JSON.stringify({ ...login.settings, response_mode: "form_post" }) };
  served = await Served.start(component, origin, ISOLATED, posting);
  const grace = new Browser();
  const { search } = new URL(await grace.go(`${origin}/start`, isCallback, login));
  const post = { method: "POST", body: new URLSearchParams(search) };
  const [second, without] = [new Browser(), new Browser()];
  second.jar(origin).set("journey-form-post", grace.jar(origin).get("journey-form-post"));
  without.jar(origin).set("journey", grace.jar(origin).get("journey"));
  from = served.printed.length;
  assert.equal((await without.fetch(`${origin}/callback`, post)).to, `${origin}/`);
  assert.equal((await without.status(origin)).status, "waiting");
  assert.equal((await second.fetch(`${origin}/callback`, post)).to, `${origin}/`);
  assert.equal((await second.status(origin)).user?.email, login.username, served.printed);
  assert.equal((await grace.status(origin)).status, "ended");
  served.end();

  // What the adapter refuses. The endpoints are yet to be discovered, from a server that misbehaves.
  const discovering = { ...login.connector, custom_endpoints: { openid_configuration: `${relay.origin}/metadata` } };
  served = await Served.start(component, origin, ISOLATED, environment(discovering));
  const misbehaviors = {
    "a body that is too large": ["metadata_invalid", (_, response) => response.writeHead(200, { "content-type": "application/json" }).end(" ".repeat(2 << 20))],
    "a body without end": ["metadata_invalid", (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => response.destroyed || response.write(" ".repeat(64 << 10), () => setImmediate(more));
      more();
    }],
    "a redirect": ["unexpected_status", (_, response) => response.writeHead(302, { location: `${relay.origin}/elsewhere` }).end()],
    "a content coding": ["metadata_unavailable", (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("{}")],
    "half a body": ["metadata_unavailable", (_, response) => response.writeHead(200, { "content-length": 10 }).end("{}", () => response.destroy())],
    silence: ["metadata_unavailable", () => {}],
    "a body that drips": ["metadata_unavailable", (_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => (response.destroyed ? clearInterval(drip) : response.write(" ")), 100);
    }],
  };
  for (const [name, [code, behavior]] of Object.entries(misbehaviors)) {
    relay.behavior = behavior;
    relay.asked = [];
    const browser = new Browser();
    from = served.printed.length;
    await browser.go(`${origin}/start`, isOwn);
    await served.says(`begin: failed, ${code}: `, from);
    assert.deepEqual(await browser.status(origin), { status: "failed", code, user: null });
    console.log(`${name.padEnd(26)} ${code}`);
    assert.deepEqual(relay.asked, ["/metadata"], `${name}: asked once, and nobody else`);
  }
  served.end();
  const permitted = { ...environment(discovering), JOURNEY_PERMITTED: "" };
  served = await Served.start(component, origin, ISOLATED, permitted);
  relay.asked = [];
  await new Browser().go(`${origin}/start`, isOwn);
  await served.says("begin: failed, destination_denied: ");
  assert.deepEqual(relay.asked, []);
  console.log(`${"an origin without leave".padEnd(26)} destination_denied`);

  const files = stored();
  for (const secret of secrets) {
    assert(!served.printed.includes(secret) && !page.text.includes(secret) && !files.includes(secret), "a secret was told");
  }
  console.log(`a whole login of ${status.user.email}; its response in another browser, twice at once and once more; by form post; a refusal`);
} finally {
  served?.end();
  relay.end();
  pool.end();
  rmSync(state, { recursive: true });
}
