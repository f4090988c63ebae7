// What the pages can do with JavaScript. Without it they do the same with a
// press of Enter.
"use strict";
(() => {
  // Results as you type: a form with data-live="x" shows its answer in #x, and
  // how much it found in #x-count, which screen readers are told of.
  const live = (form) => {
    const box = form.querySelector("input[type=search]");
    const place = document.getElementById(form.dataset.live);
    const count = document.getElementById(form.dataset.live + "-count");
    if (!box || !place || !count) return;
    let turn = 0, timer = 0;
    const update = async () => {
      const mine = ++turn;
      const address = new URL(form.action);
      for (const [name, value] of new FormData(form)) if (value) address.searchParams.set(name, value);
      try {
        const answer = await fetch(address);
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(place.id), said = page.getElementById(count.id);
        if (mine !== turn || !fresh || !said) return;
        place.replaceChildren(...document.adoptNode(fresh).childNodes);
        count.textContent = said.textContent;
        history.replaceState(null, "", address);
      } catch {
        // Offline: the form still works when the network is back.
      }
    };
    box.addEventListener("input", (e) => {
      if (e.isComposing) return;
      clearTimeout(timer);
      timer = setTimeout(update, 180);
    });
    box.addEventListener("compositionend", update);
  };
  document.querySelectorAll("form[data-live]").forEach(live);

  // A link to a story that a correction renamed or took out.
  const moved = document.getElementById("moved");
  const look = () => {
    const wanted = decodeURIComponent(location.hash.slice(1));
    if (moved) moved.hidden = !wanted || document.getElementById(wanted) !== null;
  };
  addEventListener("hashchange", look);
  look();
})();
