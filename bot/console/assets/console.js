// The console's page. The server sends what there is to see as events; this
// script makes elements of it, with textContent only, and posts what is typed.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const words = JSON.parse(document.body.dataset.words);
  const lang = document.documentElement.lang;
  const log = $("log"), replies = $("replies"), thread = $("thread");
  const messages = new Map(); // id → message
  let me = "", channels = [], channel = "", open = ""; // open: id of the parent whose thread is open

  // ---- elements ----

  const make = (tag, className, ...children) => {
    const e = document.createElement(tag);
    if (className) e.className = className;
    e.append(...children);
    return e;
  };
  const link = (text, url) => {
    const a = make("a", "", text);
    a.href = url;
    a.target = "_blank";
    a.rel = "noopener noreferrer";
    return a;
  };
  const maybeLink = (text, url) => (url ? link(text, url) : text);
  const spans = (list) => (list || []).map((s) => {
    let node = maybeLink(s.text, s.url);
    if (s.code) node = make("code", "", node);
    if (s.strong) node = make("strong", "", node);
    if (s.mention) node = make("span", "mention", node);
    return node;
  });

  // One function for each type of block.
  const draw = {
    title: (b) => make("h2", "", maybeLink(b.text, b.url)),
    heading: (b) => make("h" + (2 + Math.min(Math.max(b.level || 1, 1), 3)), "", maybeLink(b.text, b.url)),
    prose: (b) => make("p", "", ...spans(b.spans)),
    item: (b) => make("div", "item in" + Math.min(b.level || 0, 3),
      make("span", "marker", b.marker === "-" ? "•" : b.marker || ""), make("span", "", ...spans(b.spans))),
    code: (b) => make("pre", "", make("code", "", b.text || "")),
    quote: (b) => make("blockquote", "", ...spans(b.spans)),
    note: (b) => make("p", "note", ...spans(b.spans)),
    divider: () => make("hr"),
    buttons: (b, m) => make("div", "buttons", ...(b.buttons || []).map((x) => {
      if (x.url) return link(x.label, x.url);
      const e = make("button", "", x.label);
      e.type = "button";
      e.onclick = () => press(e, m, x.command, x.argument);
      return e;
    })),
    menu: (b, m) => {
      const e = make("select");
      e.setAttribute("aria-label", b.placeholder || "");
      const first = make("option", "", b.placeholder || "");
      first.value = "";
      e.append(first, ...(b.options || []).map((o, i) => {
        const option = make("option", "", o.label);
        option.value = String(i);
        return option;
      }));
      e.onchange = () => {
        const picked = (b.options || [])[Number(e.value)];
        if (e.value !== "" && picked) press(e, m, b.command, picked.value).then(() => { e.value = ""; });
      };
      return e;
    },
  };

  draw.ask = (b, m) => {
    const line = make("input");
    line.placeholder = b.placeholder || "";
    const e = make("form", "ask", make("label", "", make("span", "", b.label || ""), line));
    e.onsubmit = (event) => {
      event.preventDefault();
      press(line, m, b.command, line.value.trim());
    };
    return e;
  };

  // ---- forms: real ones, that a browser could send by itself ----

  const named = (e, f, id) => {
    e.name = "field." + f.name;
    if (id) e.id = id;
    return e;
  };
  // One function for each kind of field: its element, or several.
  const fields = {
    text: (f, id) => {
      const e = named(make("input"), f, id);
      e.value = f.value || "";
      return e;
    },
    time: (f, id) => {
      const e = named(make("input"), f, id);
      e.type = "time";
      e.value = f.value || "";
      return f.zone ? make("span", "zoned", e, make("span", "note", f.zone)) : e;
    },
    one: (f, id) => {
      const e = named(make("select"), f, id);
      e.append(...(f.options || []).map((o) => new Option(o.label, o.value, false, o.value === f.value)));
      return e;
    },
    some: (f) => make("span", "boxes", ...(f.options || []).map((o) => tick(f, o.value, o.label, (f.value || "").split(",").includes(o.value)))),
    switch: (f, id) => tick(f, "on", words.yes, f.value === "on", id),
  };
  const tick = (f, value, label, on, id) => {
    const e = named(make("input"), f, id);
    e.type = "checkbox";
    e.value = value;
    e.checked = on;
    return make("label", "tick", e, label);
  };
  const hidden = (name, value) => {
    const e = make("input");
    e.type = "hidden";
    e.name = name;
    e.value = value;
    return e;
  };
  const fieldOf = (f, m) => {
    const id = "field-" + m.id + "-" + f.name;
    const several = f.kind === "some";
    const label = make(several ? "legend" : "label", "label", f.label);
    const e = make(several ? "fieldset" : "div", "field", label, fields[f.kind](f, several ? "" : id));
    if (!several) label.htmlFor = id;
    const about = [];
    for (const [kind, text] of [["problem", f.problem], ["hint", f.hint]]) {
      if (!text) continue;
      const note = make("p", kind, text);
      note.id = id + "-" + kind;
      about.push(note.id);
      e.append(note);
    }
    const input = e.querySelector("input, select");
    if (input && about.length) input.setAttribute("aria-describedby", about.join(" "));
    if (input && f.problem) input.setAttribute("aria-invalid", "true");
    return e;
  };
  draw.form = (b, m) => {
    const e = make("form", "filled", make("h2", "", b.form.title));
    e.method = "post";
    e.action = "/console/forms";
    if (b.form.note) e.append(make("p", "note", b.form.note));
    const send = make("button", "", b.form.submit);
    e.append(...b.form.fields.map((f) => fieldOf(f, m)), hidden("message", m.id), hidden("lang", lang), make("p", "send", send));
    e.onsubmit = async (event) => {
      event.preventDefault();
      send.disabled = true;
      const data = new URLSearchParams(new FormData(e));
      data.set("id", newID());
      await deliver("forms", { body: data });
      send.disabled = false;
    };
    return e;
  };

  const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const fullDate = new Intl.DateTimeFormat(lang, { year: "numeric", month: "long", day: "numeric", weekday: "short" });

  const elementOf = (m) => {
    const e = make("article", "message" + (m.private ? " private" : ""));
    e.dataset.id = m.id;
    if (m.private) {
      const seen = make("p", "seen", "👁 " + words.private);
      if (m.command) seen.append(make("code", "", m.command));
      e.append(seen);
    }
    const name = m.from ? (m.from === me ? words.you : m.name) : "cyberbrief";
    const at = new Date(m.at);
    const time = make("time", "", clock.format(at));
    time.dateTime = at.toISOString();
    time.title = fullDate.format(at);
    const who = make("p", "who", make("b", "", name));
    if (!m.from) who.append(make("span", "badge", words.bot));
    who.append(time);
    if (m.edited) who.append(make("span", "mark", words.edited));
    const content = make("div", "content");
    for (const b of (m.body && m.body.blocks) || []) {
      if (draw[b.type]) content.append(draw[b.type](b, m));
    }
    e.append(face(m, name), who, content);
    return e;
  };
  const face = (m, name) => {
    if (m.from) {
      const s = make("span", "face", [...name][0] || "?");
      s.setAttribute("aria-hidden", "true");
      return s;
    }
    const img = make("img", "face");
    img.src = "/console/assets/bot.svg";
    img.alt = "";
    return img;
  };

  // ---- lists ----

  const key = (e) => Number(e.dataset.key);
  // put places an element by its key, in place of one with the same id.
  const put = (list, e, id, order) => {
    e.dataset.id = id;
    e.dataset.key = order;
    const old = list.querySelector(`:scope > [data-id="${CSS.escape(id)}"]`);
    if (old) {
      old.replaceWith(e);
      return;
    }
    let after = list.lastElementChild;
    while (after && key(after) > order) after = after.previousElementSibling;
    if (after) after.after(e);
    else list.prepend(e);
  };
  const putDay = (m) => {
    const day = new Date(m.at);
    day.setHours(0, 0, 0, 0);
    const today = new Date();
    today.setHours(0, 0, 0, 0);
    const ago = Math.round((today - day) / 864e5);
    const text = ago === 0 ? words.today : ago === 1 ? words.yesterday : fullDate.format(day);
    put(log, make("div", "day", text), "day-" + day.getTime(), Math.min(day.getTime() * 1000, Number(m.id)) - 0.5);
  };
  const nearEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 120;
  // reveal scrolls to a message: to its top when it is taller than the list.
  const reveal = (list, e) => e.scrollIntoView({ block: e.offsetHeight > list.clientHeight - 40 ? "start" : "end" });

  const repliesTo = (id) => [...messages.values()].filter((m) => m.thread === id);
  const putThreadButton = (id) => {
    const parent = log.querySelector(`:scope > [data-id="${CSS.escape(id)}"]`);
    if (!parent) return;
    parent.querySelector(".open-thread")?.remove();
    const n = repliesTo(id).filter((m) => !m.private).length;
    if (n === 0) return;
    const b = make("button", "open-thread", "💬 " + words.replies.replace("%d", n));
    b.type = "button";
    b.setAttribute("aria-expanded", String(open === id));
    b.onclick = () => go(channel, open === id ? "" : id);
    parent.append(b);
  };

  // ---- what is new: by channel the id of the newest message that was read ----

  const storage = "cyberbrief-read";
  let read = {};
  try { read = JSON.parse(localStorage.getItem(storage)) || {}; } catch { /* no storage: everything is new after a reload */ }
  const isNew = (m) => !m.thread && !m.private && m.from !== me && Number(m.id) > (read[m.channel] || 0);
  const news = (name) => [...messages.values()].filter((m) => m.channel === name && isNew(m));
  const markRead = () => {
    if (document.hidden || !channel || !nearEnd(log)) return;
    const newest = Math.max(0, ...[...messages.values()].filter((m) => m.channel === channel).map((m) => Number(m.id)));
    if (newest <= (read[channel] || 0)) return;
    read[channel] = newest;
    try { localStorage.setItem(storage, JSON.stringify(read)); } catch { /* as above */ }
    drawChannels();
  };
  // divide puts a line above the first new message, unless there is one.
  const divide = () => {
    const first = read[channel] && news(channel).reduce((a, m) => Math.min(a, Number(m.id)), Infinity);
    if (!first || first === Infinity || log.querySelector(":scope > .fresh")) return;
    put(log, make("div", "day fresh", words.fresh), "fresh", first - 0.4);
  };

  const show = (m, fresh) => {
    if (m.channel !== channel) {
      if (fresh) drawChannels();
      return;
    }
    const list = m.thread ? replies : log;
    if (m.thread && m.thread !== open) {
      putThreadButton(m.thread);
      return;
    }
    const stick = nearEnd(list);
    log.querySelector(".empty")?.remove();
    const e = elementOf(m);
    if (!m.thread) putDay(m);
    put(list, e, m.id, Number(m.id));
    putThreadButton(m.thread || m.id);
    if (!fresh) return;
    e.classList.add("arrived");
    if (isNew(m) && (document.hidden || !stick)) divide();
    if (stick || m.from === me || m.private) reveal(list, e);
    else if (list === log) $("newer").hidden = false;
    drawChannels();
    markRead();
  };

  const drawAll = () => {
    log.setAttribute("aria-busy", "true");
    log.replaceChildren();
    replies.replaceChildren();
    $("newer").hidden = true;
    $("name").textContent = "# " + channel;
    if (open && !messages.has(open)) open = "";
    thread.hidden = !open;
    document.body.classList.toggle("threaded", open !== "");
    const all = [...messages.values()].sort((a, b) => Number(a.id) - Number(b.id));
    for (const m of all) show(m, false);
    if (!log.firstElementChild) log.append(make("p", "empty", words.empty));
    divide();
    const last = log.lastElementChild;
    if (last) reveal(log, last);
    log.setAttribute("aria-busy", "false");
    drawChannels();
    markRead();
  };
  const drawChannels = () => {
    let all = 0;
    $("channels").replaceChildren(...channels.map((name) => {
      const n = news(name).length;
      all += n;
      const a = make("a", n ? "unread" : "", "# " + name);
      a.href = "#" + name;
      if (name === channel) a.setAttribute("aria-current", "page");
      if (n) {
        const count = make("span", "count", String(n));
        count.setAttribute("aria-label", words.unread.replace("%d", n));
        count.setAttribute("role", "img");
        a.append(count);
      }
      return make("li", "", a);
    }));
    document.title = (all ? "(" + all + ") " : "") + "#" + channel + " – cyberbrief";
  };
  addEventListener("visibilitychange", markRead);

  // ---- places: the address's hash is #channel or #channel/thread ----

  const go = (toChannel, toThread) => {
    const hash = "#" + toChannel + (toThread ? "/" + toThread : "");
    if (location.hash !== hash) history.pushState(null, "", hash);
    follow();
  };
  const follow = () => {
    const [wanted, parent] = decodeURIComponent(location.hash.slice(1)).split("/");
    const next = channels.includes(wanted) ? wanted : channels[0] || "";
    document.body.classList.remove("listed");
    $("burger").setAttribute("aria-expanded", "false");
    if (next === channel) {
      if ((parent || "") !== open) openThread(parent || "");
      return;
    }
    channel = next;
    open = parent || "";
    drawAll();
  };
  // openThread shows or hides the side panel and leaves the channel alone.
  const openThread = (id) => {
    const before = open;
    open = messages.has(id) ? id : "";
    replies.replaceChildren();
    thread.hidden = !open;
    document.body.classList.toggle("threaded", open !== "");
    for (const m of repliesTo(open).sort((a, b) => Number(a.id) - Number(b.id))) if (open) show(m, false);
    replies.scrollTop = 0;
    for (const id of [before, open]) if (id) putThreadButton(id);
    if (open) $("close").focus({ preventScroll: true });
    else log.querySelector(`:scope > [data-id="${CSS.escape(before)}"] .open-thread`)?.focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  $("close").onclick = () => go(channel, "");
  $("burger").onclick = () => {
    const listed = document.body.classList.toggle("listed");
    $("burger").setAttribute("aria-expanded", String(listed));
    if (listed) $("channels").querySelector("a")?.focus();
  };
  document.querySelector("main").addEventListener("click", (e) => {
    if (!e.target.closest(".burger")) document.body.classList.remove("listed");
  });
  addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || e.isComposing || !$("offers").hidden) return;
    if (document.body.classList.contains("listed")) $("burger").click();
    else if (open) go(channel, "");
  });
  $("newer").textContent = words.newMessage;
  $("newer").onclick = () => {
    $("newer").hidden = true;
    if (log.lastElementChild) reveal(log, log.lastElementChild);
  };
  log.addEventListener("scroll", () => {
    if (!nearEnd(log)) return;
    $("newer").hidden = true;
    markRead();
  }, { passive: true });

  // ---- events ----

  const status = (live) => {
    $("link").textContent = live ? words.live : words.lost;
    $("link").classList.toggle("live", live);
  };
  const listen = () => {
    const events = new EventSource("/console/events");
    // A connection that was lost goes on where it ended: the browser names the
    // last event. A snapshot comes first where there is none, or after long.
    events.onopen = () => status(true);
    events.addEventListener("snapshot", (e) => {
      const all = JSON.parse(e.data);
      me = all.me;
      channels = all.channels;
      messages.clear();
      for (const m of all.messages) messages.set(m.id, m);
      channel = "";
      follow();
    });
    events.addEventListener("message", (e) => {
      const m = JSON.parse(e.data);
      const known = messages.has(m.id);
      messages.set(m.id, m);
      show(m, !known);
    });
    events.addEventListener("gone", (e) => {
      const { id } = JSON.parse(e.data);
      for (const m of [...messages.values()]) {
        if (m.id !== id && m.thread !== id) continue;
        messages.delete(m.id);
        for (const list of [log, replies]) list.querySelector(`:scope > [data-id="${CSS.escape(m.id)}"]`)?.remove();
        if (m.thread) putThreadButton(m.thread);
      }
      drawChannels();
      if (open === id) go(channel, "");
    });
    events.onerror = () => {
      status(false);
      // The browser retries a lost connection by itself, a refused one not.
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    };
  };

  // ---- sending ----

  const complain = (status) => {
    const why = { 404: words.gone, 413: words.tooLong, 503: words.notReady };
    $("toast").textContent = why[status] || words.failed;
    setTimeout(() => { $("toast").textContent = ""; }, 6000);
  };
  // crypto.randomUUID is missing on plain http to another machine.
  const newID = () => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");
  let working = 0;
  const post = (path, data, quiet) => deliver(path, {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ id: newID(), ...data, lang }),
  }, quiet);
  const deliver = async (path, request, quiet) => {
    if (!quiet) $("busy").textContent = ++working ? words.thinking : "";
    try {
      const r = await fetch("/console/" + path, { method: "POST", ...request });
      if (!r.ok) complain(r.status);
      return r.ok;
    } catch {
      complain(0);
      return false;
    } finally {
      if (!quiet && --working === 0) $("busy").textContent = "";
    }
  };
  const press = async (e, m, command, argument) => {
    e.disabled = true;
    await post("actions", { message: m.id, command, argument });
    e.disabled = false;
  };

  // grow makes a box as tall as its text, up to the style's limit.
  const grow = (box) => { box.rows = Math.min(6, box.value.split("\n").length); };
  const writer = (form, box, where) => {
    const send = async () => {
      const text = box.value.trim();
      if (!text) return;
      box.value = "";
      grow(box);
      if (!await post("messages", { text, ...where() }, !text.startsWith("/")) && !box.value) box.value = text;
    };
    form.addEventListener("submit", (e) => { e.preventDefault(); hideOffers(); send(); });
    box.addEventListener("input", () => grow(box));
    // A message never begins with an empty line.
    box.addEventListener("beforeinput", (e) => { if (e.inputType === "insertLineBreak" && !box.value) e.preventDefault(); });
    box.addEventListener("keydown", (e) => {
      // Enter that confirms a kana conversion is not for us (229: Safari).
      if (e.isComposing || e.keyCode === 229 || e.defaultPrevented) return;
      if (e.key === "Enter" && !e.shiftKey) { e.preventDefault(); hideOffers(); send(); }
    });
  };

  // ---- completion of commands and terms ----

  const offers = $("offers"), box = $("write");
  let offered = [], picked = -1, asked = 0;
  const hideOffers = () => {
    asked++;
    offers.hidden = true;
    offered = [];
    picked = -1;
    box.removeAttribute("aria-activedescendant");
  };
  const pick = (i) => {
    picked = i;
    [...offers.children].forEach((li, n) => {
      li.setAttribute("aria-selected", String(n === i));
      if (n === i) li.scrollIntoView({ block: "nearest" });
    });
    if (i >= 0) box.setAttribute("aria-activedescendant", "offer-" + i);
    else box.removeAttribute("aria-activedescendant");
  };
  const offer = (list) => {
    offered = list;
    if (!list.length) return hideOffers();
    offers.replaceChildren(...list.map((o, i) => {
      const li = make("li", "", make("b", "", o.label));
      if (o.hint) li.append(make("i", "", o.hint));
      if (o.help) li.append(make("span", "", o.help));
      li.id = "offer-" + i;
      li.setAttribute("role", "option");
      li.onpointerdown = (e) => { e.preventDefault(); take(i); };
      return li;
    }));
    offers.hidden = false;
    pick(0);
  };
  const take = (i) => {
    const o = offered[i];
    if (!o) return;
    box.value = o.value;
    hideOffers();
    box.focus();
    if (o.more) complete();
  };
  const complete = async () => {
    const text = box.value;
    if (/^\/[a-z-]*$/.test(text)) {
      return offer(words.commands.filter((c) => c.name.startsWith(text.slice(1)))
        .map((c) => ({ label: "/" + c.name, hint: c.hint, help: c.help, value: "/" + c.name + " ", more: c.name === "term" })));
    }
    const m = /^\/term[ \u3000]+(.*)$/.exec(text);
    // What was offered for the text before must not be taken for this one.
    if (m && offered[0]?.term) pick(-1);
    else hideOffers();
    if (!m) return;
    const turn = ++asked;
    await new Promise((done) => setTimeout(done, 120));
    if (turn !== asked) return;
    try {
      const r = await fetch("/console/complete?q=" + encodeURIComponent(m[1]));
      const { terms } = r.ok ? await r.json() : { terms: [] };
      if (turn !== asked) return;
      offer(terms.filter((t) => t !== m[1]).map((t) => ({ label: t, value: "/term " + t, term: true })));
      if (offered.length) pick(-1); // Enter sends what was typed
    } catch {
      hideOffers();
    }
  };
  box.addEventListener("input", (e) => { if (!e.isComposing) complete(); });
  box.addEventListener("compositionend", complete);
  box.addEventListener("blur", hideOffers);
  box.addEventListener("keydown", (e) => {
    if (e.isComposing || offers.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) pick((picked + step + offered.length + (picked < 0 && step < 0 ? 1 : 0)) % offered.length);
    else if (e.key === "Tab" || (e.key === "Enter" && picked >= 0 && offered[picked].value.trim() !== box.value.trim())) take(Math.max(picked, 0));
    else if (e.key === "Escape") hideOffers();
    else return;
    e.preventDefault();
  });

  writer($("form"), box, () => ({ channel }));
  writer($("reply-form"), $("reply"), () => ({ channel, thread: open }));
  status(false);
  listen();
})();
