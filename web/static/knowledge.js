// The agents' panel by keyboard: copy an answer, say that it settled the matter, or that nothing did.
(() => {
  "use strict";

  const panel = document.querySelector("[data-knowledge]");
  if (!panel) return;
  const field = document.getElementById("q");
  const said = panel.querySelector("[data-said]");
  const slash = document.querySelector("[data-slash]");
  const token = () => document.querySelector("meta[name=csrf]").content;

  const say = (text) => {
    said.textContent = text;
    said.hidden = false;
  };

  const reveal = () => {
    for (const button of panel.querySelectorAll("[data-copy]")) button.hidden = false;
  };

  // Sends a form; gives what is to be said then.
  const post = async (form, done) => {
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { "x-csrf-token": token() },
        redirect: "manual",
      });
      if (response.type === "opaqueredirect") return done;
      return response.status === 401 ? SIGNED_OUT : FAILED;
    } catch {
      return FAILED;
    }
  };

  const FAILED = "記録できませんでした。画面を開き直してから、もう一度操作してください。";
  const SIGNED_OUT = "ログインが終了したため、記録できませんでした。画面を開き直して、ログインしてください。";

  const settle = async (form) => say(await post(form, "「これで解決した」を記録しました。"));

  const missed = async (form) =>
    say(await post(form, "「見つからなかった」を記録しました。FAQの編集者に伝わります。"));

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

  const copy = async (hit) => {
    const id = hit.querySelector("a[data-result]").dataset.result;
    try {
      const response = await fetch(`/api/v1/knowledge/articles/${encodeURIComponent(id)}`);
      if (!response.ok) throw new Error(String(response.status));
      await write((await response.json()).quote);
      say(`FAQ ${id} の回答をコピーしました。`);
    } catch {
      say("コピーできませんでした。FAQを開いて、回答を写してください。");
    }
  };

  panel.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-settle]")) settle(form);
    else if (form.matches("[data-missed]")) missed(form);
    else return;
    event.preventDefault();
  });

  panel.addEventListener("click", ({ target }) => {
    if (target.matches("[data-copy]")) copy(target.closest("li"));
  });

  panel.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!event.target.matches("a[data-result]")) return;
    const hit = event.target.closest("li");
    const actions = {
      c: () => copy(hit),
      s: () => settle(hit.querySelector("[data-settle]")),
      n: () => missed(panel.querySelector("[data-missed]")),
      r: () => {
        const reasons = hit.querySelector(".reasons");
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
    reveal();
  });
  reveal();
})();
