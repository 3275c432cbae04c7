import AxeBuilder from '@axe-core/playwright'
import { type BrowserContext, test as base, type ConsoleMessage, expect, type Page } from '@playwright/test'
import { channelKeys } from '#db/schema/index.ts'
import { hashPassword } from '#lib/auth/passwords.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { createUser } from '#lib/users/index.ts'
import { cloneDatabase, type TestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { runAdmin, type Service, startService } from '#tests/support/service.ts'
import { type StripeStandIn, startStripeStandIn } from '#tests/support/stripe/stand-in.ts'

const MODEL_ID = 'test-model'
const PASSWORD = 'correct horse battery'
// Of the kind that moves money: with a test key every page would say so.
const STRIPE = { secretKey: 'sk_live_stories', webhookSecret: 'whsec_of_all_the_stories', livemode: true }

export type Person = { userId: string; email: string; name: string; password: string }

type PersonOptions = { credits?: number; name?: string; role?: 'user' | 'admin' }

export type Installation = {
  service: Service
  vendor: FakeVendor
  /** Where people pay; it tells the service of everything by itself. */
  stripe: StripeStandIn
  database: TestDatabase
  /** Makes a person with credits, without going through the pages. */
  createPerson(options?: PersonOptions): Promise<Person>
  /** Runs an operator's command. */
  admin(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>
  /** Puts keys back into service that a refusing vendor had marked. */
  reviveKeys(): Promise<void>
  /** What a person's wallet has posted, in micro-credits. */
  postedMicros(person: Person): Promise<bigint>
}

/** Listens to what the pages of a browser context complain about in their consoles. */
type Watch = (context: BrowserContext) => void

/**
 * One installation for each worker: a database of its own, a vendor, a stand-in for Stripe, the production server. A
 * test fails when a page complained in its console: a hydration that did not match, a violated policy, an exception
 * nobody caught. Contexts that a test opens itself are watched when it says so.
 */
export const test = base.extend<{ watch: Watch }, { installation: Installation }>({
  watch: [
    async ({ context: own }, use) => {
      const complaints: string[] = []
      const watch: Watch = (context) => {
        context.on('weberror', (error) => complaints.push(String(error.error().stack ?? error.error())))
        context.on('console', (message) => {
          if (!['error', 'warning'].includes(message.type()) || isOfTheNetwork(message)) return
          complaints.push(`${message.location().url}: ${message.text()}`)
        })
      }
      watch(own)
      await use(watch)
      expect(complaints, 'what the pages complained about').toEqual([])
    },
    { auto: true },
  ],
  installation: [
    async ({ browserName: _ }, use) => {
      const cluster = JSON.parse(process.env.UB_TEST_CLUSTER ?? '') as TestCluster
      const database = await cloneDatabase(cluster)
      const vendor = await startFakeVendor()
      const setUp = async (...args: string[]) => {
        const { code, stderr } = await runAdmin(database, args, 'sk-test-0123456789')
        if (code !== 0) throw new Error(`admin ${args.join(' ')}: ${stderr}`)
      }
      await setUp(
        'channel',
        'add',
        '--name',
        'test',
        '--vendor',
        'openai',
        '--base-url',
        vendor.url,
        '--own-network',
        '--key-stdin',
      )
      await setUp(
        'model',
        'set',
        MODEL_ID,
        '--input',
        '100',
        '--output',
        '400',
        '--context',
        '32000',
        '--max-output',
        '4096',
        '--channel',
        'test',
      )
      const stripe = await startStripeStandIn({ ...STRIPE, deliver: 'auto' })
      const service = await startService(database, {
        STRIPE_SECRET_KEY: STRIPE.secretKey,
        STRIPE_WEBHOOK_SECRET: STRIPE.webhookSecret,
        STRIPE_API_BASE: stripe.url,
      })
      stripe.webhookUrl = `${service.url}/api/payments/stripe`
      await use({
        service,
        vendor,
        stripe,
        database,
        createPerson: (options) => createPerson(database, options),
        admin: (...args) => runAdmin(database, args, PASSWORD),
        reviveKeys: async () => {
          await database.db.update(channelKeys).set({ status: 'active' })
        },
        postedMicros: async (person) => {
          const wallet = await findWallet(systemCtx('test', database.db), { ownerType: 'user', ownerId: person.userId })
          return wallet!.postedMicros
        },
      })
      await stripe.close()
      await service.stop()
      await vendor.close()
      await database.close()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: async ({ installation }, use) => use(installation.service.url),
})

/** Chromium writes a line for every reply that is not 2xx and every connection that breaks; tests cause both. */
function isOfTheNetwork(message: ConsoleMessage): boolean {
  const text = message.text()
  if (!text.startsWith('Failed to load resource')) return false
  // A file of our own build that the server does not have is a fault; one that a cut cable kept back is not.
  return text.includes('net::ERR_') || !message.location().url.includes('/_next/static/')
}

let passwordHash: Promise<string> | undefined

async function createPerson(database: TestDatabase, options: PersonOptions = {}): Promise<Person> {
  const { credits = 10, name = 'Ada Example', role = 'user' } = options
  passwordHash ??= hashPassword(PASSWORD)
  const ctx = systemCtx('test', database.db)
  const email = `${newId()}@example.com`
  const userId = await createUser(ctx, { email, name, role, passwordHash: await passwordHash })
  if (credits > 0) {
    const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
    await postTransfer(ctx, {
      kind: 'grant',
      debitAccountId: HOUSE.promotions,
      creditAccountId: wallet!.id,
      amountMicros: BigInt(credits * 1_000_000),
      idempotencyKey: `test-grant:${userId}`,
      lot: { source: 'promotional' },
    })
  }
  return { userId, email, name, password: PASSWORD }
}

/** Signs a person in by the form's own endpoint, without the page. */
export async function signIn(context: BrowserContext, url: string, person: Person): Promise<void> {
  const { csrfToken } = (await (await context.request.get(`${url}/api/auth/csrf`)).json()) as { csrfToken: string }
  const reply = await context.request.post(`${url}/api/auth/callback/credentials`, {
    form: { csrfToken, email: person.email, password: person.password, json: 'true' },
    headers: { origin: url },
  })
  expect(reply.ok()).toBe(true)
}

/** No serious or critical accessibility fault on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  // Legacy is for pages without foreign frames, of which there are none: it needs no second page to put results together.
  const examination = new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode()
  const { violations } = await examination.analyze()
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([])
}

export { expect }
