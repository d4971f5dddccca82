// Two editors draw the forms of settings and connector. Chromium fills them in, takes what they give back, and logs in with it at a demo that runs
// with these documents. Its arguments: the program of the demo, the folder of the schemas, and a folder for pictures.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";
import { launch, logIn } from "../person.mjs";
import { draw as drawOf } from "./draw.mjs";
import { editors, labelled, members } from "./hands.mjs";

const [program, schemas, pictures] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const schema = { settings: read(join(schemas, "settings.json")), connector: read(join(schemas, "connector.json")) };
const unfilled = read(join(import.meta.dirname, "unfilled.json"));
const draw = (chromium, editor, document, look) => drawOf(chromium, editor, schema[document], look);
// The two keywords that json-editor alone reads are none of the draft.
const ajv = addFormats(new Ajv2020({ allErrors: true, strict: false }));
const validate = { settings: ajv.compile(schema.settings), connector: ajv.compile(schema.connector) };

const required = {
  settings: { callback_url: "https://login.example.com/callback" },
  connector: { user_pool_id: "eu-west-1_AbCdEf123", client_id: "6q2fnj1k8mtd4s0v3hb7l9czxa" },
};

// What a person fills in, by the labels that the form shows; and the document that has to come out.
const steps = {
  "what is required": {
    // What was filled in and emptied again is as good as never filled in.
    async fill({ form, hands }, document) {
      if (document === "connector") return;
      await hands.open(form, "advanced");
      for (const title of ["ACR values", "Accepted ACR values", "Required AMR", "Claims", "Maximum authentication age", "Prompt"]) {
        for (const text of ["7", ""]) {
          await labelled(form, title).fill(text);
          await form.keyboard.press("Tab");
        }
      }
    },
    expected: {},
    ends: /Ada Lovelace/,
  },
  "a second factor": {
    async fill({ form, hands }, document) {
      if (document === "connector") return;
      await hands.open(form, "advanced");
      await labelled(form, "ACR values").fill("urn:cognito:loa:3");
      await labelled(form, "Maximum authentication age").fill("300");
    },
    expected: { settings: { advanced: { accept_any_acr: false, acr_values: "urn:cognito:loa:3", max_age: 300 } } },
    ends: /urn:cognito:loa:3/,
  },
  "a field of each kind": {
    async fill({ form, hands }, document) {
      if (document === "connector") {
        await labelled(form, "Name").fill("Customers");
        await labelled(form, "Client authentication").selectOption("Client secret, in the body");
        await hands.add(form, "additional_regions", "eu-central-1");
        await hands.open(form, "custom_endpoints");
        await labelled(form, "Logout endpoint").fill("https://login.example.com/logout");
        return;
      }
      await labelled(form, "Scope").fill("openid email");
      await labelled(form, "Response mode").selectOption("Form post");
      await labelled(form, "Tokens").selectOption("Discard and revoke");
      await labelled(form, "Login lifetime").fill("600");
      await hands.choose(form, "event_data", "Custom data");
      await hands.add(form, "event_data.custom", "/outcome");
      await hands.open(form, "advanced");
      await labelled(form, "Required AMR").fill("mfa");
      await labelled(form, "Claims").fill('{"id_token": {"auth_time": {"essential": true}}}');
      await hands.set(form, "advanced.authorize_parameters", "theme", "dark");
    },
    expected: {
      settings: {
        scope: "openid email",
        response_mode: "form_post",
        tokens: "revoke",
        login_lifetime: 600,
        event_data: { custom: ["/outcome"] },
        advanced: {
          accept_any_acr: false,
          required_amr: "mfa",
          claims: '{"id_token": {"auth_time": {"essential": true}}}',
          authorize_parameters: { theme: "dark" },
        },
      },
      connector: {
        name: "Customers",
        client_authentication: "client_secret_post",
        additional_regions: ["eu-central-1"],
        custom_endpoints: { logout_endpoint: "https://login.example.com/logout" },
      },
    },
    ends: /Logged in/,
  },
};

// As JSON, as it is sent: a member that is undefined isn't in it.
const held = async (form) => JSON.parse(await form.evaluate(() => JSON.stringify(globalThis.held())));

