// How many tickets are close to their limit, in the menu of every page, and their list where it is shown: both
// follow the stream of the board. Without this, pages tell what was so when they were opened.
(() => {
  "use strict";
  // What is left is told in minutes.
  const AGAIN = 30000;

  const meta = document.querySelector("meta[name=due-session]");
  if (!meta) return;
  const list = () => document.querySelector("[data-due-list]");
  const entry = document.querySelector('nav a[href="/tickets"]');
  const [ended, stale] = ["ended", "stale"].map((name) => document.querySelector(`[data-due-${name}]`));
  let fetching = false;
  let over = false;

  const tell = (near, late) => {
    if (!entry) return;
    const words = [late > 0 && `超過${late}件`, near > 0 && `間近${near}件`].filter(Boolean).join("、");
    let waits = entry.querySelector("[data-due-waits]");
    if (!words) return waits?.remove();
    if (!waits) {
      waits = document.createElement("span");
      waits.className = "waits";
      waits.dataset.dueWaits = "";
      entry.append(" ", waits);
    }
    if (waits.textContent !== words) waits.textContent = words;
  };

  const refresh = async () => {
    if (fetching || over || document.hidden) return;
    fetching = true;
    try {
      const answer = await fetch("/tickets/due/part");
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const fresh = document.createElement("template");
      fresh.innerHTML = await answer.text();
      // Who stands on a ticket stays on it.
      const focused = list().contains(document.activeElement) && document.activeElement.getAttribute("href");
      const shown = fresh.content.querySelector("[data-due-list]");
      list().replaceWith(shown);
      if (focused) shown.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    } finally {
      fetching = false;
    }
  };

  boardStream(`/board/events?session=${encodeURIComponent(meta.content)}`, ({ kind, html }) => {
    if (kind === "ended") {
      over = true;
      if (ended) ended.hidden = false;
      if (stale) stale.hidden = true;
      return;
    }
    if (stale) stale.hidden = kind !== "lost";
    if (kind !== "board") return;
    const found = /data-due="([^"]*)" data-near="(\d+)" data-late="(\d+)"/.exec(html);
    if (!found) return;
    const [, mark, near, late] = found;
    tell(Number(near), Number(late));
    if (list() && mark && list().dataset.mark !== mark) refresh();
  });
  if (list()) {
    setInterval(refresh, AGAIN);
    document.addEventListener("visibilitychange", refresh);
  }
})();
