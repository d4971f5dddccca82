// The two editors, as a page would embed them. Each draws one schema and says what its form holds; without a theme, which would only colour it.

import { JSONEditor } from "@json-editor/json-editor";
import Form, { getDefaultRegistry } from "@rjsf/core";
import { customizeValidator } from "@rjsf/validator-ajv8";
import Ajv2020 from "ajv/dist/2020.js";
import { createRef } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";

const { ObjectFieldTemplate } = getDefaultRegistry().templates;

// RJSF has no section that starts collapsed; the schema says which one should.
function Section(props) {
  if (!props.schema.options?.collapsed) return <ObjectFieldTemplate {...props} />;
  return (
    <details>
      <summary>{props.title}</summary>
      <ObjectFieldTemplate {...props} title="" />
    </details>
  );
}

const drawn = {
  rjsf(place, schema) {
    const form = createRef();
    const validator = customizeValidator({ AjvClass: Ajv2020 });
    const drawn = (
      <Form ref={form} schema={schema} validator={validator} templates={{ ObjectFieldTemplate: Section }} liveValidate="onChange">
        <span />
      </Form>
    );
    flushSync(() => createRoot(place).render(drawn));
    return () => ({ document: form.current.state.formData, problems: form.current.state.errors.map((error) => error.stack) });
  },
  "json-editor": async (place, schema) => {
    const editor = new JSONEditor(place, { schema, disable_edit_json: true, prompt_before_delete: false });
    await editor.promise;
    await new Promise((ready) => (editor.ready ? ready() : editor.on("ready", ready)));
    return () => ({ document: editor.getValue(), problems: editor.validate().map(({ path, message }) => `${path}: ${message}`) });
  },
};

// What `held` returns is what the form holds.
globalThis.draw = async (editor, schema) => {
  globalThis.held = await drawn[editor](document.querySelector("main"), schema);
};
