import { defineConfig } from '@playwright/test'
import { findChromium } from '#scripts/chromium.ts'

// Each worker has an installation of its own (support/fixtures.ts); more of them than cores only wait for each other.
export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  globalSetup: './support/global-setup.ts',
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: '../../test-results/e2e.json' }]],
  outputDir: '../../test-results/e2e',
  forbidOnly: Boolean(process.env.CI),
  use: {
    actionTimeout: 15_000,
    browserName: 'chromium',
    locale: 'en-US',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: findChromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // A name and an address of a LAN, as a phone would use them, that lead to this machine.
        '--host-resolver-rules=MAP 192.168.77.7 127.0.0.1',
      ],
    },
  },
})
