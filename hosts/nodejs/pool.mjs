// A certified OpenID Provider that stands in for a user pool: `node pool.mjs CALLBACK_URL`. It names the pool's issuer, and puts `token_use` into
// its ID tokens, as Cognito does. Everything else is its own. Prints as a line of JSON what to log in with, then serves until its standard input
// ends.

import { createServer } from "node:http";
import Provider from "oidc-provider";

const POOL = "eu-west-1_AbCdEf123";
const ISSUER = `https://cognito-idp.eu-west-1.amazonaws.com/${POOL}`;
// With characters that must be form-encoded before they go into a Basic header.
const SECRET = "a secret: with+odd%characters&of=every?kind";
const CLAIMS = { email: "ada@example.com", email_verified: true, name: "Ada Lovelace", token_use: "id" };

const [callbackUrl] = process.argv.slice(2);
const client = (method) => ({
  client_id: method,
  client_secret: method === "none" ? undefined : SECRET,
  token_endpoint_auth_method: method,
  redirect_uris: [callbackUrl],
  application_type: "native",
  require_auth_time: true,
});

const provider = new Provider(ISSUER, {
  clients: ["client_secret_basic", "client_secret_post", "none"].map(client),
  claims: { openid: ["sub", "token_use"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...CLAIMS }) }),
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, claimsParameter: { enabled: true }, revocation: { enabled: true } },
  acrValues: ["urn:example:password"],
  cookies: { keys: ["only for tests"] },
});

const server = createServer(provider.callback());
server.listen(0, "127.0.0.1", () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const login = {
    origin,
    issuer: ISSUER,
    settings: { callback_url: callbackUrl },
    connector: {
      user_pool_id: POOL,
      client_id: "client_secret_basic",
      custom_endpoints: { openid_configuration: `${origin}/.well-known/openid-configuration` },
    },
    client_secret: SECRET,
    username: CLAIMS.email,
    password: "any",
  };
  console.log(JSON.stringify(login));
});
process.stdin.on("end", () => process.exit(0)).resume();
