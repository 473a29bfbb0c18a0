// White is what fresh data read; blue below and red above, told apart by the colour-blind.
const RED_BLUE = D.palette.map(hex => [1, 3, 5].map(k => parseInt(hex.slice(k, k + 2), 16)));
const BAND = "rgba(90, 100, 110, .13)";
const OWN = "#d55e00", OTHER = "#0072b2", GREY = "#59636e"; // Okabe and Ito's

// Of a sorted list, interpolated.
function quantile(list, q) {
  const at = (list.length - 1) * q, k = Math.floor(at);
  return list[k] + (at - k) * ((list[k + 1] ?? list[k]) - list[k]);
}
// Where values lie against their noise floors: distances from these in reaches, a reach being the
// width of the floor or, where values lie farther out, the farthest (but for a few far off).
function anchors(values, floors) {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length ? quantile(sorted, .5) : 0;
  const found = floors.map(({ low, high }) => isNumber(low) && isNumber(high)
    ? { low, high, floor: true } : { low: middle, high: middle, floor: false });
  const out = values.map((v, k) => Math.max(found[k].low - v, v - found[k].high, 0))
    .sort((a, b) => a - b);
  let reach = Math.max(0, ...found.map(a => a.high - a.low));
  if (out.length) {
    const third = quantile(out, .75);
    const fence = third + 3 * ((third - quantile(out, .25)) || out[out.length - 1] - out[0]);
    reach = Math.max(reach, ...out.filter(v => v <= fence));
  }
  return found.map(a => ({ ...a, reach: reach || 1 }));
}
const anchor = (values, low, high) =>
  anchors(values, values.map(() => ({ low, high })))[0] || { low: 0, high: 0, reach: 1 };
const beyond = (a, v) =>
  Math.max(-1, Math.min(1, (Math.min(v - a.low, 0) + Math.max(v - a.high, 0)) / a.reach));
function shade(place) {
  const at = (0.5 + 0.5 * D.strongest * place) * (RED_BLUE.length - 1), k = Math.min(Math.floor(at), RED_BLUE.length - 2);
  return RED_BLUE[k].map((c, j) => Math.round(c + (at - k) * (RED_BLUE[k + 1][j] - c)));
}
const colour = (a, v) => `rgb(${shade(beyond(a, v)).join(",")})`;
function ink(a, v) {
  const [r, g, b] = shade(beyond(a, v));
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#111" : "#fff";
}

// As many as tell the values of the middle half apart.
function decimals(values) {
  const sorted = [...values].sort((p, q) => p - q), n = sorted.length;
  const spread = n ? quantile(sorted, .75) - quantile(sorted, .25) || sorted[n - 1] - sorted[0] : 0;
  return spread ? Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(spread)))) : 3;
}

// How many lie where against fresh data, in a sentence; `many` is an anchor or one a value.
function reading(many, values, what) {
  const n = values.length, each = Array.isArray(many) ? many : values.map(() => many);
  if (!n) return `No ${what} has a value.`;
  const a = each[0], alike = each.every(b => b.low === a.low && b.high === a.high);
  const ends = alike ? `, ${number(a.low)} to ${number(a.high)}` : " of their split (grey)";
  if (new Set(values).size === 1 && n > 1)
    return `It reads ${number(values[0], 4)} in all ${n} ${what}`
      + (a.floor && alike ? `; fresh data read ${ends.slice(2)}.` : ".");
  if (!a.floor) return `${n} ${what}; what fresh data read is not known, white is their median.`;
  const above = values.filter((v, k) => v > each[k].high).length;
  const below = values.filter((v, k) => v < each[k].low).length;
  const found = [[above, "above"], [below, "below"], [n - above - below, "as"]].filter(([k]) => k);
  return found.length === 1 ? `All ${n} ${what} read ${found[0][1]} fresh data${ends}.`
    : `Of ${n} ${what} ${found.map(([k, at]) => `${k} ${at}`).join(", ")} fresh data${ends}.`;
}

// The scale of the colours, with the floor's ends above and marks by name below.
function scale(a, values, marks, width) {
  const low = Math.min(...values, a.low), high = Math.max(...values, a.high), pad = 8;
  const length = width - 2 * pad, at = v => pad + length * (v - low) / (high - low || 1);
  const svg = make("svg", { width, height: 78, role: "img" });
  const said = Object.entries(marks).map(([name, v]) => `${name} ${number(v)}`);
  svg.setAttribute("aria-label", `colours from ${number(low)} to ${number(high)}; white: `
    + `${number(a.low)} to ${number(a.high)}; ${said.join(", ")}`);
  for (let k = 0; k < 100; k++)
    svg.append(make("rect", { x: pad + length * k / 100, y: 16, width: length / 100 + .6,
      height: 14, fill: colour(a, low + (high - low) * (k + .5) / 100) }));
  const write = (x, y, text, anchor = "middle") => svg.append(make("text",
    { x, y, "text-anchor": anchor, "font-size": 11, fill: "#333" }, text));
  const ends = [low, high];
  for (const end of a.floor ? [a.low, a.high] : [])
    if (ends.every(e => Math.abs(at(e) - at(end)) > 46)) ends.push(end);
  for (const end of ends)
    write(at(end), 12, number(end), end === low ? "start" : end === high ? "end" : "middle");
  if (a.floor) svg.append(make("rect", { x: at(a.low), y: 16, height: 14, fill: "none",
    width: Math.max(at(a.high) - at(a.low), 1), stroke: "#333" }));
  const order = Object.entries(marks).filter(([, v]) => isNumber(v)).sort((p, q) => p[1] - q[1]);
  const room = Math.min(78, width / Math.max(order.length, 1)), texts = [];
  order.forEach(([, v], k) => texts.push(
    Math.max(at(Math.min(Math.max(v, low), high)), room / 2, k ? texts[k - 1] + room : 0)));
  for (let k = order.length - 1, limit = width - room / 2; k >= 0; k--)
    limit = (texts[k] = Math.min(texts[k], limit)) - room;
  order.forEach(([name, v], k) => {
    const x = at(Math.min(Math.max(v, low), high));
    svg.append(make("line", { x1: x, y1: 30, x2: texts[k], y2: 46, stroke: "#555" }));
    write(texts[k], 58, (v < low ? "< " : "") + name + (v > high ? " >" : ""));
    write(texts[k], 72, number(v));
  });
  return svg;
}
