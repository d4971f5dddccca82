// A certified OpenID Provider that stands in for a user pool: it names the pool's issuer, and puts `token_use` into its ID tokens, as Cognito
// does. Everything else is its own. Prints its origin, then serves until its standard input ends.

import { createServer } from "node:http";
import Provider from "oidc-provider";

const CLAIMS = { email: "ada@example.com", email_verified: true, name: "Ada Lovelace", token_use: "id" };

const [issuer, redirectUri, secret] = process.argv.slice(2);
const client = (method) => ({
  client_id: method,
  client_secret: method === "none" ? undefined : secret,
  token_endpoint_auth_method: method,
  redirect_uris: [redirectUri],
  application_type: "native",
  require_auth_time: true,
});

const provider = new Provider(issuer, {
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
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