// Each field once, as what a person expects of it, under its title and with its help; a section of its own starts collapsed.
async function holdsEveryField(form, hands, document) {
  const page = await form.textContent("main");
  assert.doesNotMatch(page, /`|unsupported|undefined/i);
  for (const { path, field } of members(schema[document])) {
    // Of a value that comes in several shapes, json-editor shows the help of the one that is chosen.
    const shapes = field.oneOf?.filter((choice) => !("const" in choice)) ?? [];
    const isHelped = [field, ...shapes].some(({ description }) => page.includes(description));
    assert.ok(page.includes(field.title) && isHelped, `${path}: its title and its help`);
    if (field.properties) {
      const within = labelled(form, Object.values(field.properties)[0].title);
      assert.ok(!(await within.isVisible()), `${path} starts collapsed`);
      await hands.open(form, path);
      assert.ok(await within.isVisible(), `${path} opens`);
    } else if (field.additionalProperties || field.type === "array") {
      assert.ok(await hands.adder(form, path).isVisible(), `${path} takes another one`);
    } else {
      const control = hands.control(form, path);
      assert.equal(await control.count(), 1, `${path} is one field`);
      assert.ok(await control.isVisible(), path);
      const tag = await control.evaluate((element) => element.tagName);
      const texts = field.oneOf?.every((choice) => choice.const) ? field.oneOf : field.oneOf?.flatMap((choice) => choice.oneOf ?? []);
      if (texts) {
        const shown = (await control.locator("option").allTextContents()).filter((text) => text.trim());
        assert.deepEqual(shown, texts.map((choice) => choice.title), `${path} is a selection`);
      } else if (field.type === "boolean") {
        assert.ok(tag === "SELECT" || (await control.getAttribute("type")) === "checkbox", path);
      } else {
        assert.ok(["INPUT", "TEXTAREA"].includes(tag), `${path} is a text`);
      }
    }
  }
}

// Fills one form in, and takes what comes out: valid for the editor itself and for Ajv.
async function fillIn(chromium, editor, document, step) {
  const hands = editors[editor];
  const form = await draw(chromium, editor, document);
  for (const [name, value] of Object.entries(required[document])) {
    await labelled(form, schema[document].properties[name].title).fill(value);
  }
  await step.fill({ form, hands }, document);
  // Some take a text over when the focus leaves it.
  await form.keyboard.press("Tab");
  const { document: filled, problems } = await held(form);
  assert.deepEqual(problems, [], `${editor}: ${document}`);
  assert.ok(validate[document](filled), JSON.stringify(validate[document].errors));
  assert.deepEqual(filled, { ...unfilled[document], ...required[document], ...step.expected[document] });
  await form.close();
  return filled;
}

// Logs in at a demo that runs with these documents. It doesn't begin where the step's own check finds a problem.
async function logInWith(chromium, documents, ends) {
  const files = ["settings", "connector"].map((name) => join(pictures, `${name}.json`));
  files.forEach((file, index) => writeFileSync(file, JSON.stringify(Object.values(documents)[index])));
  const demo = spawn(program, ["demo", "--serve", "--config", files[0], "--integration", files[1]], { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  // Beside what it prints: its log, or why it doesn't begin.
  demo.stderr.on("data", (text) => said.push(text));
  try {
    let start;
    for await (const line of createInterface({ input: demo.stdout })) {
      said.push(line);
      start = /http:\/\/localhost:\d+\//.exec(line)?.[0];
      if (start) break;
    }
    assert.ok(start, said.join("\n"));
    demo.stdout.resume();
    const page = await chromium.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(start);
    await page.click("text=Log in");
    await logIn(page, new URL("/journey", start).href);
    const main = await page.textContent("main");
    assert.match(main, /Logged in/);
    assert.match(main, ends);
    await page.close();
  } finally {
    demo.kill();
  }
}

const chromium = await launch();
for (const [editor, hands] of Object.entries(editors)) {
  for (const document of ["settings", "connector"]) {
    const form = await draw(chromium, editor, document);
    assert.deepEqual((await held(form)).document, unfilled[document], `${editor}: ${document}, untouched`);
    await holdsEveryField(form, hands, document);
    await form.close();
  }
  console.log(`${editor}: every field is drawn`);
  for (const [name, step] of Object.entries(steps)) {
    const documents = {
      settings: await fillIn(chromium, editor, "settings", step),
      connector: await fillIn(chromium, editor, "connector", step),
    };
    await logInWith(chromium, documents, step.ends);
    console.log(`${editor}: ${name}, filled in, and logged in with`);
  }
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1280]) {
      for (const document of ["settings", "connector"]) {
        const form = await draw(chromium, editor, document, { colorScheme, viewport: { width, height: 900 } });
        await hands.open(form, document === "settings" ? "advanced" : "custom_endpoints");
        await form.screenshot({ path: join(pictures, `${editor}-${document}-${colorScheme}-${width}.png`), fullPage: true });
        await form.close();
      }
    }
  }
}
await chromium.close();
