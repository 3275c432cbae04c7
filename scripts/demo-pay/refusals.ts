import { existsSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { PlainError } from '#scripts/run-main.ts'
import { isPrivateHost } from '#scripts/server/hosts.ts'

const STAND_IN = path.join('tests', 'support', 'stripe', 'stand-in.ts')

/**
 * Refuses a demonstration of payments where real ones could be meant.
 * @param root the checkout, whose tests bring the stand-in
 * @throws {PlainError} naming what is in its way
 */
export function refuseRealPayments(source: Record<string, string | undefined>, root: string): void {
  const names = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_BASE']
  const name = names.find((variable) => source[variable])
  if (name) throw new PlainError(`--demo-pay: ${name} is set: unset it, or start without --demo-pay`)
  const { APP_URL: appUrl } = source
  if (appUrl && URL.canParse(appUrl) && !isDemoHost(new URL(appUrl).host)) {
    throw new PlainError(
      `--demo-pay: APP_URL is the public address ${appUrl}, and a demonstration gives credits to everybody: use an address of this machine or its network`,
    )
  }
  if (!existsSync(path.join(root, STAND_IN))) {
    throw new PlainError(`--demo-pay: ${STAND_IN} is missing: a whole checkout has it`)
  }
}

function isDemoHost(host: string): boolean {
  return isPrivateHost(host) || new URL(`http://${host}`).hostname.replace(/\.$/, '').endsWith('.test')
}

/** How many orders of a database there are by where their payment is made. */
export type OrderOrigins = {
  /** With a session of Stripe that takes real money. */
  live: number
  /** With a session that takes none: at Stripe in test mode, or at the stand-in. */
  test: number
  /** Of these, the ones that credits were given for. */
  testPaid: number
  /** Transfers that the operator confirmed. */
  confirmed: number
}

/** Reads where the orders of a database were paid; it need not have been migrated yet. */
export async function readOrderOrigins(url: string): Promise<OrderOrigins> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query(`SELECT to_regclass('orders') IS NOT NULL AS there`)
    if (!tables[0].there) return { live: 0, test: 0, testPaid: 0, confirmed: 0 }
    const { rows } = await client.query<OrderOrigins>(`
      SELECT count(*) FILTER (WHERE session_id LIKE 'cs\\_live\\_%')::int AS live,
        count(*) FILTER (WHERE session_id LIKE 'cs\\_test\\_%')::int AS test,
        count(*) FILTER (WHERE session_id LIKE 'cs\\_test\\_%' AND state = 'paid')::int AS "testPaid",
        count(*) FILTER (WHERE provider = 'manual' AND state = 'paid')::int AS confirmed
      FROM orders`)
    return rows[0]!
  } finally {
    await client.end()
  }
}

/**
 * Keeps credits for no money away from credits that somebody paid for. Transfers beside orders of a demonstration are
 * taken for a part of it.
 * @throws {PlainError} when the database has orders that were paid with money
 */
export function refuseRealOrders({ live, test, confirmed }: OrderOrigins): void {
  const what = live > 0 ? `${live} with real payments through Stripe` : `${confirmed} paid by transfer`
  if (live === 0 && (confirmed === 0 || test > 0)) return
  throw new PlainError(`--demo-pay: this database has orders, ${what}: use another DATA_DIR or DATABASE_URL`)
}

/** What a start that is no demonstration says of credits that nobody paid for; null when there are none. */
export function warnOfTestOrders({ testPaid }: OrderOrigins, secretKey: string | undefined): string | null {
  if (testPaid === 0 || /^\w\w_test_/.test(secretKey ?? '')) return null
  return `Warning: ${testPaid} orders of this database were paid in a demonstration or test. No money was moved, and their credits can be spent.`
}
