// Small help for every page. Nothing here is needed to read or to send a form.
(() => {
  "use strict";

  // A double click sends a form once; what cannot be undone is asked for first.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      ask(form.dataset.confirm, () => {
        form.dataset.confirmed = "yes";
        form.requestSubmit(event.submitter);
      });
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    if (form.dataset.busy && event.submitter) return tellBusy(form, event.submitter);
    setTimeout(() => delete form.dataset.sent, 5000);
  });

  // What takes a while says so, and is not sent again meanwhile.
  const tellBusy = (form, button) => {
    button.dataset.label = button.textContent;
    button.textContent = form.dataset.busy;
    button.setAttribute("aria-disabled", "true");
  };

  // Coming back by the browser's history, a form can be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.forms) {
      delete form.dataset.sent;
      delete form.dataset.confirmed;
    }
    for (const button of document.querySelectorAll("button[data-label]")) {
      button.textContent = button.dataset.label;
      button.removeAttribute("aria-disabled");
      delete button.dataset.label;
    }
  });

  // A file that is too large is not sent in vain.
  document.addEventListener("change", ({ target }) => {
    const most = Number(target.dataset?.mostBytes);
    if (!most) return;
    const size = target.files[0]?.size ?? 0;
    const megabytes = (bytes) => (bytes / 1048576).toFixed(1);
    const words = `ファイルが大きすぎます(${megabytes(size)}MB)。${Math.floor(most / 1048576)}MB以内のファイルを選んでください。`;
    target.setCustomValidity(size > most ? words : "");
    if (size > most) target.reportValidity();
  });

  // One recording is heard at a time.
  document.addEventListener("play", ({ target }) => {
    for (const other of document.querySelectorAll("audio")) {
      if (other !== target) other.pause();
    }
  }, true);

  const ask = (text, then) => {
    const dialog = document.createElement("dialog");
    const words = document.createElement("p");
    words.textContent = text;
    words.id = "ask-words";
    dialog.setAttribute("aria-labelledby", words.id);
    const buttons = document.createElement("div");
    buttons.className = "buttons";
    const button = (label, kind, value) => {
      const made = document.createElement("button");
      made.textContent = label;
      made.className = kind;
      made.addEventListener("click", () => dialog.close(value));
      buttons.append(made);
      return made;
    };
    const no = button("やめる", "", "");
    button("実行する", "danger", "yes");
    dialog.append(words, buttons);
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue === "yes") then();
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  };
})();
