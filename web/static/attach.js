// Files beside a ticket: sent without leaving the page, so that what is half written elsewhere stays; also by
// paste and drop, which only add. Without this, the form sends them all the same.
(() => {
  "use strict";

  const place = () => document.querySelector("[data-files]");
  if (!place()) return;
  const button = () => place().querySelector("[data-attach]");
  const say = (text) => { place().querySelector("[data-told]").textContent = text; };
  let busy = false;

  // A picture that is pasted has a name that all of them have.
  const nameOf = (file, n) => {
    if (file.name && file.name !== "image.png") return file.name;
    const two = (number) => String(number).padStart(2, "0");
    const now = new Date();
    const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
    const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
    const kind = file.type.split("/")[1]?.replace("jpeg", "jpg") ?? "png";
    return `画像-${day}-${time}-${n + 1}.${kind}`;
  };

  // The answer is the page as it is now; of it the part of the files is taken.
  const take = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.querySelector("[data-files]");
    if (!fresh) return page.querySelector("main p")?.textContent ?? "接続とログインを確認してください。";
    const fault = fresh.querySelector("[data-fault]")?.textContent ?? "";
    place().replaceWith(document.adoptNode(fresh));
    return fault;
  };

  const send = async (file, name) => {
    const input = place().querySelector("input[type=file]");
    const most = Number(input.dataset.mostBytes);
    if (file.size > most) return `「${name}」は大きすぎます。${Math.floor(most / 1048576)}MB以内のファイルを選んでください。`;
    const { form } = input;
    const body = new FormData(form);
    body.delete("intent");
    body.delete("file");
    body.append("file", file, name);
    const address = button().getAttribute("formaction") ?? form.getAttribute("action");
    const answer = await fetch(address, { method: "POST", body });
    if (answer.status === 401 || new URL(answer.url).pathname === "/sign-in") throw new Error("signed out");
    return take(await answer.text());
  };

  const add = async (files) => {
    if (busy || files.length === 0) return;
    busy = true;
    try {
      for (const [n, file] of files.entries()) {
        const name = nameOf(file, n);
        say(`「${name}」を送っています。`);
        const fault = await send(file, name);
        if (fault) {
          if (!place().querySelector("[data-fault]")) say(fault);
          break;
        }
        say(`「${name}」を添付しました。`);
      }
    } catch {
      say("添付できませんでした。接続とログインを確認してから、もう一度添付してください。");
    } finally {
      busy = false;
    }
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-attach]")) return;
    const files = [...place().querySelector("input[type=file]").files];
    if (files.length === 0) return;
    event.preventDefault();
    add(files);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-files] input[type=file][data-at-once]")) add([...target.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    // A copied table brings its picture along; who copies words wants words.
    if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    add(files);
  });
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const files = [...event.dataTransfer.files];
    if (files.length === 0) return;
    event.preventDefault();
    add(files);
  });
})();
