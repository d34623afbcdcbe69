// What all explorers do: show what their controls say, and keep it in the address of the book's page, as in
// #explorer-7-1?final=80&power=3. What stands before this script has set `settings` and `draw`.
for (const card of document.querySelectorAll(`#${settings.id}:not([data-ready])`)) {
  const [picture, output] = [card.querySelector("svg"), card.querySelector("output")];
  const [inputs, buttons] = [[...card.querySelectorAll("input")], [...card.querySelectorAll("button")]];
  const state = () => Object.fromEntries(inputs.map((input) => [input.name, Number(input.value)]));
  const set = (values) => {
    for (const input of inputs) if (Number.isFinite(values[input.name])) input.value = values[input.name];
  };

  const show = (moved) => {
    const { values, words, verdict, drawing } = draw(state(), moved);
    set(values);
    for (const input of inputs) {
      input.setAttribute("aria-valuetext", words[input.name]);
      card.querySelector(`[for="${input.id}"] b`).textContent = words[input.name];
    }
    for (const button of buttons) {
      const wanted = Object.entries(JSON.parse(button.value));
      button.setAttribute("aria-pressed", wanted.every(([name, value]) => values[name] === value));
    }
    picture.innerHTML = drawing;
    picture.setAttribute("aria-label", `${settings.alt} Shown: ${verdict}`);
    output.textContent = verdict;
    output.style.minHeight = `${output.offsetHeight}px`; // a shorter one must not move the slider under the finger
  };

  const inBook = "theme" in document.documentElement.dataset; // elsewhere the address is that of a notebook
  const keep = () => {
    if (!inBook) return;
    try {
      history.replaceState(history.state, "", `#${card.id}?${new URLSearchParams(state())}`);
    } catch {
      // A frame without an address, or a browser that takes no more changes for some seconds.
    }
  };
  const restore = () => {
    const [id, query] = location.hash.slice(1).split("?");
    if (id !== card.id || !query) return;
    set(Object.fromEntries([...new URLSearchParams(query)].map(([name, value]) => [name, parseFloat(value)])));
    show();
    card.scrollIntoView();
  };

  for (const input of inputs) {
    input.oninput = () => show(input.name);
    input.onchange = keep;
  }
  for (const button of buttons) button.onclick = () => {
    set(JSON.parse(button.value));
    show();
    keep();
  };
  if (settings.box) picture.setAttribute("viewBox", settings.box);
  for (const part of card.querySelectorAll("[hidden]")) part.hidden = false;
  card.querySelector(".unscripted").hidden = true;
  show();
  if (inBook) {
    restore();
    addEventListener("load", restore); // once more, where the card is when all above it has its place
    addEventListener("hashchange", restore);
  }
  card.dataset.ready = "";
}
