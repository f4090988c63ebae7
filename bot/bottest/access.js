// What of WCAG 2.2 AA a machine can see in a page: returns a list of what is
// wrong, in words. What needs judgement (is the alternative text good?) is not
// here.
(() => {
  const wrong = [];
  const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + [...e.classList].map((c) => "." + c).join("") +
    " “" + (e.textContent || "").trim().slice(0, 24) + "”";
  const style = (e, pseudo) => getComputedStyle(e, pseudo);
  const visible = (e) => e.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) && e.getBoundingClientRect().width > 1;

  // ---- structure ----
  if (!document.documentElement.lang) wrong.push("the page names no language");
  if (!document.title.trim()) wrong.push("the page has no title");
  const only = (selector) => {
    const n = [...document.querySelectorAll(selector)].filter(visible).length;
    if (n !== 1) wrong.push(`${n} elements ${selector}, want one`);
  };
  only("h1");
  only("main");
  const ids = new Set();
  for (const e of document.querySelectorAll("[id]")) {
    if (ids.has(e.id)) wrong.push("id stands twice: " + e.id);
    ids.add(e.id);
  }
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for", "aria-activedescendant"]) {
    for (const e of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of e.getAttribute(attribute).split(/\s+/)) if (!ids.has(id)) wrong.push(`${attribute} of ${name(e)} leads nowhere`);
    }
  }
  let level = 0;
  for (const h of [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].filter(visible)) {
    const next = Number(h.tagName[1]);
    if (level && next > level + 1) wrong.push(`heading level ${level} is followed by ${next}: ${name(h)}`);
    level = next;
  }
  for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) wrong.push("tab order is forced: " + name(e));
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) wrong.push("no alternative text: " + name(e));
  const labelled = (e) => e.getAttribute("aria-label")?.trim() || e.labels?.length || e.title ||
    (e.getAttribute("aria-labelledby") && document.getElementById(e.getAttribute("aria-labelledby"))?.textContent.trim());
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) if (!labelled(e)) wrong.push("no label: " + name(e));
  for (const e of document.querySelectorAll("a[href], button")) {
    if (!labelled(e) && !e.textContent.trim() && !e.querySelector("img[alt]:not([alt=''])")) wrong.push("no name: " + name(e));
  }
  const navs = [...document.querySelectorAll("nav")].filter(visible);
  for (const e of navs) if (navs.length > 1 && !labelled(e)) wrong.push("one nav of several has no name: " + name(e));

  // ---- contrast ----
  const parse = (css) => {
    const n = css.match(/[\d.]+(?:e-?\d+)?/g)?.map(Number) || [0, 0, 0, 0];
    const scale = css.startsWith("color(") ? 255 : 1;
    return [n[0] * scale, n[1] * scale, n[2] * scale, n.length > 3 ? n[3] : 1];
  };
  const over = ([r, g, b, a], back) => [r, g, b].map((v, i) => v * a + back[i] * (1 - a));
  const backOf = (e) => {
    const layers = [];
    for (; e; e = e.parentElement) {
      const c = parse(style(e).backgroundColor);
      layers.push(c);
      if (c[3] === 1) break;
    }
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    return layers.reduceRight((back, c) => over(c, back), dark ? [18, 18, 18] : [255, 255, 255]);
  };
  const light = (c) => {
    const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const told = new Set();
  let least = 21;
  const check = (what, e, css, want) => {
    const back = backOf(e), got = ratio(over(parse(css), back), back);
    if (what !== "edge of a field") least = Math.min(least, got);
    const key = what + css + back + want;
    if (got >= want || told.has(key)) return;
    told.add(key);
    wrong.push(`${what} has a contrast of ${got.toFixed(2)}, want ${want}: ${name(e)}`);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let t = texts.nextNode(); t; t = texts.nextNode()) {
    const e = t.parentElement;
    if (!t.data.trim() || !visible(e) || e.closest(":disabled, option, script, noscript")) continue;
    const s = style(e), size = parseFloat(s.fontSize);
    check("text", e, s.color, size >= 24 || size >= 18.66 && Number(s.fontWeight) >= 700 ? 3 : 4.5);
  }
  for (const e of document.querySelectorAll("input:not([type=hidden]), textarea")) {
    if (visible(e)) check("placeholder", e, style(e, "::placeholder").color, 4.5);
  }
  for (const e of document.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    // The edge may be that of a box around it.
    const edged = [e, e.parentElement].find((x) => parseFloat(style(x).borderTopWidth) > 0);
    if (!visible(e)) continue;
    if (!edged) wrong.push("field without an edge: " + name(e));
    else check("edge of a field", edged.parentElement, style(edged).borderTopColor, 3);
  }

  // ---- size of what is pressed: 24 pixels, links within text excepted ----
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (!visible(e) || e.className === "skip" || style(e).display === "inline") continue;
    const box = e.getBoundingClientRect();
    if (box.width < 24 || box.height < 24) wrong.push(`target of ${box.width.toFixed(0)} × ${box.height.toFixed(0)}: ${name(e)}`);
  }
  return { wrong, least };
})()
