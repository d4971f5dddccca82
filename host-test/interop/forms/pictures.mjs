// The picture of the docs: a second factor, filled in. Its arguments: the folder of the schemas, and the one for the picture.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { launch } from "../person.mjs";
import { draw } from "./draw.mjs";
import { editors, labelled } from "./hands.mjs";

const [schemas, pictures] = process.argv.slice(2);
const schema = JSON.parse(readFileSync(join(schemas, "settings.json"), "utf8"));
const chromium = await launch();
const form = await draw(chromium, "rjsf", schema, { colorScheme: "light", viewport: { width: 760, height: 3000 } });
await editors.rjsf.open(form, "advanced");
await labelled(form, "ACR values").fill("urn:cognito:loa:3");
await labelled(form, "Maximum authentication age").fill("300");
await form.evaluate(() => document.activeElement.blur());
const first = await form.locator("summary").boundingBox();
const last = await labelled(form, "Maximum authentication age").boundingBox();
const clip = { x: 0, y: first.y - 16, width: 760, height: last.y + last.height - first.y + 32 };
await form.screenshot({ path: join(pictures, "form.png"), clip });
await chromium.close();
