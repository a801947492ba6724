"use strict";

const link = document.getElementById("link");

// The server has escaped all texts in the fragments, and the page's policy runs no script in them.
function show(event) {
  for (const [id, html] of Object.entries(JSON.parse(event.data))) {
    const place = document.getElementById(id);
    if (place) place.innerHTML = html;
  }
}

function connect() {
  const events = new EventSource("/emulator/events");
  events.onopen = () => {
    link.textContent = "live";
    link.className = "live";
  };
  events.onmessage = show;
  events.onerror = () => {
    link.textContent = "not connected";
    link.className = "";
    // After a refusal a browser doesn't try again by itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
}

connect();

function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  const text = input.value;
  if (text === "") return undefined;
  const kind = input.dataset.kind;
  if (kind === "json") return JSON.parse(text);
  if (kind === "number" || (input.name === "posts" && text !== "max")) {
    const number = Number(text);
    return Number.isNaN(number) ? text : number;
  }
  if (input.name === "code") return Number(text);
  return text;
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
  const response = await fetch("/emulator/do", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(actions),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer.done;
}

document.getElementById("calm").addEventListener("click", () => {
  send([{ do: "forgive" }, { do: "resume" }, { do: "skew", seconds: 0 }]);
});

async function perform(form) {
  const output = form.querySelector("output");
  output.className = "";
  output.textContent = "…";
  try {
    const [result] = await send(actionOf(form));
    output.textContent = typeof result === "number" ? `done: ${result}` : "done";
  } catch (error) {
    output.className = "wrong";
    output.textContent = error.message;
  }
}

for (const form of document.querySelectorAll("form[data-do]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const renews = form.dataset.do === "renew_bearer_token";
    if (!renews || window.confirm("Refuse the present bearer token from now on?")) perform(form);
  });
}
