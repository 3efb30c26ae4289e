// Keeps the board fresh. Without this script the page reloads itself instead.
(() => {
  "use strict";
  const board = document.getElementById("board");
  const stale = document.getElementById("stale");
  // The desk's clock and ours differ; the page counts in the desk's time.
  let ahead = 0;
  let waiting = null;

  const readClock = () => {
    const live = board.querySelector(".live");
    if (live) ahead = Number(live.dataset.now) - Date.now();
  };

  const tick = () => {
    const now = Date.now() + ahead;
    for (const shown of board.querySelectorAll("[data-since]")) {
      const secs = Math.max(0, Math.round((now - Number(shown.dataset.since)) / 1000));
      shown.textContent = Math.floor(secs / 60) + ":" + String(secs % 60).padStart(2, "0");
    }
  };

  // The board is the same for all who watch; what this visitor may not do is taken out.
  const csrf = document.querySelector("meta[name=csrf]").content;
  const canSet = board.dataset.canSet;
  const takeOut = () => {
    for (const form of board.querySelectorAll(".set-state")) {
      if (canSet !== "any" && form.dataset.agent !== canSet) form.remove();
      else form.elements._csrf.value = csrf;
    }
  };

  // What somebody is filling in or has focused is not taken away from under their hands.
  const isBusy = () => {
    const active = document.activeElement;
    return board.contains(active) && active.matches("input, button, summary");
  };

  const show = (html) => {
    if (isBusy() && document.activeElement.matches("input")) {
      waiting = html;
      return;
    }
    waiting = null;
    const open = board.querySelector("details[open]") !== null;
    const focused = board.contains(document.activeElement)
      ? document.activeElement.getAttribute("aria-label")
      : null;
    board.innerHTML = html;
    takeOut();
    if (open) board.querySelector("details").open = true;
    if (focused) {
      const again = board.querySelector('[aria-label="' + CSS.escape(focused) + '"]');
      if (again) again.focus();
    }
    readClock();
    tick();
  };

  board.addEventListener("focusout", () => {
    if (waiting !== null) setTimeout(() => waiting !== null && show(waiting), 0);
  });

  board.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(".set-state")) return;
    event.preventDefault();
    event.stopPropagation();
    const fields = new URLSearchParams(new FormData(form, event.submitter));
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    if (document.activeElement) document.activeElement.blur();
    fetch(form.action, { method: "POST", body: fields, redirect: "manual" })
      .then((response) => {
        if (response.type !== "opaqueredirect" && !response.ok) form.submit();
      })
      .catch(() => form.submit())
      .finally(() => {
        for (const button of form.querySelectorAll("button")) button.disabled = false;
      });
  });

  const source = new EventSource("/board/events");
  source.addEventListener("board", (event) => {
    stale.hidden = true;
    show(event.data);
  });
  source.addEventListener("error", () => {
    stale.hidden = false;
  });
  readClock();
  setInterval(tick, 1000);
})();
