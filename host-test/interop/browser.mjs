// A real browser: Chromium plays the demo as a person would. Its arguments: the demo's start page, and the names of plays; or `across a fleet` and the
// start page of another host. The journey (`localhost`) and the local Cognito (`127.0.0.1`) are two sites to it, so its own rules on cookies between
// sites apply. Whatever a page logs as an error fails the play: a missing icon, a breach of a policy.

import assert from "node:assert/strict";
import { examine, pagesOf } from "./pages.mjs";
import { launch, logIn, password, username } from "./person.mjs";

const [start, ...names] = process.argv.slice(2);
const at = (path) => new URL(path, start).href;
const journey = at("/journey");
const begin = (name) => at(`/start?journey=${name}`);
const title = (page) => page.textContent("h1");
const facts = (page) => page.textContent("dl.facts");

const plays = {
  async "log in"({ page, cookie }) {
    await page.goto(start);
    await page.click("text=Log in");
    assert.equal((await cookie("journey")).sameSite, "Lax");
    await logIn(page, journey);
    assert.equal(await title(page), "Logged in");
    assert.match(await facts(page), /Ada Lovelace[^]*ada@example.com verified[^]*not verified[^]*engineers, authors/);
  },
  async "log in by keyboard"({ page }) {
    await page.goto(start);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    // The field for the name has the focus.
    await page.waitForSelector("input[name=username]");
    await page.keyboard.type(username);
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.waitForURL(journey);
    assert.equal(await title(page), "Logged in");
  },
  async "log in by form post"({ page, cookie }) {
    const methods = [];
    page.on("request", (request) => request.url().endsWith("/callback/form-post") && methods.push(request.method()));
    await page.goto(begin("form-post"));
    const second = await cookie("journey-form-post");
    assert.deepEqual([second.sameSite, second.secure, second.httpOnly], ["None", true, true]);
    await logIn(page, journey);
    assert.deepEqual(methods, ["POST"], "the response came by a cross-site POST");
    assert.equal(await title(page), "Logged in");
  },
  async "straight to Google"({ page }) {
    await page.goto(begin("google"));
    assert.equal(await title(page), "Choose an account");
    await page.click("text=Grace Hopper");
    await page.waitForURL(journey);
    assert.match(await facts(page), /Grace Hopper[^]*grace@example.org not verified[^]*Google/);
  },
  // In one browser: Cognito knows the user at the second login, and is left before the third.
  async "migrate"({ page }) {
    await page.goto(begin("migration"));
    await logIn(page, journey);
    assert.equal(await title(page), "Logged in, and an account was created");
    await page.click("text=Start again");
    await page.waitForURL(journey);
    assert.equal(await title(page), "Logged in, and the account was updated");
    assert.match(await page.textContent("main"), /Updated: the account user-2 /);
    await page.click("text=Sign out at Cognito");
    await page.waitForURL(start);
    await page.click("text=Migrate as you log in");
    await page.click("text=Continue with Google");
    await page.click("text=Grace Hopper");
    await page.waitForURL(journey);
    assert.equal(await title(page), "In conflict with an account here");
    assert.match(await page.textContent("main"), /A conflict, address_federated: /);
  },
  async "edit the step"({ page }) {
    await page.goto(start);
    await page.click("text=Edit the step");
    const served = await page.getByLabel("Callback URL").inputValue();
    await page.getByLabel("Callback URL").fill("https://login.example.com/callback");
    await page.fill("[name='/settings/login_lifetime']", "soon");
    await page.click("text=Advanced OIDC configuration");
    await page.getByLabel("ACR values", { exact: true }).fill("urn:cognito:loa:3");
    await page.getByLabel("Maximum authentication age").fill("300");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[role=alert]");
    const wrong = page.getByLabel("Login lifetime");
    assert.equal(await wrong.getAttribute("aria-invalid"), "true");
    assert.match(await wrong.evaluate((field) => field.ariaDescribedByElements.map((element) => element.textContent).join()), /60 to 86400/);
    const alert = await page.textContent("[role=alert]");
    assert.ok(alert.includes(`Callback URL: expected ${served}, the one address`), alert);
    await page.getByLabel("Callback URL").fill(served);
    await page.click("[role=alert] a[href='#settings-login_lifetime']");
    await wrong.fill("600");
    await page.getByLabel("Tokens").selectOption("Discard and revoke");
    await page.getByRole("button", { name: "Save and test the connection" }).click();
    assert.match(await page.textContent("main"), /Saved\.[^]*Nothing failed\./);
    // What is typed is saved first; where it is refused, nobody is sent away, and all of it is still there.
    await page.getByLabel("Language").fill("fr");
    await page.getByLabel("Prompt").fill("none login");
    const saveAndLogIn = page.getByRole("button", { name: "Save and log in" }).first();
    await saveAndLogIn.click();
    assert.match(await page.textContent("[role=alert]"), /Prompt: none can't be combined with other values/);
    assert.equal(await page.getByLabel("Language").inputValue(), "fr");
    await page.getByLabel("Prompt").fill("");
    await page.getByRole("button", { name: "Save", exact: true }).first().click();
    await page.getByLabel("Language").fill("de");
    await saveAndLogIn.click();
    await page.waitForSelector("input[name=username]");
    assert.equal(await title(page), "Anmelden");
    // The page in between is no stop on the way back.
    await page.goBack();
    assert.equal(await page.getByLabel("Language").inputValue(), "de");
    await page.goForward();
    await logIn(page, journey);
    const ended = /Logged in[^]*When(less than )?\d+ s before this login was completed, by auth_time; asked for: at most 5 min[^]*urn:cognito:loa:3, by acr[^]*stand-in/;
    assert.match(await page.textContent("main"), ended);
    // It is this step that each login of the journey has, until that is undone.
    await page.click("text=Edit the step again");
    assert.equal(await page.getByLabel("Maximum authentication age").inputValue(), "300");
    await page.getByRole("button", { name: "Undo all changes" }).click();
    assert.equal(await page.inputValue("[name='/settings/advanced/max_age']"), "");
  },
  async "choose no account"({ page }) {
    await page.goto(begin("google"));
    await page.click("text=Cancel");
    await page.waitForURL(journey);
    assert.match(await page.textContent("main"), /failure branch, with the code access_denied/);
    await page.click("text=Start again");
    assert.equal(await title(page), "Choose an account");
  },
  async "abort"({ page }) {
    await page.goto(begin("abort"));
    await page.click("text=Cancel");
    await page.waitForURL(journey);
    assert.match(await page.textContent("main"), /The journey has ended: access_denied/);
  },
  async "a second factor"({ page }) {
    await page.goto(begin("step-up"));
    await logIn(page, journey);
    assert.match(await page.textContent("main"), /urn:cognito:loa:3/);
  },
  async "in the language asked for"({ page }) {
    await page.goto(begin("german"));
    assert.equal(await title(page), "Anmelden");
    await page.goto(begin("arabic"));
    assert.deepEqual(
      await page.evaluate(() => [document.documentElement.lang, getComputedStyle(document.body).direction]),
      ["ar", "rtl"],
    );
    await logIn(page, journey);
    assert.equal(await title(page), "Logged in");
  },
  async "a wrong password"({ page }) {
    await page.goto(at("/start"));
    await page.fill("input[name=username]", username);
    await page.fill("input[name=password]", "not it");
    await page.click("button[type=submit]");
    assert.match(await page.textContent("[role=alert]"), /Incorrect/);
    assert.equal(await page.inputValue("input[name=username]"), username);
    await logIn(page, journey);
    assert.equal(await title(page), "Logged in");
  },
  async "cancel"({ page }) {
    await page.goto(at("/start"));
    await page.goto(journey);
    await page.click("text=Cancel");
    await page.waitForURL(journey);
    assert.match(await page.textContent("main"), /login_cancelled/);
    await page.click("text=Start again");
    await logIn(page, journey);
    assert.equal(await title(page), "Logged in");
  },
  async "leave for another journey"({ page }) {
    await page.goto(at("/start"));
    await page.goto(begin("google"));
    await page.click("text=Grace Hopper");
    await page.waitForURL(journey);
    assert.match(await facts(page), /Grace Hopper/);
  },
  async "reload and go back"({ page }) {
    await page.goto(start);
    await page.click("text=Log in");
    await logIn(page, journey);
    const before = await facts(page);
    await page.reload();
    assert.equal(await facts(page), before);
    // Back to the login page, and forward again: nothing is answered twice.
    await page.goBack();
    await page.goto(journey);
    assert.equal(await facts(page), before);
  },
  async "two tabs"({ page, context }) {
    await page.goto(at("/start"));
    const tab = await context.newPage();
    await tab.goto(at("/start"));
    await logIn(page, journey);
    const before = await facts(page);
    await tab.reload();
    // Signed in at Cognito by now: the old tab's attempt ends at once, and too late.
    await tab.goto(journey);
    assert.equal(await facts(tab), before);
  },
  async "sign out, and in again"({ page }) {
    await page.goto(at("/start"));
    await logIn(page, journey);
    await page.click("text=Start again");
    // Cognito knows the user still.
    await page.waitForURL(journey);
    assert.equal(await title(page), "Logged in");
    await page.click("text=Sign out at Cognito");
    await page.waitForURL(start);
    await page.click("text=Log in");
    assert.equal(await title(page), "Sign in");
  },
  async "a mistake that Cognito keeps to itself"({ page }) {
    await page.goto(begin("unknown-client"));
    assert.equal(await title(page), "Something went wrong");
    await page.click("a.button");
    await page.click("text=Cancel");
    await page.waitForURL(journey);
    assert.match(await page.textContent("main"), /login_cancelled/);
  },
  // Each by its link: it ends as the page says that it does.
  async "what can go wrong, and what succeeds"({ page }) {
    await page.goto(start);
    const under = (heading) =>
      page.$$eval(`h2:has-text('${heading}') + ul li`, (items) => items.map((item) => [item.querySelector("a").href, item.textContent]));
    const [failures, unusual] = [await under("What can go wrong"), await under("What is unusual")];
    assert.ok(failures.length > 20 && unusual.length > 2, `${failures.length} failures, ${unusual.length} that succeed`);
    for (const [href, text] of [...failures, ...unusual].filter(([, text]) => !text.includes("Nothing comes back"))) {
      await page.goto(href);
      if (page.url() !== journey) await logIn(page, journey);
      const code = /It ends with ([a-z_]+)\./.exec(text)?.[1];
      const main = await page.textContent("main");
      assert.ok(code ? main.includes("Not logged in") && main.includes(code) : main.includes("Logged in"), `${href}: ${main}`);
    }
  },
  async "every page, as anybody sees it"({ chromium }) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [390, 1280]) {
        const context = await chromium.newContext({ colorScheme, viewport: { width, height: 800 } });
        const page = await context.newPage();
        page.setDefaultTimeout(20_000);
        for await (const name of pagesOf(page, start)) await examine(page, `${name}, ${colorScheme}, ${width} pixels`);
        await context.close();
      }
    }
  },
};

