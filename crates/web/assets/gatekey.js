// What pages cannot do without a script. All of them work without it.
"use strict";

// Copy buttons are shown where they work.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const text = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "✓";
    button.setAttribute("aria-label", text);
    setTimeout(() => { button.textContent = text; }, 1500);
  });
}

// The server shows times in the reader's zone once it knows it.
if (document.documentElement.dataset.zone === "ask") {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && zone !== "UTC") {
    document.cookie = `timezone=${zone}; Path=/; Secure; SameSite=Lax; Max-Age=31536000`;
    const two = (number) => String(number).padStart(2, "0");
    for (const time of document.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      const day = document.documentElement.lang === "de"
        ? `${two(at.getDate())}.${two(at.getMonth() + 1)}.${at.getFullYear()}`
        : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
      time.textContent = `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
      time.title = `${time.textContent} ${zone}`;
    }
    const field = document.getElementById("reader-zone");
    if (field) field.value = zone;
  }
}

// What went wrong is read out, and is where the keyboard goes on.
document.querySelector(".notice.bad[role=alert]")?.focus();

// A box that chooses all rows of a table.
for (const all of document.querySelectorAll("input[data-all]")) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const one of document.querySelectorAll(`input[name="${all.dataset.all}"]`)) one.checked = all.checked;
  });
}

// A form that takes long must not be sent twice.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => {
    setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true;
    });
  });
}
// A page that comes back from the browser's memory can be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button[type=submit]")) button.disabled = false;
});

// Long work goes on by itself, unless somebody came back to it.
if (performance.getEntriesByType("navigation")[0]?.type !== "back_forward") {
  document.querySelector("form[data-continue]")?.requestSubmit();
}
