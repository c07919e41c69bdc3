import { expect, test, type Page } from "@playwright/test";
import { linkMailedTo } from "../mailbox.ts";
import { answer, api, linkTo, newTicket, setStatus } from "../support.ts";
import { vectors } from "../vectors.ts";

// What strangers write is text in every place where it is shown, and never part of the page.

declare global {
  interface Window {
    hit?: string;
  }
}

const PER_PAGE = 40;
const VOUCHER = Buffer.from("%PDF-1.7\nA voucher.");

/** All vectors, as many in each text as fit. */
function packs(most: number): string[] {
  const packed: string[] = [];
  for (const vector of vectors.map((one) => one.slice(0, most))) {
    const last = packed.at(-1);
    if (last !== undefined && last.length + vector.length < most) packed[packed.length - 1] = `${last} ${vector}`;
    else packed.push(vector);
  }
  return packed;
}

async function isClean(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  const found = await page.evaluate(() => {
    const ours = "script[src^='/static/'], script[type='application/ld+json']";
    const strange: string[] = [];
    if (window.hit !== undefined) strange.push(`a script ran: ${window.hit}`);
    for (const element of document.querySelectorAll("*")) {
      const name = element.localName;
      const parts = ["iframe", "object", "embed", "base", "math", "video", "audio", "marquee", "style", "applet", "frameset"];
      if (parts.includes(name) || (name === "script" && !element.matches(ours))) strange.push(`<${name}>`);
      if (name === "img" && element.hasAttribute("src") && !element.closest("header.site")) strange.push(`<img ${element.getAttribute("src")}>`);
      for (const { name: attribute, value } of element.attributes) {
        if (/^on/i.test(attribute)) strange.push(`<${name} ${attribute}>`);
        const leads = ["href", "src", "action", "formaction", "xlink:href", "data", "srcdoc"].includes(attribute);
        if (leads && /^[\s\u0000-\u0020]*(javascript|vbscript|data):/i.test(value)) strange.push(`<${name} ${attribute}=${value}>`);
      }
    }
    return strange;
  });
  expect(found, page.url()).toEqual([]);
}

test("no vector survives in a ticket's subject, description, names, messages or files", async ({ page }) => {
  test.setTimeout(240_000);
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  for (let begin = 0; begin < vectors.length; begin += PER_PAGE) {
    const some = vectors.slice(begin, begin + PER_PAGE);
    const first = some[0] ?? "";
    const customerEmail = `hostile.${begin}@example.com`;
    const ticket = await newTicket({
      customerEmail,
      subject: first.slice(0, 255),
      description: `${some.join("\n")}\n`.slice(0, 5000),
      customerName: `${first}  `.slice(0, 100),
    });
    await Promise.all(
      some.map((vector) => answer(ticket.id, vector, { senderName: vector.slice(0, 100), attachments: [{ url: "https://a.example/x", name: vector.slice(0, 255) }] })),
    );
    await page.goto(await linkTo(ticket));
    await isClean(page);
    // They are there, word for word, as text.
    const shown = await page.locator(".messages").innerText();
    expect(shown).toContain(first.split("\n")[0]?.trim().slice(0, 60));
  }
  expect(dialogs).toEqual([]);
});

