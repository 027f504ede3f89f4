// Keeps an open inbox up to date. Without it every link and form works all the same.
"use strict";

const inbox = document.getElementById("inbox");

function tellTimes(root) {
  const now = new Date();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const when = new Date(time.dateTime);
    if (isNaN(when)) continue;
    const days = (now - when) / 86_400_000;
    let style = { day: "numeric", month: "short" };
    if (time.dataset.style === "full") style = { dateStyle: "medium", timeStyle: "short" };
    else if (time.dataset.style === "clock" || when.toDateString() === now.toDateString()) style = { timeStyle: "short" };
    else if (days < 6) style = { weekday: "short" };
    else if (when.getFullYear() !== now.getFullYear()) style = { day: "numeric", month: "short", year: "numeric" };
    time.textContent = new Intl.DateTimeFormat(undefined, style).format(when);
    time.title = when.toLocaleString();
  }
}

function follow() {
  const base = `/inbox/${inbox.dataset.account}`;
  const list = document.getElementById("list");
  const reader = document.getElementById("reader");
  const live = document.getElementById("live");
  const nothing = reader.querySelector(".nothing")?.outerHTML ?? "";
  const selected = () => new URLSearchParams(location.search).get("message") ?? "";
  const rows = () => [...list.querySelectorAll("li[data-id]")];

  // All HTML here comes from our own templates, which escape what senders wrote.
  async function fetched(part, query) {
    const answer = await fetch(`${base}/${part}?${new URLSearchParams(query)}`);
    return answer.ok ? answer.text() : null;
  }

  let busy = false, again = false, shown = "";
  const fresh = new Map(); // the ids of messages that came just now, and until when they are highlighted
  async function refresh() {
    again = busy;
    if (busy) return;
    busy = true;
    const limit = list.querySelector("[data-limit]")?.dataset.limit ?? new URLSearchParams(location.search).get("limit") ?? 50;
    const html = await fetched("list", { message: selected(), limit }).catch(() => null);
    if (html !== null && html !== shown) show(html);
    busy = false;
    if (again) refresh();
  }

  function show(html) {
    shown = html;
    const known = new Set(rows().map((row) => row.dataset.id));
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    const first = !known.size || list.querySelector("[data-loading]"); // the first sync brings what was there before
    const newest = rows()[0]?.querySelector("time").dateTime;
    list.innerHTML = html;
    tellTimes(list);
    mark();
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    if (first) return;
    // What is older than the newest was there before, only not on this list.
    const isNew = (row) => !known.has(row.dataset.id) && row.querySelector("time").dateTime >= newest;
    const came = rows().filter(isNew);
    for (const row of came) fresh.set(row.dataset.id, Date.now() + 5000);
    for (const row of rows()) row.classList.toggle("fresh", fresh.get(row.dataset.id) > Date.now());
    if (came.length) say(came);
  }

  function say(came) {
    const said = came.map((row) => `New message from ${row.dataset.from}: ${row.dataset.subject}`);
    document.getElementById("news").textContent = said.length > 3 ? `${said.length} new messages` : said.join(". ");
  }

  function mark() {
    for (const row of rows()) {
      const link = row.querySelector("a");
      if (row.dataset.id === selected()) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  async function open(message) {
    const html = message ? await fetched("message", { message }).catch(() => null) : nothing;
    if (html === null || message !== selected()) return;
    reader.innerHTML = html;
    tellTimes(reader);
    mark();
    document.body.classList.toggle("reading", Boolean(message));
    document.title = reader.querySelector("h2")?.textContent ?? "Inbox";
    if (message) reader.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("#list li a, a.back");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    open(selected());
  });
  addEventListener("popstate", () => open(selected()));

  for (const form of document.querySelectorAll(".demo form")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      fetch(form.action, { method: "POST", redirect: "manual" });
    });
  }

  const events = new EventSource(`${base}/events`);
  events.addEventListener("news", refresh);
  events.addEventListener("open", () => { live.textContent = "Live"; live.classList.add("on"); });
  events.addEventListener("error", () => { live.textContent = "Reconnecting…"; live.classList.remove("on"); });
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

tellTimes(document);
if (inbox) follow();
