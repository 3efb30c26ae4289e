// What is typed into the forms of a ticket's page is kept on the server, and comes back when the page is opened
// again: in another browser, after a crash, after a new sign-in.
(() => {
  "use strict";

  const KEEP_WAIT = 1000;
  // After a failure.
  const AGAIN_WAIT = 5000;
  // What a browser takes along when a page goes.
  const LAST_BYTES = 60000;
  const place = document.querySelector("[data-typed]");
  if (!place) return;
  const ticket = place.dataset.ticket;
  const csrf = document.querySelector("input[name=_csrf]").value;
  const CONTROLS = "textarea, select, input:not([type=hidden]):not([type=file]):not([type=checkbox]):not([type=radio])";

  const nameOf = (form) => {
    const path = new URL(form.action).pathname.split("/");
    if (ticket === "new") return "create";
    const name = path.length > 3 ? path.at(-1) : "fields";
    const which = form.elements.escalation?.value;
    return which === undefined ? name : `${name}-${which}`;
  };
  const controls = (form) => [...form.querySelectorAll(CONTROLS)].filter((one) => one.name);
  const original = (one) => one.tagName === "SELECT"
    ? ([...one.options].find((option) => option.defaultSelected) ?? one.options[0])?.value ?? ""
    : one.defaultValue;
  const forms = [...document.querySelectorAll("main form[method=post]")].filter((form) => controls(form).some((one) => one.tagName !== "SELECT"));

  const keepers = new Map();
  for (const form of forms) {
    const name = nameOf(form);
    let waiting = 0;
    let sending = false;
    let changed = false;
    const body = () => {
      const typed = controls(form).filter((one) => one.value !== original(one));
      const fields = typed.length ? JSON.stringify(Object.fromEntries(typed.map((one) => [one.name, one.value]))) : "";
      return new URLSearchParams({ ticket, name, version: form.elements.version?.value ?? "", fields });
    };
    const send = (last) => fetch("/tickets/typed", {
      method: "POST", body: last ?? body(), headers: { "x-csrf-token": csrf }, redirect: "manual", keepalive: Boolean(last),
    });
    const keep = async () => {
      waiting = 0;
      if (!changed) return;
      // One at a time, so that an older text never comes after a newer one.
      if (sending) return keepSoon();
      sending = true;
      changed = false;
      try {
        const answer = await send();
        // What is not taken as it is, is not taken a second time.
        const isRefused = [400, 404, 413].includes(answer.status);
        if (!answer.ok && !isRefused) throw new Error(String(answer.status));
      } catch {
        changed = true;
        keepSoon(AGAIN_WAIT);
      } finally {
        sending = false;
      }
    };
    const keepSoon = (wait = KEEP_WAIT) => { waiting ||= setTimeout(keep, wait); };
    const type = () => { changed = true; keepSoon(); };
    form.addEventListener("input", type);
    form.addEventListener("change", type);
    form.addEventListener("submit", () => { changed = false; clearTimeout(waiting); });
    addEventListener("pagehide", () => {
      if (!changed) return;
      const last = body();
      if (String(last).length < LAST_BYTES) send(last);
    });
    keepers.set(name, { form, forget: () => { changed = true; keep(); } });
  }

  // A page that says what is wrong with a form shows what was typed already.
  if (document.querySelector("main [role=alert], main > .banner.warning")) return;
  const back = [];
  for (const { name, version, at, fields } of JSON.parse(place.dataset.typed)) {
    const keeper = keepers.get(name);
    if (!keeper) continue;
    let isBack = false;
    for (const one of controls(keeper.form)) {
      const text = fields[one.name];
      if (text === undefined || text === one.value) continue;
      one.value = text;
      isBack ||= one.value === text;
    }
    if (!isBack) continue;
    // Whoever changed the same field meanwhile is not overwritten unseen.
    if (name === "fields" && version && keeper.form.elements.version) keeper.form.elements.version.value = version;
    const folded = keeper.form.closest("details");
    if (folded) folded.open = true;
    back.push({ keeper, at });
  }
  if (back.length === 0) return;
  const words = document.createElement("p");
  words.className = "banner";
  words.setAttribute("role", "status");
  words.append(`${back[0].at}までに入力した内容を表示しています。まだ保存していません。 `);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "入力した内容を捨てる";
  button.addEventListener("click", () => {
    for (const { keeper } of back) {
      keeper.form.reset();
      keeper.forget();
    }
    words.remove();
  });
  words.append(button);
  place.after(words);
})();
