// A real browser: Chromium plays the demo as a person would. Its arguments: the page where a login begins, and what to do there. The journey
// (`localhost`) and the local Cognito (`127.0.0.1`) are two sites to it, so its own rules on cookies between sites apply.

import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

// Of a fleet: where another host of it has its page.
const [start, play, other] = process.argv.slice(2);
const journey = new URL("/journey", start).href;
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
args.push("--disable-component-update", "--disable-sync");
const profile = mkdtempSync(join(tmpdir(), "browser-"));
const browser = await chromium.launchPersistentContext(profile, { executablePath: "/usr/bin/chromium", headless: true, args });
const page = browser.pages()[0];
page.setDefaultTimeout(20_000);

const logIn = async (page_ = journey) => {
  await page.fill("input[name=username]", "ada@example.com");
  await page.fill("input[name=password]", "Analytical-Engine-1843");
  await page.click("button[type=submit]");
  await page.waitForURL(page_);
};
const title = () => page.textContent("h1");
const cookie = async (name) => (await browser.cookies(start)).find((cookie) => cookie.name === name);

const plays = {
  async "log in"() {
    await page.goto(start);
    assert.equal((await cookie("journey")).sameSite, "Lax");
    await logIn();
    assert.equal(await title(), "Logged in");
    // A reload, and the way back, change nothing.
    await page.reload();
    assert.equal(await title(), "Logged in");
  },
  async "log in by form post"() {
    const methods = [];
    page.on("request", (request) => request.url().endsWith("/callback") && methods.push(request.method()));
    await page.goto(start);
    const second = await cookie("journey-form-post");
    assert.deepEqual([second.sameSite, second.secure, second.httpOnly], ["None", true, true]);
    await logIn();
    assert.deepEqual(methods, ["POST"], "the response came by a cross-site POST");
    assert.equal(await title(), "Logged in");
  },
  async "cancel"() {
    await page.goto(start);
    await page.goto(journey);
    await page.click("text=Cancel");
    await page.waitForURL(journey);
    assert.match(await page.textContent("main"), /login_cancelled/);
  },
  async "two tabs"() {
    await page.goto(start);
    const tab = await browser.newPage();
    await tab.goto(start);
    await logIn();
    const before = await page.textContent("pre");
    await tab.reload();
    // Signed in at Cognito by now: the old tab's attempt ends at once, and too late.
    await tab.goto(journey);
    assert.equal(await tab.textContent("pre"), before);
  },
  // One host begins, the callback URL is the other's; and either knows where the journey stands.
  async "across a fleet"() {
    const elsewhere = new URL("/journey", other).href;
    await page.goto(start);
    await logIn(elsewhere);
    assert.equal(await title(), "Logged in");
    const user = await page.textContent("pre");
    await page.goto(journey);
    assert.equal(await title(), "Logged in");
    assert.equal(await page.textContent("pre"), user);
    // And the other way: begun where the callback URL is, looked at on the host that began the first one.
    await page.goto(other);
    await page.waitForURL(elsewhere);
    assert.equal(await title(), "Logged in");
    await page.goto(journey);
    assert.equal(await title(), "Logged in");
  },
};
await plays[play]();
await browser.close();
console.log(`Chromium: ${play}`);
