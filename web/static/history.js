// What was read, kept in this browser alone.
(() => {
  "use strict";

  const KEY = "madoguchi-read";
  const MOST = 50;

  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter((one) =>
        typeof one?.place === "string" && one.place.startsWith("/faq/") && typeof one.title === "string") : [];
    } catch {
      return [];
    }
  };

  const read = document.querySelector("[data-read]");
  if (read) {
    const place = read.dataset.read;
    const title = read.querySelector("h1").textContent;
    const kept = [{ place, title, at: Date.now() }, ...load().filter((one) => one.place !== place)];
    try {
      localStorage.setItem(KEY, JSON.stringify(kept.slice(0, MOST)));
    } catch {
      // Nothing is kept where nothing may be.
    }
  }

  const list = document.querySelector("[data-history]");
  if (!list) return;
  const empty = document.querySelector("[data-history-empty]");
  const clear = document.querySelector("[data-history-clear]");
  const show = () => {
    const kept = load();
    list.replaceChildren(...kept.map((one) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = one.place;
      link.textContent = one.title;
      const date = document.createElement("span");
      date.className = "sub";
      date.textContent = ` ${new Date(one.at).toLocaleDateString("ja-JP", { month: "long", day: "numeric" })}`;
      item.append(link, date);
      return item;
    }));
    empty.hidden = kept.length > 0;
    clear.hidden = kept.length === 0;
  };
  clear.addEventListener("click", () => {
    localStorage.removeItem(KEY);
    show();
    document.querySelector("[data-history-said]").textContent = "閲覧履歴を消しました。";
    empty.tabIndex = -1;
    empty.focus();
  });
  show();
})();
