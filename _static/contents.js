// The mark in the page's contents: the section whose heading was passed last. It follows every scroll, so it is never a
// section behind, as a mark that waits for headings to cross a line can be.
(() => {
  const nav = document.getElementById("page-contents");
  if (!nav) return;
  const links = [...nav.querySelectorAll("a.nav-link")];
  const places = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  const entries = [...nav.querySelectorAll(".toc-entry")];
  const LINE = 160; // pixels below the top of the window, under the page's header

  const mark = () => {
    const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    let current = -1;
    places.forEach((place, i) => {
      if (place && (place.getBoundingClientRect().top <= LINE || (atEnd && place.getBoundingClientRect().top < innerHeight / 2)))
        current = i;
    });
    links.forEach((link, i) => {
      link.classList.toggle("active", i === current);
      if (i === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
    for (const entry of entries) entry.classList.toggle("active", current >= 0 && entry.contains(links[current]));
  };

  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  addEventListener("load", soon);
  mark();
})();
