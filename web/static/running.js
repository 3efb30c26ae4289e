// How the running month stands, kept fresh: it follows the stream of the board, and the clocks go on. Without
// this, the page tells what was so when it was opened.
(() => {
  "use strict";
  // What is left is told in minutes.
  const AGAIN = 30000;

  const holder = document.querySelector(".running");
  const [ended, stale] = ["ended", "stale"].map((name) => document.querySelector(`[data-running-${name}]`));
  let mark = null;
  let fetching = false;
  let over = false;

  const refresh = async () => {
    if (fetching || over || document.hidden) return;
    fetching = true;
    try {
      const answer = await fetch("/monthly/running/part");
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const fresh = document.createElement("template");
      fresh.innerHTML = await answer.text();
      const shown = holder.querySelector("[data-running]");
      // Whoever stands on a link stays on it.
      const focused = shown.contains(document.activeElement) && document.activeElement.getAttribute("href");
      const scrolled = [...shown.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
      shown.replaceWith(fresh.content.querySelector("[data-running]"));
      holder.querySelectorAll(".scroll").forEach((part, at) => { part.scrollLeft = scrolled[at] ?? 0; });
      if (focused) holder.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    } finally {
      fetching = false;
    }
  };

  boardStream(`/board/events?session=${encodeURIComponent(holder.dataset.session)}`, ({ kind, html }) => {
    if (kind === "ended") {
      over = true;
      ended.hidden = false;
      stale.hidden = true;
      return;
    }
    stale.hidden = kind !== "lost";
    if (kind !== "board") return;
    const found = /data-risk="([^"]*)"/.exec(html);
    if (!found || found[1] === mark) return;
    const first = mark === null;
    mark = found[1];
    if (!first) refresh();
  });
  setInterval(refresh, AGAIN);
  document.addEventListener("visibilitychange", refresh);
})();
