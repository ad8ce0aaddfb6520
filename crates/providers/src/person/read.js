// Reads what stands beside words: what a field holds, a fact, a secret.
const clean = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const wanted = clean(arguments[0]).toLowerCase();
const WORDS = "label, dt, th, p, strong, span, legend, h2, h3, h4";
const VALUES = "code, output, dd, td, input:not([type=hidden]), textarea, select";
const valueOf = (element) => clean(element.value ?? element.textContent);

for (const words of document.querySelectorAll(WORDS)) {
  const text = clean(words.textContent).toLowerCase();
  if (text !== wanted || !words.checkVisibility()) continue;
  if (words.control) return words.control.value;
  for (let above = words.parentElement; above?.closest("main, body > *"); above = above.parentElement) {
    const values = [...above.querySelectorAll(VALUES)];
    const after = values.find((value) =>
      words.compareDocumentPosition(value) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (after) return valueOf(after.querySelector("code") ?? after);
  }
}
return null;
