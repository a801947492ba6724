"use strict";

const link = document.getElementById("link");
const pause = document.getElementById("pause");
let connected = false;
let paused = false;
let held = {};

// Change what is there to what is wanted, so that a button stays under the pointer that presses it, and focus and
// selections stay too. Elements with a key are found by that, not by their place.
function morph(old, wanted) {
  if (old.nodeName !== wanted.nodeName || old.dataset?.key !== wanted.dataset?.key) {
    old.replaceWith(wanted);
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== wanted.data) old.data = wanted.data;
    return;
  }
  for (const { name, value } of [...(wanted.attributes ?? [])]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...(old.attributes ?? [])]) {
    if (!wanted.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  morphInside(old, wanted);
}

function morphInside(old, wanted) {
  const keyed = new Map([...old.children].map((child) => [child.dataset.key, child]));
  const children = [...wanted.childNodes];
  children.forEach((child, index) => {
    const same = child.dataset?.key && keyed.get(child.dataset.key);
    if (same && old.childNodes[index] !== same) old.insertBefore(same, old.childNodes[index]);
    if (index < old.childNodes.length) morph(old.childNodes[index], child);
    else old.append(child);
  });
  while (old.childNodes.length > children.length) old.lastChild.remove();
}

// The server has escaped all texts in the fragments, and the page's policy runs no script in them.
function show(parts) {
  for (const [id, html] of Object.entries(parts)) {
    const place = document.getElementById(id);
    const made = document.createElement("template");
    made.innerHTML = html;
    if (place) morphInside(place, made.content);
  }
  if ("address" in parts) showSecrets();
  fillRate();
}

const reveal = document.getElementById("reveal");

function showSecrets() {
  const revealed = reveal.getAttribute("aria-pressed") === "true";
  for (const secret of document.querySelectorAll(".secret")) {
    secret.textContent = revealed ? secret.dataset.secret : "••••••••";
  }
}

reveal.addEventListener("click", () => {
  const revealed = reveal.getAttribute("aria-pressed") !== "true";
  reveal.setAttribute("aria-pressed", revealed);
  reveal.textContent = revealed ? "Hide secrets" : "Reveal secrets";
  showSecrets();
});

// What is typed stays; else the field has the rate that is in force.
const rate = document.querySelector('form[data-do="rate"] [name="posts"]');

function fillRate() {
  if (document.activeElement !== rate && !rate.dataset.typed) {
    rate.value = document.getElementById("rate").dataset.rate;
  }
}

rate.addEventListener("input", () => (rate.dataset.typed = "yes"));
fillRate();

// --- tabs

for (const list of document.querySelectorAll('[role="tablist"]')) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const choose = (chosen) => {
    for (const tab of tabs) {
      const is = tab === chosen;
      tab.setAttribute("aria-selected", is);
      tab.tabIndex = is ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !is;
    }
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    choose(next);
    next.focus();
  });
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

// A masked secret is copied as it is.
function textOf(code) {
  const copy = code.cloneNode(true);
  for (const secret of copy.querySelectorAll(".secret")) secret.textContent = secret.dataset.secret;
  return copy.textContent;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const code = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(textOf(code));
    button.textContent = "Copied";
  } catch {
    // Not allowed, or no secure page: select it, to be copied by hand.
    if (reveal.getAttribute("aria-pressed") !== "true") reveal.click();
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 3000);
});

// The buttons of a stream's own row.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const output = document.getElementById("streams-said");
  try {
    await send([{ do: button.dataset.act, stream: button.dataset.stream }]);
    output.textContent = output.className = "";
  } catch (error) {
    output.className = "wrong";
    output.textContent = error.message;
  }
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
    for (const input of form.parentElement.querySelectorAll("[data-scope]")) {
      if (input.value.trim()) action[input.dataset.scope] = input.value.trim();
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
    if (form.contains(rate)) delete rate.dataset.typed;
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
