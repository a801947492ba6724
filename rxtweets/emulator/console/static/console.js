"use strict";

const link = document.getElementById("link");
const pause = document.getElementById("pause");
let connected = false;
let paused = false;
let held = {};

// The server has escaped all texts in the fragments, and the page's policy runs no script in them.
function show(parts) {
  for (const [id, html] of Object.entries(parts)) {
    const place = document.getElementById(id);
    if (place) place.innerHTML = html;
  }
}

function tell() {
  link.textContent = !connected ? "not connected, trying again" : paused ? "paused" : "live";
  link.className = connected && !paused ? "live" : "";
}

function connect() {
  const events = new EventSource("/emulator/events");
  events.onopen = () => {
    connected = true;
    tell();
  };
  events.onmessage = (event) => {
    const parts = JSON.parse(event.data);
    if (paused) Object.assign(held, parts);
    else show(parts);
  };
  events.onerror = () => {
    connected = false;
    tell();
    // After a refusal a browser doesn't try again by itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
}

connect();

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", paused);
  tell();
  if (!paused) show(held);
  held = {};
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const code = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    // Not allowed, or no secure page: select it, to be copied by hand.
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 3000);
});

// --- actions

class Mistake extends Error {
  constructor(text, input) {
    super(text);
    this.input = input;
  }
}

function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  const text = input.value.trim() && input.value;
  if (text === "") return undefined;
  if (input.dataset.kind === "number") return Number.isNaN(Number(text)) ? text : Number(text);
  if (input.dataset.kind !== "json") return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new Mistake(`${input.name} must be JSON, such as {"name": "value"}`, input);
  }
}

function actionOf(form) {
  const action = { do: form.dataset.do };
  for (const input of form.querySelectorAll("[name]")) {
    const value = valueOf(input);
    if (value !== undefined) action[input.name] = value;
  }
  if ("narrows" in form.dataset) {
    for (const id of ["path", "protocol"]) {
      const value = document.getElementById(id).value.trim();
      if (value) action[id] = value;
    }
  }
  return action;
}

async function send(actions) {
  let response;
  try {
    response = await fetch("/emulator/do", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(actions),
    });
  } catch {
    throw new Error("the emulator doesn't answer");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer.done;
}

function said(result) {
  if (typeof result === "string") return "Done: the new one is under Connect.";
  if (typeof result !== "number") return "Done.";
  return result === 0 ? "No stream was reached." : `Reached ${result} stream${result === 1 ? "" : "s"}.`;
}

function clear(form) {
  clearTimeout(form.fading);
  const output = form.querySelector("output");
  output.textContent = output.className = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

// The field that an error is about is the first that it names.
function point(form, error) {
  const words = error.message.replace(/^\w+: /, "").split(/\W+/);
  const fields = [...form.querySelectorAll("[name]")].filter((input) => words.includes(input.name));
  fields.sort((one, other) => words.indexOf(one.name) - words.indexOf(other.name));
  const input = error.input ?? fields[0];
  if (!input) return;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", form.querySelector("output").id);
  input.focus();
}

async function perform(form, work) {
  clear(form);
  const output = form.querySelector("output");
  output.textContent = "…";
  try {
    output.textContent = said((await work())[0]);
    form.fading = setTimeout(() => clear(form), 8000);
  } catch (error) {
    output.className = "wrong";
    output.textContent = error.message;
    point(form, error);
  }
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("input", () => clear(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.id === "calm") {
      perform(form, () => send([{ do: "resume" }, { do: "clear_faults" }, { do: "skew", seconds: 0 }]));
      return;
    }
    const renews = form.dataset.do === "renew_bearer_token";
    if (renews && !window.confirm("Refuse the present bearer token from now on?")) return;
    perform(form, async () => send(actionOf(form)));
  });
}
