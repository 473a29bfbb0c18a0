// The metric over the triangle of intervals or, of other sweeps, run by run.
const VIEWS = D.differences ? [...D.differences.filter(d => d.rows.length)
  .map(d => [d.of, `${d.of} less ${d.less}`]), ["all", "all, run by run"]] : [];
const seen = () => VIEWS.length && D.differences.find(d => d.of === state.of);
if (VIEWS.length) state.of = VIEWS[0][0];

function marks(metric) {
  const out = {}, one = done.find(run => D.yards.length && isNumber(value(run, metric)));
  if (one && D.yards.length === 1) {
    const { heldout, copies } = yard(one, metric);
    Object.assign(out, { "held-out": heldout, copies });
  }
  for (const [name, names] of Object.entries(D.references))
    out[name] = mean(names.map(n => known.get(n)).filter(Boolean)
      .map(run => value(run, metric)).filter(isNumber));
  return Object.fromEntries(Object.entries(out).filter(([, v]) => isNumber(v)));
}
const floorOf = metric => {
  const runs = done.filter(run => isNumber(yard(run, metric).low));
  return D.yards.length === 1 && runs.length ? yard(runs[0], metric) : { low: null, high: null };
};

// c_l across and c_h up; `entry` of a cell: value, text, label and, where it opens, its runs.
function triangle(entries, a, opens) {
  const cells = [...entries.keys()].map(key => key.split("-").map(Number));
  const lows = [...new Set(cells.map(c => c[0]))].sort((p, q) => p - q);
  const highs = [...new Set(cells.map(c => c[1]))].sort((p, q) => q - p);
  const values = [...entries.values()].map(e => e.value).filter(isNumber);
  const digits = decimals(values);
  const table = make("table", { class: `triangle${lows.length > 12 ? " many" : ""}`,
    "aria-label": `${state.metric} by interval: c_l across, c_h up` });
  for (const high of highs) {
    const row = make("tr", {}, make("th", { scope: "row" }, String(high)));
    for (const low of lows) {
      const key = `${low}-${high}`, entry = entries.get(key), box = make("td");
      if (entry) {
        const has = isNumber(entry.value), text = has ? entry.value.toFixed(digits) : entry.text;
        const style = has
          ? `background:${colour(a, entry.value)};color:${ink(a, entry.value)}` : null;
        const label = `c_l ${low}, c_h ${high}: ${entry.label}`;
        box.append(opens ? make("button", { type: "button", "data-cell": key, style, title: label,
          "aria-label": label, class: has ? "" : "absent", tabindex: -1,
          onclick: () => opens(key), onkeydown: event => move(event, lows, highs, low, high) },
          text, isNumber(entry.half) ? make("small", {}, `\u00b1${number(entry.half, 2)}`) : null) : make("div", { class: has ? "still" : "still absent", style }, text));
      }
      row.append(box);
    }
    table.append(row);
  }
  table.append(make("tr", {}, make("th", {}, "c_h / c_l"),
    lows.map(low => make("th", { scope: "col" }, String(low)))));
  return table;
}
function move(event, lows, highs, low, high) {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const by = step[event.key];
  if (!by) return;
  event.preventDefault();
  let j = lows.indexOf(low) + by[0], i = highs.indexOf(high) + by[1];
  for (; lows[j] !== undefined && highs[i] !== undefined; j += by[0], i += by[1]) {
    const next = document.querySelector(`#cells [data-cell="${lows[j]}-${highs[i]}"]`);
    if (next) {
      document.querySelectorAll("#cells [data-cell]").forEach(b => { b.tabIndex = -1; });
      next.tabIndex = 0;
      return next.focus();
    }
  }
}

