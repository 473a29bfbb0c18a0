// All that is known of the run that is open, and of one beside it.
const word = run => run.state === "done" ? run.verdict : run.state;
const badge = run => make("span", { class: `badge v-${word(run).split(/[^A-Za-z]/)[0]}` },
  word(run) + (run.also && run.also.length ? ` (also ${run.also.join(", ")})` : ""));

function choices(run) {
  const twins = groups.get(cellOf(run)) || [];
  const of = (label, list, chosen, key) => make("label", {}, `${label} `, make("select", {
    id: `pane-${key}`, onchange: event => change({ [key]: known.get(event.target.value) || null }) },
  list.map(([name, text]) => make("option", { value: name, selected: chosen === name }, text))));
  const names = D.runs.map(r => [r.name, r.name]);
  const beside = [["", "nothing"], ...done.filter(r => r !== run && r.kind !== "cell")
    .map(r => [r.name, r.name]), ...done.filter(r => r !== run && r.kind === "cell")
    .map(r => [r.name, r.name])];
  return make("p", { class: "menus" }, of("run", names, run.name, "run"),
    twins.length > 1 && D.plain ? of("seed", twins.map(r => [r.name, String(r.seed)]),
      run.name, "run") : "",
    of("beside", beside, state.beside ? state.beside.name : "", "beside"));
}
function readings(run, other) {
  const head = ["metric", run.label, ...(other ? [other.label] : []), "fresh data"];
  const rows = main.concat(D.metrics.filter(m => m.name === state.metric && !m.main));
  return make("table", { class: "numbers" }, make("tr", {}, head.map(h => make("th", {}, h))),
    rows.filter(m => isNumber(value(run, m.name))).map(m => {
      const { low, high } = yard(run, m.name);
      return make("tr", {}, make("th", { scope: "row" }, m.name),
        make("td", {}, span(measure(run, m.name))),
        other ? make("td", {}, span(measure(other, m.name))) : null,
        make("td", {}, isNumber(low) ? `${number(low)} to ${number(high)}` : "-"));
    }));
}
function changesOf(run) {
  if (!run.changes || !run.changes.length) return null;
  const points = v => `${v > 0 ? "+" : ""}${number(100 * v, 2)}`;
  const texts = run.changes.map(c => `${c.what} ${points(c.value)} points [${points(c.low)}, `
    + `${points(c.high)}] (p ${number(c.p, 2)})`);
  return make("p", {}, `Against the uniform run, corrected for all runs: ${texts.join("; ")}.`);
}
function settingsOf(run, other) {
  const rows = Object.entries(run.config).map(([k, v]) => `${k}: ${v}`).join("\n");
  const shared = Object.entries(D.shared).map(([k, v]) => `${k}: ${v}`).join("\n");
  const out = [make("h3", {}, "Made by")];
  const all = "the sweep's own command, given again, makes all that is not finished.";
  if (run.command) out.push(make("pre", { class: "command" }, run.command),
    make("p", {}, make("button", { type: "button", onclick: event => copy(run.command,
      event.target) }, "copy the command"), run.state === "done" ? " in a folder without this "
      + "sweep; here it finds the run done (give it sweep.name=NAME)."
      : ` makes it alone; ${all}`));
  else if (run.state !== "done") out.push(make("p", {}, `T${all.slice(1)}`));
  if (run.why) out.push(make("p", { class: "note" }, run.why));
  if (other) {
    const keys = [...new Set([...Object.keys(run.config), ...Object.keys(other.config)])]
      .filter(k => run.config[k] !== other.config[k]);
    out.push(make("table", { class: "numbers" }, make("tr", {}, ["setting", run.label,
      other.label].map(h => make("th", {}, h))), keys.map(k => make("tr", {},
      make("th", { scope: "row" }, k), make("td", {}, run.config[k] ?? "-"),
      make("td", {}, other.config[k] ?? "-")))));
  } else if (rows) out.push(make("pre", {}, rows));
  if (shared) out.push(make("details", {}, make("summary", {}, "settings that all runs share"),
    make("pre", {}, shared)));
  return out;
}
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector("#pane .command"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    button.textContent = "selected: press Ctrl-C";
  }
}
function described(run) {
  const answers = (run.answers || []).map(a => [make("dt", {}, a.question), make("dd", {}, a.text)]);
  return [make("h3", {}, run.label, run.label === run.name ? "" : ` (${run.name})`, " ",
    badge(run)), run.reason ? make("p", {}, run.reason) : null,
  run.damaged ? make("p", { class: "caution" }, `damaged: ${run.damaged}`) : null,
  answers.length ? make("details", {}, make("summary", {}, `${run.answers.length} questions, `
    + "answered"), make("dl", {}, answers)) : null, changesOf(run)];
}
function drawPane() {
  const pane = $("pane"), run = state.run, other = state.beside === run ? null : state.beside;
  pane.querySelectorAll(".js-plotly-plot").forEach(plot => Plotly.purge(plot));
  if (state.missing) pane.replaceChildren(make("p", { class: "caution" }, state.missing));
  else pane.replaceChildren();
  if (!run) {
    if (!state.missing) pane.append(make("p", { class: "note" }, D.plain
      ? "Choose a cell: its samples, nearest examples, curves and settings come here."
      : "Choose a run: its samples, nearest examples, curves and settings come here."));
    return pane.append(choices({ name: "", label: "" }));
  }
  const both = other ? [run, other] : [run];
  pane.append(make("h2", {}, other ? `${run.label} beside ${other.label}` : run.label),
    choices(run), make("div", { class: "columns" }, both.map(r => make("div", {},
      described(r).filter(Boolean)))));
  if (run.state === "done") {
    pane.append(readings(run, other), make("h3", {}, "Samples"),
      make("div", { class: "columns" }, both.map(sheet)), make("h3", {},
        "Suspects: the samples of the least d1/d2"), make("p", { class: "note" }, E.missing
        ? `Real examples are not shown beside them: ${E.missing}.`
        : (SIGNALS ? "Orange: the sample; blue: its nearest training example; grey, dashed: its "
          + "nearest held-out one." : "Each with its nearest training and held-out example, and "
          + "the differences.")),
      make("div", { class: "columns" }, both.map(r => make("div", {}, other
        ? make("p", {}, r.label) : null, suspects(r)))),
      ...(both.some(r => ownPictures(r).length) ? [make("h3", {}, "Among all examples"),
        make("div", { class: "columns" }, both.flatMap(ownPictures))] : []),
      make("h3", {}, "Curves"), curves(run, other));
  }
  pane.append(...settingsOf(run, other));
}
drawers.push(drawPane);
