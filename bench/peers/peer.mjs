// What runs on Node.js: `peer.mjs FIXTURE FOLDER`, the component transpiled into the folder. Reads lines `row times`, and answers each by an
// array of nanoseconds, one for each time.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

import { CognitoJwtVerifier } from "aws-jwt-verify";
import * as client from "openid-client";

const fixture = JSON.parse(readFileSync(process.argv[2], "utf8"));
const folder = pathToFileURL(`${process.argv[3]}/`);

/** One login by openid-client: code exchange, ID token with its signature, userinfo. Keys and metadata are there after the first one. */
async function openidClient() {
  const canned = async (url) => {
    const { content_type, body } = fixture.exchanges[url];
    return new Response(body, { status: 200, headers: { "content-type": content_type } });
  };
  const configuration = new client.Configuration(fixture.metadata, fixture.client_id, fixture.secret, client.ClientSecretBasic(fixture.secret));
  configuration[client.customFetch] = canned;
  // Without it, an ID token from the token endpoint is believed without a look at its signature.
  client.enableNonRepudiationChecks(configuration);
  const checks = {
    pkceCodeVerifier: "0123456789abcdefghijABCDEFGHIJ-._~0123456789a",
    expectedState: fixture.state,
    expectedNonce: fixture.nonce,
  };
  return {
    complete: async () => {
      const tokens = await client.authorizationCodeGrant(configuration, new URL(fixture.arrival), checks);
      const { sub } = tokens.claims();
      await client.fetchUserInfo(configuration, tokens.access_token, sub);
    },
    begin: async () => {
      const verifier = client.randomPKCECodeVerifier();
      return client.buildAuthorizationUrl(configuration, {
        redirect_uri: fixture.callback_url,
        scope: "openid",
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state: client.randomState(),
        nonce: client.randomNonce(),
      });
    },
  };
}

/** aws-jwt-verify: the ID token alone, its key set cached. */
function awsJwtVerify() {
  const verifier = CognitoJwtVerifier.create({ userPoolId: fixture.user_pool_id, tokenUse: "id", clientId: fixture.client_id });
  verifier.cacheJwks(fixture.key_set);
  return () => verifier.verifySync(fixture.id_token);
}

/** The component: an instance of its own for each call, its imports answered from tables. */
async function component() {
  const { instantiate } = await import(new URL("cognito_oidc.js", folder));
  const modules = new Map();
  const load = (path) => {
    if (!modules.has(path)) modules.set(path, new WebAssembly.Module(readFileSync(new URL(path, folder))));
    return modules.get(path);
  };
  const imports = () => {
    let drawn = 0;
    return {
      "journey:step/http": {
        fetch: ({ url }) => {
          const { content_type, body } = fixture.exchanges[url];
          return { status: 200, headers: [["content-type", content_type]], body: Buffer.from(body) };
        },
      },
      "journey:step/variables": { set: () => {} },
      "journey:step/attempts": {
        get: (key) => (key in fixture.attempts ? { value: fixture.attempts[key], revision: "1" } : undefined),
        put: () => {},
        replace: () => true,
      },
      "journey:step/tenant-cache": { get: (key) => fixture.cache[key], put: () => {} },
      "wasi:clocks/wall-clock": {
        now: () => ({ seconds: BigInt(fixture.now), nanoseconds: 0 }),
        resolution: () => ({ seconds: 1n, nanoseconds: 0 }),
      },
      "wasi:random/random": {
        getRandomBytes: (length) => Uint8Array.from({ length: Number(length) }, () => (drawn++ * 37 + 11) & 0xff),
        getRandomU64: () => 0n,
      },
    };
  };
  const step = () => instantiate(load, imports());
  const invocation = {
    settings: fixture.settings,
    connector: fixture.connector,
    browser: Uint8Array.from(fixture.browser),
    round: 1,
  };
  const response = { tag: "query", val: { url: fixture.arrival, parameters: fixture.query } };
  return {
    instantiate: step,
    begin: () => assert.equal(step().redirect.begin(invocation).outcome.tag, "redirect"),
    complete: () => assert.equal(step().redirect.complete(invocation, fixture.secret, response).outcome.tag, "authenticated"),
  };
}

const [login, verify, step] = [await openidClient(), awsJwtVerify(), await component()];
const rows = {
  openid_client_begin: login.begin,
  openid_client_complete: login.complete,
  aws_jwt_verify: verify,
  node_begin: step.begin,
  node_complete: step.complete,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [row, times] = line.split(" ");
  const taken = [];
  for (let time = 0; time < Number(times); time += 1) {
    const since = process.hrtime.bigint();
    const done = rows[row]();
    if (done instanceof Promise) await done;
    taken.push(Number(process.hrtime.bigint() - since));
  }
  console.log(JSON.stringify(taken));
}
