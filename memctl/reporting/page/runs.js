// The table of all runs, the tally of verdicts, and the start.
const decimalsOf = name => decimals(done.map(run => value(run, name)).filter(isNumber));
const rows = D.runs.map(run => ({ name: run.name, label: run.label, verdict: word(run),
  kind: run.kind, low: run.low, high: run.high, seed: run.seed, n: run.n ?? null,
  reason: run.reason, ...Object.fromEntries(D.metrics.map(m => [m.name, value(run, m.name)])) }));
const least = { headerFilter: "input", headerFilterFunc: ">=", headerFilterPlaceholder: "from",
  hozAlign: "right", sorterParams: { alignEmptyValues: "bottom" }, sorter: "number" };
const text = { headerFilter: "input", headerFilterPlaceholder: "has" };
const narrow = matchMedia("(max-width: 600px)").matches;
const columns = [
  { title: "run", field: "name", frozen: true, width: narrow ? 130 : 190, ...text },
  { title: "verdict", field: "verdict", frozen: !narrow, width: 130, ...text },
  { title: "label", field: "label", width: 120, ...text },
  { title: "kind", field: "kind", width: 90, ...text },
  ...["low", "high", "seed", "n"].map(field => ({ title: { low: "c_l", high: "c_h" }[field]
    || field, field, width: 72, ...least })),
  ...D.metrics.map(m => ({ title: m.name, field: m.name, visible: !!m.main, width: 128,
    headerTooltip: m.title || m.name, ...least,
    formatter: cell => isNumber(cell.getValue()) ? number(cell.getValue(), 4) : "" })),
  { title: "reason", field: "reason", width: 460, tooltip: true, ...text },
];
let table = null, ready = false;
function startTable() {
  table = new Tabulator("#table", { data: rows, index: "name", columns, height: Math.min(560,
    88 + 32 * rows.length), layout: "fitData", placeholder: "No run fits the filters.",
    rowFormatter: row => {
      const name = row.getData().name, node = row.getElement();
      node.classList.toggle("chosen", state.chosen.has(name));
      node.classList.toggle("open", !!state.run && state.run.name === name);
    } });
  table.on("tableBuilt", () => { ready = true; drawTable(); });
  table.on("rowClick", (_, row) => change({ run: known.get(row.getData().name) }));
  table.on("dataFiltered", (_, shown) => {
    $("count").textContent = `${shown.length} of ${rows.length} runs`;
  });
}
let filtered = "";
function drawTable() {
  if (!ready) return;
  const key = [...state.chosen].join("\n");
  if (key !== filtered) {
    if (state.chosen.size) table.setFilter(row => state.chosen.has(row.name));
    else table.clearFilter();
    filtered = key;
  }
  table.getRows("visible").forEach(row => row.reformat());
}
drawers.push(drawTable);
$("columns").addEventListener("change", event => {
  for (const { name, main: shown } of D.metrics)
    if (!shown) table[event.target.value === "all" ? "showColumn" : "hideColumn"](name);
  table.redraw(true);
});
$("csv").addEventListener("click", () => table.download("csv", `${D.name}.csv`, {}, "active"));

function drawTally() {
  const counts = new Map();
  for (const run of D.runs) counts.set(word(run), [...(counts.get(word(run)) || []), run.name]);
  const sorted = [...counts].sort((a, b) => b[1].length - a[1].length);
  $("tally").replaceChildren(...sorted.map(([name, runs]) => make("button", { type: "button",
    class: `v-${name.split(/[^A-Za-z]/)[0]}`, title: "choose these runs in map and table",
    onclick: () => choose(runs) }, make("b", {}, String(runs.length)), ` ${name}`)));
}

window.addEventListener("hashchange", () => { follow(); draw(); });
window.addEventListener("popstate", () => { follow(); draw(); });
let width = innerWidth;
window.addEventListener("resize", () => {
  if (innerWidth !== width) { width = innerWidth; drawMap(); }
});
const plots = () => document.querySelectorAll(".js-plotly-plot");
window.addEventListener("beforeprint", () => plots().forEach(plot =>
  Plotly.relayout(plot, { width: Math.min(plot.clientWidth, 660) })));
window.addEventListener("afterprint", () => plots().forEach(plot =>
  Plotly.relayout(plot, { width: null, autosize: true })));
follow();
drawTally();
drawPaper();
draw();
listen();
startTable();
document.body.dataset.ready = "yes";
