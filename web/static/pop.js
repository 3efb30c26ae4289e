// While the own phone rings, the page that is looked at tells who calls. Of several open pages one does:
// the reception if it is seen, else the one that has the focus.
(() => {
  "use strict";
  // Pages answer each other within this time.
  const BIDDING = 60;

  const phone = document.querySelector("meta[name=own-phone]");
  if (!phone) return;
  const inReception = document.getElementById("reception") !== null;
  const channel = "BroadcastChannel" in self ? new BroadcastChannel("own-phone") : null;
  const tab = Math.random().toString(36).slice(2);
  const place = document.createElement("div");
  place.className = "pop";
  place.setAttribute("role", "status");
  place.setAttribute("aria-label", "自分の電話への着信");
  document.body.append(place);
  let ringing = "";
  let number = "";
  let best = null;
  let waiting = 0;
  let shown = "";

  const own = () => [inReception ? 0 : document.hasFocus() ? 1 : 2, tab];
  const isBefore = (one, other) => one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
  const say = (message) => channel?.postMessage(message);

  const hide = () => {
    shown = "";
    place.replaceChildren();
  };

  const show = async () => {
    if (shown === ringing) return;
    const call = shown = ringing;
    const words = document.createElement("p");
    const link = document.createElement("a");
    link.href = "/reception";
    link.textContent = "受付を開く";
    words.append(`呼出中　${number}　`, link);
    place.replaceChildren(words);
    try {
      const answer = await fetch("/reception/caller");
      if (!answer.ok || answer.redirected) return;
      const html = await answer.text();
      // Meanwhile it may have stopped, and somebody may be about to press the link.
      if (shown === call && html.trim() && !place.contains(document.activeElement)) place.innerHTML = html;
    } catch {
      // The number stands there.
    }
  };

  const decide = () => {
    if (!ringing || document.hidden || inReception) return;
    if (best[1] === tab) show();
  };

  const bid = () => {
    if (!ringing || document.hidden) return;
    best = own();
    say({ call: ringing, bid: best });
    clearTimeout(waiting);
    waiting = setTimeout(decide, channel ? BIDDING : 0);
  };

  channel?.addEventListener("message", ({ data }) => {
    if (!ringing || document.hidden || data.call !== ringing) return;
    if (data.left) {
      bid();
    } else if (isBefore(data.bid, best ?? own())) {
      best = data.bid;
      hide();
    } else if (!data.answer) {
      say({ call: ringing, bid: own(), answer: true });
    }
  });

  document.addEventListener("visibilitychange", () => {
    if (!ringing) return;
    if (document.hidden) {
      hide();
      say({ call: ringing, left: true });
    } else {
      bid();
    }
  });

  const follow = ({ kind, html }) => {
    if (kind === "ended") {
      ringing = "";
      return hide();
    }
    if (kind !== "board") return;
    const board = new DOMParser().parseFromString(html, "text/html");
    const agent = board.querySelector(`.agent[data-key="${CSS.escape(phone.content)}"]`);
    const call = agent?.classList.contains("ringing") ? agent.dataset.call ?? "" : "";
    document.dispatchEvent(new CustomEvent("own-phone", { detail: {
      state: agent?.classList[1] ?? "",
      call: agent?.dataset.call ?? "",
      doing: agent?.dataset.doing ?? "",
      now: Number(board.querySelector("[data-now]")?.dataset.now),
    } }));
    if (call === ringing) return;
    ringing = call;
    if (!call) return hide();
    const row = board.querySelector(`.callers tr[data-key="${CSS.escape(call)}"] a`);
    number = row?.textContent ?? "";
    best = null;
    bid();
  };

  boardStream(`/board/events?session=${encodeURIComponent(phone.dataset.session)}`, (message) => {
    follow(message);
    if (message.kind === "ended") document.dispatchEvent(new CustomEvent("own-phone-ended"));
  });
})();