function cellEntries(metric) {
  const out = new Map();
  for (const [key, runs] of groups) {
    const found = runs.filter(run => isNumber(value(run, metric)));
    const v = mean(found.map(run => value(run, metric)));
    const over = found.length > 1 ? `, mean of ${found.length} seeds` : "";
    const interval = found.length === 1 ? span(measure(found[0], metric)) : number(v, 4);
    out.set(key, { value: v, text: runs[0].state === "done" ? "-" : runs[0].state,
      label: v === null ? runs[0].state + (runs[0].reason ? `: ${runs[0].reason}` : "")
        : `${metric} ${interval}${over}` });
  }
  return out;
}
function openCell(key) {
  const runs = groups.get(key);
  change({ run: runs.includes(state.run) ? state.run : runs[0] });
  if (matchMedia("(max-width: 900px)").matches) $("pane").scrollIntoView();
}

function drawMap() {
  const metric = state.metric, about = D.metrics[places.get(metric)] || {}, view = seen();
  if (!metric) return $("reads").replaceChildren("No metric has a value.");
  fill($("metric"), menu, metric);
  $("about").replaceChildren(about.title ? `${about.title}. ${about.about || ""}` : "");
  const focused = document.activeElement && document.activeElement.dataset.cell;
  if (view) drawDifferences(view, metric);
  else if (D.plain) drawTriangle(metric);
  else drawList(metric);
  mark();
  const again = focused && document.querySelector(`#cells [data-cell="${focused}"]`);
  if (again) again.focus({ preventScroll: true });
}
function drawTriangle(metric) {
  const entries = cellEntries(metric);
  const values = [...entries.values()].map(e => e.value).filter(isNumber);
  const { low, high } = floorOf(metric), a = anchor(values, low, high);
  const gaps = [...groups.values()].flat().filter(run => run.state !== "done").length;
  const flat = values.length > 1 && new Set(values).size === 1;
  const beside = Object.entries(marks(metric)).map(([name, v]) => `${name} ${number(v)}`);
  $("reads").replaceChildren(reading(a, values, "cells")
    + (flat && beside.length ? ` Beside it: ${beside.join(", ")}.` : ""));
  show(flat && !gaps ? null : triangle(entries, a, openCell), a, values, marks(metric));
}
function show(table, a, values, beside) {
  const cells = $("cells");
  if (cells.firstChild && cells.firstChild.data) Plotly.purge(cells.firstChild);
  cells.replaceChildren(...(table ? [table] : []));
  const width = Math.max(260, Math.min($("scale").clientWidth || 600, 640));
  $("scale").replaceChildren(...(table && values.length ? [scale(a, values, beside, width)] : []));
}
function drawList(metric) {
  const runs = done.filter(run => isNumber(value(run, metric)) && run.kind !== "base");
  runs.sort((p, q) => (p.n - q.n) || ((p.at ?? 1e9) - (q.at ?? 1e9)) || (p.seed - q.seed));
  const values = runs.map(run => value(run, metric));
  const each = anchors(values, runs.map(run => yard(run, metric)));
  const flat = values.length > 1 && new Set(values).size === 1;
  const gaps = D.runs.filter(run => run.state !== "done");
  $("reads").replaceChildren(reading(each, values, "runs"), ...(gaps.length
    ? [` ${gaps.length} more are not finished: `, gaps.map((run, k) => [k ? ", " : "",
      make("a", { href: "#run=" + encodeURIComponent(run.name) }, run.name)])].flat(2) : []));
  if (flat || !runs.length) return show(null, null, values, {});
  const box = make("div", { style: `height:${70 + 19 * runs.length}px` });
  show(box, each[0], D.yards.length === 1 ? values : [], marks(metric));
  const row = run => markup(run.label === run.name || !runs.some(r => r !== run
    && r.label === run.label) ? run.label : run.name);
  const error = k => runs.map(run => isNumber(measure(run, metric)[k])
    ? Math.abs(measure(run, metric)[k] - value(run, metric)) : 0);
  const bands = runs.map((run, k) => [yard(run, metric), k]).filter(([y]) => isNumber(y.low))
    .map(([y, k]) => ({ type: "rect", layer: "below", x0: y.low, x1: y.high, y0: k - .5,
      y1: k + .5, fillcolor: BAND, line: { width: 0 } }));
  Plotly.newPlot(box, [{ type: "scatter", mode: "markers", x: values, y: runs.map((_, k) => k),
    customdata: runs.map(run => run.name),
    text: runs.map(run => `${markup(run.name)}<br>${span(measure(run, metric))}`),
    hovertemplate: "%{text}<extra></extra>",
    error_x: { type: "data", array: error(2), arrayminus: error(1), color: "#889", thickness: 1,
      width: 0 },
    marker: { size: 10, color: values.map((v, k) => colour(each[k], v)), line: { width: 1, color: "#333" } } }],
    { ...LAYOUT, margin: { l: 8, r: 12, t: 4, b: 36 }, shapes: bands,
      xaxis: { title: { text: metric, font: { size: 12 } } },
      yaxis: { tickvals: runs.map((_, k) => k), ticktext: runs.map(row), automargin: true,
        range: [runs.length - .4, -.6], tickfont: { size: 11 }, fixedrange: true,
        zeroline: false } }, OPTIONS);
  box.on("plotly_click", event => change({ run: known.get(event.points[0].customdata) }));
}
function drawDifferences(view, metric) {
  const own = view.rows.filter(row => row.d[metric]);
  const entries = new Map(), values = [];
  for (const row of own) {
    const [d, low, high] = row.d[metric];
    values.push(d);
    const label = `${row.label}: ${d > 0 ? "+" : ""}${span([d, low, high])}`;
    const half = isNumber(low) ? (high - low) / 2 : null;
    if (row.low !== null)
      entries.set(`${row.low}-${row.high}`, { value: d, text: "", label, row, half });
  }
  const clear = own.filter(row => { const [, low, high] = row.d[metric];
    return low > 0 || high < 0; }).length;
  $("reads").replaceChildren(`${view.of} less ${view.less}: of ${own.length} settings in both, `
    + `${clear} differ by more than their 95 % interval. White is no difference.`);
  const a = anchor(values, 0, 0);
  const flat = !values.length || !entries.size || new Set(values).size === 1;
  show(flat ? null : triangle(entries, a, key => {
    const { row } = entries.get(key);
    change({ run: known.get(row.runs[1]) || null, beside: known.get(row.runs[0]) || null });
  }), a, values, {});
  if (flat && own.length) $("cells").append(make("table", { class: "numbers" }, own.map(row =>
    make("tr", {}, make("th", { scope: "row" }, row.label),
      make("td", {}, span(row.d[metric]))))));
}

