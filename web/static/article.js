// While somebody writes an article: its preview, what is typed kept on the way, pictures by paste and drop.
// Without this, the buttons of the form work all the same.
(() => {
  "use strict";

  const PREVIEW_WAIT = 400;
  const KEEP_WAIT = 1000;

  const form = document.getElementById("article-form");
  const shown = document.getElementById("live-preview");
  if (!form || !shown) return;
  const answer = form.elements.answer;
  const body = shown.querySelector("[data-body]");
  const kept = form.querySelector("[data-kept]");
  const told = form.querySelector("[data-told]");
  const csrf = () => form.elements._csrf.value;
  let previewing = 0;
  let keeping = 0;
  let asking = null;
  let sending = null;
  let changed = false;
  let left = false;

  const tell = (text) => {
    told.textContent = text;
    told.hidden = text === "";
  };

  const show = async () => {
    asking?.abort();
    const abort = asking = new AbortController();
    try {
      const response = await fetch(shown.dataset.address, {
        method: "POST",
        body: new URLSearchParams([["answer", answer.value]]),
        headers: { "x-csrf-token": csrf() },
        signal: abort.signal,
      });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      // The server has made it safe, as it does for readers.
      body.innerHTML = await response.text();
      shown.hidden = answer.value.trim() === "";
    } catch (error) {
      if (error.name !== "AbortError") shown.hidden = true;
    }
  };

  // One request at a time, so that an older text never comes after a newer one.
  const keep = async () => {
    if (left) return;
    if (sending) {
      later();
      return;
    }
    const abort = sending = new AbortController();
    changed = false;
    try {
      const response = await fetch(form.dataset.autosave, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        signal: abort.signal,
      });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      const now = new Date().toLocaleTimeString("ja-JP", { hour: "numeric", minute: "2-digit" });
      kept.textContent = `${now}に自動で保存しました(記事には、まだ保存していません)。`;
      kept.hidden = false;
    } catch (error) {
      if (error.name === "AbortError") return;
      changed = true;
      kept.textContent = "自動で保存できませんでした。接続とログインを確認してください。";
      kept.hidden = false;
    } finally {
      if (sending === abort) sending = null;
    }
  };

  const later = () => {
    clearTimeout(keeping);
    keeping = setTimeout(keep, KEEP_WAIT);
  };

  const typed = () => {
    changed = true;
    later();
  };

  const write = (text, chosen) => {
    const at = answer.selectionStart;
    answer.setRangeText(text, at, answer.selectionEnd, "end");
    const begin = text.indexOf(chosen);
    if (begin >= 0) answer.setSelectionRange(at + begin, at + begin + chosen.length);
    answer.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // The description of a picture that was just brought is selected, to be typed over; another picture comes
  // behind it, not in its place.
  const leavePicture = () => {
    if (!answer.value.slice(0, answer.selectionStart).endsWith("![")) return;
    const end = answer.value.indexOf(")", answer.selectionEnd);
    if (end >= 0) answer.setSelectionRange(end + 1, end + 1);
  };

  // A picture that is pasted has a name that all of them have.
  const nameOf = (file, n) => {
    if (file.name && file.name !== "image.png") return file.name;
    const now = new Date();
    const two = (number) => String(number).padStart(2, "0");
    const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
    const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
    const kind = file.type.split("/")[1]?.replace("jpeg", "jpg") ?? "png";
    return `画像-${day}-${time}-${n + 1}.${kind}`;
  };

  const reason = async (response) => {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.querySelector("main p")?.textContent ?? "";
  };

  const bring = async (files) => {
    if (!form.dataset.files) {
      tell("画像を入れるには、先に下書きとして保存してください。");
      return;
    }
    for (const [n, file] of files.entries()) {
      tell("画像を送っています。");
      const brought = new FormData();
      brought.append("_csrf", csrf());
      brought.append("revision", form.elements.revision.value);
      brought.append("file", file, nameOf(file, n));
      try {
        const response = await fetch(form.dataset.files, { method: "POST", body: brought });
        if (response.redirected) throw new Error("sign-in");
        if (!response.ok) {
          tell(`添付できませんでした。${await reason(response)}`);
          return;
        }
        const { revision, name, picture } = await response.json();
        form.elements.revision.value = revision;
        tell("");
        if (picture) {
          leavePicture();
          write(`![説明](${name})`, "説明");
        }
        else tell(`${name}を添付しました。`);
      } catch {
        tell("添付できませんでした。接続とログインを確認してから、もう一度操作してください。");
        return;
      }
    }
  };

  answer.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    // A copied table brings its picture along; who copies words wants words.
    if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    bring(files);
  });
  answer.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  answer.addEventListener("drop", (event) => {
    const files = [...event.dataTransfer.files];
    if (files.length === 0) return;
    event.preventDefault();
    bring(files);
  });

  answer.addEventListener("input", () => {
    clearTimeout(previewing);
    previewing = setTimeout(show, PREVIEW_WAIT);
  });
  form.addEventListener("input", typed);
  form.addEventListener("change", typed);
  form.addEventListener("submit", () => {
    left = true;
    changed = false;
    clearTimeout(keeping);
    sending?.abort();
  });
  addEventListener("pageshow", () => { left = false; });
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
  // Enter in a field presses the first button of a form; here it looks for what was typed.
  form.elements.related_text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    form.querySelector("button[value=related-search]").click();
  });
  if (shown.hidden) show();
})();
