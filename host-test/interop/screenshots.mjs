// The pictures of the docs: its arguments are the demo's start page and the folder for them.

import { join } from "node:path";
import { pagesOf } from "./pages.mjs";
import { launch } from "./person.mjs";

const [start, folder, all] = process.argv.slice(2);
const wanted = ["start", "sign-in", "logged-in", "chooser", "firewall", "edit"];
const chromium = await launch();
for (const colorScheme of all ? ["light", "dark"] : ["light"]) {
  for (const width of all ? [390, 1280] : [960]) {
    const context = await chromium.newContext({ colorScheme, viewport: { width, height: 720 } });
    const page = await context.newPage();
    for await (const name of pagesOf(page, start)) {
      if (!all && !wanted.includes(name)) continue;
      const file = all ? `${name}-${colorScheme}-${width}.png` : `${name}.png`;
      await page.screenshot({ path: join(folder, file), fullPage: Boolean(all) });
    }
    await context.close();
  }
}
await chromium.close();
