// Who else has the ticket of this page open. It is said and asked while its reader does something, so that a page
// that nobody looks at keeps no session alive.
(() => {
  "use strict";

  const EVERY = 20000;
  const mark = document.querySelector("[data-present]");
  if (!mark) return;
  const ticket = mark.dataset.present;
  const csrf = document.querySelector("input[name=_csrf]").value;
  let last = Date.now();

  const show = ({ typing, viewing }) => {
    const kinds = [["入力中", typing], ["閲覧中", viewing]].filter(([, names]) => names.length);
    mark.textContent = kinds.map(([kind, names]) => `${kind}:${names.join("、")}`).join("　");
    mark.hidden = kinds.length === 0;
  };
  const tell = async (left) => {
    last = Date.now();
    try {
      const answer = await fetch("/tickets/present", {
        method: "POST",
        body: new URLSearchParams({ ticket, left }),
        headers: { "x-csrf-token": csrf },
        keepalive: left !== "",
        redirect: "manual",
      });
      if (answer.ok && !left) show(await answer.json());
    } catch {
      // Nobody is told of, until the next time.
    }
  };
  const act = () => { if (Date.now() - last > EVERY && !document.hidden) tell(""); };
  for (const name of ["pointermove", "keydown", "scroll", "focus"]) addEventListener(name, act, { passive: true, capture: true });
  addEventListener("pagehide", () => tell("yes"));
  addEventListener("pageshow", ({ persisted }) => { if (persisted) tell(""); });
  document.addEventListener("present-others", ({ detail }) => show(detail));
})();
