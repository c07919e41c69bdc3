/** Every page of the help centre, in each of its states: what axe judges and the screenshots show. */
import type { Page } from "@playwright/test";
import { linkMailedTo } from "./mailbox.ts";
import { answer, api, linkTo, newTicket, setStatus } from "./support.ts";
import { words } from "./words.ts";

export type Lang = keyof typeof words;
/** What leads to a page in a state. */
export type Scene = (page: Page, lang: Lang) => Promise<unknown>;

interface Links {
  open: string;
  late: string;
  waiting: string;
  held: string;
  resolved: string;
  closed: string;
}

async function inState(...states: string[]): Promise<string> {
  const ticket = await newTicket();
  await answer(ticket.id, "The second charge was refunded today. It takes up to three working days until you see it.");
  for (const state of states) await setStatus(ticket.id, state);
  return linkTo(ticket);
}

async function makeTickets(): Promise<Links> {
  const open = await newTicket({
    subject: "Можно ли перенести тур на август?",
    description: "Здравствуйте! Мы забронировали тур «Долина гейзеров» на 12 июля, бронь 4711.\n\nМожно ли перенести поездку на август без доплаты?",
    category: "booking",
  });
  await answer(open.id, "Ирина, здравствуйте! Да, перенести можно: свободны группы 4 и 18 августа, доплаты нет.\n\nПравила: https://kamhub.example/rules. Какая дата вам удобнее?", {
    attachments: [{ url: "https://kamhub.example/files/rules.pdf", name: "Правила переноса.pdf" }],
  });
  const long = new Date(Date.now() - 20 * 24 * 3600 * 1000).toISOString();
  const late = await newTicket({ createdAt: long });
  const [waiting, held, resolved, closed] = await Promise.all([
    inState("waiting_customer"),
    inState("on_hold"),
    inState("resolved"),
    inState("resolved", "closed"),
  ]);
  return { open: await linkTo(open), late: await linkTo(late), waiting, held, resolved, closed };
}

let made: Promise<Links> | undefined;
const ticket =
  (state: keyof Links): Scene =>
  async (page, lang) => {
    made ??= makeTickets();
    await page.goto(`/${lang}${(await made)[state]}`);
  };

const at =
  (path: string | ((lang: Lang) => string)): Scene =>
  (page, lang) =>
    page.goto(`/${lang}${typeof path === "string" ? path : path(lang)}`);

async function submit(page: Page): Promise<void> {
  await page.locator("form.panel, section.panel form").last().locator("button[type=submit]").click();
  await page.waitForLoadState();
}

const opinion: Scene = async (page, lang) => {
  await ticket("resolved")(page, lang);
  await page.goto((await page.locator("a[href*='/rate?']").first().getAttribute("href")) ?? "");
};

/** A customer with two requests, and the link to them. */
async function linkToRequests(page: Page, lang: Lang): Promise<string> {
  const email = `irina.${lang}.${Date.now()}.${Math.floor(Math.random() * 1e9)}@example.com`;
  await newTicket({ customerEmail: email });
  await newTicket({ customerEmail: email, subject: lang === "ru" ? "Не пришёл ваучер" : "The voucher has not come" });
  await at("/requests")(page, lang);
  await page.getByLabel(words[lang].mineEmail).fill(email);
  await submit(page);
  return linkMailedTo(email, /\/my\//);
}

export const scenes: Record<string, Scene> = {
  home: at(""),
  completing: async (page, lang) => {
    await at("")(page, lang);
    await page.getByRole("searchbox").pressSequentially(lang === "ru" ? "возвр" : "permi");
    await page.locator("[data-suggestions] a").first().waitFor();
  },
  search: at((lang) => `/search?q=${lang === "ru" ? "возврат" : "payment"}`),
  corrected: at((lang) => `/search?q=${words[lang].mistyped}`),
  "search-nothing": at("/search?q=xqzvw"),
  "search-empty": at("/search"),
  article: at((lang) => `/articles/${lang === "ru" ? "kak-vernut-dengi-za-bron" : "paying-from-abroad"}`),
  "article-helped": at("/articles/paying-from-abroad?voted=yes"),
  "article-failed": at("/articles/paying-from-abroad?voted=no"),
  category: at(`/categories/${encodeURIComponent("Туры")}`),
  faq: at("/faq"),
  question: async (page, lang) => {
    const [faq] = await api<{ id: string }[]>("GET", `/api/support/faqs?language=${lang}&limit=1`);
    await at(`/faq/${faq?.id ?? ""}`)(page, lang);
  },
  request: at("/request"),
  "request-suggesting": async (page, lang) => {
    await at("/request")(page, lang);
    await page.getByLabel(words[lang].subject).fill(words[lang].mistyped);
    await page.locator("[data-suggestions] a").first().waitFor();
  },
  "request-faults": async (page, lang) => {
    await at("/request")(page, lang);
    await page.getByLabel(words[lang].subject).fill("Refund");
    await submit(page);
    await page.locator("#email-fault").waitFor();
  },
  "request-file-fault": async (page, lang) => {
    await at("/request")(page, lang);
    // Who is faster than two seconds is taken for a program.
    await page.waitForTimeout(2_100);
    await page.locator("#files").setInputFiles([
      { name: "voucher.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\nA voucher.") },
      { name: "run.exe", mimeType: "application/pdf", buffer: Buffer.from("MZ\u0000\u0001\u0002") },
    ]);
    await submit(page);
    await page.locator("#files-fault").waitFor();
  },
  "ticket-open": ticket("open"),
  "ticket-late": ticket("late"),
  "ticket-waiting": ticket("waiting"),
  "ticket-held": ticket("held"),
  "ticket-resolved": ticket("resolved"),
  "ticket-closed": ticket("closed"),
  "ticket-fault": async (page, lang) => {
    await ticket("open")(page, lang);
    await page.getByLabel(words[lang].message, { exact: true }).fill("  ");
    await submit(page);
    await page.locator("#message-fault").waitFor();
  },
  "my-requests-form": at("/requests"),
  "my-requests-fault": async (page, lang) => {
    await at("/requests")(page, lang);
    await page.getByLabel(words[lang].mineEmail).fill("nobody");
    await submit(page);
    await page.locator("#email-fault").waitFor();
  },
  "my-requests-sent": at("/requests/sent"),
  "my-requests": async (page, lang) => page.goto(`/${lang}${await linkToRequests(page, lang)}`),
  opinion,
  "opinion-thanks": async (page, lang) => {
    await opinion(page, lang);
    await page.goto(`${page.url()}&done`);
  },
  "error-no-page": at("/nowhere"),
  "error-no-link": at("/t/AAAA"),
};
