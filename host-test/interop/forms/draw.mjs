// A page with the form that an editor draws from a schema.

import assert from "node:assert/strict";
import { join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const { outputFiles } = await build({
  entryPoints: [join(here, "editors.jsx")],
  bundle: true,
  write: false,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
});
const script = outputFiles[0].text;

export async function draw(chromium, editor, schema, look = {}) {
  const form = await chromium.newPage({ viewport: { width: 1280, height: 900 }, ...look });
  form.setDefaultTimeout(20_000);
  const title = `${editor}: ${schema.title}`;
  const problems = [];
  form.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
  form.on("pageerror", (error) => problems.push(error.message));
  const head = `<meta charset="utf-8"><title>${title}</title>`;
  await form.setContent(`<!doctype html><html lang="en"><head>${head}</head><body><main></main></body></html>`);
  await form.addStyleTag({ path: join(here, "editors.css") });
  await form.addScriptTag({ content: script });
  await form.evaluate(([editor, schema]) => globalThis.draw(editor, schema), [editor, schema]);
  assert.deepEqual(problems, [], title);
  return form;
}
