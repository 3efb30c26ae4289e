// The agents' panel by keyboard: read beside the list, copy an answer, say that it settled the matter or
// that nothing did.
(() => {
  "use strict";

  // Whoever runs through the list does not ask for each.
  const PREVIEW_WAIT = 120;
  const LOST = "lost";

  const panel = document.querySelector("[data-knowledge]");
  if (!panel) return;
  const field = document.getElementById("q");
  const said = panel.querySelector("[data-said]");
  const preview = panel.querySelector("[data-preview]");
  const own = panel.querySelector("[data-own]");
  const miss = document.querySelector("[data-miss]");
  const slash = document.querySelector("[data-slash]");
  const token = () => document.querySelector("meta[name=csrf]").content;
  let reading = null;
  let waiting = 0;
  let ownState = null;

  const say = (text) => {
    said.textContent = text;
    said.hidden = false;
  };

  const missedForm = () => panel.querySelector("[data-missed]");

  // Sends a form; gives what is to be said then.
  const post = async (address, fields, done) => {
    try {
      const response = await fetch(address, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { "x-csrf-token": token() },
        redirect: "manual",
      });
      if (response.type === "opaqueredirect") return done;
      return response.status === 401 ? SIGNED_OUT : FAILED;
    } catch {
      return FAILED;
    }
  };

  // The search as it is kept by now.
  const search = () => {
    const form = missedForm();
    return form ? [["search", form.elements.search.value], ["q", form.elements.q.value]] : [];
  };

  const FAILED = "記録できませんでした。画面を開き直してから、もう一度操作してください。";
  const SIGNED_OUT = "ログインが終了したため、記録できませんでした。画面を開き直して、ログインしてください。";

  const isTicket = (id) => id.startsWith("ticket:");

  const settle = async (id) => say(isTicket(id)
    ? "「これで解決した」は、FAQだけに記録できます。"
    : await post(`/knowledge/${encodeURIComponent(id)}/settled`, search(), "「これで解決した」を記録しました。"));

  const missed = async () => say(await post(
    missedForm().action, search(), "「見つからなかった」を記録しました。FAQの編集者に伝わります。"));

  const copy = async (id, name) => {
    const failed = "コピーできませんでした。結果を開いて、回答をコピーしてください。";
    try {
      const response = await fetch(`/api/v1/knowledge/articles/${encodeURIComponent(id)}`);
      if (!response.ok) throw new Error(String(response.status));
      const text = (await response.json()).quote;
      const done = (worked) => say(worked ? `${name} の回答をコピーしました。` : failed);
      document.dispatchEvent(new CustomEvent("copy-text", { detail: { text, done } }));
    } catch {
      say(failed);
    }
  };

  const reveal = () => {
    for (const button of preview.querySelectorAll("[data-copy]")) button.hidden = false;
    preview.hidden = !preview.firstElementChild;
  };

  const read = async (id) => {
    if (preview.querySelector("[data-previewed]")?.dataset.previewed === id) return;
    reading?.abort();
    const abort = reading = new AbortController();
    try {
      const response = await fetch(`/knowledge/${encodeURIComponent(id)}/preview`, { signal: abort.signal });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      const text = await response.text();
      if (abort.signal.aborted) return;
      // The server has made it safe, as on the page of its own.
      preview.innerHTML = text;
      preview.scrollTop = 0;
    } catch (error) {
      if (error.name === "AbortError") return;
      preview.replaceChildren();
    }
    reveal();
  };

  const readSoon = (id) => {
    clearTimeout(waiting);
    waiting = setTimeout(read, PREVIEW_WAIT, id);
  };

  const refreshOwn = async () => {
    try {
      const response = await fetch("/knowledge/own");
      if (!response.ok || response.redirected) return;
      own.innerHTML = await response.text();
      own.hidden = !own.firstElementChild;
    } catch {
      lostOwn("接続が切れました。再び接続しています…");
    }
  };

  // What stood there is not how it is now.
  const lostOwn = (text) => {
    ownState = LOST;
    const word = document.createElement("p");
    word.className = "sub";
    word.textContent = text;
    own.replaceChildren(word);
  };

  // The stream of the board tells when the own state or call changes.
  const follow = ({ kind, html }) => {
    if (kind === "lost") return lostOwn("接続が切れました。再び接続しています…");
    if (kind === "ended") return lostOwn("ログインが終了しました。");
    if (kind === "found" && ownState === LOST) return refreshOwn();
    if (kind !== "board") return;
    const board = document.createElement("template");
    board.innerHTML = html;
    const mine = board.content.querySelector('[data-key="' + CSS.escape(own.dataset.own) + '"]');
    const state = mine && [
      mine.className,
      mine.dataset.call,
      mine.querySelector("[data-since]")?.dataset.since,
    ].join();
    if (state === ownState) return;
    ownState = state;
    refreshOwn();
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-settle]")) settle(form.closest("[data-previewed]").dataset.previewed);
    else if (form.matches("[data-missed]")) missed();
    else return;
    event.preventDefault();
  }, true);

  panel.addEventListener("click", ({ target }) => {
    if (target.matches("[data-copy]")) copy(target.dataset.copy, target.dataset.name);
  });

  panel.addEventListener("focusin", ({ target }) => {
    if (target.matches("a[data-result]")) readSoon(target.dataset.result);
  });

  panel.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!event.target.matches("a[data-result]")) return;
    const { result, name } = event.target.dataset;
    const actions = {
      c: () => copy(result, name),
      s: () => settle(result),
      n: missed,
      r: () => {
        const reasons = event.target.closest("li").querySelector(".reasons");
        if (reasons) reasons.open = !reasons.open;
      },
    };
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });

  // One letter for the whole page can be turned off (WCAG 2.1.4).
  const KEY = "madoguchi-slash";
  try {
    slash.checked = localStorage.getItem(KEY) !== "off";
  } catch {
    // Nothing is kept where nothing may be.
  }
  slash.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, slash.checked ? "on" : "off");
    } catch {
      // As above.
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || !slash.checked || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.matches("input:not([type=checkbox]), textarea")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  panel.addEventListener("shown", () => {
    said.hidden = true;
    if (miss) miss.hidden = !missedForm();
    const first = panel.querySelector("a[data-result]");
    const chosen = document.activeElement?.closest("a[data-result]") ?? first;
    if (chosen) {
      readSoon(chosen.dataset.result);
    } else {
      clearTimeout(waiting);
      reading?.abort();
      preview.replaceChildren();
      reveal();
    }
  });
  reveal();
  if (own.dataset.own) {
    boardStream("/board/events?session=" + encodeURIComponent(own.dataset.session), follow);
  }
})();
