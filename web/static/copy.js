// Copies a text where there is a button for it. Without this, the text can be chosen and copied by hand.
(() => {
  "use strict";

  // Without a secure connection browsers offer the older way alone.
  const write = async (text) => {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    const before = document.activeElement;
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    if (!done) throw new Error("copy");
  };

  // Whoever wants something copied says so by an event, and gets told how it went.
  document.addEventListener("copy-text", async ({ detail }) => {
    try {
      await write(detail.text);
      detail.done(true);
    } catch {
      detail.done(false);
    }
  });

  const said = document.querySelector("[data-copied]");
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const text = document.getElementById(button.dataset.copies).value;
      const done = (worked) => {
        said.textContent = worked ? "コピーしました。" : "コピーできませんでした。下の文を選んでコピーしてください。";
        said.hidden = false;
      };
      document.dispatchEvent(new CustomEvent("copy-text", { detail: { text, done } }));
    });
  }
})();
