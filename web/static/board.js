// Keeps the board fresh. Without this script the page offers to load itself again.
(() => {
  "use strict";
  const part = (id) => document.getElementById(id);
  const [board, ended, stale, failed, told, heard, pause] =
    ["board", "ended", "stale", "failed", "told", "heard", "pause"].map(part);
  const csrf = document.querySelector("meta[name=csrf]").content;
  const { canSet, own, session } = board.dataset;
  const title = document.title;
  // The desk's clock and ours differ; the page counts in the desk's time.
  let ahead = 0;
  // While the visitor has stopped the updates: the newest one.
  let held = null;
  let paused = false;
  // What is shown is not how the desk is now.
  let old = false;
  let count = null;

  const tick = () => {
    if (paused || old) return;
    const now = Date.now() + ahead;
    for (const shown of board.querySelectorAll("[data-since]")) {
      const secs = Math.max(0, Math.round((now - Number(shown.dataset.since)) / 1000));
      shown.textContent = Math.floor(secs / 60) + ":" + String(secs % 60).padStart(2, "0");
    }
  };

  // The board is the same for all who watch; here it is fitted to this visitor.
  const fit = (fresh) => {
    if (!board.dataset.seesDue) fresh.querySelector(".due")?.remove();
    for (const set of fresh.querySelectorAll(".set-state")) {
      if (canSet !== "any" && set.dataset.agent !== canSet) set.remove();
      for (const form of set.querySelectorAll("form")) form.elements._csrf.value = csrf;
    }
    for (const form of fresh.querySelectorAll("form.take")) {
      if (own) form.elements._csrf.value = csrf;
      else form.remove();
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
    const ownCall = board.querySelector(".own-call");
    if (ownCall) section.append(ownCall.cloneNode(true));
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

  // The call of the visitor's own agent: who calls is asked for once a call, and stays until the
  // work after it is done.
  let ownCall = "";
  const callNow = () => {
    const mine = board.querySelector(".own .agent");
    return mine?.dataset.call ?? (mine?.classList.contains("wrap-up") ? ownCall : "");
  };
  const followOwnCall = () => {
    const call = callNow();
    if (call === ownCall || !board.querySelector(".own-call")) return;
    ownCall = call;
    fetchOwnCall(call);
  };
  const fetchOwnCall = async (call) => {
    const fresh = document.createElement("template");
    try {
      const answer = await fetch("/board/own-call");
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      fresh.innerHTML = await answer.text();
    } catch {
      fresh.innerHTML = '<div class="own-call" tabindex="0" role="region" aria-label="自分の通話">' +
        '<p class="empty">発信者を表示できませんでした。「通話」から確認してください。</p></div>';
    }
    // Meanwhile it may be over.
    const shown = board.querySelector(".own-call");
    if (shown && call === ownCall) change(shown, fresh.content.querySelector(".own-call"));
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
    followOwnCall();
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

  const DONE = {
    ready: "受付可にしました。",
    away: "離席にしました。",
    log_out: "受付を終えました。",
    end_wrap_up: "後処理を終了しました。",
  };
  const LATER = { ready: "受付可", away: "離席", log_out: "受付を終える", end_wrap_up: "後処理終了" };
  const IDLE = { end_wrap_up: "後処理中ではありません。", log_out: "すでに受付を終えています。" };
  const signIn = () => location.assign("/sign-in?next=/board");
  const send = async (set, request) => {
    // During a call a state waits for its end.
    const rings = set.closest(".ringing") !== null;
    const talks = set.closest(".talking") !== null;
    const address = "/api/v1/agents/" + set.dataset.agent + "/state";
    const headers = { "content-type": "application/json", "x-csrf-token": csrf };
    const body = JSON.stringify(request);
    const answer = await fetch(address, { method: "POST", headers, body });
    if (answer.status === 401) return signIn();
    if (!answer.ok) return fail((await answer.json()).error.message);
    const when = rings ? "この呼出しのあとに変わります。" : "今の通話のあとに変わります。";
    const done = rings || talks ? LATER[request.command] + "：" + when : DONE[request.command];
    tell(set.dataset.name + "：" + done);
  };

  board.addEventListener("submit", (event) => {
    const set = event.target.closest(".set-state");
    if (!set) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.submitter.getAttribute("aria-disabled") === "true") {
      return tell(set.dataset.name + "：" + IDLE[event.submitter.value]);
    }
    if (set.dataset.busy) return;
    set.dataset.busy = "yes";
    const reason = event.target.elements.reason;
    const request = { command: event.submitter.value, reason: reason ? reason.value : "" };
    send(set, request)
      .then(() => reason && (reason.value = ""))
      .catch(() => fail("操作を送れませんでした。接続を確認して、もう一度操作してください。"))
      .finally(() => delete set.dataset.busy);
  });

  // Figures of before are not shown as if they were those of now.
  const setOld = (is) => {
    if (is && !old) {
      const time = board.querySelector(".clock time").textContent;
      say(stale, "接続が切れました。表示は" + time + "のものです。再び接続しています…");
    }
    if (!is) say(stale, "");
    old = is;
    board.classList.toggle("old", is);
  };

  // Whoever is there now need not be who was signed in: callers are not shown any more.
  const end = () => {
    setOld(true);
    say(stale, "");
    ended.hidden = false;
    pause.hidden = true;
    board.inert = true;
    for (const shown of board.querySelectorAll(".queue, .parked, .own-call")) shown.replaceChildren();
    document.title = title;
  };

  boardStream("/board/events?session=" + encodeURIComponent(session), ({ kind, html }) => {
    if (kind === "ended") return end();
    if (!ended.hidden) return;
    setOld(kind === "lost");
    if (kind === "board") show(html);
  });

  // What the page came with is said in the same place: the page does not move when it goes.
  const done = document.querySelector("main > .toast, main > .banner");
  if (done) {
    (done.classList.contains("toast") ? tell : fail)(done.textContent);
    done.remove();
  }
  ahead = Number(board.querySelector(".live").dataset.now) - Date.now();
  tick();
  announce();
  // The page came with the call that there was.
  ownCall = "before";
  ownCall = callNow();
  setInterval(tick, 1000);
})();
