// Lines of a run, and of one beside it.
const FONT = { family: "system-ui, sans-serif", size: 11, color: "#1d2530" };
const LAYOUT = { font: FONT, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  hovermode: "closest", showlegend: false, autosize: true };
const OPTIONS = { responsive: true, displaylogo: false, scrollZoom: false,
  modeBarButtons: [["select2d", "lasso2d", "zoom2d", "pan2d", "resetScale2d", "toImage"]] };
const line = (x, y, name, look) => ({ type: "scatter", mode: "lines", x, y, name: markup(name),
  line: { width: 1.6, ...look } });

function chart(box, title, traces, axes, label) {
  const held = make("div", { role: "img", "aria-label": label || title });
  box.append(held);
  Plotly.newPlot(held, traces, { ...LAYOUT, title: { text: title, font: { size: 12 }, x: 0.02,
    xanchor: "left", y: .97 }, margin: { l: 48, r: 8, t: 26, b: 34 },
    showlegend: traces.length > 1,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 1, xanchor: "right",
      font: { size: 9 }, bgcolor: "rgba(255,255,255,.6)" },
    xaxis: { title: { text: axes[0], font: { size: 11 } }, automargin: true, zeroline: false },
    yaxis: { title: { text: axes[1], font: { size: 11 } }, automargin: true, zeroline: false,
      ...(axes[2] || {}) } }, { ...OPTIONS, displayModeBar: false });
}
function ends(list) {
  const values = (list || []).filter(isNumber);
  return values.length ? `from ${number(values[0])} to ${number(values[values.length - 1])}` : "";
}
function curves(run, other) {
  const box = make("div", { class: "curves" }), runs = other ? [run, other] : [run];
  const look = k => ({ color: k ? OTHER : OWN });
  const all = key => runs.map((r, k) => [r, k]).filter(([r]) => r[key]
    && Object.keys(r[key]).length);
  const drawn = [];
  if (all("losses").length) drawn.push(["training loss", all("losses").map(([r, k]) =>
    line(r.losses[0], r.losses[1], r.label, look(k))), ["step", "loss", { type: "log" }],
    all("losses").map(([r]) => `training loss of ${r.label} ${ends(r.losses[1])}`).join("; ")]);
  if (all("probe").length) {
    drawn.push(["probe: loss by t", all("probe").flatMap(([r, k]) => [
      line(r.probe.t, r.probe.loss_train, `${r.label}, train`, look(k)),
      line(r.probe.t, r.probe.loss_heldout, `${r.label}, held-out`, { ...look(k), dash: "dot" })]),
    ["t", "loss", { type: "log" }]]);
    drawn.push(["probe: does the loss tell train from held-out?", all("probe").map(([r, k]) =>
      line(r.probe.t, r.probe.auc, r.label, look(k))), ["t", "AUC (0.5: no)"]]);
  }
  if (all("t").length) drawn.push(["p(t), and t as drawn", all("t").flatMap(([r, k]) => {
    const middle = r.t.edges.slice(1).map((edge, j) => (edge + r.t.edges[j]) / 2);
    return [line(middle, r.t.nominal, `${r.label}, nominal`, look(k)),
      { ...line(middle, r.t.realised, `${r.label}, ${r.t.draws ?? ""} drawn`, look(k)),
        mode: "markers", marker: { size: 5, color: look(k).color } }];
  }), ["t", "probability of a step", { rangemode: "tozero" }]]);
  if (all("along").length) for (const metric of ["f_mem", "energy_heldout"])
    if (all("along").some(([r]) => r.along[metric])) drawn.push([`${metric} along the training`,
      all("along").filter(([r]) => r.along[metric]).map(([r, k]) =>
        ({ ...line(r.along.steps, r.along[metric], r.label, look(k)), mode: "lines+markers" })),
      ["step", metric]]);
  if (!drawn.length) box.append(make("p", { class: "note" }, "The run left no curves."));
  // After the box is in the page, where it has a width.
  queueMicrotask(() => drawn.forEach(([title, traces, axes, label]) =>
    chart(box, title, traces, axes, label)));
  return box;
}
