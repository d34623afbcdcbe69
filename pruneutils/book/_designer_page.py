"""What the schedule designer is in the page: HTML, and the script that computes and draws."""

# Without a script: picture, sentence and table. The script shows sliders, buttons and a drawing of its own.
PAGE = """\
<figure id="{id}" style="background: #fff; color: #1a1a1a; color-scheme: light; box-sizing: border-box; \
max-width: 576px; margin: 1rem 0; padding: 8px">
<style>.text_html:has(> #{id}) {{ background: none; padding: 0 }} \
#{id} text {{ font: 13px sans-serif; fill: #1a1a1a }} \
@media (max-width: 480px) {{ #{id} text {{ font-size: 20px }} }} \
#{id} button {{ margin: 2px; padding: 4px 8px; border: 1px solid #595959; border-radius: 4px; background: #fff; \
color: #1a1a1a; font: inherit; min-height: 2rem }}</style>
<img class="dark-light" src="{still}" alt="{alt} Shown: {sentence}" width="{width}" height="{height}" \
style="width: 100%; height: auto; padding: 0; background: #fff">
<div hidden><svg viewBox="0 -8 560 402" role="img" aria-label="{alt}" style="width: 100%; height: auto"></svg>
<div style="display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0 1rem">{inputs}</div>
<div role="group" aria-label="Designs to load">{buttons}</div></div>
<output aria-live="polite" style="display: block; min-height: 4.5em">{sentence}</output>
<details><summary>Some designs as a table</summary>
<div tabindex="0" role="region" aria-label="Some designs" style="overflow-x: auto">{table}</div></details>
<script>
for (const card of document.querySelectorAll("#{id}:not([data-ready])")) {{
  const [still, svg, output] = ["img", "svg", "output"].map(name => card.querySelector(name));
  const inputs = Object.fromEntries([...card.querySelectorAll("input")].map(input => [input.name, input]));
  const steps = {steps}, longest = {longest}, alt = {alt_literal}, percent = share => `${{(100 * share).toFixed(1)}} %`;
  const many = (n, one) => n === 1 ? `1 ${{one}}` : `${{n || "no"}} ${{one}}s`;
  const x = step => 52 + 496 * step / longest, y = s => 202 - 190 * s, scale = [0.05, 0.1, 0.25, 0.5];
  const line = (x1, y1, x2, y2, style) => `<path d="M${{x1}} ${{y1}}L${{x2}} ${{y2}}" fill="none" ${{style}}/>`;
  const words = (x, y, text, more = "") => `<text x="${{x}}" y="${{y}}" ${{more}}>${{text}}</text>`;
  const stairs = held => held.map((s, t) => `${{t ? "V" : `M${{x(0)}} `}}${{y(s)}}H${{x(t + 1)}}`).join("");
  const draw = () => {{
    const v = Object.fromEntries(Object.values(inputs).map(input => [input.name, Number(input.value)]));
    const [initial, final] = [v.initial / 100, v.final / 100];
    const smooth = step => final + (initial - final)
      * (1 - Math.min(Math.max((step - v.begin) / (v.end - v.begin), 0), 1)) ** v.power;
    const toolkit = [], ours = [], cuts = [];
    for (let step = 0; step < steps; step++) {{
      const turn = step >= v.begin && (step - v.begin) % v.frequency === 0;
      toolkit.push(turn && step <= v.end ? smooth(step) : step ? toolkit[step - 1] : 0);
      ours.push(step >= v.end ? final : turn ? smooth(step) : step ? ours[step - 1] : 0);
      const before = step ? ours[step - 1] : 0;
      if (ours[step] > before) cuts.push([step, 1 - (1 - ours[step]) / (1 - before)]);
    }}
    const [hardest, most] = cuts.reduce((a, b) => b[1] > a[1] + 1e-9 ? b : a, ["none", 0]);
    const top = scale.find(limit => most < limit) || 1, low = share => 346 - 100 * Math.min(share / top, 1);
    const equal = cuts.length ? 1 - (1 - ours[steps - 1]) ** (1 / cuts.length) : 0;
    const reached = s => (s < final - 1e-9 && percent(s) === percent(final) ? "just under " : "") + percent(s);
    const left = cuts.length ? steps - 1 - cuts[cuts.length - 1][0] : 0;
    const sentence = `Goal ${{percent(final)}}; when training ends, toolkit's rule: ${{reached(toolkit[steps - 1])}}, `
      + `ours: ${{reached(ours[steps - 1])}}. Ours makes ${{many(cuts.length, "cut")}}` + (cuts.length
      ? `; the hardest, after step ${{hardest}}, takes ${{percent(most)}} of what is left; `
      + `${{many(left, "step")}} follow${{left === 1 ? "s" : ""}} the last cut.` : ".");
    let drawing = "";
    for (const s of [0, 0.5, 1]) drawing += line(x(0), y(s), x(longest), y(s), 'stroke="#e3e3e3"')
      + words(46, y(s) + 4, 100 * s, 'text-anchor="end"')
      + line(x(0), low(s * top), x(longest), low(s * top), 'stroke="#e3e3e3"')
      + words(46, low(s * top) + 4, 100 * s * top, 'text-anchor="end"');
    for (let step = 0; step <= longest; step += 30) drawing += words(x(step), 364, step,
      `text-anchor="${{step < longest ? "middle" : "end"}}"`);
    for (const [step, share] of cuts)
      drawing += line(x(step), low(0), x(step), low(share), 'stroke="{vermilion}" stroke-width="2"');
    const dotted = 'stroke="{ink}" stroke-dasharray="2 3"', grey = 'stroke="{grey}" fill="none"';
    const path = [...Array(longest).keys()].filter(t => t >= v.begin && t <= v.end);
    drawing += line(x(0), y(final), x(longest), y(final), dotted) + line(x(steps), y(1), x(steps), low(0), dotted)
      + line(x(0), low(equal), x(steps), low(equal), 'stroke="{ink}" stroke-dasharray="7 5"')
      + `<path d="M${{path.map(t => `${{x(t)}} ${{y(smooth(t))}}`).join("L")}}" ${{grey}}/>`
      + `<path d="${{stairs(ours)}}" stroke="{vermilion}" stroke-width="2.5" fill="none"/>`
      + `<path d="${{stairs(toolkit)}}" stroke="{blue}" stroke-width="2.5" stroke-dasharray="7 5" fill="none"/>`
      + words(x(0), 240, "each cut, % of what is left (dashed: equal shares)")
      + words(x(steps) + 4, y(0) - 12, "end of") + words(x(steps) + 4, y(0) + 9, "training")
      + words(x(longest / 2), 384, "training step", 'text-anchor="middle"')
      + words(x(0), 8, "sparsity (%)") + words(190, 8, "━ ours", 'style="fill: #a84900"')
      + words(268, 8, "╍ toolkit", 'style="fill: {blue}"') + words(368, 8, "··· goal") + words(450, 8, "─ smooth");
    svg.innerHTML = drawing;
    svg.setAttribute("aria-label", `${{alt}} Shown: ${{sentence}}`);
    output.textContent = sentence;
    for (const input of Object.values(inputs)) card.querySelector(`[for=${{input.id}}] b`).textContent = input.value;
  }};
  const before = (low, high, gap, moved) => {{  // the one that is moved pushes the other
    if (Number(low.value) + gap <= Number(high.value)) return;
    if (moved === low) high.value = Number(low.value) + gap; else low.value = Number(high.value) - gap;
  }};
  for (const input of Object.values(inputs)) input.oninput = () => {{
    before(inputs.initial, inputs.final, 0, input);
    before(inputs.begin, inputs.end, 1, input);
    draw();
  }};
  for (const button of card.querySelectorAll("button")) button.onclick = () => {{
    for (const [name, value] of Object.entries(JSON.parse(button.value))) inputs[name].value = value;
    draw();
  }};
  draw();
  still.hidden = true, still.style.display = "none";
  svg.parentElement.hidden = false;
  card.dataset.ready = "";
}}
</script>
</figure>"""
