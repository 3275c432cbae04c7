import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { orders } from '#db/schema/index.ts'
import { newId } from '#lib/id.ts'
import { buildWhenStale } from '#scripts/next-build.ts'
import { runMain } from '#scripts/run-main.ts'
import { onStopRequest } from '#scripts/signals.ts'
import { type Buyer, createBuyer } from '#tests/support/orders.ts'
import { runAdmin } from '#tests/support/service.ts'
import { STRIPE_TEST_KEY, WEBHOOK_TEST_SECRET } from '#tests/support/stripe-service.ts'
import { Installation } from './installation.ts'
import type { Report, Task } from './stripe-process.ts'

const PEOPLE = 100
const PRICE_MINOR = 1_000
const REFUND_MINOR = 300
const CREDITS_MICROS = 10_000_000n
const LEFT_MICROS = (CREDITS_MICROS * BigInt(PRICE_MINOR - REFUND_MINOR)) / BigInt(PRICE_MINOR)
/** Events to each payment: one, and two more for one in four. */
const EVENTS_EACH = 1.5
const SETTLED_WITHIN_MS = 600_000

type Stop = 'fast' | 'immediate'

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
      stop: { type: 'string', multiple: true, default: ['fast', 'immediate'] },
    },
  })
  await buildWhenStale(path.resolve(import.meta.dirname, '..', '..'))
  const differences: string[] = []
  for (const stop of values.stop as Stop[]) {
    differences.push(...(await run({ rate: Number(values.rate), seconds: Number(values.seconds), stop })))
  }
  for (const line of differences.slice(0, 100)) say(`  ${line}`)
  say(differences.length === 0 ? 'nothing was lost, nothing was credited twice' : `${differences.length} DIFFERENCES`)
  process.exit(differences.length === 0 ? 0 : 1)
})

async function run({ rate, seconds, stop }: { rate: number; seconds: number; stop: Stop }): Promise<string[]> {
  const installation = await Installation.create()
  const stripe = fork(path.join(import.meta.dirname, 'stripe-process.ts'))
  const close = () => {
    stripe.kill()
    return installation.remove()
  }
  onStopRequest(() => void close().finally(() => process.exit(130)))
  try {
    const { url } = await hear(stripe, 'listening')
    const ids = await placeOrders(installation, Math.ceil((rate * seconds) / EVENTS_EACH))
    ask(stripe, { do: 'open', orders: ids, amountMinor: PRICE_MINOR })
    await hear(stripe, 'open')
    await installation.startService({
      STRIPE_SECRET_KEY: STRIPE_TEST_KEY,
      STRIPE_WEBHOOK_SECRET: WEBHOOK_TEST_SECRET,
      STRIPE_API_BASE: url,
    })
    say(
      `webhook: ${ids.length} payments, ${rate} events/s for ${seconds} s, PostgreSQL stopped (${stop}) in the middle`,
    )

    const webhookUrl = `${installation.url}/api/payments/stripe`
    const settled = hear(stripe, 'settled', seconds * 1_000 + SETTLED_WITHIN_MS)
    ask(stripe, { do: 'pay', webhookUrl, eventsPerSecond: rate, refundMinor: REFUND_MINOR })
    await wait((seconds * 1_000) / 2)
    const stoppedAt = performance.now()
    await installation.stopPostgres(stop)
    await installation.startPostgres()
    const awayMs = performance.now() - stoppedAt
    const { refunded, ...tally } = await settled

    const failures = await compare(installation, { ids, refunded, events: tally.events })
    const verified = await runAdmin(installation.database, ['verify-ledger'])
    if (verified.code !== 0) failures.push(`verify-ledger ended with ${verified.code}:\n${verified.stdout}`)
    if (installation.deathsByItself > 0) failures.push('the service ended by itself')
    const refusals = Object.entries(tally.refusals).map(([status, count]) => `${status}: ${count}`)
    say(`  events ${tally.events} in ${inSeconds(tally.sentMs)} s: ${perSecond(tally.events, tally.sentMs)}/s sent`)
    say(
      `  PostgreSQL away for ${inSeconds(awayMs)} s; deliveries ${tally.deliveries}, refused ${refusals.join(', ') || 'none'}`,
    )
    say(
      `  all accepted ${inSeconds(tally.settledMs - tally.sentMs)} s after the last was sent: ${perSecond(tally.events, tally.settledMs)}/s accepted, p50 ${tally.p50Ms} ms, p99 ${tally.p99Ms} ms`,
    )
    say(`  ${verified.stdout.trim().split('\n').at(-1) ?? ''}`)
    return failures.map((line) => `${stop}: ${line}`)
  } finally {
    await close()
  }
}

