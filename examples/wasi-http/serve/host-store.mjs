// A composition for a host with `wasi:keyvalue`: `node host-store.mjs COMPONENT PROGRAM …`, a program that serves a user pool for the callback URL
// that it is given last. jco offers no such store, so it is given one. One instance serves all requests here, which no host of a step may do.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Browser } from "./browser.mjs";
import { Pool } from "./pool.mjs";
import { Relay } from "./relay.mjs";
import { Served, unusedPort } from "./server.mjs";

const [component, ...program] = process.argv.slice(2);
const STORE = ["--jco-map", `wasi:keyvalue/*=${fileURLToPath(new URL("keyvalue.mjs", import.meta.url))}#*`, "--"];

const origin = `http://127.0.0.1:${await unusedPort()}`;
const isCallback = (url) => url.startsWith(`${origin}/callback?`);
const pool = await Pool.start(program, `${origin}/callback`);
const relay = await Relay.start();
const { login } = pool;
const { token_endpoint: tokenEndpoint, ...endpoints } = login.connector.custom_endpoints;
const connector = { ...login.connector, custom_endpoints: { ...endpoints, token_endpoint: `${relay.origin}/token` } };
relay.behavior = relay.forwarding(tokenEndpoint);
let served;

try {
  served = await Served.start(component, origin, STORE, pool.environment(connector));
  const ada = new Browser();
  const response = await ada.go(`${origin}/start`, isCallback, login);
  assert.equal((await ada.fetch(response)).to, `${origin}/`);
  assert.equal((await ada.status(origin)).user.email, login.username);
  await served.says("complete: authenticated");
  await ada.fetch(response);
  await served.says("complete: too late, duplicate");
  assert.deepEqual(relay.asked, ["/token"]);
  served.end();

  // Either goes wrong where it is used: a swap that says that it went well, and didn't; or a count whose answer is lost. The code isn't sent.
  relay.asked = [];
  served = await Served.start(component, origin, STORE, { ...pool.environment(connector), RIVAL: "1", LOST: "1" });
  const late = new Browser();
  const lost = await late.go(`${origin}/start`, isCallback, login);
  // The browser asks again where the store failed before anything was sent.
  const { status } = await late.fetch(lost);
  assert([303, 503].includes(status));
  assert.equal((await late.fetch(lost)).status, 303);
  await served.says("complete: ignored, duplicate");
  assert.equal((await late.status(origin)).status, "waiting");
  assert.deepEqual(relay.asked, []);
  console.log("a whole login over a host's own store; its response once more; a swap or a count that goes wrong");
} finally {
  served?.end();
  relay.end();
  pool.end();
}
