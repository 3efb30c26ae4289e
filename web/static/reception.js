// The reception while somebody talks: what is typed is kept, answers are looked for, and keys do what
// buttons do. Without this, the buttons of the form work all the same.
(() => {
  "use strict";

  const KEEP_WAIT = 1000;
  const FIND_WAIT = 250;
  const SETTLED_WAIT = 1500;
  // The search is being prepared; it is asked again after so long.
  const PREPARING_WAIT = 2000;
  const SHOW_WAIT = 150;
  const QUESTION_LETTERS = 200;
  // What a browser takes along when a page goes.
  const LAST_BYTES = 60000;

  const form = document.getElementById("reception");
  if (!form) return;
  const fields = form.elements;
  const find = (selector) => form.querySelector(selector);
  const told = find(".toast[data-told]");
  const kept = find("[data-kept]");
  const said = find("[data-said]");
  const TEXTS = ["question", "answer", "note", "sent"];
  const composes = (event) => event.isComposing || event.keyCode === 229;
  const hasText = () => TEXTS.some((name) => fields[name].value.trim() !== "");
  const isKept = () => fields.version.value !== "0";
  const say = (text) => { told.textContent = text; };

  // --- What is typed is kept on the server.
  let changed = false;
  let touched = false;
  let keeping = 0;
  let sending = null;
  let left = false;

  const body = () => {
    const data = new URLSearchParams(new FormData(form));
    data.delete("intent");
    data.delete("file");
    data.delete("file_id");
    return data;
  };
  const keepSoon = () => { keeping ||= setTimeout(keep, KEEP_WAIT); };
  const keep = async () => {
    keeping = 0;
    if (left || !changed) return;
    // One at a time, so that an older text never comes after a newer one.
    if (sending) return keepSoon();
    const abort = sending = new AbortController();
    changed = false;
    try {
      const answer = await fetch("/reception/draft", { method: "POST", body: body(), signal: abort.signal });
      if (answer.status === 401 || answer.redirected) throw new Error("signed out");
      if (answer.status === 413) throw new Error("too long");
      if (!answer.ok) throw new Error(String(answer.status));
      document.dispatchEvent(new CustomEvent("present-others", { detail: await answer.json() }));
      const now = new Date().toLocaleTimeString("ja-JP", { hour: "numeric", minute: "2-digit", second: "2-digit" });
      kept.textContent = `${now} 入力を自動で保存`;
    } catch (error) {
      if (error.name === "AbortError") return;
      // What is too long is tried again when it was changed.
      changed ||= error.message !== "too long";
      kept.textContent = {
        "signed out": "ログインが終了しています。保存すると、ログインした後にこの入力へ戻ります。",
        "too long": "入力が長すぎるため、自動で保存できません。質問と回答を短くしてください。",
      }[error.message] ?? "入力を自動で保存できません。接続を確認してください。";
    } finally {
      if (sending === abort) sending = null;
      if (changed && !left) keepSoon();
    }
  };
  const typed = () => {
    changed = touched = true;
    keepSoon();
  };
  form.addEventListener("input", typed);
  form.addEventListener("change", typed);
  // 保存して受付可 during a talk: what is registered needs no work after it.
  const READY = "ready-after";
  if (!new URLSearchParams(location.search).has("saved")) sessionStorage.removeItem(READY);
  const endWork = () => {
    sessionStorage.removeItem(READY);
    const own = document.querySelector("meta[name=own-phone]").content;
    return fetch(`/api/v1/agents/${own}/state`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": fields._csrf.value },
      body: JSON.stringify({ command: "end_wrap_up" }),
    });
  };
  form.addEventListener("submit", ({ submitter }) => {
    if (submitter?.value === "ready" && fields.call.value) sessionStorage.setItem(READY, fields.call.value);
    left = true;
    clearTimeout(keeping);
    sending?.abort();
  });
  addEventListener("pageshow", () => { left = false; });
  addEventListener("pagehide", () => {
    if (left || !changed) return;
    const last = body();
    if (String(last).length < LAST_BYTES) fetch("/reception/draft", { method: "POST", body: last, keepalive: true });
  });

  // --- Answers to the question.
  let asking = null;
  let finding = 0;
  let settling = 0;
  let showing = 0;
  const question = () => fields.question.value.split(/\s+/u).join(" ").trim().slice(0, QUESTION_LETTERS);
  const candidates = async (more = {}) => {
    asking?.abort();
    const abort = asking = new AbortController();
    try {
      const query = new URLSearchParams({ q: question(), ticket: fields.ticket.value, department: fields.department.value, ...more });
      const answer = await fetch(`/reception/candidates?${query}`, { signal: abort.signal });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const fresh = document.createElement("template");
      fresh.innerHTML = await answer.text();
      if (abort.signal.aborted) return;
      const shown = fresh.content.querySelector("[data-candidates]");
      if (shown.dataset.search) fields.search.value = shown.dataset.search;
      const focused = document.activeElement?.closest("[data-candidates] [data-show]")?.dataset.show;
      find("[data-candidates]").replaceWith(shown);
      if (focused) shown.querySelector(`[data-show="${CSS.escape(focused)}"]`)?.focus();
      if (shown.querySelector("[data-preparing]")) {
        clearTimeout(settling);
        settling = setTimeout(candidates, PREPARING_WAIT, { settled: "1" });
      }
    } catch (error) {
      if (error.name !== "AbortError") say("候補を探せませんでした。接続を確認してください。");
    }
  };
  fields.question.addEventListener("input", () => {
    fields.search.value = "";
    clearTimeout(finding);
    clearTimeout(settling);
    finding = setTimeout(candidates, FIND_WAIT);
    settling = setTimeout(candidates, SETTLED_WAIT, { settled: "1" });
  });
  fields.department.addEventListener("change", () => candidates());
  const showSoon = (id) => {
    if (find("[data-previewed]")?.dataset.previewed === id) return;
    clearTimeout(showing);
    showing = setTimeout(candidates, SHOW_WAIT, { show: id });
  };

  const setField = (field, text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const addAnswer = (text) => {
    const before = fields.answer.value.trimEnd();
    setField(fields.answer, before ? `${before}\n\n${text}` : text);
  };
  const take = async (id) => {
    try {
      const answer = await fetch(`/api/v1/knowledge/articles/${encodeURIComponent(id)}`);
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const article = await answer.json();
      const isTicket = article.source === "ticket";
      fields.answer_source.value = isTicket ? article.id : `article:${article.id}`;
      if (fields.category.value === "") fields.category.value = article.category;
      if (fields.category.selectedIndex < 0) fields.category.value = "";
      const name = article.number ?? article.id;
      const known = fields.articles.value.split(/[、,，\s]+/u).filter(Boolean);
      if (!isTicket && !known.includes(name)) fields.articles.value = [...known, name].join("、");
      addAnswer(article.answer.trimEnd());
      say(`${name} を回答に入れました。`);
    } catch {
      say("回答に入れられませんでした。接続を確認してください。");
    }
  };
  const missed = async () => {
    if (!question()) return say("質問を入力してから操作してください。");
    try {
      const answer = await fetch("/knowledge/missed", {
        method: "POST",
        body: new URLSearchParams({ search: fields.search.value, q: question() }),
        headers: { "x-csrf-token": fields._csrf.value },
        redirect: "manual",
      });
      if (answer.type !== "opaqueredirect") throw new Error(String(answer.status));
      say("「該当なし」を記録しました。FAQの編集者に伝わります。");
    } catch {
      say("記録できませんでした。接続とログインを確認してください。");
    }
  };

  // --- 定型文: `;code` and Tab, or the button.
  const phrase = (code) => [...fields.phrase?.options ?? []].find((option) => option.value === code && code);
  const filledIn = (option) => option.dataset.text.replaceAll("{氏名}", fields.name.value || "{氏名}");
  const expand = (area) => {
    const before = area.value.slice(0, area.selectionStart);
    const code = /[;；]([^\s;；]+)$/u.exec(before);
    const option = code && phrase(code[1]);
    if (!option) return false;
    const text = filledIn(option);
    const start = before.length - code[0].length;
    area.setRangeText(text, start, area.selectionStart, "end");
    if (area === fields.answer && !fields.answer_source.value) fields.answer_source.value = `phrase:${option.value}`;
    typed();
    return true;
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { take: taken, show, opens, refer } = button.dataset;
    if (taken) {
      event.preventDefault();
      take(taken);
    } else if (show) {
      event.preventDefault();
      showSoon(show);
    } else if (refer) {
      event.preventDefault();
      addAnswer(refer);
    } else if ("missed" in button.dataset) {
      event.preventDefault();
      missed();
    } else if ("phrase" in button.dataset) {
      event.preventDefault();
      const option = phrase(fields.phrase.value);
      if (option) addAnswer(filledIn(option));
    } else if (opens) {
      const details = document.getElementById(opens);
      if (details.open) return;
      event.preventDefault();
      details.open = true;
      details.querySelector("input, select").focus();
    }
  });
  form.addEventListener("focusin", ({ target }) => {
    if (target.dataset.show) showSoon(target.dataset.show);
  });

  document.addEventListener("keydown", (event) => {
    if (composes(event)) return;
    const { altKey, ctrlKey, metaKey, shiftKey, key, code, target } = event;
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
    if (altKey && !ctrlKey && !metaKey && digit !== undefined) {
      event.preventDefault();
      if (digit === "0") return missed();
      if (digit > "5") return form.querySelector(`.press [data-digit="${digit}"]:not([hidden])`)?.click();
      const button = form.querySelectorAll("[data-take]")[Number(digit) - 1];
      if (button) take(button.dataset.take);
    } else if (altKey && !ctrlKey && !metaKey && code === "KeyR") {
      event.preventDefault();
      fields.question.focus();
    } else if (altKey && !ctrlKey && !metaKey && code === "KeyT") {
      // First to whom, then the caller is handed on.
      event.preventDefault();
      if (!fields.to) return;
      if (fields.to.value === "number" && !fields.to_number.value) fields.to_number.focus();
      else if (fields.to.value) find("[data-hand-on]").click();
      else fields.to.focus();
    } else if (ctrlKey && !altKey && key === "Enter") {
      event.preventDefault();
      form.requestSubmit(find(shiftKey ? "button[value=ready]" : "button[value=save]") ?? find("button[value=save]"));
    } else if (key === "Enter" && target.matches("#reception input")) {
      // In a line nothing is sent by accident.
      event.preventDefault();
    } else if (key === "Tab" && !shiftKey && !altKey && !ctrlKey && target.matches("#reception textarea")) {
      if (expand(target)) event.preventDefault();
    }
  });

  // --- Time.
  let ahead = Number(form.dataset.now) - Date.now();
  const clock = (ms) => {
    const secs = Math.round(Math.abs(ms) / 1000);
    return `${Math.floor(secs / 60)}:${String(secs % 60).padStart(2, "0")}`;
  };
  const tick = () => {
    const now = Date.now() + ahead;
    const since = find("[data-since]");
    if (since) since.textContent = clock(Math.max(0, now - Number(since.dataset.since)));
    const until = find("[data-until]");
    if (!until) return;
    const rest = Number(until.dataset.until) - now;
    until.textContent = `一次回答 ${rest < 0 ? "超過" : "残り"} ${clock(rest)}`;
    until.classList.toggle("late", rest < 0);
  };
  setInterval(tick, 1000);
  tick();

  // --- The own call.
  const strip = document.createElement("div");
  strip.setAttribute("role", "status");
  said.append(strip);
  let ownCall = null;
  // The page was opened for a call that is not the own one: nothing takes its form.
  let chosen = false;

  const showBeside = (part) => {
    find("[data-bar]").replaceWith(part.querySelector("[data-bar]"));
    const beside = find("[data-beside]");
    // Nothing is taken away from under anybody's hands.
    if (!beside.contains(document.activeElement)) beside.replaceWith(part.querySelector("[data-beside]"));
    tick();
  };
  const fetchPart = async (query) => {
    const answer = await fetch(`/reception/part?${new URLSearchParams(query)}`);
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const fresh = document.createElement("template");
    fresh.innerHTML = await answer.text();
    return fresh.content.querySelector("[data-part]");
  };
  // The form as it stands here, with what has changed around it.
  const refresh = async () => {
    const query = { call: fields.call.value, person: fields.person.value,
      division: fields.division.value, system: fields.system.value };
    if (isKept()) query.ticket = fields.ticket.value;
    else query.new = fields.call.value ? "matter" : "plain";
    showBeside(await fetchPart(query));
  };
  // Nothing was typed: the form becomes that of another call.
  const moveTo = async (query) => {
    const part = await fetchPart(query);
    if (part.dataset.draft === "true" || part.dataset.kept === "true") return location.replace("/reception");
    if (hasText()) return offer();
    for (const name of ["call", "ticket", "version", "division", "system", "person", "number", "name", "site", "department"]) {
      fields[name].value = part.dataset[name];
    }
    const hasCall = part.dataset.call !== "";
    for (const one of form.querySelectorAll("[data-with-call]")) one.hidden = !hasCall;
    for (const one of form.querySelectorAll("[data-without-call]")) one.hidden = hasCall;
    if (hasCall) fields.channel.value = "phone";
    history.replaceState(null, "", "/reception");
    touched = changed = false;
    // What was said of the call before is not said of this one.
    for (const one of said.querySelectorAll(".toast, .banner")) if (!strip.contains(one)) one.remove();
    strip.replaceChildren();
    showBeside(part);
    candidates();
  };
  // Something is written: it stays, and the next call is offered.
  const offer = async () => {
    changed = true;
    keep();
    const words = document.createElement("p");
    words.className = "banner warning";
    const link = document.createElement("a");
    link.href = "/reception";
    link.textContent = "新しい通話の受付に移る";
    words.append("新しい通話です。ここまでの入力は自動で保存しています。", link);
    strip.replaceChildren(words);
  };
  const callOf = (place) => decodeURIComponent(place.slice("/calls/".length));
  const follow = async ({ state, call, doing, now }) => {
    if (now) ahead = now - Date.now();
    const named = call ? callOf(call) : state === "wrap-up" ? ownCall?.call ?? "" : "";
    const before = ownCall;
    ownCall = { state, call: named, doing };
    if (before === null) chosen = new URLSearchParams(location.search).has("call") && named !== fields.call.value;
    // The page came with the call that there was.
    if (before === null && named === fields.call.value && !doing) return;
    if (before && before.state === state && before.call === named && before.doing === doing) return;
    try {
      if (state === "wrap-up" && named && named === sessionStorage.getItem(READY)) await endWork();
      const isFree = !chosen && !touched && !hasText() && !isKept();
      if (named && named !== fields.call.value) {
        if (isFree) await moveTo({});
        else if (!chosen && !touched && isKept()) location.replace("/reception");
        else {
          await offer();
          // The own state stands in the bar, whatever the form is about.
          await refresh();
        }
      } else if (!named && isFree && before?.state === "ringing") {
        // The ringing has ended, and nobody here has answered.
        await moveTo({ new: "plain" });
      } else {
        if (!named) strip.replaceChildren();
        await refresh();
      }
    } catch {
      strip.textContent = "通話の様子を受け取れませんでした。画面を開き直すと、最新の様子を表示します。";
    }
  };
  document.addEventListener("own-phone", ({ detail }) => follow(detail));
  document.addEventListener("own-phone-ended", () => {
    kept.textContent = "ログインが終了しています。保存すると、ログインした後にこの入力へ戻ります。";
  });
})();
