// Rows of a list that are chosen to be changed together: all at once, several with Shift, and how many.
// Without this, each is chosen by itself.
(() => {
  "use strict";

  const form = document.getElementById("bulk");
  const details = document.querySelector("[data-bulk]");
  const all = document.querySelector("[data-choose-all]");
  if (!form || !all) return;
  const boxes = [...document.querySelectorAll("[data-choose]")];
  const told = details.querySelector("[data-chosen]");
  let last = null;

  const show = () => {
    const count = boxes.filter((box) => box.checked).length;
    told.textContent = count ? `(${count}件を選択)` : "";
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
    if (count > 0) details.open = true;
  };

  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  for (const box of boxes) {
    box.addEventListener("click", ({ shiftKey }) => {
      if (shiftKey && last) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      }
      last = box;
      show();
    });
  }
  // Back from the answer, the browser remembers what was chosen.
  addEventListener("pageshow", show);
})();
