// How each editor is used: where it puts a field, and what a person clicks to open a section, to add an item, to choose another form of a value.

// A control by the label that a person reads; an asterisk marks what is required.
export const labelled = (form, title) => form.getByLabel(new RegExp(`^${title}\\*?$`)).first();

// Every member of an object at any depth, each with its path; those of a section come after it.
export function members(schema, prefix = "") {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    return [{ path, field }, ...members(field, `${path}.`)];
  });
}

const names = (path) => path.split(".");

export const editors = {
  rjsf: {
    control: (form, path) => form.locator(`#root_${names(path).join("_")}`),
    group: (form, path) => form.locator(`fieldset#root_${names(path).join("_")}`),
    adder: (form, path) => editors.rjsf.group(form, path).locator(".btn-add"),
    open: (form, path) => form.locator(`summary:has(+ fieldset#root_${names(path).join("_")})`).click(),
    async add(form, path, text) {
      const count = await editors.rjsf.group(form, path).locator("input").count();
      await editors.rjsf.adder(form, path).click();
      await form.locator(`#root_${names(path).join("_")}_${count}`).fill(text);
    },
    choose: (form, path, title) => form.locator(`#root_${names(path).join("_")}__oneof_select`).selectOption(title),
    async set(form, path, name, text) {
      await editors.rjsf.adder(form, path).click();
      const id = `#root_${names(path).join("_")}`;
      await form.fill(`${id}_newKey-key`, name);
      await form.keyboard.press("Tab");
      await form.fill(`${id}_${name}`, text);
    },
  },
  "json-editor": {
    control: (form, path) => form.locator(`[name="root${names(path).map((name) => `[${name}]`).join("")}"]`),
    group: (form, path) => form.locator(`[data-schemapath="root.${path}"]`).first(),
    adder: (form, path) => editors["json-editor"].group(form, path).getByRole("button", { name: /^(Add .*|Object Properties)$/ }).first(),
    open: (form, path) => editors["json-editor"].group(form, path).getByRole("button", { name: "Expand" }).first().click(),
    async add(form, path, text) {
      const count = await editors["json-editor"].group(form, path).locator("input[type=text][name]").count();
      await editors["json-editor"].adder(form, path).click();
      await editors["json-editor"].control(form, `${path}.${count}`).fill(text);
    },
    choose: (form, path, title) => form.locator(`[id="root[${path}]switcher"]`).selectOption(title),
    async set(form, path, name, text) {
      await editors["json-editor"].adder(form, path).click();
      await form.fill(`[id="root.${path}-property-selector"]`, name);
      await editors["json-editor"].group(form, path).getByRole("button", { name: /^add$/i }).click();
      // The list of properties is closed as it was opened; the fields wait for that.
      await editors["json-editor"].adder(form, path).click();
      await editors["json-editor"].control(form, `${path}.${name}`).fill(text);
    },
  },
};
