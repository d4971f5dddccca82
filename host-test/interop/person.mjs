// What every play does: a browser, and the user who logs in.

import { chromium } from "playwright-core";

export const username = "ada@example.com";
export const password = "Analytical-Engine-1843";

export const launch = () =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"],
  });

// Signs in at Cognito's page, and waits for the page where that leads.
export async function logIn(page, to) {
  await page.fill("input[name=username]", username);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
  await page.waitForURL(to);
}
