"use strict";
for (const section of document.querySelectorAll("main section")) {
  const link = document.createElement("a");
  link.href = "#" + section.id;
  link.textContent = section.querySelector("h2").textContent;
  const item = document.createElement("li");
  item.append(link);
  document.getElementById("contents").append(item);
}
const key = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.number === undefined ? cell.textContent : Number(cell.dataset.number);
};
const order = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
  : String(a).localeCompare(String(b), document.documentElement.lang);
for (const head of document.querySelectorAll("thead th")) {
  const sort = () => {
    const table = head.closest("table"), body = table.tBodies[0];
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...body.rows].sort((a, b) => order(key(a, head.cellIndex), key(b, head.cellIndex)));
    body.append(...(up ? rows : rows.reverse()));
  };
  const button = head.querySelector("[role=button]");
  button.addEventListener("click", sort);
  button.addEventListener("keydown", event => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    sort();
  });
}
for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const rows = [...button.parentElement.querySelectorAll("tr")];
    const text = rows.map(row => [...row.cells].map(cell => cell.textContent.trim()).join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // a page opened from a file may not be given the clipboard
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const said = document.getElementById("said");
    said.textContent = said.dataset.copied;
    setTimeout(() => { said.textContent = ""; }, 2000);
  });
}
