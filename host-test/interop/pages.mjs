// Every page that a person meets, one after the other; and what has to hold of each.

import assert from "node:assert/strict";
import axe from "axe-core";
import { logIn } from "./person.mjs";

// Leads a page from one to the next; says the name of each.
export async function* pagesOf(page, start) {
  const at = (path) => new URL(path, start).href;
  const journey = at("/journey");
  await page.goto(start);
  yield "start";
  await page.goto(at("/start"));
  yield "sign-in";
  await page.fill("input[name=username]", "ada@example.com");
  await page.fill("input[name=password]", "not it");
  await page.click("button[type=submit]");
  yield "wrong-password";
  await page.goto(journey);
  yield "waiting";
  await page.goto(at("/start"));
  await logIn(page, journey);
  yield "logged-in";
  await page.goto(at("/start?journey=migration"));
  await logIn(page, journey);
  yield "migrated";
  await page.getByText("Sign out at Cognito").click();
  await page.goto(at("/start?journey=migration"));
  await page.click("text=Continue with Google");
  await page.click("text=Grace Hopper");
  await page.waitForURL(journey);
  yield "in-conflict";
  await page.goto(at("/start?journey=google"));
  yield "chooser";
  await page.click("text=Cancel");
  await page.waitForURL(journey);
  yield "refused";
  await page.goto(at("/start?journey=abort"));
  await page.click("text=Cancel");
  await page.waitForURL(journey);
  yield "aborted";
  await page.goto(at("/start?journey=firewall"));
  await logIn(page, journey);
  yield "firewall";
  await page.goto(at("/start?journey=arabic"));
  yield "right-to-left";
  await page.goto(at("/start?journey=unknown-client"));
  yield "cognitos-error";
  await page.goto(at("/connection"));
  yield "connection";
  await page.click("button");
  await page.waitForSelector("dl");
  yield "connection-tested";
  await page.goto(at("/step"));
  yield "edit";
  await page.fill("[name='/settings/callback_url']", "https://login.example.com/callback");
  await page.fill("[name='/settings/login_lifetime']", "soon");
  await page.fill("[name='/connector/client_id']", "");
  await page.fill("[name=secret]", "entered by hand");
  await page.getByRole("button", { name: "Save", exact: true }).first().click();
  yield "edit-wrong";
  await page.getByRole("button", { name: "Undo all changes" }).click();
  await page.getByRole("button", { name: "Save and test the connection" }).click();
  yield "edit-tested";
  await page.getByRole("button", { name: "Save and log in" }).first().click();
  await logIn(page, journey);
  yield "edit-ended";
  await page.goto(at("/nowhere"));
  yield "nowhere";
}

// Nothing that keeps anybody out (WCAG, by axe), and nothing beside the screen.
export async function examine(page, name) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, [], name);
  const beside = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(beside <= 0, `${name} is ${beside} pixels too wide`);
}
