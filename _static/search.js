// Search as you type: sections of pages, from Pagefind's index (see _ext/search.py).
(() => {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const SMALL = new Set(("a about am an and any are as at be by can could do does for from has have how i if in is it " +
    "its me my of on or should so some that the their then there this to was we what when where which who whose why " +
    "will with would you your").split(" "));
  const SHOWN = 12, PAGES = 8;
  let library;

  const load = () => library ??= import(new URL("pagefind/pagefind.js", root)).then(async (pagefind) => {
    await pagefind.options({ baseUrl: root.pathname, excerptLength: 22, ranking: { pageLength: 0.4, termFrequency: 0.6 } });
    return pagefind;
  });

  const wordsOf = (query) => {
    const words = query.toLowerCase().replace(/[?!,;"()]/g, " ").split(/\s+/).filter(Boolean);
    const large = words.filter((word) => !SMALL.has(word));
    return large.length ? large : words;
  };

  // Pages with all words first; then, if few have them, pages with some, the more of them the better.
  const pagesFor = async (pagefind, words) => {
    const scores = new Map();
    const add = ({ results }, weight) => {
      for (const result of results.slice(0, PAGES)) {
        const known = scores.get(result.id) || { result, score: 0 };
        known.score += weight * result.score;
        if (weight > 1) known.result = result;
        scores.set(result.id, known);
      }
    };
    add(await pagefind.search(words.join(" ")), words.length * 4);
    if (scores.size < 3) for (const word of words) add(await pagefind.search(word), 1);
    return [...scores.values()].sort((a, b) => b.score - a.score).slice(0, PAGES);
  };

  const find = async (query) => {
    const words = wordsOf(query);
    if (!words.length) return [];
    const pagefind = await load();
    const found = [];
    for (const { result, score } of await pagesFor(pagefind, words)) {
      const page = await result.data();
      const title = page.meta.title.replace(/#$/, "");
      const sections = page.sub_results.map((section) => {
        const heading = section.title.replace(/#$/, "");
        const inHeading = words.filter((word) => heading.toLowerCase().includes(word)).length / words.length;
        const task = /^Exercise|^References/.test(heading) ? 0.5 : 1;
        const weight = task * section.weighted_locations.reduce((sum, place) => sum + place.balanced_score, 0);
        return { url: section.url.replace("#at-", "#"), heading, title, excerpt: section.excerpt, rank: Math.log1p(weight) * (1 + 2 * task * inHeading) };
      }).sort((a, b) => b.rank - a.rank).slice(0, 3);
      found.push({ score, sections });
    }
    return found.flatMap(({ sections }) => sections).slice(0, SHOWN);
  };

  const list = (hits, query) => {
    const items = document.createElement("ul");
    items.className = "search hits";
    for (const { url, heading, title, excerpt } of hits) {
      const item = document.createElement("li"), link = document.createElement("a"), text = document.createElement("p");
      link.href = url;
      link.textContent = heading === title ? title : `${title} › ${heading}`;
      text.className = "context";
      text.innerHTML = excerpt; // Pagefind's: escaped text with <mark>
      item.append(link, text);
      items.append(item);
    }
    const summary = document.createElement("p");
    summary.className = "search-summary";
    summary.setAttribute("role", "status");
    summary.textContent = hits.length ? `${hits.length} sections on “${query}”` :
      `Your search did not match any section. Try fewer words.`;
    return [summary, items];
  };

  const asYouType = (form) => {
    const input = form.querySelector("input[type=search]"), place = document.createElement("div");
    place.className = "search-as-you-type";
    form.after(place);
    let asked = 0;
    input.addEventListener("focus", () => load().catch(() => {}), { once: true });
    input.addEventListener("input", async () => {
      const mine = ++asked, query = input.value.trim();
      if (query.length < 2) return place.replaceChildren();
      try {
        const hits = await find(query);
        if (mine === asked) place.replaceChildren(...list(hits, query));
      } catch { place.replaceChildren(); } // on the disk: Enter leads to Sphinx's search
    });
  };

  document.querySelectorAll("#pst-search-dialog form.bd-search").forEach(asYouType);
  const results = document.getElementById("search-results"), query = new URLSearchParams(location.search).get("q");
  if (results && query && location.protocol !== "file:") {
    const sphinx = Search.performSearch;
    Search.performSearch = async (asked) => {
      try {
        results.replaceChildren(...list(await find(asked), asked));
      } catch { sphinx(asked); }
    };
  }
})();
