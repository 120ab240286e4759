// Searches the page's own contents. Without it the list is all there, and the browser's own search finds the rest.

const search = document.getElementById("search");
const found = document.getElementById("found");
search.parentElement.hidden = false;

const groups = [...document.querySelectorAll("[data-group]")];
const entries = [...document.querySelectorAll("[data-for]")].map((line) => {
  const article = document.getElementById(line.dataset.for);
  return { line, article, text: article.textContent.toLowerCase() };
});

const shapes = [...document.querySelectorAll("article[id^=shape-]")].map((article) => ({ article, text: article.textContent.toLowerCase() }));

function look() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { line, article, text } of entries) {
    const fits = words.every((word) => text.includes(word));
    line.hidden = article.hidden = !fits;
    if (fits) count += 1;
  }
  for (const { article, text } of shapes) article.hidden = !words.every((word) => text.includes(word));
  for (const group of groups) {
    group.hidden = !group.querySelector("[data-for]:not([hidden])");
    group.open = words.length > 0 && !group.hidden;
  }
  for (const section of document.querySelectorAll("section.group")) section.hidden = !section.querySelector("article:not([hidden])");
  found.textContent = words.length ? (count === 1 ? "1 call found" : `${count} calls found`) : "";
}

search.addEventListener("input", look);

addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, textarea, select")) return;
  event.preventDefault();
  search.focus();
});