// One host begins, the callback URL is the other's; and either knows where the journey stands.
async function acrossAFleet({ page }, other) {
  const elsewhere = new URL("/journey", other).href;
  await page.goto(at("/start"));
  await logIn(page, elsewhere);
  assert.equal(await title(page), "Logged in");
  const user = await facts(page);
  await page.goto(journey);
  assert.equal(await title(page), "Logged in");
  assert.equal(await facts(page), user);
  // And the other way: begun where the callback URL is, looked at on the host that began the first one.
  await page.goto(new URL("/start", other).href);
  await page.waitForURL(elsewhere);
  assert.equal(await title(page), "Logged in");
  await page.goto(journey);
  assert.equal(await title(page), "Logged in");
}

const chromium = await launch();
const run = async (name, play) => {
  const context = await chromium.newContext();
  const errors = [];
  // A page that is there to say what went wrong comes with a status that browsers take for an error.
  const isMeant = (message) => /\/error\?/.test(message.location().url);
  context.on("console", (message) => message.type() === "error" && !isMeant(message) && errors.push(message.text()));
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const cookie = async (name) => (await context.cookies(start)).find((cookie) => cookie.name === name);
  await play({ page, context, cookie, chromium });
  assert.deepEqual(errors, [], name);
  await context.close();
  console.log(`Chromium: ${name}`);
};
if (names[0] === "across a fleet") await run(names[0], (stage) => acrossAFleet(stage, names[1]));
else for (const name of names.length > 0 ? names : Object.keys(plays)) await run(name, plays[name]);
await chromium.close();
