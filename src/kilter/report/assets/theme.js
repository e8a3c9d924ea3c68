"use strict";
// Runs before anything is painted, so that a chosen theme does not flash. Storage may be forbidden for files.
try {
  const chosen = localStorage.getItem("kilter-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* the system's choice stands */ }
document.documentElement.classList.add("scripted");
