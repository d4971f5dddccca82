// A user pool: another program, which serves it for the callback URL that it is given last, and says as a line of JSON what to log in with.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Pool {
  static async start([program, ...before], callbackUrl) {
    const pool = new Pool();
    pool.process = spawn(program, [...before, callbackUrl], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: pool.process.stdout })[Symbol.asyncIterator]();
    pool.login = JSON.parse((await lines.next()).value);
    return pool;
  }

  /** The environment of a component that logs in there. The operator names those origins of plain http that are on loopback. */
  environment(connector = this.login.connector) {
    const origins = new Set(Object.values(connector.custom_endpoints).map((url) => new URL(url).origin));
    return {
      JOURNEY_SETTINGS: JSON.stringify(this.login.settings),
      JOURNEY_CONNECTOR: JSON.stringify(connector),
      JOURNEY_CLIENT_SECRET: this.login.client_secret,
      JOURNEY_PERMITTED: [...origins].join(" "),
    };
  }

  end() {
    this.process.stdin.end();
  }
}
