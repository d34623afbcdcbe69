// The schedule designer computes what `PolynomialDecay` and `on_grid` compute, and draws it.
const { steps, longest } = settings;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const many = (n, one) => (n === 1 ? `1 ${one}` : `${n || "no"} ${one}s`);

// One setting cannot pass another: the one that is moved pushes.
const push = (v, low, high, gap, moved) => {
  if (v[low] + gap <= v[high]) return;
  if (moved === low) v[high] = v[low] + gap;
  else v[low] = v[high] - gap;
};

// Sparsity in force after each step by both rules, the smooth curve, and the cuts of ours: [step, share of the rest].
const follow = (v) => {
  const [initial, final] = [v.initial / 100, v.final / 100];
  const smooth = (step) =>
    final + (initial - final) * (1 - Math.min(Math.max((step - v.begin) / (v.end - v.begin), 0), 1)) ** v.power;
  const [toolkit, ours, cuts] = [[], [], []];
  for (let step = 0; step < steps; step++) {
    const turn = step >= v.begin && (step - v.begin) % v.frequency === 0;
    const before = step ? ours[step - 1] : 0;
    toolkit.push(turn && step <= v.end ? smooth(step) : step ? toolkit[step - 1] : 0);
    ours.push(step >= v.end ? final : turn ? smooth(step) : before);
    if (ours[step] > before) cuts.push([step, 1 - (1 - ours[step]) / (1 - before)]);
  }
  return { final, smooth, toolkit, ours, cuts };
};

const sentence = ({ final, toolkit, ours, cuts }, hardest, most) => {
  const reached = (s) => (s < final - 1e-9 && percent(s) === percent(final) ? "just under " : "") + percent(s);
  const left = cuts.length ? steps - 1 - cuts[cuts.length - 1][0] : 0;
  return `Goal ${percent(final)}; when training ends, toolkit's rule: ${reached(toolkit[steps - 1])}, `
    + `ours: ${reached(ours[steps - 1])}. Ours makes ${many(cuts.length, "cut")}` + (cuts.length
    ? `; the hardest, after step ${hardest}, takes ${percent(most)} of what is left; `
    + `${many(left, "step")} follow${left === 1 ? "s" : ""} the last cut.` : ".");
};

const x = (step) => 52 + (496 * step) / longest;
const y = (s) => 202 - 190 * s;
const path = (points, style) => `<path d="${points}" fill="none" style="${style}"/>`;
const line = (x1, y1, x2, y2, style) => path(`M${x1} ${y1}L${x2} ${y2}`, style);
const text = (x, y, words, more = "") => `<text x="${x}" y="${y}" fill="currentcolor" ${more}>${words}</text>`;
const stairs = (held) => held.map((s, t) => `${t ? "V" : `M${x(0)} `}${y(s)}H${x(t + 1)}`).join("");
const [GRID, INK, GREY] = ["stroke: var(--figure-grid)", "stroke: currentcolor", "stroke: var(--figure-grey)"];
const [BLUE, VERMILION] = ["var(--figure-blue)", "var(--figure-vermilion)"];

const picture = (v, { final, smooth, toolkit, ours, cuts }, most) => {
  const top = [0.05, 0.1, 0.25, 0.5].find((limit) => most < limit) || 1;
  const low = (share) => 346 - 100 * Math.min(share / top, 1);
  const equal = cuts.length ? 1 - (1 - ours[steps - 1]) ** (1 / cuts.length) : 0;
  const planned = [...Array(longest).keys()].filter((t) => t >= v.begin && t <= v.end);
  const right = 'text-anchor="end"';
  return [
    ...[0, 0.5, 1].flatMap((s) => [
      line(x(0), y(s), x(longest), y(s), GRID) + text(46, y(s) + 4, 100 * s, right),
      line(x(0), low(s * top), x(longest), low(s * top), GRID) + text(46, low(s * top) + 4, 100 * s * top, right),
    ]),
    ...[0, 30, 60, 90, 120, 150].map((t) => text(x(t), 364, t, t < longest ? 'text-anchor="middle"' : right)),
    ...cuts.map(([t, share]) => line(x(t), low(0), x(t), low(share), `stroke: ${VERMILION}; stroke-width: 2`)),
    line(x(0), y(final), x(longest), y(final), `${INK}; stroke-dasharray: 2 3`),
    line(x(steps), y(1), x(steps), low(0), `${INK}; stroke-dasharray: 2 3`),
    line(x(0), low(equal), x(steps), low(equal), `${INK}; stroke-dasharray: 7 5`),
    path(`M${planned.map((t) => `${x(t)} ${y(smooth(t))}`).join("L")}`, GREY),
    path(stairs(ours), `stroke: ${VERMILION}; stroke-width: 2.5`),
    path(stairs(toolkit), `stroke: ${BLUE}; stroke-width: 2.5; stroke-dasharray: 7 5`),
    text(x(0), 240, "each cut, % of what is left (dashed: equal shares)"),
    text(x(steps) + 4, y(0) - 30, "end of") + text(x(steps) + 4, y(0) - 9, "training"),
    text(x(longest / 2), 384, "training step", 'text-anchor="middle"'),
    text(x(0), 8, "sparsity (%)") + text(450, 8, "─ smooth") + text(368, 8, "··· goal"),
    text(190, 8, "━ ours", `style="fill: ${VERMILION}"`) + text(268, 8, "╍ toolkit", `style="fill: ${BLUE}"`),
  ].join("");
};

const draw = (v, moved) => {
  push(v, "initial", "final", 0, moved);
  push(v, "begin", "end", 1, moved);
  const course = follow(v);
  const [hardest, most] = course.cuts.reduce((a, b) => (b[1] > a[1] + 1e-9 ? b : a), ["none", 0]);
  return { values: v, words: v, verdict: sentence(course, hardest, most), drawing: picture(v, course, most) };
};