async function placeOrders({ database }: Installation, count: number): Promise<string[]> {
  const buyers: Buyer[] = []
  for (let i = 0; i < PEOPLE; i++) buyers.push(await createBuyer(database))
  const ids = Array.from({ length: count }, () => newId())
  for (let from = 0; from < count; from += 1_000) {
    const some = ids.slice(from, from + 1_000).map((id, index) => ({ id, ...buyers[index % PEOPLE]! }))
    await database.db.insert(orders).values(
      some.map(({ id, userId, walletId }) => ({
        id,
        reference: id,
        userId,
        walletId,
        requestId: newId(),
        requestHash: Buffer.alloc(32),
        provider: 'stripe' as const,
        method: 'card' as const,
        packageId: 'chaos',
        priceMinor: BigInt(PRICE_MINOR),
        currency: 'USD',
        creditsMicros: CREDITS_MICROS,
        bonusMicros: 0n,
        state: 'open' as const,
      })),
    )
  }
  return ids
}

/** @returns one line for each payment that was not credited as its money says, and once */
async function compare(
  { database }: Installation,
  { ids, refunded, events }: { ids: string[]; refunded: string[]; events: number },
): Promise<string[]> {
  const { rows } = await database.db.$client.query<{ id: string; credited: bigint; top_ups: bigint; wallet: bigint }>(`
    SELECT o.id, o.credited_micros AS credited, count(t.id) FILTER (WHERE t.kind = 'top_up') AS top_ups,
      coalesce(sum(CASE WHEN t.credit_account_id = o.wallet_id THEN t.amount_micros ELSE -t.amount_micros END), 0)::bigint AS wallet
    FROM orders o LEFT JOIN transfers t ON t.external_ref = 'order:' || o.id GROUP BY o.id`)
  const found = new Map(rows.map((row) => [row.id, row]))
  const isRefunded = new Set(refunded)
  const lines: string[] = []
  for (const id of ids) {
    const row = found.get(id)
    const due = isRefunded.has(id) ? LEFT_MICROS : CREDITS_MICROS
    if (row?.credited === due && row.wallet === due && row.top_ups === 1n) continue
    lines.push(`order ${id}: ${row?.credited} credited by ${row?.top_ups} top-ups, ${row?.wallet} moved, ${due} due`)
  }
  const { rows: counts } = await database.db.$client.query<{ count: bigint }>('SELECT count(*) FROM payment_events')
  if (counts[0]!.count !== BigInt(events)) lines.push(`${counts[0]!.count} events are on record, of ${events}`)
  return lines
}

function ask(stripe: ChildProcess, task: Task): void {
  stripe.send(task)
}

function hear<K extends Report['is']>(
  stripe: ChildProcess,
  is: K,
  withinMs = SETTLED_WITHIN_MS,
): Promise<Extract<Report, { is: K }>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the stand-in was not ${is} in time`)), withinMs)
    const listen = (report: Report) => {
      if (report.is !== is) return
      clearTimeout(timer)
      stripe.off('message', listen)
      resolve(report as Extract<Report, { is: K }>)
    }
    stripe.on('message', listen)
    stripe.once('exit', (code) => reject(new Error(`the stand-in ended with ${code}`)))
  })
}

function inSeconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

function perSecond(count: number, ms: number): string {
  return (count / (ms / 1_000)).toFixed(0)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
