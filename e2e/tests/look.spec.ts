import { join } from "node:path";
import { test } from "@playwright/test";
import { scenes } from "../scenes.ts";

// Pictures of every page, for people to look at: E2E_LOOK=FOLDER scripts/test-e2e.sh --project=look
// E2E_LOOK_ONLY=ticket-open,home takes some of the scenes.

const folder = process.env.E2E_LOOK;
const only = process.env.E2E_LOOK_ONLY?.split(",");
const sizes = {
  desktop: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

for (const [size, screen] of Object.entries(sizes)) {
  for (const lang of ["ru", "en"] as const) {
    test(`every page in ${lang} on a ${size}`, async ({ browser }) => {
      test.skip(folder === undefined, "nobody looks");
      test.setTimeout(600_000);
      const locale = lang === "ru" ? "ru-RU" : "en-GB";
      const context = await browser.newContext({ ...screen, locale, timezoneId: "Asia/Kamchatka", reducedMotion: "reduce" });
      const page = await context.newPage();
      for (const [name, scene] of Object.entries(scenes).filter(([known]) => only?.includes(known) ?? true)) {
        await scene(page, lang);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          const path = join(folder ?? "", `${name}-${size}-${lang}-${colorScheme}.png`);
          await page.screenshot({ path, fullPage: name !== "completing" });
        }
        await page.emulateMedia({ colorScheme: "light" });
      }
      await context.close();
    });
  }
}
