import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { answer, linkTo, newTicket, setStatus } from "../support.ts";

// Every page without findings of axe, in both themes; WCAG 2.2 at level AA.

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function pages(): Promise<string[]> {
  const open = await newTicket({ subject: "Можно ли перенести тур на август?" });
  await answer(open.id, "Да, см. https://kamhub.example/rules. Какая дата удобна?", {
    attachments: [{ url: "https://kamhub.example/files/voucher.pdf", name: "voucher.pdf" }],
  });
  const resolved = await newTicket();
  await answer(resolved.id, "The second charge was refunded today.");
  await setStatus(resolved.id, "in_progress").catch(() => undefined);
  await setStatus(resolved.id, "resolved");
  const [first, second] = [await linkTo(open), await linkTo(resolved)];
  return ["ru", "en"].flatMap((lang) => [
    `/${lang}`,
    `/${lang}/search?q=${lang === "ru" ? "возврат" : "payment"}`,
    `/${lang}/search?q=xqzvw`,
    `/${lang}/articles/${lang === "ru" ? "kak-vernut-dengi-za-bron" : "paying-from-abroad"}`,
    `/${lang}/categories/${lang === "ru" ? encodeURIComponent("Туры") : "Tours"}`,
    `/${lang}/faq`,
    `/${lang}/request`,
    `/${lang}/nowhere`,
    `/${lang}${first}`,
    `/${lang}${second}`,
  ]);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on any page in the ${colorScheme} theme`, async ({ browser }) => {
    test.setTimeout(150_000);
    const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 860 } });
    const page = await context.newPage();
    for (const path of await pages()) {
      await page.goto(path);
      for (const summary of await page.locator("details > summary").all()) await summary.click();
      const found = await new AxeBuilder({ page }).withTags(tags).analyze();
      const told = found.violations.map((one) => `${path}: ${one.id} (${one.nodes.map((node) => node.target).join("; ")})`);
      expect(told).toEqual([]);
    }
    await context.close();
  });
}

test("what a finger touches is at least 44 pixels high and wide", async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const page = await context.newPage();
  for (const path of await pages()) {
    await page.goto(path);
    const small = await page.evaluate(() => {
      const targets = document.querySelectorAll<HTMLElement>("main .button, main summary, .site a, main input:not([type=hidden]), main select, main textarea");
      return [...targets]
        .filter((target) => target.tabIndex >= 0 && target.getClientRects().length > 0)
        .filter((target) => {
          const box = target.getBoundingClientRect();
          return box.height < 44 || box.width < 44;
        })
        .map((target) => `${target.tagName} ${target.textContent?.trim()} ${target.getBoundingClientRect().height}`);
    });
    expect(small, path).toEqual([]);
  }
  await context.close();
});

test("the keyboard reaches the content first, and nothing is lost at 200 % zoom", async ({ page }) => {
  await page.setViewportSize({ width: 640, height: 430 });
  for (const path of await pages()) {
    await page.goto(path);
    await page.keyboard.press("Tab");
    await expect(page.locator(".skip")).toBeFocused();
    const sticks = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(sticks, path).toBe(0);
  }
});
