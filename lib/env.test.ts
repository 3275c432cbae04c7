import { describe, expect, test } from 'vitest'
import { EnvError, parseEnv, parseServerEnv } from '#lib/env.ts'

const complete = {
  DATABASE_URL: 'postgres://app:secret@db/ub',
  AUTH_SECRET: 'x'.repeat(32),
  ENCRYPTION_KEY: '0f'.repeat(32),
}

test('an empty environment has the documented defaults', () => {
  expect(parseEnv({})).toMatchObject({
    PORT: 3000,
    DATA_DIR: '.data',
    SITE_CURRENCY: 'USD',
    SERVER_WORKERS: 1,
    UB_DRAIN_SECONDS: 30,
    LOG_LEVEL: 'info',
  })
})

test('empty values count as unset', () => {
  expect(parseEnv({ DATABASE_URL: '', PORT: '', OPENAI_API_KEY: '' }).DATABASE_URL).toBeUndefined()
})

test('the proxy is found under its lower-case name too', () => {
  expect(parseEnv({ https_proxy: 'http://proxy:3128', no_proxy: 'local' })).toMatchObject({
    HTTPS_PROXY: 'http://proxy:3128',
    NO_PROXY: 'local',
  })
})

test('APP_URL follows the port', () => {
  expect(parseServerEnv({ ...complete, PORT: '8080' }).APP_URL).toBe('http://localhost:8080')
})

test.each([
  ['https://Chat.Example/', 'https://chat.example'],
  ['https://chat.example:443', 'https://chat.example'],
  ['http://192.168.1.7:3000/', 'http://192.168.1.7:3000'],
])('APP_URL %s is %s', (written, meant) => {
  expect(parseEnv({ APP_URL: written }).APP_URL).toBe(meant)
})

describe('is refused in one line that names the variable', () => {
  test.each([
    [{ PORT: '70000' }, /PORT/],
    [{ APP_URL: 'example.com' }, /APP_URL/],
    [{ APP_URL: 'https://example.com/chat' }, /APP_URL must be a scheme and a host/],
    [{ APP_URL: 'https://me:secret@example.com' }, /APP_URL must be a scheme and a host/],
    [{ UB_DRAIN_SECONDS: 'soon' }, /UB_DRAIN_SECONDS/],
    [{ UB_DRAIN_SECONDS: '-1' }, /UB_DRAIN_SECONDS/],
    [{ DATABASE_URL: 'mysql://x' }, /DATABASE_URL/],
    [{ ENCRYPTION_KEY: 'short' }, /ENCRYPTION_KEY must be 64 hex digits/],
    [{ AUTH_SECRET: 'short' }, /AUTH_SECRET must have at least 32/],
    [{ SITE_CURRENCY: 'usd' }, /SITE_CURRENCY/],
    [{ ADMIN_PASSWORD: 'a long enough password' }, /ADMIN_PASSWORD needs ADMIN_EMAIL/],
    [{ DATABASE_OWNER_URL: 'postgres://o@db/ub' }, /DATABASE_OWNER_URL needs DATABASE_URL/],
    [{ OPENAI_BASE_URL: 'https://vendor.example/v1' }, /OPENAI_BASE_URL needs OPENAI_API_KEY/],
    [{ STRIPE_SECRET_KEY: 'sk_test_1' }, /STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET/],
    [{ STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: '' }, /STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET/],
    [{ STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: 'whsec_' }, /STRIPE_WEBHOOK_SECRET must be/],
    [{ STRIPE_SECRET_KEY: 'pk_test_1', STRIPE_WEBHOOK_SECRET: `whsec_${'a'.repeat(32)}` }, /STRIPE_SECRET_KEY must be/],
    [{ STRIPE_WEBHOOK_SECRET: `whsec_${'a'.repeat(32)}` }, /STRIPE_WEBHOOK_SECRET needs STRIPE_SECRET_KEY/],
    [{ STRIPE_API_BASE: 'http://localhost:12111' }, /STRIPE_API_BASE needs STRIPE_SECRET_KEY/],
    [{ UB_DEMO_PAY: '1' }, /UB_DEMO_PAY is set by npm start -- --demo-pay/],
    [
      {
        UB_DEMO_PAY: '1',
        STRIPE_SECRET_KEY: 'sk_live_1',
        STRIPE_WEBHOOK_SECRET: `whsec_${'a'.repeat(32)}`,
        STRIPE_API_BASE: 'http://localhost:12111',
      },
      /UB_DEMO_PAY is set by .* goes with no other payments/,
    ],
  ])('%o', (source, message) => {
    expect(() => parseEnv(source)).toThrow(EnvError)
    expect(() => parseEnv(source)).toThrow(message)
    try {
      parseEnv(source)
    } catch (error) {
      expect((error as Error).message).not.toContain('\n')
    }
  })

  test('a server without its secrets', () => {
    expect(() => parseServerEnv({ DATABASE_URL: complete.DATABASE_URL })).toThrow(
      /AUTH_SECRET, ENCRYPTION_KEY must be set/,
    )
  })
})
