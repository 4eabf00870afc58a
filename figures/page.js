"use strict";
// Sorts claims, and filters the ledger's. Without it the page shows them all, in their order.
{
  const form = document.getElementById("filter");
  const rows = Array.from(document.querySelector("#claims tbody").rows);
  const count = document.getElementById("count");

  // What can be searched of a claim: name, statement, source and decoy, as they are shown; so the
  // underscore of x_t, which is shown as an index, is not looked for.
  const told = (row) => [row.cells[0], row.querySelector("summary"),
    ...Array.from(row.querySelectorAll("dt"))
      .filter((term) => ["source", "decoy"].includes(term.textContent))
      .map((term) => term.nextElementSibling)]
    .map((part) => part.textContent).join(" ").toLowerCase().replaceAll("_", "");
  const texts = new Map(rows.map((row) => [row, told(row)]));

  const filter = () => {
    const words = form.elements.words.value.toLowerCase().replaceAll("_", "").split(/\s+/);
    let shown = 0;
    for (const row of rows) {
      const matches = ["paper", "origin", "kind", "about", "verdict"].every((field) =>
        ["", ...row.dataset[field].split("; ")].includes(form.elements[field].value));
      row.hidden = !(matches && words.every((word) => texts.get(row).includes(word)));
      shown += !row.hidden;
    }
    count.textContent = shown ? `${shown} of ${rows.length} claims`
      : "No claim has all of that: fewer words or choices, or show all.";
  };

  const sort = (heading) => {
    const column = heading.cellIndex;
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
    const order = (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
    const body = heading.closest("table").tBodies[0];
    body.append(...Array.from(body.rows).sort((a, b) => (descending ? -1 : 1) * order(a, b)));
  };

  // A link to a claim opens it, and shows it whatever is filtered.
  const open = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.matches(".claims tr")) {
      if (row.hidden) { form.reset(); filter(); }
      row.querySelector("details").open = true;
      row.scrollIntoView();
    }
  };

  // What a number of the table of works has opened closes by Escape, or when one goes elsewhere.
  const shut = (event) => {
    for (const opened of document.querySelectorAll(".across details[open]")) {
      if (event.key ? event.key !== "Escape" : opened.contains(event.target)) continue;
      if (event.key && opened.contains(document.activeElement)) opened.firstElementChild.focus();
      opened.open = false;
    }
  };
  for (const happens of ["keydown", "click", "focusin"]) addEventListener(happens, shut);

  form.addEventListener("input", filter);
  // "show all" undoes the order as well.
  form.addEventListener("reset", () => setTimeout(() => {
    for (const heading of document.querySelectorAll("#claims th[aria-sort]"))
      heading.removeAttribute("aria-sort");
    rows[0].parentNode.append(...rows);
    filter();
  }));
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll(".claims th button"))
    button.addEventListener("click", () => sort(button.parentNode));
  addEventListener("hashchange", open);
  form.hidden = false;
  filter();
  open();
}
