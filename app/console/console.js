// Updates the results while somebody types, follows the log, and numbers the lines.
// Every view also works without this script.
(() => {
  "use strict";
  const here = new URL(location.href);
  if (here.searchParams.has("key")) { // from now on the cookie holds the key
    here.searchParams.delete("key");
    history.replaceState(null, "", here);
  }
  const results = document.getElementById("results");
  const form = document.querySelector("form[data-live]");
  let asked = 0;

  async function ask() {
    const turn = ++asked;
    const open = [...results.querySelectorAll("details")].map((d) => d.open);
    const fields = new URLSearchParams(new FormData(form));
    const address = new URL(form.action);
    const request = { credentials: "same-origin" };
    if (form.dataset.live === "post") {
      request.method = "POST";
      request.body = fields;
    } else {
      address.search = fields.toString();
      history.replaceState(null, "", address);
    }
    address.searchParams.set("part", "1");
    try {
      const answer = await fetch(address, request);
      const text = await answer.text();
      if (turn === asked && answer.ok) { // not an answer to an older question
        results.innerHTML = text;
        if (form.dataset.poll) {
          results.querySelectorAll("details").forEach((d, i) => { d.open = Boolean(open[i]); });
        }
      }
    } catch (e) { /* the console has stopped: keep the old results */ }
  }

  if (form) {
    let timer;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, form.dataset.live === "post" ? 400 : 120);
    });
    form.addEventListener("submit", (e) => { e.preventDefault(); ask(); });
    if (form.dataset.poll) {
      setInterval(() => {
        if (document.visibilityState === "visible" && !results.contains(document.activeElement)) ask();
      }, Number(form.dataset.poll));
    }
  }

  const text = document.querySelector(".editor textarea");
  if (text) {
    const gutter = document.querySelector(".gutter");
    const number = () => {
      const n = text.value.split("\n").length;
      gutter.textContent = Array.from({ length: n }, (_, i) => i + 1).join("\n");
      gutter.scrollTop = text.scrollTop;
    };
    text.addEventListener("input", number);
    text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
    number();
  }
})();
