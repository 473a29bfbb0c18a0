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
function drawPlane() {
  const { x, y } = state, box = $("points"), bands = [];
  if (!x || !y) return;
  fill($("across"), menu, x);
  fill($("up"), menu, y);
  const across = floorOf(x), up = floorOf(y), ref = { layer: "below", line: { width: 0 },
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
  Plotly.react(box, traces, { ...LAYOUT, dragmode, showlegend: traces.length > 1, shapes: bands,
    height: 460, margin: { l: 60, r: 10, t: 10, b: 46 }, uirevision: `${x} ${y}`,
    selectionrevision: state.chosen.size ? "chosen" : "none", selections: [],
    legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
    xaxis: { title: { text: x }, zeroline: false, automargin: true },
    yaxis: { title: { text: y }, zeroline: false, automargin: true } },
  { ...OPTIONS, displayModeBar: true });
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
    if (event && event.points.length) choose(event.points.map(p => p.customdata));
  });
  box.on("plotly_deselect", () => choose([]));
  box.on("plotly_click", event => change({ run: known.get(event.points[0].customdata) }));
  box.on("plotly_relayout", event => { if (event.dragmode) dragmode = event.dragmode; });
}
