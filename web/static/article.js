// The preview of an article while somebody writes. Without this, its button works all the same.
(() => {
  "use strict";

  const WAIT = 400;

  const form = document.getElementById("article-form");
  const shown = document.getElementById("live-preview");
  if (!form || !shown) return;
  const answer = form.elements.answer;
  const body = shown.querySelector("[data-body]");
  let waiting = 0;
  let asking = null;
  let changed = false;

  const show = async () => {
    asking?.abort();
    const abort = asking = new AbortController();
    try {
      const response = await fetch(shown.dataset.address, {
        method: "POST",
        body: new URLSearchParams([["answer", answer.value]]),
        headers: { "x-csrf-token": form.elements._csrf.value },
        signal: abort.signal,
      });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      // The server has made it safe, as it does for readers.
      body.innerHTML = await response.text();
      shown.hidden = answer.value.trim() === "";
    } catch (error) {
      if (error.name !== "AbortError") shown.hidden = true;
    }
  };

  answer.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, WAIT);
  });
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
  // Enter in a field presses the first button of a form; here it looks for what was typed.
  form.elements.related_text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    form.querySelector("button[value=related-search]").click();
  });
  if (!form.querySelector("section.preview:not([hidden])")) show();
})();
