// What the page can do beyond being read: fold, night, contents, sorting, enlarging, printing. It stores nothing.
(() => {
  "use strict";
  const page = document;
  const all = (selector, within = page) => [...within.querySelectorAll(selector)];
  const controls = page.getElementById("controls").content;
  const part = (selector) => page.importNode(controls.querySelector(selector), true);
  const press = (button, on) => button.setAttribute("aria-pressed", String(on));
  const pressed = (button) => button.getAttribute("aria-pressed") === "true";

  const tools = part(".tools");
  page.querySelector(".contents .entries").prepend(tools);
  const tool = (name) => tools.querySelector(`[data-does="${name}"]`);

  // Folds
  tool("unfold").addEventListener("click", ({ currentTarget: button }) => {
    const open = !pressed(button);
    all("main details").forEach((fold) => { fold.open = open; });
    press(button, open);
  });

  function reveal(target) {
    for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }

  function revealHash() {
    const target = page.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target?.closest("details:not([open])")) return;
    reveal(target);
    target.scrollIntoView();
  }
  addEventListener("hashchange", revealHash);
  revealHash();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((fold) => { fold.open = false; }));

  // Night: the dark sheet holds for the screen, for no medium, or as the system says until the button is used.
  const night = page.getElementById("dark");
  const system = matchMedia("(prefers-color-scheme: dark)");
  press(tool("theme"), system.matches);
  system.addEventListener("change", () => { if (night.media.includes("scheme")) press(tool("theme"), system.matches); });
  tool("theme").addEventListener("click", ({ currentTarget: button }) => {
    press(button, !pressed(button));
    night.media = pressed(button) ? "screen" : "not all";
  });

  // Contents: the section in view is marked; on a small screen the list closes once an entry is chosen.
  const entries = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
  const sections = all("main > section");
  const inView = new Set();

  function mark() {
    const current = sections.find((section) => inView.has(section));
    if (!current) return;
    entries.forEach((link, key) => {
      if (key === current.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
    const list = page.querySelector(".contents");
    const link = entries.get(current.id);
    if (link && list.scrollHeight > list.clientHeight) {
      const [top, height] = [link.getBoundingClientRect().top - list.getBoundingClientRect().top, list.clientHeight];
      if (top < 0.1 * height || top > 0.8 * height) list.scrollTop += top - 0.4 * height;
    }
  }

  const watcher = new IntersectionObserver((changes) => {
    changes.forEach(({ target, isIntersecting }) => inView[isIntersecting ? "add" : "delete"](target));
    mark();
  }, { rootMargin: "-15% 0px -65% 0px" });
  sections.forEach((section) => watcher.observe(section));
  page.querySelector(".contents").addEventListener("click", (event) => {
    if (event.target.closest("a")) page.getElementById("contents-open").checked = false;
  });

  // Sorting: ascending, descending, then as it was. Rows that stand beneath another row stay beneath it.
  const words = new Intl.Collator(page.documentElement.lang, { numeric: true });

  // How deep each row stands: a group heads the set-in rows that follow it, or all rows up to the next group.
  function depths(rows) {
    const is = (row, kind) => row?.classList.contains(kind) ?? false;
    let beneath = 0;
    return rows.map((row, at) => {
      const indent = Number(/indent-(\d+)/.exec(row.className)?.[1] ?? 0);
      if (is(row, "group")) {
        beneath = is(rows[at + 1], "body") ? 1 : 0;
        return indent;
      }
      return indent + beneath + (is(row, "sub") ? 1 : 0);
    });
  }

  function tree(rows) {
    const depth = depths(rows);
    const root = { beneath: [] };
    const path = [{ depth: -1, node: root }];
    rows.forEach((row, at) => {
      while (path.at(-1).depth >= depth[at]) path.pop();
      const node = { row, beneath: [] };
      path.at(-1).node.beneath.push(node);
      path.push({ depth: depth[at], node });
    });
    return root;
  }

  function cellAt(row, column) {
    let at = 0;
    for (const cell of row.cells) {
      if (column < at + cell.colSpan) return cell.colSpan === 1 ? cell : null;
      at += cell.colSpan;
    }
    return null;
  }

  // Where the cells of a column carry their numbers, a cell without one is a state (not estimable, suppressed) and
  // comes last, whatever its text looks like.
  function reader(rows, column, number) {
    const carried = rows.some((row) => cellAt(row, column)?.dataset.value !== undefined);
    return (row) => {
      const cell = cellAt(row, column);
      if (carried) return cell?.dataset.value === undefined ? null : Number(cell.dataset.value);
      const text = cell?.firstChild?.textContent.trim() ?? "";
      if (!number) return text || null;
      const found = /^[<>≥≤]?\s*([-−]?\d[\d\u202f\u2009]*(?:[.·]\d+)?)/.exec(text);
      return found ? Number(found[1].replace("−", "-").replace("·", ".").replace(/[\u202f\u2009]/g, "")) : null;
    };
  }

  function compare(a, b) {
    return typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b));
  }

  function ordered(node, valueOf, sign) {
    const valued = node.beneath.map((child) => ({ child, value: valueOf(child.row) }));
    valued.sort((a, b) => {
      if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
      return sign * compare(a.value, b.value);
    });
    return valued.flatMap(({ child }) => [child.row, ...ordered(child, valueOf, sign)]);
  }

  function sortable(table) {
    const bodies = [...table.tBodies];
    const original = bodies.flatMap((body) => [...body.rows]);
    if (original.length < 2) return;
    const open = bodies[0].rows.length;
    const heads = [...table.tHead.rows].at(-1).cells;
    [...heads].forEach((head, column) => {
      const button = page.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      const arrow = page.createElement("span");
      arrow.className = "arrow";
      (button.querySelector(".sub") ?? { before: (it) => button.append(it) }).before(arrow);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
        const direction = next === undefined ? "ascending" : next;
        [...heads].forEach((other) => other.removeAttribute("aria-sort"));
        if (direction) head.setAttribute("aria-sort", direction);
        const sign = direction === "descending" ? -1 : 1;
        const valueOf = reader(original, column, head.classList.contains("number"));
        const rows = direction ? ordered(tree(original), valueOf, sign) : original;
        bodies[0].append(...rows.slice(0, open));
        bodies[1]?.append(...rows.slice(open));
      });
    });
  }
  all("main table").forEach(sortable);

  // Enlarging: a copy of the drawing in a dialog; the browser closes it on Esc and gives the focus back.
  const dialog = part("dialog");
  const [title, place, zoom] = [".bar p", ".scroll", '[data-does="zoom"]'].map((one) => dialog.querySelector(one));
  page.body.append(dialog);
  dialog.querySelector('[data-does="close"]').addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => place.replaceChildren());
  zoom.addEventListener("click", () => {
    press(zoom, !pressed(zoom));
    dialog.classList.toggle("twice", pressed(zoom));
  });

  function enlarge(figure) {
    const copy = figure.querySelector("svg").cloneNode(true);
    const named = copy.getAttribute("aria-labelledby");
    all("[id]", copy).forEach((element) => element.removeAttribute("id")); // the copy draws with what the page holds
    copy.setAttribute("aria-labelledby", named);
    title.textContent = figure.querySelector(".title .words").textContent;
    dialog.setAttribute("aria-label", title.textContent);
    press(zoom, false);
    dialog.classList.remove("twice");
    place.replaceChildren(copy);
    dialog.showModal();
  }

  all("figure.drawn").forEach((figure) => {
    const button = part(".enlarge");
    button.setAttribute("aria-describedby", `${figure.id}-caption`);
    button.addEventListener("click", () => enlarge(figure));
    figure.querySelector("svg").addEventListener("click", () => enlarge(figure));
    figure.querySelector(".title").append(" ", button);
  });
})();
