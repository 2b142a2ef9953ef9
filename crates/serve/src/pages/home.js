"use strict";
function line(parent, text, tag) {
  const node = document.createElement(tag || "div");
  node.textContent = text;
  parent.append(node);
}
function show(out, answer) {
  line(out, String(answer.prediction), "strong");
  const shares = Object.entries(answer.probabilities || {}).sort((a, b) => b[1] - a[1]);
  for (const [label, p] of shares) line(out, label + ": " + (100 * p).toFixed(1) + " %");
  if (answer.out_of_range.length) line(out, "Outside the range of the training data: " + answer.out_of_range.join(", "));
  line(out, answer.model + " version " + answer.version + ", request " + answer.request_id, "small");
}
function body(form) {
  const file = form.querySelector("[type=file]");
  if (file) {
    const data = new FormData();
    data.append("file", file.files[0]);
    return { body: data };
  }
  const sample = {};
  for (const field of form.querySelectorAll("[data-kind]")) {
    const text = field.value;
    if (text === "") sample[field.name] = null;
    else if (field.dataset.kind === "number") sample[field.name] = Number(text);
    else if (field.dataset.kind === "boolean") sample[field.name] = text === "true";
    else sample[field.name] = text;
  }
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(sample) };
}
function path(form) {
  return "/predict/" + encodeURIComponent(form.dataset.model);
}
function look(form, file) {
  const image = form.querySelector("img");
  if (image.src) URL.revokeObjectURL(image.src);
  image.hidden = !file;
  if (file) image.src = URL.createObjectURL(file);
}
async function ask(form) {
  const out = form.querySelector("output");
  out.replaceChildren();
  out.className = "";
  try {
    const response = await fetch(path(form), { method: "POST", ...body(form) });
    const answer = await response.json();
    if (response.ok) show(out, answer);
    else {
      out.className = "problem";
      line(out, answer.message);
    }
  } catch (error) {
    out.className = "problem";
    line(out, "The server did not answer");
  }
}
for (const form of document.querySelectorAll("form")) {
  const file = form.querySelector("[type=file]");
  if (file) {
    file.addEventListener("change", () => look(form, file.files[0]));
    const curl = form.querySelector("[data-curl]");
    curl.textContent = "curl -F file=@cat.png " + location.host + path(form);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}