test("no vector survives in what a customer says of an answer, or in the list of requests", async ({ page }) => {
  test.setTimeout(240_000);
  const comments = packs(500);
  const most = 12;
  for (let begin = 0; begin < comments.length; begin += most) {
    const some = comments.slice(begin, begin + most);
    const customerEmail = `hostile.rating.${begin}@example.com`;
    const ticket = await newTicket({ customerEmail, subject: (some[0] ?? "").slice(0, 255) });
    for (let count = 0; count < some.length; count += 1) await answer(ticket.id, `Answer ${count}`);
    const path = await linkTo(ticket);
    await page.goto(path);
    const rate = page.locator("details.rating form");
    const actions = await rate.evaluateAll((forms) => forms.map((form) => form.getAttribute("action") ?? ""));
    const form = await rate.first().locator("input[name=form]").inputValue();
    for (const [place, comment] of some.entries()) {
      const rated = await page.request.post(actions[place] ?? "", { form: { form, rating: "1", comment }, maxRedirects: 0 });
      expect(rated.status()).toBe(303);
    }
    await page.goto(path);
    await expect(page.locator("details.rating textarea").first()).toHaveValue((some[0] ?? "").replaceAll("\r", "").trim());
    await isClean(page);
    if (begin === 0) {
      await page.goto("/en/requests");
      await page.getByLabel("Your e-mail").fill(customerEmail);
      await page.getByRole("button", { name: "Send the link" }).click();
      await page.goto(await linkMailedTo(customerEmail, /\/my\//));
      await expect(page.locator(".result")).toHaveCount(1);
      await isClean(page);
    }
  }
});

test("no vector survives in feedback that comes back", async ({ page }) => {
  test.setTimeout(240_000);
  const ticket = await newTicket();
  await answer(ticket.id, "Done.");
  await setStatus(ticket.id, "resolved");
  await page.goto(await linkTo(ticket));
  const opinion = (await page.locator("a[href*='/rate?']").getAttribute("href")) ?? "";
  for (const comment of packs(1000)) {
    await page.goto(opinion);
    await page.getByLabel("What went well").fill(comment);
    await page.locator("form.panel").evaluate((form: HTMLFormElement) => (form.noValidate = true));
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await expect(page.locator("form .fault")).toBeVisible();
    await isClean(page);
  }
});

test("no vector survives in questions, their answers, or the names of topics", async ({ page }) => {
  test.setTimeout(240_000);
  const topics: string[] = [];
  for (const [place, text] of packs(90).entries()) {
    const name = `${place} ${text}`;
    if (place % 4 === 0) {
      await api("POST", "/api/support/knowledge-base/categories", { name, titleRu: name, titleEn: name, icon: "map" });
      topics.push(name);
    }
    const question = { question: name, answer: `An answer ${place}.\n\n${text}`, category: topics.at(-1), priority: 100, language: "en" };
    await api("POST", "/api/support/faqs", question);
  }
  for (const path of ["/en", "/en/faq", "/en/complete?q=window", "/en/suggest?q=window.hit", "/en/search?q=window.hit", ...topics.map((name) => `/en/categories/${encodeURIComponent(name)}`)]) {
    const answered = await page.goto(path);
    expect(answered?.status(), path).toBe(200);
    await isClean(page);
  }
});

test("no vector survives in the name of a file", async ({ page }) => {
  test.setTimeout(240_000);
  // Browsers send control characters as they are, and then it is no form any more.
  const names = packs(150).map((name) => name.replace(/[\p{Cc}\u2028]/gu, " ").replaceAll("/", "\u2215"));
  for (let begin = 0; begin < names.length; begin += 5) {
    const files = names.slice(begin, begin + 5).map((name) => ({ name: `${name}.pdf`, mimeType: "image/png", buffer: VOUCHER }));
    await page.goto("/en/request");
    await page.waitForTimeout(2_050);
    await page.locator("#files").setInputFiles(files);
    await page.getByRole("button", { name: "Send the request" }).click();
    await expect(page.locator("input[name=upload]")).toHaveCount(files.length);
    await isClean(page);
  }
});

test("no vector survives in a form that comes back", async ({ page }) => {
  test.setTimeout(240_000);
  for (let begin = 0; begin < vectors.length; begin += PER_PAGE) {
    const text = vectors.slice(begin, begin + PER_PAGE).join(" ");
    await page.goto("/en/request");
    await page.getByLabel("What is it about?").fill(text.slice(0, 255));
    await page.getByLabel("What happened?").fill(text.slice(0, 5000));
    await page.getByLabel("Your name").fill(text.slice(0, 100));
    await page.getByLabel("Booking number").fill("x".repeat(30));
    await page.getByRole("button", { name: "Send the request" }).click();
    await expect(page.locator("#email-fault")).toBeVisible();
    await isClean(page);
  }
});

test("no vector survives in an article, its title, its tags, or a search for it", async ({ page }) => {
  test.setTimeout(240_000);
  for (let begin = 0; begin < vectors.length; begin += PER_PAGE) {
    const some = vectors.slice(begin, begin + PER_PAGE);
    const article = await api<{ slug: string }>("POST", "/api/support/knowledge-base", {
      title: `Hostile ${begin} ${some[0] ?? ""}`.slice(0, 255),
      content: `A text that wants to be a page ${begin}.\n\n${some.join("\n\n")}`,
      category: `Hostile ${some[1] ?? ""}`.slice(0, 100),
      tags: some.slice(0, 5).map((vector) => vector.slice(0, 50)),
      isPublished: true,
      language: "en",
    });
    await page.goto(`/en/articles/${article.slug}`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(`Hostile ${begin}`);
    await isClean(page);
    for (const query of some.slice(0, 8)) {
      await page.goto(`/en/search?q=${encodeURIComponent(query.slice(0, 200))}`);
      await isClean(page);
    }
  }
  await page.goto("/en");
  await isClean(page);
});
