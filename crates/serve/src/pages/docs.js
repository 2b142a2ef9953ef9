"use strict";
function element(parent, tag, text) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}
function row(table, cells) {
  const tr = element(table, "tr");
  cells.forEach((text, i) => element(i ? element(tr, "td") : element(tr, "th"), i ? "span" : "code", text));
}
async function load() {
  const main = document.querySelector("main");
  const api = await (await fetch("/openapi.json")).json();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const section = element(main, "section");
      element(element(section, "h2"), "code", method.toUpperCase() + " " + path);
      element(section, "p", operation.summary || operation.description || "");
      if (operation.security) element(section, "p", "Needs the token: Authorization: Bearer TOKEN");
      if (operation.requestBody && operation.requestBody.description) element(section, "p", "Body: " + operation.requestBody.description);
      const table = element(section, "table");
      for (const [status, response] of Object.entries(operation.responses)) row(table, [status, response.description]);
    }
  }
}
load();
