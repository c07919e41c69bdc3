import { expect, test, type Page } from "@playwright/test";
import { answer, api, linkTo, newTicket } from "../support.ts";
import { vectors } from "../vectors.ts";

// What strangers write is text in every place where it is shown, and never part of the page.

declare global {
  interface Window {
    hit?: string;
  }
}

const PER_PAGE = 40;

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
  test.setTimeout(90_000);
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  for (let begin = 0; begin < vectors.length; begin += PER_PAGE) {
    const some = vectors.slice(begin, begin + PER_PAGE);
    const first = some[0] ?? "";
    const ticket = await newTicket({
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

test("no vector survives in a form that comes back", async ({ page }) => {
  test.setTimeout(90_000);
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
  test.setTimeout(120_000);
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
    await page.goto(`/en/search?q=${encodeURIComponent((some[0] ?? "").slice(0, 200))}`);
    await isClean(page);
  }
  await page.goto("/en");
  await isClean(page);
});
