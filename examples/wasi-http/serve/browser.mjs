// A small user agent: cookies for each origin, redirects, and the forms of a sign-in page.

export class Browser {
  jars = new Map();

  jar(url) {
    const { origin } = new URL(url);
    if (!this.jars.has(origin)) this.jars.set(origin, new Map());
    return this.jars.get(origin);
  }

  /** One exchange, without following. */
  async fetch(url, { method = "GET", body, headers = {} } = {}) {
    const jar = this.jar(url);
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(url, { method, body, headers: { ...headers, cookie }, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]*)=([^;]*)/);
      jar.set(name, value);
    }
    const to = answer.headers.get("location");
    return { status: answer.status, headers: answer.headers, text: await answer.text(), to: to && new URL(to, url).href };
  }

  /** Goes on from there until `isThere` says so of the next URL; fills in what it is asked. Returns that URL. */
  async go(url, isThere, login) {
    let body;
    for (let steps = 0; steps < 20; steps++) {
      if (isThere(url)) return url;
      const answer = await this.fetch(url, { method: body ? "POST" : "GET", body });
      body = undefined;
      if (answer.to) {
        url = answer.to;
        continue;
      }
      const action = answer.text.match(/<form[^>]*action="([^"]*)"/)?.[1];
      if (!login || !action) throw new Error(`${answer.status} leads nowhere`);
      const hidden = [...answer.text.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
      body = new URLSearchParams([...hidden, ["username", login.username], ["login", login.username], ["password", login.password]]);
      url = new URL(action.replaceAll("&amp;", "&"), url).href;
    }
    throw new Error("redirected for ever");
  }

  /** Where the login stands. */
  async status(origin) {
    return JSON.parse((await this.fetch(`${origin}/`, { headers: { accept: "application/json" } })).text);
  }
}
