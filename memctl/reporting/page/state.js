// What the page holds, what is chosen in it, and the address that says so.
const $ = id => document.getElementById(id);
const D = JSON.parse($("content").textContent);
const known = new Map(D.runs.map(run => [run.name, run]));
const done = D.runs.filter(run => run.state === "done");
const places = new Map(D.metrics.map((metric, k) => [metric.name, k]));
const state = { run: null, beside: null, metric: null, of: "", x: null, y: null,
  chosen: new Set(), missing: "" };
const drawers = []; // each draws a part of the page anew

const cellOf = run => run.low === null || run.kind !== "cell" ? null : `${run.low}-${run.high}`;
const groups = new Map(); // cell -> its runs, by seed
for (const run of D.runs) {
  const cell = cellOf(run);
  if (cell) groups.set(cell, [...(groups.get(cell) || []), run]);
}
for (const runs of groups.values()) runs.sort((a, b) => a.seed - b.seed);

// An element with attributes and children; texts are texts, whatever is in them.
function make(tag, attributes = {}, ...children) {
  const space = ["svg", "path", "line", "rect", "text", "g"].includes(tag);
  const node = space ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes))
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value);
  node.append(...children.flat().filter(child => child !== null));
  return node;
}
const measure = (run, metric) => (run.m || [])[places.get(metric)] || [null, null, null];
const value = (run, metric) => measure(run, metric)[0];
const yard = (run, metric) => {
  const [low, high, heldout, copies] = (D.yards[run.yard] || [])[places.get(metric)] || [];
  return { low: low ?? null, high: high ?? null, heldout: heldout ?? null, copies: copies ?? null };
};
const mean = values => values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;
const isNumber = v => v !== null && v !== undefined && Number.isFinite(v);
const number = (v, digits = 3) => !isNumber(v) ? "-"
  : Math.abs(v) >= 10 ** digits && Math.abs(v) < 1e6 ? String(Math.round(v))
  : String(Number(v.toPrecision(digits)));
const span = ([v, low, high], digits = 3) =>
  number(v, digits) + (isNumber(low) ? ` [${number(low, digits)}, ${number(high, digits)}]` : "");
const markup = text => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");

function address() {
  const out = new URLSearchParams(), run = state.run;
  if (run) {
    const cell = cellOf(run), alike = groups.get(cell) || [];
    if (cell && D.plain) {
      out.set("cell", cell);
      if (alike.length > 1) out.set("seed", run.seed);
    } else out.set("run", run.name);
    if (state.beside) out.set("beside", state.beside.name);
  }
  for (const key of ["metric", "of", "x", "y"]) if (state[key]) out.set(key, state[key]);
  return "#" + out;
}

function follow() {
  if (location.hash && !location.hash.includes("=")) return; // a part of the page
  const asked = new URLSearchParams(location.hash.slice(1));
  state.missing = "";
  if (!asked.has("cell") && !asked.has("run")) state.run = null;
  if (asked.get("cell")) {
    const runs = groups.get(asked.get("cell")) || [];
    state.run = runs.find(run => String(run.seed) === asked.get("seed")) || runs[0] || null;
    if (!state.run) state.missing = `There is no cell ${asked.get("cell")} in this sweep.`;
  } else if (asked.get("run")) {
    state.run = known.get(asked.get("run")) || null;
    if (!state.run) state.missing = `There is no run ${asked.get("run")} in this sweep.`;
  }
  state.beside = known.get(asked.get("beside")) || null;
  for (const key of ["metric", "x", "y"]) {
    const name = asked.get(key);
    if (name && places.has(name)) state[key] = name;
    else if (name) state.missing = `There is no metric ${name} in this sweep.`;
  }
  if (asked.has("of")) state.of = asked.get("of");
}

// Take changes of the state, write the address, draw what depends on it.
function change(changes, step = true) {
  Object.assign(state, changes);
  if (changes.run || changes.metric) state.missing = "";
  const to = address();
  if (to !== location.hash) history[step ? "pushState" : "replaceState"](null, "", to);
  draw();
}
function draw() { for (const drawer of drawers) drawer(); }

function fill(select, choices, chosen) {
  select.replaceChildren(...choices.map(([key, text]) =>
    make("option", { value: key, selected: key === chosen }, text)));
}
const main = D.metrics.filter(metric => metric.main);
const menu = [...main, ...D.metrics.filter(metric => !metric.main)].map(m => [m.name, m.name]);
const varies = name => new Set(done.map(run => value(run, name)).filter(isNumber)).size > 1;
const first = (...names) => names.find(name => places.has(name) && varies(name))
  || names.find(name => places.has(name)) || (D.metrics[0] || {}).name;
state.metric = first("dcr_share", ...main.map(metric => metric.name));
state.x = first("f_mem", "dcr_share");
state.y = first("energy_heldout", ...main.map(metric => metric.name));
