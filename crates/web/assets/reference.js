// Renders the OpenAPI document that `#reference` names in `data-document`, with Swagger UI, whose
// script and style it names in `data-script` and `data-style` unless the page loads them itself.
// Nothing is asked of another origin: requests cannot be tried from here.
"use strict";

(() => {
  const place = document.getElementById("reference");
  if (!place?.dataset.document) return;

  // What the renderer says is English, whatever the page's language is.
  place.lang = "en";

  // Names and roles that the renderer leaves out, and places that scroll.
  const ATTRIBUTES = [
    ["#servers", { "aria-label": "Server" }],
    [".servers table select, .servers table input", { "aria-label": "Server variable" }],
    ["select.content-type", { "aria-label": "Media type" }],
    ["select.examples-select-element", { "aria-label": "Example" }],
    [".parameters :is(select, input, textarea):not([aria-label])", { "aria-label": "Value" }],
    ["table[role=region]", { role: "table" }],
    ["pre, .table-container", { tabindex: "0" }],
    ["svg", { "aria-hidden": "true" }],
  ];

  // Headings begin below the page's own and leave no level out, whatever the document does.
  const order = () => {
    let above = 1;
    for (const heading of place.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
      const own = Number(heading.tagName[1]);
      above = Math.min(Math.max(own, 2), above + 1);
      if (above === own) heading.removeAttribute("aria-level");
      else heading.setAttribute("aria-level", String(above));
    }
  };

  const mend = () => {
    for (const [selector, attributes] of ATTRIBUTES) {
      for (const element of place.querySelectorAll(selector)) {
        for (const [name, value] of Object.entries(attributes)) {
          if (element.getAttribute(name) !== value) element.setAttribute(name, value);
        }
      }
    }
    for (const button of place.querySelectorAll("button:not([aria-label])")) {
      if (!button.textContent.trim()) button.setAttribute("aria-label", "Details");
    }
    order();
  };

  let asked = false;
  const watch = new MutationObserver(() => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      mend();
    });
  });
  watch.observe(place, { childList: true, subtree: true });

  // The renderer's own layout is a page of its own: a landmark, a way to sign in, a link to the
  // document. All that is the page's.
  const parts = (system) => {
    const { createElement: make } = system.React;
    const Reference = ({ getComponent, specSelectors, errSelectors }) => {
      const part = (name) => make(getComponent(name, true), { key: name });
      const status = specSelectors.loadingStatus();
      if (status === "loading") return make("p", { role: "status" }, "Loading\u2026");
      const shown = ["SvgAssets", "errors"];
      if (status !== "failed" && specSelectors.specStr()) {
        shown.push("InfoContainer");
        if (specSelectors.servers()?.size) shown.push("ServersContainer");
        if (specSelectors.schemes()?.size) shown.push("SchemesContainer");
        shown.push("operations");
        if (specSelectors.isOAS31() || specSelectors.isOAS32()) shown.push("Webhooks");
        shown.push("Models");
      } else if (errSelectors.allErrors().size === 0) {
        return make("p", { role: "alert" }, "The document cannot be shown.");
      }
      return make("div", { className: "swagger-ui" }, shown.map(part));
    };
    const nothing = () => null;
    return {
      components: { Reference },
      wrapComponents: { authorizeOperationBtn: () => nothing, InfoUrl: () => nothing },
    };
  };

  const load = (name, attributes) =>
    new Promise((loaded, failed) => {
      const element = Object.assign(document.createElement(name), attributes);
      element.addEventListener("load", loaded);
      element.addEventListener("error", failed);
      document.head.append(element);
    });

  const render = () => {
    SwaggerUIBundle({
      domNode: place,
      url: new URL(place.dataset.document, location.href).href,
      layout: "Reference",
      presets: [SwaggerUIBundle.presets.apis],
      plugins: [parts],
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      supportedSubmitMethods: [],
      syntaxHighlight: { activated: false },
      validatorUrl: null,
    });
  };

  const { script, style } = place.dataset;
  const needed = [];
  if (style) needed.push(load("link", { rel: "stylesheet", href: style }));
  if (script) needed.push(load("script", { src: script }));
  // Without it, the page still holds a link to the document.
  Promise.all(needed).then(render, () => {});
})();
