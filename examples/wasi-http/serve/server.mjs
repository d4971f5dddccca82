// `jco serve`, as a process with all that it starts, and what it prints.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const JCO = fileURLToPath(new URL("node_modules/.bin/jco", import.meta.url));
const GRANTS = fileURLToPath(new URL("grants.mjs", import.meta.url));

/** A port that nobody listens on. */
export async function unusedPort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

export class Served {
  printed = "";

  /** Serves the component at that origin, with those options of jco's, until `end`. */
  static async start(component, origin, options, environment) {
    const served = new Served();
    const { hostname, port } = new URL(origin);
    const address = ["--host", hostname, "--port", port];
    const env = { ...process.env, ...environment, JOURNEY_ORIGIN: origin };
    const stdio = ["ignore", "pipe", "pipe"];
    // A group of its own: jco starts another process, and ends without it.
    served.process = spawn(JCO, ["serve", ...address, "--jco-import", GRANTS, ...options, component], { env, stdio, detached: true });
    for (const stream of [served.process.stdout, served.process.stderr]) {
      stream.on("data", (chunk) => {
        served.printed += chunk;
      });
    }
    await served.says("Server listening");
    // jco says so before it does.
    for (let tries = 0; tries < 200; tries++) {
      if (await fetch(`${origin}/favicon.ico`).then(() => true, () => false)) return served;
      await new Promise((later) => setTimeout(later, 50));
    }
    throw new Error(`jco doesn't listen: ${served.printed}`);
  }

  /** Waits until it has printed that, behind what was there at `from`. Returns the line. */
  async says(text, from = 0) {
    for (let tries = 0; tries < 600; tries++) {
      const line = this.printed.slice(from).split("\n").find((line) => line.includes(text));
      if (line !== undefined) return line;
      assert.equal(this.process.exitCode, null, this.printed);
      await new Promise((later) => setTimeout(later, 50));
    }
    throw new Error(`it doesn't say "${text}": ${this.printed}`);
  }

  end() {
    try {
      process.kill(-this.process.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
