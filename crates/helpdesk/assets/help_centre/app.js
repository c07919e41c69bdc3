// What pages do better with a script; all of them work without.
(() => {
  "use strict";
  const lang = document.documentElement.lang;

  // Times in the reader's own zone, with the exact moment on hover.
  // The reader's own way of writing dates, where it is in the language of the page.
  const locale = navigator.languages.find((known) => known.startsWith(lang)) ?? (lang === "en" ? "en-GB" : lang);
  const short = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
  for (const element of document.querySelectorAll("time[data-time], time[data-day]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    element.textContent = ("day" in element.dataset ? day : short).format(at);
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

  // After an action its address says so; a reload shall not say it again.
  const address = new URL(location.href);
  if (address.searchParams.has("done")) {
    address.searchParams.delete("done");
    history.replaceState(null, "", address);
  }
})();
