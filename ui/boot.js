// A file of its own: the content security policy allows no inline script.
import init from "/driftgate_ui.js";

init({ module_or_path: "/driftgate_ui_bg.wasm" }).catch((error) => {
  const message = document.createElement("p");
  message.setAttribute("role", "alert");
  message.textContent = `The window could not start: ${error}. Restart Driftgate; your data are untouched.`;
  document.body.replaceChildren(message);
});
