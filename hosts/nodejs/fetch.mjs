// One HTTP exchange for a host that must wait for it: the request as JSON on standard input, the answer as JSON on standard output.
// No redirect, no cookie, no retry, no proxy.

import { request as http } from "node:http";
import { request as https } from "node:https";
import { readFileSync } from "node:fs";

const { method, url, headers, body, timeoutMs, maxBodyBytes } = JSON.parse(readFileSync(0, "utf8"));
const done = (answer) => process.stdout.write(JSON.stringify(answer), () => process.exit(0));
const request = (url.startsWith("https:") ? https : http)(url, { method, headers: Object.fromEntries(headers) }, (response) => {
  const chunks = [];
  let bytes = 0;
  response.on("data", (chunk) => {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) done({ error: { tag: "too-large" } });
    chunks.push(chunk);
  });
  response.on("error", () => done({ error: { tag: "other", val: "the exchange broke off" } }));
  response.on("end", () => {
    const raw = response.rawHeaders;
    const headers = raw.flatMap((name, index) => (index % 2 ? [] : [[name.toLowerCase(), raw[index + 1]]]));
    done({ status: response.statusCode, headers, body: Buffer.concat(chunks).toString("base64") });
  });
});
request.on("error", ({ code }) => done({ error: { tag: code === "ECONNREFUSED" ? "unreachable" : "other", val: "the exchange broke off" } }));
setTimeout(() => done({ error: { tag: "timeout" } }), timeoutMs);
request.end(Buffer.from(body, "base64"));
