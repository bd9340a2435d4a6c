// Alerts as they are archived, and how the parts stand every five seconds. Without this file the page says the same, once.
"use strict";

const KEPT = 200;
const PARTS_MS = 5000;

const rows = document.getElementById("alerts");
const live = document.getElementById("live");
const parts = document.getElementById("parts");

// Day and time in Shanghai, which is UTC+8 all year.
function clock(time) {
  return new Date(Date.parse(time) + 8 * 3600 * 1000).toISOString().slice(0, 19).replace("T", " ");
}

function fill(row, alert) {
  const [time, what, label, district, enterprise, status] = row.children;
  row.dataset.id = alert.alert_id;
  row.className = `${alert.severity} fresh`;
  time.firstChild.dateTime = alert.time;
  time.firstChild.textContent = clock(alert.time);
  what.children[0].textContent = alert.title.zh;
  what.children[1].textContent = alert.title.en;
  what.querySelector("code").textContent = alert.code;
  label.firstChild.href = `/?trace=${encodeURIComponent(alert.label)}`;
  label.querySelector("code").textContent = alert.label;
  district.textContent = alert.districts.join(" ");
  const responsible = alert.responsible;
  enterprise.textContent = responsible.kind === "enterprise" ? responsible.name || responsible.id || "" : "";
  status.replaceChildren(alert.severity, document.createElement("br"), alert.status);
}

// Of several records with one alert_id the last stands: it takes the row of the one before.
function show(alert) {
  const known = Array.from(rows.children).find((row) => row.dataset.id === alert.alert_id);
  const row = known || document.getElementById("alert").content.firstElementChild.cloneNode(true);
  fill(row, alert);
  if (!known) rows.prepend(row);
  while (rows.children.length > KEPT) rows.lastElementChild.remove();
}

if (rows) {
  const stream = new EventSource(`/v1/alerts/stream?since=${encodeURIComponent(rows.dataset.since)}`);
  stream.addEventListener("open", () => { live.textContent = "实时更新 · live"; });
  stream.addEventListener("error", () => { live.textContent = "连接断开，正在重连 · not connected, trying again"; });
  stream.addEventListener("alert", (event) => show(JSON.parse(event.data)));
}

setInterval(async () => {
  try {
    const reply = await fetch("/look/parts");
    if (!reply.ok) throw new Error(reply.status);
    parts.innerHTML = await reply.text();
    parts.removeAttribute("aria-busy");
  } catch {
    parts.setAttribute("aria-busy", "true");
    live.textContent = "查询服务没有回答 · the query service does not answer";
  }
}, PARTS_MS);
