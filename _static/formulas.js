// A formula on a line of its own that is wider than its column shrinks, to seven tenths at most, before it scrolls.
(() => {
  const SMALLEST = 0.7;

  const fit = (block) => {
    block.style.fontSize = "";
    const width = Math.max(block.scrollWidth, ...[...block.children].map((formula) => formula.scrollWidth));
    if (width <= block.clientWidth) return;
    const share = Math.max(SMALLEST, (block.clientWidth - 1) / width);
    block.style.fontSize = `${Math.floor(1000 * share) / 10}%`;
  };

  // A formula gets a width when it is set, when its fold opens, and when the window changes.
  const widths = new Map();
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.clientWidth === (widths.get(target) ?? 0)) continue;
      widths.set(target, target.clientWidth);
      requestAnimationFrame(() => fit(target));
    }
  });

  window.MathJax?.startup?.promise?.then(() => {
    for (const block of document.querySelectorAll("div.math")) observer.observe(block);
  });
})();
