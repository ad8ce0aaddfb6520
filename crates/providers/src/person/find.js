// Finds what a person finds by its words: a field by its label, a button or a link by its text.
// Arguments: the kind, the words, and words that stand near it (or null).
const [kind, words, near] = arguments;
const KINDS = {
  field: "input:not([type=hidden], [type=submit], [type=button], [type=reset]), select, textarea",
  button: "button, input[type=submit], input[type=button], summary, [role=button]",
  link: "a[href]",
};
const clean = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const lower = (text) => clean(text).toLowerCase();
const shown = (element) => element.checkVisibility({ visibilityProperty: true });

const labelOf = (label) => {
  const copy = label.cloneNode(true);
  for (const control of copy.querySelectorAll("select, textarea, input, button")) control.remove();
  return copy.textContent;
};
const legendOf = (element) => element.closest("fieldset")?.querySelector("legend")?.textContent;
const namesOf = (element) => {
  const by = element.getAttribute("aria-labelledby");
  if (by) return [by.split(/\s+/).map((id) => document.getElementById(id)?.textContent).join(" ")];
  if (element.ariaLabel) return [element.ariaLabel, element.textContent];
  if (kind !== "field") return [element.value || element.textContent, element.textContent];
  return [...(element.labels ?? [])].map(labelOf);
};

const wanted = lower(words);
const candidates = [...document.querySelectorAll(KINDS[kind])].filter((element) => {
  // A checkbox or a file field may be hidden behind what stands for it.
  return shown(element) || (kind === "field" && [...(element.labels ?? [])].some(shown));
});
const named = (fits) =>
  candidates.filter((element) => namesOf(element).some((name) => fits(lower(name))));
let found = named((name) => name === wanted);
if (found.length === 0) found = named((name) => name.startsWith(wanted));
if (found.length === 0 && kind !== "field") found = named((name) => name.includes(wanted));

if (near !== null) {
  const beside = lower(near);
  const size = (element) => {
    for (let above = element; above && above !== document.body; above = above.parentElement) {
      const text = lower(above.textContent);
      if (text.includes(beside)) return text.length;
    }
    return Infinity;
  };
  const sizes = found.map((element) => [size(element), element]);
  sizes.sort((one, other) => one[0] - other[0]);
  found = sizes.filter(([size]) => size !== Infinity).map(([, element]) => element);
}
const all = candidates.flatMap(namesOf).map(clean);
return [found[0] ?? null, found.length === 0 ? all : []];
