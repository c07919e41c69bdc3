import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { scenes, type Lang } from "../scenes.ts";

// Every page in each of its states without findings of axe, in both themes; WCAG 2.2 at level AA.

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** The rules of axe that look at colours: everything else is the same in both themes. */
const colours = ["color-contrast", "link-in-text-block"];

/** The scenes in parts that workers can play side by side. */
const parts = (["ru", "en"] as const).flatMap((lang) =>
  [0, 1].map((part) => ({ lang, part, names: Object.keys(scenes).filter((_, place) => place % 2 === part) })),
);

for (const { lang, part, names } of parts) {
  test(`axe finds nothing in ${lang}, light or dark, part ${part + 1}`, async ({ page }) => {
    test.setTimeout(240_000);
    const told: string[] = [];
    const judge = async (name: string, theme: string, builder: AxeBuilder): Promise<void> => {
      const found = await builder.setLegacyMode().analyze();
      for (const one of found.violations) told.push(`${name}, ${theme}: ${one.id} (${one.nodes.map((node) => node.target).join("; ")})`);
    };
    for (const name of names) {
      await page.emulateMedia({ colorScheme: "light" });
      await scenes[name]?.(page, lang);
      await page.evaluate(() => {
        for (const fold of document.querySelectorAll("details")) fold.open = true;
      });
      await judge(name, "light", new AxeBuilder({ page }).withTags(tags));
      await page.emulateMedia({ colorScheme: "dark" });
      await judge(name, "dark", new AxeBuilder({ page }).withRules(colours));
    }
    expect(told).toEqual([]);
  });
}

test("a phone shows every page whole, with at least 44 pixels for a finger", async ({ browser }) => {
  test.setTimeout(240_000);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const page = await context.newPage();
  for (const [place, [name, scene]] of Object.entries(scenes).entries()) {
    const lang: Lang = place % 2 === 0 ? "ru" : "en";
    await scene(page, lang);
    const wrong = await page.evaluate(() => {
      const sticks = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      const kinds = "main .button, main summary, .site a, .site-foot a, main input:not([type=hidden]):not([type=radio]):not([type=checkbox]), main label:has(input), main select, main textarea";
      const small = [...document.querySelectorAll<HTMLElement>(kinds)]
        .filter((target) => target.tabIndex >= 0 || target.localName === "label")
        .filter((target) => target.getClientRects().length > 0 && !target.closest("[aria-hidden=true]"))
        .filter((target) => target.getBoundingClientRect().height < 44 || target.getBoundingClientRect().width < 44)
        .map((target) => `${target.localName} ${target.textContent?.trim()} ${target.getBoundingClientRect().height}`);
      return sticks > 0 ? [...small, `${sticks} pixels stick out`] : small;
    });
    expect(wrong, name).toEqual([]);
  }
  await context.close();
});

test("the keyboard reaches the content first, and nothing is lost at 200 % zoom", async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 640, height: 430 });
  for (const name of ["home", "search", "article", "request", "ticket-open", "my-requests-form", "opinion", "error-no-page"]) {
    await scenes[name]?.(page, "ru");
    await page.keyboard.press("Tab");
    await expect(page.locator(".skip"), name).toBeFocused();
    const sticks = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(sticks, name).toBe(0);
  }
});
