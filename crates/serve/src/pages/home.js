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
async function ask(form) {
  const out = form.querySelector("output");
  const sample = {};
  for (const field of form.querySelectorAll("[data-kind]")) {
    const text = field.value;
    if (text === "") sample[field.name] = null;
    else if (field.dataset.kind === "number") sample[field.name] = Number(text);
    else if (field.dataset.kind === "boolean") sample[field.name] = text === "true";
    else sample[field.name] = text;
  }
  out.replaceChildren();
  out.className = "";
  try {
    const response = await fetch("/predict/" + encodeURIComponent(form.dataset.model), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(sample),
    });
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
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}
