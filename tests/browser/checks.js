// What is looked at inside a page. Each function returns complaints, empty where all is well.
(() => {
  const shown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const named = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 110);
  const between = (rect, left, right) => rect.left >= left - 1 && rect.right <= right + 1;

  // Formulas are set, and no markup of the source is left as text.
  const mathematics = (expected) => {
    const page = document.querySelector("main");
    const formulas = [...page.querySelectorAll(".math")];
    const complaints = formulas.filter((f) => !f.querySelector("mjx-container")).map((f) => `not set: ${named(f)}`);
    if (expected && !page.querySelector("mjx-container")) complaints.push("the source has formulas, the page has none");
    for (const error of page.querySelectorAll("mjx-merror")) complaints.push(`wrong: ${named(error)}`);
    const texts = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (text.parentElement.closest("pre, code, script, style, mjx-container, textarea")) continue;
      if (/\$|\\[([]|\|\s*:?-{3,}/.test(text.data)) complaints.push(`raw markup: ${text.data.trim().slice(0, 80)}`);
    }
    return complaints;
  };

  // Every picture is there, and says what it shows.
  const images = async () => {
    const complaints = [];
    for (const image of document.images) {
      image.loading = "eager";
      await image.decode().catch(() => {});
      if (!image.naturalWidth) complaints.push(`not loaded: ${named(image)}`);
      const beside = image.closest("a, button")?.textContent.trim(); // a logo beside the title needs no other name
      if (!image.alt.trim() && !(beside && image.hasAttribute("alt"))) complaints.push(`no alt text: ${named(image)}`);
    }
    return complaints;
  };

  // The part of a text or formula that can be seen, or scrolled into view, is all of it.
  const cut = (rect, element) => {
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const { overflowX } = getComputedStyle(box);
      if (overflowX === "visible") continue;
      const frame = box.getBoundingClientRect();
      if (frame.width <= 2 || frame.height <= 2) return false; // for screen readers only
      const left = frame.left + box.clientLeft;
      if (overflowX === "auto" || overflowX === "scroll") return rect.left < left - box.scrollLeft - 1;
      if (!between(rect, frame.left, frame.right)) return true;
    }
    return !between(rect, 0, document.documentElement.clientWidth);
  };

  // The page does not scroll sideways; what is wide scrolls by itself, with the keyboard too.
  const layout = () => {
    const complaints = [];
    const page = document.scrollingElement;
    if (page.scrollWidth > page.clientWidth + 1) {
      complaints.push(`the page is ${page.scrollWidth} px wide, the window ${page.clientWidth}`);
    }
    for (const element of document.querySelectorAll("main *")) {
      if (element.scrollWidth <= element.clientWidth + 1 || !shown(element)) continue;
      if (!["auto", "scroll"].includes(getComputedStyle(element).overflowX)) continue;
      const stops = [element, ...element.querySelectorAll("*")].filter((e) => e.tabIndex >= 0 && shown(e));
      if (!stops.length) complaints.push(`scrolls, but not with the keyboard: ${named(element)}`);
    }
    const contents = document.querySelector("article") ?? document.querySelector("main");
    const texts = document.createTreeWalker(contents, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !shown(element) || element.closest("mjx-container")) continue;
      range.selectNodeContents(texts.currentNode);
      if ([...range.getClientRects()].some((rect) => cut(rect, element))) complaints.push(`cut off: ${named(element)}`);
    }
    for (const formula of contents.querySelectorAll("mjx-math")) {
      if (!shown(formula)) continue;
      if (cut(formula.getBoundingClientRect(), formula.parentElement)) complaints.push(`cut off: ${named(formula)}`);
    }
    return complaints;
  };

  // Formulas that were made smaller, and those that are wider than their column though they could be.
  const formulas = (smallest) => {
    const complaints = [];
    for (const block of document.querySelectorAll("main div.math")) {
      const share = parseFloat(block.style.fontSize || 100) / 100;
      const width = Math.max(...[block, ...block.children].map((element) => element.scrollWidth));
      if (share < smallest) complaints.push(`at ${share} of its size: ${named(block)}`);
      else if (width > block.clientWidth && share > smallest) complaints.push(`wider than its column: ${named(block)}`);
    }
    return complaints;
  };

  // Labels of figures that are small on the screen, run into one another, or leave the window.
  const figures = (smallest) => {
    const complaints = [];
    for (const drawing of document.querySelectorAll("main div.figure > svg.figure")) {
      const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
      const labels = [...drawing.querySelectorAll("text")].filter((label) => label.textContent.trim());
      const rects = labels.map((label) => label.getBoundingClientRect());
      labels.forEach((label, number) => {
        const [one, size] = [rects[number], scale * parseFloat(getComputedStyle(label).fontSize)];
        if (size < smallest - 0.05) complaints.push(`a label of ${size.toFixed(1)} px: ${named(label)}`);
        if (!between(one, 0, document.documentElement.clientWidth)) complaints.push(`outside: ${named(label)}`);
        rects.slice(number + 1).forEach((other, later) => {
          const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
          const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
          if (across < 3 || down < 4) return;
          complaints.push(`over one another: ${label.textContent} | ${labels[number + 1 + later].textContent}`);
        });
      });
    }
    return complaints;
  };

  // Controls are numbered, and how they look without focus is noted, before Tab is pressed from the top of the page.
  const CONTROLS = "a[href], button, summary, input:not([type=hidden]), select, textarea, [role=button], [onclick]";
  const LOOK = ["outline", "boxShadow", "backgroundColor", "borderColor", "textDecorationLine", "textDecorationThickness"];
  const NEEDED = {
    "skip link": ".skip-link a",
    "search": ".search-button-field, .search-button",
    "theme switch": ".theme-switch-button",
  };
  const look = (element) => LOOK.map((property) => getComputedStyle(element)[property]).join("|");
  const outlined = (element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
  };
  const seen = (element) => {
    for (let box = element; box; box = box.parentElement) if (getComputedStyle(box).opacity < 0.1) return false;
    const rect = element.getBoundingClientRect();
    return rect.right > 0 && rect.left < innerWidth && rect.bottom > 0 && rect.top < innerHeight;
  };
  let controls = [];
  let looks = [];

  const prepareTab = () => {
    const style = document.createElement("style");
    style.textContent = "* { transition: none !important; animation: none !important; scroll-behavior: auto !important }";
    document.head.append(style);
    const candidates = [...document.querySelectorAll(`${CONTROLS}, [tabindex]`)];
    controls = candidates.filter((e) => shown(e) && !e.disabled && (e.matches(CONTROLS) || e.tabIndex >= 0));
    looks = controls.map(look);
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    scrollTo(0, 0);
    const missing = Object.keys(NEEDED).filter((name) => ![...document.querySelectorAll(NEEDED[name])].some(shown));
    return { count: controls.length, missing: missing.map((name) => `no ${name}`) };
  };

  // Where the focus is: its number (-1: nowhere, or back in the browser), and whether one can see it.
  const focused = () => {
    const element = document.activeElement;
    if (!element || element === document.body) return { number: -1 };
    const number = controls.indexOf(element);
    const changed = number < 0 || look(element) !== looks[number];
    return { number, name: named(element), visible: seen(element) && (outlined(element) || changed) };
  };
  // What Tab has passed over. The theme folds the contents of sections that one has left: what is hidden by now is exempt.
  const missed = (reached) => controls.filter((c, number) => !reached.includes(number) && shown(c)).map(named);
  const describe = (numbers) => numbers.map((number) => named(controls[number]));

  window.bookChecks = { mathematics, images, layout, formulas, figures, prepareTab, focused, missed, describe };
})();
