// Makes the page live. Everything here is a comfort: without it the page is links and forms.

const printed = new Map(); // key -> the HTML that the server last printed for it
const toast = document.getElementById("toast");
const live = document.getElementById("live");
let looking = null;

for (const region of document.querySelectorAll("[data-live]")) remember(region);

function keyed(region) {
  return [...region.querySelectorAll("[data-key]")];
}

function nameOf(region, element) {
  return `${region.dataset.live}/${element.dataset.key}`;
}

function remember(region) {
  for (const element of keyed(region)) printed.set(nameOf(region, element), element.outerHTML);
}

// Replace only what the server prints differently, so that focus, open details and frames stay as they are.
function merge(region, fresh) {
  const before = keyed(region);
  const after = keyed(fresh);
  const sameOrder = before.every((element, at) => after[at]?.dataset.key === element.dataset.key);
  if (!sameOrder) return mergeMoved(region, fresh);
  const parent = before[0]?.parentElement ?? region;
  after.forEach((element, at) => {
    if (before[at]) swap(region, before[at], element);
    else parent.append(adopt(region, element));
  });
}

function mergeMoved(region, fresh) {
  region.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  printed.forEach((_, name) => name.startsWith(`${region.dataset.live}/`) && printed.delete(name));
  remember(region);
}

function swap(region, old, fresh) {
  if (printed.get(nameOf(region, old)) === fresh.outerHTML) return;
  if (isWritten(old)) return;
  const held = old.contains(document.activeElement) ? [...old.querySelectorAll("a, button")].indexOf(document.activeElement) : -1;
  const replacement = adopt(region, fresh);
  const unfolded = [...old.querySelectorAll("details")].map((details) => details.open);
  replacement.querySelectorAll("details").forEach((details, at) => { details.open = unfolded[at] ?? details.open; });
  old.replaceWith(replacement);
  if (held >= 0) replacement.querySelectorAll("a, button")[held]?.focus();
}

// Somebody is writing there, or has left something half written.
function isWritten(element) {
  const fields = [...element.querySelectorAll("[name=text]")];
  return fields.some((field) => field.value || field === document.activeElement);
}

function adopt(region, element) {
  printed.set(nameOf(region, element), element.outerHTML);
  return document.importNode(element, true);
}

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return location.assign("/");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const here = document.querySelectorAll("[data-live]");
  const there = page.querySelectorAll("[data-live]");
  const names = (regions) => [...regions].map((region) => region.dataset.live).join();
  if (names(here) !== names(there)) return location.assign(location.href);
  document.title = page.title;
  const wall = document.querySelector("[data-scroll]");
  const atEnd = wall && wall.scrollHeight - wall.scrollTop - wall.clientHeight < 80;
  here.forEach((region, at) => merge(region, there[at]));
  if (atEnd) toEnd(wall);
  markRead();
}

// Changes that come while we look lead to one more look, not to one each.
function lookSoon() {
  looking = (looking ?? Promise.resolve()).then(() => {
    looking = null;
    return look();
  }).catch(() => say("No answer from the sandbox."));
}

function toEnd(wall) {
  wall.scrollTop = wall.scrollHeight;
}

// Seeing is reading: the receipt goes out when the conversation is on a visible screen.
function markRead() {
  const button = document.querySelector("[data-read]:not([hidden])");
  if (!button || document.visibilityState !== "visible") return;
  post("/_sandbox/read", new URLSearchParams({ person: button.dataset.read, channel: button.dataset.channel }));
}

async function post(path, fields) {
  const body = JSON.stringify(Object.fromEntries(fields));
  const answer = await fetch(path, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  if (answer.ok) return true;
  const { errors } = await answer.json();
  say(errors.join(" "));
  return false;
}

function say(words) {
  toast.textContent = words;
  toast.hidden = false;
  setTimeout(() => { toast.hidden = true; }, 8000);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-quick]")) return;
  event.preventDefault();
  const done = await post(new URL(form.action).pathname, new FormData(form, event.submitter));
  const field = form.querySelector("[name=text]");
  if (done && field) field.value = "";
  if (done && field) document.activeElement?.blur?.(), field.focus();
});

function showLife(words, state) {
  live.hidden = false;
  live.textContent = words;
  live.dataset.state = state;
}

function listen() {
  if (!("EventSource" in window)) return setInterval(lookSoon, 3000);
  const stream = new EventSource("/events");
  stream.addEventListener("open", () => { showLife("Live", "on"); lookSoon(); });
  stream.addEventListener("changed", lookSoon);
  stream.addEventListener("error", () => showLife("Reconnecting", "off"));
}

const theme = document.getElementById("theme");
const darkByNature = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (darkByNature.matches ? "dark" : "light")) === "dark";
const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Switch to the ${isDark() ? "light" : "dark"} theme`); };
theme.hidden = false;
theme.addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
  nameTheme();
});
darkByNature.addEventListener("change", nameTheme);
nameTheme();

// Stay with this person while others get post.
const person = document.querySelector("[data-read]")?.dataset.read;
if (person && location.pathname === "/") history.replaceState(null, "", `/people/${person}`);
const wall = document.querySelector("[data-scroll]");
if (wall) toEnd(wall);
document.addEventListener("visibilitychange", markRead);
markRead();
listen();
