// Search as you type, for those who have JavaScript. Without it the form
// does the same with a press of Enter.
"use strict";
(() => {
  const box = document.querySelector(".find input[type=search]");
  const results = document.getElementById("results");
  if (!box || !results) return;
  let turn = 0, timer = 0;
  const update = async () => {
    const mine = ++turn;
    const address = new URL("/search", location.origin);
    for (const [name, value] of new FormData(box.form)) address.searchParams.set(name, value);
    try {
      const answer = await fetch(address);
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("results");
      if (mine !== turn || !fresh) return;
      document.getElementById("results").replaceWith(document.adoptNode(fresh));
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
})();
