// What is looked at in the card of an explorer. Each function returns complaints, empty where all is well.
(() => {
  const cards = () => [...document.querySelectorAll(".explorer-card")];
  const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const each = (look) => {
    const found = cards().flatMap((card) => look(card).map((complaint) => `${card.id}: ${complaint}`));
    return cards().length ? found : ["no card"];
  };

  // What it is, what to try, presets, verdict; then what one moves, and what one sees.
  const PARTS = ["h4", "p", ".presets", "output", ".controls", "svg"];
  const order = () => each((card) => {
    const boxes = PARTS.map((part) => card.querySelector(part)).map((part) => part && shown(part) && part.getBoundingClientRect());
    return PARTS.flatMap((part, i) => {
      if (!boxes[i]) return [`no ${part}`];
      if (!i || !boxes[i - 1]) return [];
      return boxes[i].top >= boxes[i - 1][part === "svg" ? "top" : "bottom"] - 1 ? [] : [`${part} above ${PARTS[i - 1]}`];
    });
  });

  // Words stand out from what is behind them, and the card lets the page through.
  const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
  const solid = (colour) => colour.startsWith("rgb") && (rgb(colour)[3] ?? 1) > 0;
  const ground = (element) => {
    for (let box = element; box; box = box.parentElement)
      if (solid(getComputedStyle(box).backgroundColor)) return getComputedStyle(box).backgroundColor;
    return "rgb(255, 255, 255)";
  };
  const light = (colour) => {
    const [r, g, b] = rgb(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const colours = () => each((card) => {
    const page = getComputedStyle(document.body).backgroundColor;
    const complaints = ground(card) === page ? [] : [`the ground is ${ground(card)}, that of the page ${page}`];
    const texts = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !shown(element)) continue;
      const colour = getComputedStyle(element)[element.closest("svg") ? "fill" : "color"];
      const found = contrast(colour, ground(element));
      if (found < 4.5) complaints.push(`contrast ${found.toFixed(1)}: ${texts.currentNode.data.trim().slice(0, 40)}`);
    }
    return complaints;
  });

  // Nothing sticks out of the card or of the page.
  const width = () => each((card) => {
    const frame = card.getBoundingClientRect();
    const outside = [...card.querySelectorAll("*")].filter((part) => {
      if (!shown(part) || part.closest("details") || (part.closest("svg") && !part.matches("svg, text"))) return false;
      const box = part.getBoundingClientRect();
      return box.left < frame.left - 1 || box.right > frame.right + 1;
    });
    const complaints = outside.map((part) => `sticks out: ${part.outerHTML.slice(0, 80)}`);
    const page = document.scrollingElement;
    return page.scrollWidth > page.clientWidth ? [...complaints, `the page is ${page.scrollWidth} px wide`] : complaints;
  });

  window.cardChecks = { order, colours, width };
})();
