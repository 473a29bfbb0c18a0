// Signals as curves, images as pixels.
const E = D.examples, SIGNALS = E.shape.length === 2;
const unpack = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
const size = E.shape.reduce((a, b) => a * b, 1);
const real = place => unpack(E.real[place]);
const units = byte => E.range[0] + (E.range[1] - E.range[0]) * byte / 255;

// A line of a channel's bytes over a box; `zero` is the byte that lies in its middle.
function curve(bytes, channel, x, y, width, height, attributes) {
  const n = E.shape[1], part = bytes.slice(channel * n, (channel + 1) * n);
  let path = "";
  part.forEach((v, k) => { path += `${k ? "L" : "M"}${(x + width * k / (n - 1)).toFixed(1)} `
    + (y + height * (1 - v / 255)).toFixed(1); });
  return make("path", { d: path, fill: "none", "stroke-width": 1.2, ...attributes });
}
function signalSheet(bytes, count, label) {
  const columns = Math.min(4, count), width = 100, height = 50 * E.shape[0];
  const svg = make("svg", { viewBox: `0 0 ${columns * (width + 6)} `
    + Math.ceil(count / columns) * (height + 6), role: "img", "aria-label": label });
  for (let k = 0; k < count; k++) {
    const x = k % columns * (width + 6), y = Math.floor(k / columns) * (height + 6);
    svg.append(make("rect", { x, y, width, height, fill: "#f7f8fa" }));
    for (let c = 0; c < E.shape[0]; c++)
      svg.append(curve(bytes.slice(k * size, (k + 1) * size), c, x, y + 50 * c, width, 50,
        { stroke: OWN }));
  }
  return svg;
}
function canvas(width, height, label) {
  return make("canvas", { width, height, role: "img", "aria-label": label });
}
// Put an image's bytes onto a canvas at a place.
function paint(context, bytes, x, y) {
  const [channels, height, width] = E.shape, area = height * width;
  const picture = context.createImageData(width, height);
  for (let k = 0; k < area; k++) {
    for (let c = 0; c < 3; c++)
      picture.data[4 * k + c] = bytes[(channels >= 3 ? c : 0) * area + k];
    picture.data[4 * k + 3] = 255;
  }
  context.putImageData(picture, x, y);
}
function imageSheet(bytes, count, label) {
  const [, height, width] = E.shape, columns = Math.min(8, count);
  const sheet = canvas(columns * (width + 1) - 1,
    Math.ceil(count / columns) * (height + 1) - 1, label);
  const context = sheet.getContext("2d");
  for (let k = 0; k < count; k++)
    paint(context, bytes.slice(k * size, (k + 1) * size), k % columns * (width + 1),
      Math.floor(k / columns) * (height + 1));
  return sheet;
}
function sheet(run) {
  const held = E.runs[run.name];
  if (!held) return make("p", { class: "note" }, `The samples of ${run.name} are not at hand.`);
  const bytes = unpack(held.samples), count = bytes.length / size;
  const label = `the first ${count} samples of ${run.name}`;
  const axis = SIGNALS ? ` Heights: ${number(E.range[0])} to ${number(E.range[1])} in the data's `
    + `units; across: ${E.shape[1]} points.` : "";
  return make("figure", { class: "samples" },
    SIGNALS ? signalSheet(bytes, count, label) : imageSheet(bytes, count, label),
    make("figcaption", {}, `${run.label}: ${label}, from the same noise in every run.${axis}`));
}

// A sample over its nearest training and held-out examples, and the differences to them.
function suspectSignal(own, others, label) {
  const channels = E.shape[0], high = 90 * channels, low = 44;
  const svg = make("svg", { viewBox: `0 0 260 ${high + 14 + low}`, role: "img",
    "aria-label": label });
  svg.append(make("rect", { x: 0, y: 0, width: 260, height: high, fill: "#f7f8fa" }),
    make("rect", { x: 0, y: high + 12, width: 260, height: low, fill: "#f7f8fa" }),
    make("line", { x1: 0, x2: 260, y1: high + 12 + low / 2, y2: high + 12 + low / 2,
      stroke: "#b5bcc4" }),
    make("text", { x: 2, y: high + 10, "font-size": 9, fill: GREY },
      "differences, to the same scale"));
  for (const [bytes, look] of others)
    for (let c = 0; c < channels; c++)
      svg.append(curve(bytes, c, 0, 90 * c, 260, 90, look));
  for (let c = 0; c < channels; c++) {
    svg.append(curve(own, c, 0, 90 * c, 260, 90, { stroke: OWN, "stroke-width": 1.5 }));
    if (c === 0) for (const [bytes, look] of others) {
      const n = E.shape[1], middle = high + 12 + low / 2;
      let path = "";
      for (let k = 0; k < n; k++) path += `${k ? "L" : "M"}${(260 * k / (n - 1)).toFixed(1)} `
        + Math.max(high + 12, Math.min(high + 12 + low, middle - 90 * (own[k] - bytes[k]) / 255))
          .toFixed(1);
      svg.append(make("path", { d: path, fill: "none", "stroke-width": 1, ...look }));
    }
  }
  return svg;
}
function suspectImage(own, others) {
  const [, height, width] = E.shape, strip = make("div", { class: "strip" });
  const add = (bytes, text) => {
    const picture = canvas(width, height, text);
    paint(picture.getContext("2d"), bytes, 0, 0);
    strip.append(make("div", {}, picture, text));
  };
  add(own, "sample");
  for (const [bytes, , name] of others) {
    add(bytes, name);
    add(own.map((v, k) => Math.abs(v - bytes[k])), "difference");
  }
  return strip;
}
const LOOKS = { heldout: { stroke: GREY, "stroke-dasharray": "3 2" }, train: { stroke: OTHER } };
function suspects(run) {
  const held = E.runs[run.name];
  if (!held || !held.suspects.length)
    return make("p", { class: "note" }, "No table of nearest examples is at hand.");
  return make("div", { class: `suspects${SIGNALS ? " signals" : ""}` }, held.suspects.map(entry => {
    const order = SIGNALS ? ["heldout", "train"] : ["train", "heldout"]; // train lies on top
    const own = unpack(entry.bytes), others = order.filter(side => entry[side])
      .map(side => [real(entry[side][0]), LOOKS[side], side === "train" ? "train" : "held-out"]);
    const near = side => entry[side] ? ` (no. ${entry[side][1]})` : "";
    const text = `sample ${entry.n}: d1/d2 ${number(entry.ratio, 2)}; ${number(entry.d1)} to train`
      + `${near("train")}, ${number(entry.d_heldout)} to held-out${near("heldout")}`;
    return make("figure", {}, SIGNALS ? suspectSignal(own, others, text)
      : suspectImage(own, others), make("figcaption", {}, text));
  }));
}
// The pictures that a run left of its samples among all others.
const ABOUT = { ratios: "the share of samples, and of held-out examples, whose d1/d2 is at most x",
  projection: "samples among real examples, on two principal components of the training data" };
function ownPictures(run) {
  const held = (E.runs[run.name] || {}).pictures || {};
  return Object.entries(ABOUT).filter(([name]) => held[name]).map(([name, about]) =>
    make("figure", {}, make("img", { src: `data:image/png;base64,${held[name]}`,
      alt: `${run.label}: ${about}` }), make("figcaption", {}, `${run.label}: ${about}.`)));
}
