// The stream of the board: one for all pages of a browser that can share it, for browsers hold
// only so many connections. In a page this gives `boardStream`; run as a shared worker it is the
// stream itself.
(() => {
  "use strict";
  // The desk sends something every ten seconds; who hears nothing for so long has lost it.
  const SILENT = 30000;
  const AGAIN = 2000;

  // Listens and tells what comes: { kind: "board", html }, "lost", "found", or "ended" when nobody
  // is signed in any more. Gives what stops it.
  const listenTo = (address, tell) => {
    // The lines of the board's HTML as the desk sent them, and which frame they are.
    let lines = [];
    let frame = "";
    let source = null;
    let silence = 0;
    let retry = 0;

    const stop = () => {
      clearTimeout(silence);
      clearTimeout(retry);
      source?.close();
    };

    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        tell({ kind: "lost" });
        stop();
        listen();
      }, SILENT);
    };

    const take = (event) => {
      frame = event.lastEventId;
      heard();
      tell({ kind: "board", html: lines.join("\n") });
    };

    const listen = () => {
      const opened = source = new EventSource(address);
      heard();
      opened.addEventListener("open", () => tell({ kind: "found" }));
      opened.addEventListener("board", (event) => {
        lines = event.data.split("\n");
        take(event);
      });
      opened.addEventListener("change", (event) => {
        const { from, edits } = JSON.parse(event.data);
        if (from !== frame) {
          // Something was missed: begin again with the whole.
          stop();
          return listen();
        }
        for (const [at, removed, added] of edits.reverse()) lines.splice(at, removed, ...added);
        take(event);
      });
      opened.addEventListener("error", () => {
        tell({ kind: "lost" });
        // The browser tries again by itself as long as nobody has refused.
        if (opened.readyState !== EventSource.CLOSED) return;
        stop();
        retry = setTimeout(ask, AGAIN);
      });
    };

    // Refused: either nobody is signed in any more, or the desk is not well.
    const ask = async () => {
      const abort = new AbortController();
      const again = () => { retry = setTimeout(ask, AGAIN); };
      try {
        const answer = await fetch(address, { redirect: "manual", signal: abort.signal });
        abort.abort();
        const refused = answer.type === "opaqueredirect" || [401, 403].includes(answer.status);
        if (refused) tell({ kind: "ended" });
        else if (answer.ok) listen();
        else again();
      } catch {
        again();
      }
    };

    listen();
    return stop;
  };

  if ("SharedWorkerGlobalScope" in self) {
    // The name of the worker is the address, and the address names the session: whoever signs in
    // next has another worker.
    const pages = new Set();
    let stop = null;
    let board = null;
    let trouble = null;

    const tell = (message) => {
      if (message.kind === "board") board = message;
      trouble = message.kind === "lost" || message.kind === "ended" ? message : null;
      if (message.kind === "ended") stop = board = null;
      for (const page of pages) page.postMessage(message);
    };

    self.addEventListener("connect", ({ ports: [page] }) => {
      pages.add(page);
      page.addEventListener("message", () => {
        // It goes.
        pages.delete(page);
        if (pages.size > 0) return;
        stop?.();
        stop = board = trouble = null;
      });
      page.start();
      if (board) page.postMessage(board);
      if (trouble?.kind === "lost") page.postMessage(trouble);
      stop ??= listenTo(self.name, tell);
    });
    return;
  }

  const here = document.currentScript.src;

  // Each page has a stream of its own, as long as it is seen.
  const alone = (address, tell) => {
    let stop = null;
    const follow = () => {
      if (document.hidden) {
        stop?.();
        stop = null;
      } else {
        stop ??= listenTo(address, tell);
      }
    };
    document.addEventListener("visibilitychange", follow);
    follow();
  };

  const shared = (address, tell) => {
    let port = null;
    const join = () => {
      const worker = new SharedWorker(here, { name: address });
      worker.addEventListener("error", () => alone(address, tell), { once: true });
      port = worker.port;
      port.addEventListener("message", (event) => tell(event.data));
      port.start();
    };
    join();
    addEventListener("pagehide", () => {
      port.postMessage("bye");
      port.close();
    });
    addEventListener("pageshow", (event) => {
      if (event.persisted) join();
    });
  };

  // Several scripts of a page hear the same stream.
  const followed = self.boardStreams ??= new Map();
  self.boardStream = (address, tell) => {
    const known = followed.get(address);
    if (known) {
      known.tells.push(tell);
      if (known.board) tell(known.board);
      return;
    }
    const one = { tells: [tell], board: null };
    followed.set(address, one);
    ("SharedWorker" in self ? shared : alone)(address, (message) => {
      if (message.kind === "board") one.board = message;
      for (const told of one.tells) told(message);
    });
  };
})();
