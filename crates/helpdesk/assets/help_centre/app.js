// What pages do better with a script; all of them work without.
(() => {
  "use strict";
  const lang = document.documentElement.lang;
  let printing = false;

  // Times in the reader's own zone, with the exact moment on hover.
  // The reader's own way of writing dates, where it is in the language of the page.
  const locale = navigator.languages.find((known) => known.startsWith(lang)) ?? (lang === "en" ? "en-GB" : lang);
  const short = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const steps = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];
  // What lies more than a week back is found by its date.
  const since = (at) => {
    const passed = at - Date.now();
    if (passed > 0 || passed < -7 * 86_400_000) return short.format(at);
    const [unit, length] = steps.find(([, length]) => -passed >= length) ?? ["second", Infinity];
    return ago.format(Math.round(passed / length), unit);
  };
  for (const element of document.querySelectorAll("time[data-time], time[data-day], time[data-ago]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    element.textContent = "ago" in element.dataset ? since(at) : ("day" in element.dataset ? day : short).format(at);
    element.title = exact.format(at);
  }
  // The note about the zone is not true any more.
  document.querySelector("[data-zone]")?.remove();

  // A form is sent once, however often the button is pressed.
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
    addEventListener("pageshow", () => delete form.dataset.sent);
  }

  // Files that would not be taken are told before they travel.
  for (const input of document.querySelectorAll("input[type=file][data-too-large]")) {
    const told = document.createElement("p");
    told.className = "fault free-text";
    told.setAttribute("role", "alert");
    input.before(told);
    input.addEventListener("change", () => {
      const large = [...input.files].find((file) => file.size > Number(input.dataset.most));
      told.textContent = large ? `${input.dataset.tooLarge} ${large.name}` : "";
      if (large) input.value = "";
    });
  }

  // Answers below a field while somebody types.
  for (const input of document.querySelectorAll("input[data-suggest]")) {
    const box = input.closest(".field, .search")?.querySelector("[data-suggestions]");
    if (!box) continue;
    let timer;
    let asked = "";
    const show = async () => {
      const text = input.value.trim();
      if (text === asked) return;
      asked = text;
      if (text.length < 2) return box.replaceChildren();
      try {
        const response = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text.slice(0, 200))}`);
        // An answer that comes late belongs to what was typed before.
        if (!response.ok || asked !== text) return;
        const part = new DOMParser().parseFromString(await response.text(), "text/html");
        box.replaceChildren(...part.body.childNodes);
      } catch {
        box.replaceChildren();
      }
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(show, 180);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") box.replaceChildren();
    });
    if (box.classList.contains("floating")) {
      document.addEventListener("click", (event) => {
        if (!box.parentElement.contains(event.target)) box.replaceChildren();
      });
    }
  }

  // Who opens a question has read it; the desk counts that once a day.
  for (const question of document.querySelectorAll("details[data-seen]")) {
    question.addEventListener("toggle", () => {
      if (question.open && !printing) fetch(question.dataset.seen, { method: "POST", keepalive: true }).catch(() => {});
    });
  }

  // A question that an address names is opened; one that is on another page has an address of its own.
  const named = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  const question = named?.closest("details");
  if (question) {
    question.open = true;
    question.scrollIntoView({ block: "center" });
  } else if (!named && /\/faq$/.test(location.pathname) && /^#q\d+$/.test(location.hash)) {
    location.replace(`${location.pathname}/${location.hash.slice(2)}`);
  }

  // On paper nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    printing = true;
    closed = [...document.querySelectorAll("details.question:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
    setTimeout(() => (printing = false));
  });

  // The star that was clicked in a mail is kept at once. Programs that look into links run no script.
  const clicked = document.querySelector("form[data-sends-itself]");
  if (clicked) {
    const fields = new FormData(clicked);
    const said = new URLSearchParams(["form", "token", "rating"].map((name) => [name, fields.get(name) ?? ""]));
    fetch(clicked.action, { method: "POST", body: said }).then((response) => {
      if (!response.ok) return;
      for (const notice of document.querySelectorAll(".notice")) notice.hidden = !("kept" in notice.dataset);
      const address = new URL(location.href);
      address.searchParams.delete("rating");
      history.replaceState(null, "", address);
    }).catch(() => {});
  }

  // After an action its address says so; a reload shall not say it again.
  const address = new URL(location.href);
  if (address.searchParams.has("done")) {
    address.searchParams.delete("done");
    history.replaceState(null, "", address);
  }
})();
