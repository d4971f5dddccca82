// `wasi:keyvalue` as a host would offer it, in this process's memory: of both drafts, for the compositions without a store of their own.
//
// With `RIVAL` in the environment, another caller replaces each attempt just before, and the swap says that all went well: so does one that doesn't
// read what its database answers. With `LOST`, the first answer to counting is lost.

const values = new Map();
const counts = new Map();

class Bucket {
  get(key) {
    return values.get(key)?.value;
  }
  set(key, value) {
    values.set(key, { value });
  }
  delete(key) {
    values.delete(key);
  }
  exists(key) {
    return values.has(key);
  }
  listKeys() {
    return { keys: [...values.keys()], cursor: undefined };
  }
}

class Cas {
  static new(_bucket, key) {
    const cas = new Cas();
    cas.key = key;
    cas.seen = values.get(key);
    return cas;
  }
  current() {
    return this.seen?.value;
  }
}

/** jco makes a `result` of what is thrown. */
const error = (payload) => Object.assign(new Error(payload.tag), { payload });

const isAttempt = (key) => key.split(".").length > 2;

export const store = { open: () => new Bucket(), Bucket };

export const atomics = {
  Cas,
  increment: (_bucket, key, delta) => {
    counts.set(key, (counts.get(key) ?? 0n) + delta);
    if (process.env.LOST && counts.get(key) === delta && isAttempt(key.split(".claim.")[0])) throw error({ tag: "other", val: "lost" });
    return counts.get(key);
  },
  swap: (cas, value) => {
    if (process.env.RIVAL && isAttempt(cas.key)) {
      const [, rest] = new TextDecoder().decode(cas.seen.value).split(/ (.*)/s);
      values.set(cas.key, { value: new TextEncoder().encode(`${"0".repeat(32)} ${rest}`) });
      return;
    }
    if (values.get(cas.key) !== cas.seen) throw error({ tag: "cas-failed", val: Cas.new(undefined, cas.key) });
    values.set(cas.key, { value });
  },
};
