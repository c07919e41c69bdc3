import { defineConfig, type PlaywrightTestOptions } from "@playwright/test";

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const desktop = { viewport: { width: 1280, height: 860 } };
const russian: Partial<PlaywrightTestOptions> = { locale: "ru-RU", timezoneId: "Asia/Kamchatka" };
const english: Partial<PlaywrightTestOptions> = { locale: "en-GB", timezoneId: "Europe/London" };

export default defineConfig({
  testDir: "tests",
  globalSetup: "./mailbox.ts",
  outputDir: "test-results",
  // A busy machine shall not fail a test that waits for what does come.
  timeout: 90_000,
  expect: { timeout: 15_000 },
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  reporter: "list",
  use: {
    baseURL: process.env.E2E_BASE,
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.E2E_BROWSER,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "desktop-ru", testMatch: "journey.spec.ts", use: { ...desktop, ...russian } },
    { name: "phone-en", testMatch: "journey.spec.ts", use: { ...phone, ...english } },
    {
      name: "no-script-ru",
      testMatch: "journey.spec.ts",
      use: { ...desktop, ...russian, javaScriptEnabled: false },
    },
    { name: "pages", testMatch: "accessibility.spec.ts", use: { ...desktop, ...english } },
    // What they write stays in the product: it shall not be in the others' way.
    { name: "hostile", testMatch: "hostile.spec.ts", use: { ...desktop, ...english }, dependencies: ["pages"] },
    { name: "look", testMatch: "look.spec.ts" },
  ],
});
