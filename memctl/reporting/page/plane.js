// One metric against another; what is chosen here is chosen in the map and in the table.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7a6a00"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-down", "triangle-up", "pentagon"];
let dragmode = "select";

function kinds() {
  const several = new Set(done.map(run => run.control)).size > 3;
  const key = several ? run => run.control : run => run.verdict;
  const out = new Map();
  for (const run of done) {
    const name = run.kind === "base" ? "base" : run.control === "uniform" ? "uniform" : key(run);
    out.set(name, [...(out.get(name) || []), run]);
  }
  return out;
}
// What fresh data read beside most of the runs.
function usual(metric) {
  const counts = new Map();
  for (const run of done) counts.set(run.yard, [...(counts.get(run.yard) || []), run]);
  const most = [...counts.values()].sort((a, b) => b.length - a.length)[0] || [];
  return most.length > done.length / 2 ? yard(most[0], metric) : { low: null, high: null };
}
// The range that shows all but what lies far off, so that this does not make the rest one point.
function middle(metric, floor) {
  const values = done.map(run => value(run, metric)).filter(isNumber).sort((a, b) => a - b);
  if (values.length < 8) return null;
  const at = q => values[Math.floor(q * (values.length - 1))], reach = 6 * (at(.75) - at(.25));
  const ends = [...values.filter(v => v >= at(.25) - reach && v <= at(.75) + reach),
    ...[floor.low, floor.high].filter(isNumber)];
  const low = Math.min(...ends), high = Math.max(...ends), room = .04 * (high - low);
  return reach && (low > values[0] || high < values[values.length - 1])
    ? [low - room, high + room] : null;
}
// The least loss at no more copying, where the sweep has settings that can be compared so.
function frontLine(x, y) {
  const known = D.fronts.find(f => [x, y].sort().join() === [f.copying, f.quality].sort().join());
  if (!known || !known.points.length) return [];
  const across = known.copying === x, { points } = known;
  const ends = [points.map(p => p[0]), points.map(p => p[1])];
  ends[0].push(known.right);
  ends[1].push(ends[1][points.length - 1]);
  const texts = points.map(([, , label, , share]) => `on the front: ${markup(label)}<br>seeds `
    + `averaged; in ${number(100 * share, 2)} % of the planes as they may read otherwise`);
  return [{ type: "scatter", mode: "lines+markers", name: "front", meta: "front",
    x: ends[across ? 0 : 1], y: ends[across ? 1 : 0], text: [...texts, ""],
    customdata: [...points.map(p => p[3]), null], hovertemplate: "%{text}<extra></extra>",
    line: { shape: across ? "hv" : "vh", color: "#555", width: 1.2 },
    marker: { symbol: "circle-open", color: "#555", size: [...points.map(() => 18), 0] } }];
}
function drawPlane() {
  const { x, y } = state, box = $("points"), bands = [];
  if (!x || !y) return;
  fill($("across"), menu, x);
  fill($("up"), menu, y);
  const across = usual(x), up = usual(y), ref = { layer: "below", line: { width: 0 },
    type: "rect", fillcolor: BAND };
  if (isNumber(across.low)) bands.push({ ...ref, x0: across.low, x1: across.high, y0: 0, y1: 1,
    yref: "paper" });
  if (isNumber(up.low)) bands.push({ ...ref, y0: up.low, y1: up.high, x0: 0, x1: 1,
    xref: "paper" });
  let k = 0;
  const traces = [...kinds()].map(([name, runs]) => {
    const own = name === "uniform" || name === "base", at = own ? 0 : k++;
    const shown = runs.filter(run => isNumber(value(run, x)) && isNumber(value(run, y)));
    return { type: "scatter", mode: "markers", name: markup(name), x: shown.map(r => value(r, x)),
      y: shown.map(r => value(r, y)), customdata: shown.map(r => r.name),
      text: shown.map(r => `${markup(r.label)} (${markup(r.name)})<br>${x} ${
        span(measure(r, x))}<br>${y} ${span(measure(r, y))}`),
      hovertemplate: "%{text}<extra></extra>",
      selectedpoints: state.chosen.size ? shown.flatMap((r, j) =>
        state.chosen.has(r.name) ? [j] : []) : null,
      unselected: { marker: { opacity: .25 } },
      marker: { symbol: own ? (name === "base" ? "x" : "star")
        : SYMBOLS[Math.floor(at / COLOURS.length + at) % SYMBOLS.length],
      size: shown.map(r => (own ? 13 : 9) + (r === state.run ? 6 : 0)),
      color: own ? "#111" : COLOURS[at % COLOURS.length],
      line: { width: shown.map(r => r === state.run ? 3 : r === state.beside ? 2 : .5),
        color: "#111" } } };
  });
  const front = frontLine(x, y);
  traces.push(...front);
  Plotly.react(box, traces, { ...LAYOUT, dragmode, showlegend: traces.length > 1, shapes: bands,
    height: 460, margin: { l: 60, r: 10, t: 10, b: 46 }, uirevision: `${x} ${y}`,
    selectionrevision: state.chosen.size ? "chosen" : "none", selections: [],
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", itemsizing: "constant" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: "#667", activecolor: "#000" },
    xaxis: { title: { text: x, standoff: 6 }, zeroline: false, automargin: true,
      range: middle(x, across) || undefined },
    yaxis: { title: { text: y, standoff: 8 }, zeroline: false, automargin: true,
      range: middle(y, up) || undefined } },
  { ...OPTIONS, displayModeBar: innerWidth > 600 }); // else it would lie over the legend
  const far = [[x, middle(x, across)], [y, middle(y, up)]].filter(([, range]) => range);
  const hidden = done.filter(run => far.some(([metric, [low, high]]) =>
    isNumber(value(run, metric)) && (value(run, metric) < low || value(run, metric) > high)));
  $("front").textContent = front.length ? "The line is the front: no setting, its seeds averaged, "
    + "is better in one and no worse in the other. " : "";
  $("far").textContent = hidden.length ? `${hidden.length} of ${done.length} runs lie far off: `
    + "a double click shows all." : "";
  $("clear").hidden = !state.chosen.size;
  $("clear").textContent = `${state.chosen.size} chosen: let go`;
}
const choose = names => change({ chosen: new Set(names) }, false);
$("across").addEventListener("change", event => change({ x: event.target.value }));
$("up").addEventListener("change", event => change({ y: event.target.value }));
$("clear").addEventListener("click", () => choose([]));
drawers.push(drawPlane);
function listen() {
  const box = $("points");
  if (!box.on) return;
  box.on("plotly_selected", event => {
    const runs = event ? event.points.filter(p => p.data.meta !== "front") : [];
    if (runs.length) choose(runs.map(p => p.customdata));
  });
  box.on("plotly_deselect", () => choose([]));
  box.on("plotly_click", event => {
    const run = known.get(event.points[0].customdata);
    if (run) change({ run });
  });
  box.on("plotly_relayout", event => { if (event.dragmode) dragmode = event.dragmode; });
}
