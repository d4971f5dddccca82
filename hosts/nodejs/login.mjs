// Tests a connection, and plays a whole login, its response once more, and a refusal: `node login.mjs [FOLDER [PROGRAM …]]`, the folder into which
// the component was transpiled, and a program that serves a user pool for the callback URL that it is given last. Without one it is `pool.mjs`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Host, Visit, arrived, load } from "./host.mjs";

const CALLBACK_URL = "http://127.0.0.1:9/callback";

const [folder = fileURLToPath(new URL("transpiled", import.meta.url)), ...program] = process.argv.slice(2);
const [name, ...before] = program.length ? program : [process.execPath, fileURLToPath(new URL("pool.mjs", import.meta.url))];
const host = new Host(await load(resolve(folder)), CALLBACK_URL);

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
    body = new URLSearchParams([...hidden, ["username", login.username], ["login", login.username], ["password", login.password]]);
    url = new URL(page.match(/action="([^"]*)"/)[1].replaceAll("&amp;", "&"), url).href;
  }
  return url;
}

const problems = host.check("{}", "{}").map((problem) => problem.path);
assert.deepEqual(problems, ["/settings/callback_url", "/connector/user_pool_id", "/connector/client_id"]);

const pool = spawn(name, [...before, CALLBACK_URL], { stdio: ["pipe", "pipe", "inherit"] });
let login;
for await (const line of createInterface({ input: pool.stdout })) {
  if (line.startsWith("{")) {
    login = JSON.parse(line);
    break;
  }
}
pool.stdout.resume();
const secret = login.client_secret;
const invocation = {
  settings: JSON.stringify(login.settings),
  connector: JSON.stringify(login.connector),
  browser: new Uint8Array(randomBytes(32)),
  round: 1,
};

const use = host.secretUse(invocation.connector);
// The stand-in isn't Cognito: what its answers don't tell is unknown, and never failed.
const isFine = ({ status }) => status === "passed" || (login.origin !== undefined && status === "unknown");
const told = (findings) => findings.filter((finding) => !isFine(finding)).map(({ check, status, code }) => [check, status, code]);
const untested = ["untested", "skipped", undefined];
const tested = host.test(invocation.settings, invocation.connector, { secret, use });
for (const { check, status } of tested) console.log(`${check.padEnd(12)} ${status}`);
assert.deepEqual(told(tested), [untested]);
assert.equal(tested.length, 9);
const rotated = host.test(undefined, invocation.connector, { secret: "rotated", use });
const skipped = ["callback", "scope"].map((check) => [check, "skipped", undefined]);
assert.deepEqual(told(rotated), [...skipped, ["credentials", "failed", "client_rejected"], untested]);
const edited = JSON.stringify({ ...login.connector, client_authentication: "client_secret_post" });
assert.equal(host.test(invocation.settings, edited, { secret, use }), "the secret is to be entered anew");

const elsewhere = JSON.stringify({ ...login.settings, callback_url: "http://127.0.0.1:9/elsewhere" });
assert.equal(host.begin(new Visit(), { ...invocation, settings: elsewhere }).val.code, "callback_refused");

let visit = new Visit();
let begun = host.begin(visit, invocation);
assert.equal(begun.tag, "redirect", begun.val.code);
const response = arrived(await signIn(begun.val.url, login));
const misled = arrived(response.val.url.replace("/callback?", "/elsewhere?"));
assert.equal(host.complete(visit, invocation, secret, misled).val.code, "callback_mismatch");
const authenticated = host.complete(visit, invocation, secret, response);
assert.equal(authenticated.tag, "authenticated", authenticated.val.code);
const output = JSON.parse(visit.variables.get("cognito_oidc_output"));
assert.deepEqual([output.user.external_user_id, output.user.email], [authenticated.val.subject, login.username]);
assert.equal(JSON.parse(visit.variables.get("error_output")).code, "");
assert.equal(host.complete(visit, invocation, secret, response).tag, "too late");

visit = new Visit();
begun = host.begin(visit, invocation);
// The stand-in promises to name itself in its responses (RFC 9207); Cognito doesn't.
const issuer = login.issuer ? `&iss=${encodeURIComponent(login.issuer)}` : "";
const refusal = arrived(`${CALLBACK_URL}?error=access_denied&state=${begun.val.state}${issuer}`);
const refused = host.complete(visit, invocation, secret, refusal);
assert.deepEqual([refused.tag, refused.val.code], ["failed", "access_denied"]);
assert.equal(JSON.parse(visit.variables.get("error_output")).code, "access_denied");
assert.equal(visit.variables.get("cognito_oidc_output"), undefined);
pool.stdin.end();
console.log(`Node.js ${process.version}: a test of the connection, a whole login of ${output.user.email}, its response once more, a refusal`);
