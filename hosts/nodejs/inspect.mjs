// What a package says of itself, with Node.js alone: `node inspect.mjs [FOLDER]`, where `SHA256SUMS` lies. Compares the sums of all files in it,
// then reads name, version, revision and dependencies out of the component's custom sections.
//
// The sums tell a damaged package. Whether it is the right one, only a signature over them can tell.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";

const COMPONENT = "cognito_oidc.wasm";
const LIST = 2 << 20; // bytes of the list of dependencies

const folder = process.argv[2] ?? fileURLToPath(new URL("../..", import.meta.url));
const read = (name) => readFileSync(join(folder, name));

/** The files whose content isn't as `SHA256SUMS` says, or that aren't there. */
function damaged() {
  const wrong = [];
  let files = 0;
  for (const line of read("SHA256SUMS").toString().split("\n").filter(Boolean)) {
    const [, sum, name] = line.match(/^([0-9a-f]{64}) {2}(.+)$/) ?? [];
    if (!name || name.startsWith("/") || name.split("/").includes("..")) throw new Error("SHA256SUMS has a line that names no file of the package");
    files += 1;
    try {
      if (createHash("sha256").update(read(name)).digest("hex") !== sum) wrong.push(name);
    } catch {
      wrong.push(name);
    }
  }
  return { files, wrong };
}

/** The sections outside of all nested modules, those that only tell: by name. */
function customSections(bytes) {
  const sections = new Map();
  let at = 8; // after magic number and version
  const number = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw new Error("this is no WebAssembly");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  if (bytes.readUInt32BE(0) !== 0x0061736d) throw new Error("this is no WebAssembly");
  while (at < bytes.length) {
    const id = bytes[at++];
    const end = number() + at;
    if (end > bytes.length) throw new Error("this WebAssembly is cut off");
    if (id === 0) {
      const length = number();
      sections.set(bytes.toString("utf8", at, at + length), bytes.subarray(at + length, end));
    }
    at = end;
  }
  return sections;
}

const { files, wrong } = damaged();
if (wrong.length) {
  console.error(`not as SHA256SUMS says: ${wrong.join(", ")}`);
  process.exit(1);
}
console.log(`${files} files are as SHA256SUMS says\n`);

const sections = customSections(read(COMPONENT));
// The section of names holds subsections; the component's own is the first, and a length stands before it and before its text.
const name = sections.get("component-name");
if (name?.[0] === 0) console.log(`name         ${name.toString("utf8", 3, 3 + name[2])}`);
for (const field of ["version", "description", "licenses", "source", "revision"]) {
  console.log(`${field.padEnd(12)} ${sections.get(field) ?? "not told"}`);
}
const list = sections.get(".dep-v0");
const { packages } = JSON.parse(inflateSync(list, { maxOutputLength: LIST }));
const linked = packages.filter(({ kind, root }) => kind !== "build" && !root);
console.log(`dependencies ${linked.length}, and ${packages.length - linked.length - 1} that only helped to build\n`);
for (const { name, version } of linked) console.log(`  ${name} ${version}`);
