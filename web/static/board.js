// Keeps the board fresh. Without this script the page offers to load itself again.
(() => {
  "use strict";
  const part = (id) => document.getElementById(id);
  const [board, stale, failed, told, heard, pause] =
    ["board", "stale", "failed", "told", "heard", "pause"].map(part);
  const csrf = document.querySelector("meta[name=csrf]").content;
  const { canSet, own } = board.dataset;
  const title = document.title;
  // The desk's clock and ours differ; the page counts in the desk's time.
  let ahead = 0;
  // While the visitor has stopped the updates: the newest one.
  let held = null;
  let paused = false;
  let count = null;

  const tick = () => {
    if (paused) return;
    const now = Date.now() + ahead;
    for (const shown of board.querySelectorAll("[data-since]")) {
      const secs = Math.max(0, Math.round((now - Number(shown.dataset.since)) / 1000));
      shown.textContent = Math.floor(secs / 60) + ":" + String(secs % 60).padStart(2, "0");
    }
  };

  // The board is the same for all who watch; here it is fitted to this visitor.
  const fit = (fresh) => {
    for (const set of fresh.querySelectorAll(".set-state")) {
      if (canSet !== "any" && set.dataset.agent !== canSet) set.remove();
      for (const form of set.querySelectorAll("form")) form.elements._csrf.value = csrf;
    }
    const mine = own && fresh.querySelector('.agents [data-key="' + CSS.escape(own) + '"]');
    if (!mine) return;
    const section = document.createElement("section");
    section.className = "own";
    section.setAttribute("aria-label", "自分の状態");
    const others = mine.parentNode;
    const list = others.cloneNode();
    list.append(mine);
    section.append(list);
    fresh.querySelector(".waiting").before(section);
    if (!others.querySelector("li")) {
      const empty = document.createElement("p");
      empty.className = "empty";
      empty.textContent = "ほかの担当者はいません。";
      others.replaceWith(empty);
    }
  };

  const keyOf = (node) => {
    if (node.nodeType !== 1) return node.nodeName;
    return node.nodeName + (node.dataset.key || node.getAttribute("value") || node.classList[0] || "");
  };

  // Changes what differs and leaves the rest alone: what has the focus, is half written, or is
  // just being clicked stays in place.
  const change = (old, fresh) => {
    if (old.nodeType !== 1) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const name of old.getAttributeNames()) {
      if (!fresh.hasAttribute(name) && name !== "open" && name !== "data-busy") old.removeAttribute(name);
    }
    const wanted = [...fresh.childNodes];
    const keys = new Set(wanted.map(keyOf));
    for (const child of [...old.childNodes]) if (!keys.has(keyOf(child))) child.remove();
    let at = old.firstChild;
    const drop = (until) => {
      while (at !== until) {
        const next = at.nextSibling;
        at.remove();
        at = next;
      }
    };
    for (const child of wanted) {
      let same = at;
      while (same && keyOf(same) !== keyOf(child)) same = same.nextSibling;
      if (!same) {
        old.insertBefore(child, at);
        continue;
      }
      drop(same);
      change(at, child);
      at = at.nextSibling;
    }
    drop(null);
  };

  // Whoever looks elsewhere sees callers in the title; whoever does not look hears of them.
  const announce = () => {
    const waiting = board.querySelector(".waiting").dataset.count;
    document.title = waiting === "0" ? title : waiting + "人待ち｜" + title;
    if (count !== null && waiting !== count) heard.textContent = "お待ちの方 " + waiting + "人";
    count = waiting;
  };

  const show = (html) => {
    held = html;
    if (paused) return;
    const fresh = document.createElement("div");
    fresh.innerHTML = html;
    fit(fresh);
    change(board.querySelector(".live"), fresh.querySelector(".live"));
    ahead = Number(board.querySelector(".live").dataset.now) - Date.now();
    tick();
    announce();
  };

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "更新を再開する" : "更新を止める";
    if (!paused && held !== null) show(held);
  });

  const say = (place, text) => {
    place.textContent = text;
    place.hidden = text === "";
  };
  let forget = 0;
  const tell = (text) => {
    say(failed, "");
    say(told, text);
    clearTimeout(forget);
    forget = setTimeout(() => say(told, ""), 8000);
  };
  const fail = (text) => {
    say(told, "");
    say(failed, text);
  };

  const DONE = { ready: "受付可に", away: "離席に", log_out: "ログアウト", end_wrap_up: "後処理を終了" };
  const send = async (set, request) => {
    // During a call a state waits for its end.
    const waits = set.closest(".talking, .ringing") !== null;
    const address = "/api/v1/agents/" + set.dataset.agent + "/state";
    const headers = { "content-type": "application/json", "x-csrf-token": csrf };
    const body = JSON.stringify(request);
    const answer = await fetch(address, { method: "POST", headers, body });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return fail((await answer.json()).error.message);
    const then = waits ? "します(今の通話が終わってから変わります)。" : "しました。";
    tell(set.dataset.name + "：" + DONE[request.command] + then);
  };

  board.addEventListener("submit", (event) => {
    const set = event.target.closest(".set-state");
    if (!set) return;
    event.preventDefault();
    event.stopPropagation();
    if (set.dataset.busy) return;
    set.dataset.busy = "yes";
    const reason = event.target.elements.reason;
    const request = { command: event.submitter.value, reason: reason ? reason.value : "" };
    send(set, request)
      .then(() => reason && (reason.value = ""))
      .catch(() => fail("操作を送れませんでした。接続を確認して、もう一度操作してください。"))
      .finally(() => delete set.dataset.busy);
  });

  // The lines of the board's HTML as the desk sent them, and which frame they are.
  let lines = [];
  let frame = "";
  const take = (event) => {
    stale.hidden = true;
    frame = event.lastEventId;
    show(lines.join("\n"));
  };
  const listen = () => {
    const source = new EventSource("/board/events");
    source.addEventListener("open", () => (stale.hidden = true));
    source.addEventListener("board", (event) => {
      lines = event.data.split("\n");
      take(event);
    });
    source.addEventListener("change", (event) => {
      const { from, edits } = JSON.parse(event.data);
      if (from !== frame) {
        // Something was missed: begin again with the whole.
        source.close();
        return listen();
      }
      for (const [at, removed, added] of edits.reverse()) lines.splice(at, removed, ...added);
      take(event);
    });
    source.addEventListener("error", () => {
      stale.hidden = false;
      // The browser tries again by itself as long as nobody has refused.
      if (source.readyState === EventSource.CLOSED) setTimeout(ask, 2000);
    });
  };

  // Refused: either nobody is signed in any more, and the page leads on, or the desk is not well.
  const ask = () => {
    fetch("/api/v1/board").then(
      (answer) => (answer.status === 401 || answer.status === 403 ? location.reload() : listen()),
      () => setTimeout(ask, 2000),
    );
  };

  ahead = Number(board.querySelector(".live").dataset.now) - Date.now();
  tick();
  announce();
  setInterval(tick, 1000);
  listen();
})();