function mark() {
  const cells = [...document.querySelectorAll("#cells [data-cell]")];
  const view = seen(), pair = key => view.rows.filter(row => `${row.low}-${row.high}` === key)
    .flatMap(row => row.runs.map(name => known.get(name)));
  for (const button of cells) {
    const runs = view ? pair(button.dataset.cell) : groups.get(button.dataset.cell) || [];
    button.classList.toggle("open", runs.includes(state.run));
    button.classList.toggle("beside", runs.includes(state.beside));
    button.classList.toggle("chosen", runs.some(run => state.chosen.has(run.name)));
    button.setAttribute("aria-pressed", runs.includes(state.run));
  }
  if (cells.length && !cells.some(b => b.tabIndex === 0))
    (cells.find(b => b.classList.contains("open")) || cells[0]).tabIndex = 0;
}
$("metric").addEventListener("change", event => change({ metric: event.target.value }));
if (VIEWS.length > 1) {
  $("of-label").hidden = false;
  $("of").addEventListener("change", event => change({ of: event.target.value }));
}
drawers.push(() => { if (VIEWS.length > 1) fill($("of"), VIEWS, state.of); drawMap(); });

// On paper: the main metrics' maps, small.
function drawPaper() {
  const paper = $("paper");
  if (!D.plain) return;
  for (const { name, title } of main) {
    const entries = cellEntries(name);
    const values = [...entries.values()].map(e => e.value).filter(isNumber);
    const { low, high } = floorOf(name), a = anchor(values, low, high);
    const flat = values.length > 1 && new Set(values).size === 1;
    paper.append(make("div", {}, make("h3", {}, `${name}: ${title}`),
      make("p", {}, reading(a, values, "cells")),
      ...(flat || !values.length ? [] : [triangle(entries, a, null),
        scale(a, values, marks(name), 320)])));
  }
}
