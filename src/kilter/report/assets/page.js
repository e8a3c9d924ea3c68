"use strict";
// Charts, the choice of a theme, tables that sort. All that is shown is set as text, never as markup.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  function make(tag, text, parent) {
    const element = document.createElement(tag);
    element.textContent = text;
    parent.append(element);
    return element;
  }

  // --- theme

  const button = document.getElementById("theme");
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("kilter-theme", root.dataset.theme); } catch { /* holds for this visit only */ }
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);

  // --- charts

  const CONFIG = { displayModeBar: false, responsive: true, showTips: false, typesetMath: false, plotlyServerURL: "" };
  const charts = [];

  function draw(figure) {
    const chart = figure.querySelector(".chart");
    const spec = JSON.parse(figure.querySelector("script.spec").textContent);
    Plotly.newPlot(chart, spec.data, spec.layout, CONFIG);
    charts.push({ chart, width: spec.layout.width });
    if (spec.layout.meta && spec.layout.meta.cells) {
      chart.on("plotly_click", (event) => choose(figure, event.points[0].customdata));
      make("small", "Choose a cell to see its examples.", figure.querySelector(".chosen"));
    }
  }

  function choose(figure, cell) {
    const panel = figure.querySelector(".chosen");
    panel.replaceChildren();
    if (!cell) {
      make("p", "No mistakes lie in this cell.", panel);
      return;
    }
    make("p", cell.title, panel);
    const list = make("ul", "", panel);
    for (const [id, input, cost] of cell.rows) {
      const item = make("li", "", list);
      make("bdi", input, item);
      make("code", id, item);
      make("small", cost, item);
    }
    if (!cell.rows.length) make("p", "None of them is among the mistakes that were kept.", panel);
  }

  for (const figure of all("figure")) {
    try {
      draw(figure);
    } catch (error) {
      figure.querySelector(".chart").remove();
      make("p", `This chart could not be drawn (${error.message}); its sentence stands below.`, figure);
    }
  }

  // --- tables

  const key = (cell) => {
    const text = cell.textContent.trim();
    const value = parseFloat(text.replace(/[,<\s]/g, ""));
    return Number.isNaN(value) ? text : value;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b
      : typeof a === "number" ? -1 : typeof b === "number" ? 1 : a.localeCompare(b);

  for (const table of all("table.sortable")) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const label = head.textContent;
      if (!label) return;
      head.textContent = "";
      const sorter = make("button", label, head);
      sorter.type = "button";
      sorter.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = all("tbody tr", table);
        rows.sort((a, b) => (up ? 1 : -1) * compare(key(a.cells[column]), key(b.cells[column])));
        table.tBodies[0].append(...rows);
      });
    });
  }

  // --- where one is

  const links = new Map(all("nav a").map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      const link = links.get(entry.target.id);
      if (link) link.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const section of all("main > section")) watcher.observe(section);

  // --- print: everything open, charts as wide as the sheet

  const SHEET = 660;
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open], .where)");
    for (const details of folded) details.open = true;
    for (const { chart, width } of charts) Plotly.relayout(chart, { width: Math.min(width || SHEET, SHEET) });
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
    for (const { chart, width } of charts) Plotly.relayout(chart, width ? { width } : { width: null, autosize: true });
  });
})();
