// A filter above the ledger: words, and one of four kinds of claims. Without a script all claims are there to be read.
(() => {
  const CHIPS = {
    "": "All",
    answers: "Answer the literature",
    failed: "Literature’s claim did not hold here",
    weak: "Held on fewer than 9 of 10 other seeds",
  };
  const list = document.getElementById("all-claims-by-chapter");
  if (!list) return;
  const entries = [...list.querySelectorAll("[data-kinds]")].map((place) => ({
    item: place.closest("li"),
    kinds: place.dataset.kinds.split(" "),
    words: place.closest("li").textContent.toLowerCase(),
  }));
  const chapters = [...list.querySelectorAll("section")];
  const others = [...list.parentElement.children].filter((part) => part.matches("section") && part !== list);

  const form = document.createElement("form");
  form.className = "ledger-filter";
  form.innerHTML = `<label for="ledger-words">Find claims</label>
    <input id="ledger-words" type="search" autocomplete="off">
    <div role="group" aria-label="Which claims">${Object.entries(CHIPS)
      .map(([kind, words]) => `<button type="button" data-kind="${kind}">${words}</button>`)
      .join("")}</div>
    <p role="status" aria-live="polite"></p>`;
  const field = form.querySelector("input");
  const chips = [...form.querySelectorAll("button")];
  const count = form.querySelector("p");
  let kind = "";

  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = Boolean(kind || words.length);
    for (const entry of entries) {
      entry.item.hidden =
        Boolean(kind && !entry.kinds.includes(kind)) || !words.every((word) => entry.words.includes(word));
    }
    for (const chapter of chapters) chapter.hidden = [...chapter.querySelectorAll("li")].every((item) => item.hidden);
    for (const other of others) other.hidden = filtered;
    for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.kind === kind));
    const shown = entries.filter((entry) => !entry.item.hidden).length;
    count.textContent = filtered ? `${shown} of ${entries.length} claims` : `${entries.length} claims`;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", show);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      kind = chip.dataset.kind;
      show();
    });
  }
  // A link to what is hidden shows everything again.
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.closest("[hidden]")) return;
    kind = field.value = "";
    show();
    target.scrollIntoView();
  });
  list.parentElement.insertBefore(form, others[0] ?? list);
  show();
})();
