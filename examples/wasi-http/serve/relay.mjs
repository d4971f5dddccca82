// A server that stands between the component and the user pool, and misbehaves when it is told to.

import { createServer } from "node:http";

export class Relay {
  /** What was asked for, by path. */
  asked = [];
  /** What becomes of the next requests: answers, or does nothing for ever. */
  behavior = (_request, response) => response.writeHead(500).end();

  static async start() {
    const relay = new Relay();
    relay.server = createServer((request, response) => {
      relay.asked.push(request.url);
      relay.behavior(request, response);
    });
    await new Promise((listening) => relay.server.listen(0, "127.0.0.1", listening));
    relay.origin = `http://127.0.0.1:${relay.server.address().port}`;
    return relay;
  }

  /** Passes a request on, as it is, once `until` is fulfilled; keeps what it was. */
  forwarding(to, until = Promise.resolve()) {
    return async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { host, connection, "content-length": length, ...headers } = request.headers;
      this.last = { headers: request.headers, body: Buffer.concat(chunks).toString() };
      await until;
      const answer = await fetch(to, { method: request.method, headers, body: request.method === "POST" ? this.last.body : undefined });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
      response.end(Buffer.from(await answer.arrayBuffer()));
    };
  }

  end() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
