// Results and suggestions while somebody types. Without this, the form works all the same.
(() => {
  "use strict";

  const WAIT = 150;
  // Nobody types any more: what stands there was meant.
  const SETTLED = 1500;
  // The search is being prepared; it is asked again after so long.
  const PREPARING = 2000;

  const form = document.querySelector("form[data-results]");
  if (!form) return;
  const field = form.querySelector("input[type=search]");
  const shown = document.querySelector("[data-shown]");
  const rest = document.querySelector("[data-rest]");
  const list = form.dataset.suggest ? form.querySelector("[role=listbox]") : null;
  const clean = location.pathname;
  let last = field.value.trim();
  let chosen = -1;
  let asking = null;
  let suggesting = null;
  let waiting = 0;
  let settling = 0;
  // What was looked for when what stands there was found.
  let found = field.value.trim();

  // What cannot be shown is said beside where it would be.
  const trouble = document.createElement("div");
  trouble.setAttribute("role", "status");
  shown.before(trouble);
  const say = (text, label, address) => {
    const words = document.createElement("p");
    words.className = "banner warning";
    words.textContent = text;
    if (label) {
      const link = document.createElement("a");
      link.href = address;
      link.textContent = label;
      words.append(link);
    }
    trouble.replaceChildren(words);
  };

  // Results of other words are not left standing as if they were the answer.
  const fail = (error) => {
    if (found !== field.value.trim()) shown.replaceChildren();
    const address = `${clean}?${query()}`;
    if (error.message === "signed out") {
      shown.replaceChildren();
      say("ログインが終了したため、検索できません。", "もう一度ログインする", `/sign-in?next=${encodeURIComponent(address)}`);
    } else {
      say("検索の結果を受け取れませんでした。接続を確認してください。", "もう一度検索する", address);
    }
  };

  const query = (more) => {
    const fields = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...fields]) if (!value) fields.delete(name);
    for (const [name, value] of Object.entries(more ?? {})) fields.set(name, value);
    return fields.toString();
  };

  const fetchText = async (address, abort) => {
    const response = await fetch(address, { signal: abort.signal });
    if (response.redirected || response.status === 401) throw new Error("signed out");
    if (!response.ok) throw new Error(String(response.status));
    return response.text();
  };

  // The same results with other addresses: what has the focus stays.
  const takeAddresses = (made) => {
    const old = [...shown.querySelectorAll("a[data-result]")];
    const fresh = [...made.querySelectorAll("a[data-result]")];
    const same = old.length > 0 && old.length === fresh.length &&
      old.every((link, at) => link.dataset.result === fresh[at].dataset.result);
    if (!same) return false;
    old.forEach((link, at) => { link.href = fresh[at].href; });
    const values = [...made.querySelectorAll("input[name=search]")];
    [...shown.querySelectorAll("input[name=search]")].forEach((input, at) => {
      input.value = values[at]?.value ?? "";
    });
    return true;
  };

  const show = async (settled) => {
    asking?.abort();
    const abort = asking = new AbortController();
    const sought = field.value.trim();
    if (!sought) {
      shown.replaceChildren();
      trouble.replaceChildren();
      if (rest) rest.hidden = false;
      history.replaceState(null, "", clean);
      return;
    }
    try {
      const text = await fetchText(`${form.dataset.results}?${query(settled ? { settled: "1" } : {})}`, abort);
      if (abort.signal.aborted) return;
      const made = document.createElement("template");
      made.innerHTML = text;
      if (!settled || !takeAddresses(made.content)) shown.replaceChildren(made.content);
      found = sought;
      trouble.replaceChildren();
      if (rest) rest.hidden = true;
      history.replaceState(null, "", `${clean}?${query()}`);
      shown.dispatchEvent(new CustomEvent("shown", { bubbles: true }));
      againSoon();
    } catch (error) {
      // Not if a newer request has taken the place of this one.
      if (!abort.signal.aborted) fail(error);
    }
  };

  const againSoon = () => {
    if (!shown.querySelector("[data-preparing]")) return;
    clearTimeout(settling);
    settling = setTimeout(() => show(true), PREPARING);
  };

  const close = () => {
    if (!list) return;
    list.hidden = true;
    chosen = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };

  const choose = (option) => {
    close();
    if (option.dataset.id) {
      location.assign(`${form.dataset.open}${encodeURIComponent(option.dataset.id)}?q=${encodeURIComponent(field.value.trim())}`);
      return;
    }
    field.value = option.textContent;
    last = field.value.trim();
    show(true);
  };

  const suggest = async () => {
    if (!list) return;
    suggesting?.abort();
    const abort = suggesting = new AbortController();
    const typed = field.value.trim();
    if (!typed) return close();
    try {
      const found = JSON.parse(await fetchText(`${form.dataset.suggest}?q=${encodeURIComponent(typed)}`, abort));
      if (abort.signal.aborted || document.activeElement !== field) return;
      const options = found.filter((one) => one.text !== typed).map((one, at) => {
        const option = document.createElement("li");
        option.id = `suggestion-${at}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.textContent = one.text;
        if (one.id) option.dataset.id = one.id;
        return option;
      });
      list.replaceChildren(...options);
      if (options.length === 0) return close();
      chosen = -1;
      list.hidden = false;
      field.setAttribute("aria-expanded", "true");
      field.removeAttribute("aria-activedescendant");
    } catch {
      // Suggestions are a help, no more.
    }
  };

  const typed = () => {
    const now = field.value.trim();
    if (now === last) return;
    last = now;
    clearTimeout(waiting);
    clearTimeout(settling);
    waiting = setTimeout(() => { show(false); suggest(); }, WAIT);
    if (now) settling = setTimeout(() => show(true), SETTLED);
  };

  const mark = (at) => {
    const options = [...list.children];
    chosen = (at + options.length) % options.length;
    options.forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
    field.setAttribute("aria-activedescendant", options[chosen].id);
    options[chosen].scrollIntoView({ block: "nearest" });
  };

  if (list) {
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"],
      ["aria-expanded", "false"], ["aria-controls", list.id]]) field.setAttribute(name, value);
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) choose(option);
    });
  }

  field.addEventListener("input", typed);
  field.addEventListener("blur", () => setTimeout(close, 150));
  for (const choice of form.querySelectorAll("select")) {
    choice.addEventListener("change", () => {
      if (last) show(true);
    });
  }
  form.addEventListener("submit", () => {
    clearTimeout(waiting);
    clearTimeout(settling);
    asking?.abort();
  });

  field.addEventListener("keydown", (event) => {
    // The keys belong to the input method while it composes.
    if (event.isComposing || event.keyCode === 229) return;
    const open = list && !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (open) {
        event.preventDefault();
        mark(chosen < 0 && step < 0 ? -1 : chosen + step);
      } else if (step > 0) {
        const first = shown.querySelector("a[data-result]");
        if (first) {
          event.preventDefault();
          first.focus();
        }
      }
    } else if (event.key === "Enter" && open && chosen >= 0) {
      event.preventDefault();
      choose(list.children[chosen]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
    }
  });

  // From result to result.
  shown.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const links = [...shown.querySelectorAll("a[data-result]")];
    const at = links.indexOf(event.target);
    if (event.key === "Escape") {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (at >= 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (links[next] ?? (next < 0 ? field : links[at])).focus();
    }
  });

  // The page itself may have come while the search was being prepared.
  againSoon();
})();
