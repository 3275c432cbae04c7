import fc from 'fast-check'
import { expect, it } from 'vitest'
import { verifyLedger } from '#lib/ledger/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase } from '#tests/support/database.ts'
import { Lane } from '#tests/support/payments/lane.ts'
import type { Link } from '#tests/support/payments/links.ts'
import { stories } from '#tests/support/payments/steps.ts'
import { tell } from '#tests/support/payments/story.ts'
import { installStripe, StripeLink, withStandIn } from '#tests/support/payments/stripe-link.ts'
import { toldLink } from '#tests/support/payments/told-link.ts'
import { startStripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { STRIPE_TEST_KEY, WEBHOOK_TEST_SECRET } from '#tests/support/stripe-service.ts'
import { verifyOrders } from './verify.ts'

const STORIES = Number(process.env.PROPERTY_STORIES ?? 10_000)
/** Of each hundred stories so many take the whole way, through signed events and Stripe's SDK. */
const WHOLE = Number(process.env.PROPERTY_WHOLE ?? 10)
const SEED = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const LANES = Number(process.env.PROPERTY_LANES ?? 3)
/** Ten times what a story takes on two cores of their own. */
const GIVEN_UP_MS = 600_000 + STORIES * 250
/** So many share a database, before it is checked as a whole. */
const CHAPTER = 200

it(
  `credits follow the money that is kept, whatever is lost (${STORIES} stories, seed ${SEED})`,
  async () => {
    installStripe()
    const began = Date.now()
    const done = await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane)))
    const steps = done.reduce((a, b) => a + b, 0)
    const seconds = (Date.now() - began) / 1000
    process.stdout.write(
      `${STORIES} stories of ${steps} steps in ${seconds.toFixed(1)} s: ${(STORIES / seconds).toFixed(0)}/s, PROPERTY_SEED=${SEED}\n`,
    )
    expect(steps).toBeGreaterThan(STORIES)
  },
  GIVEN_UP_MS,
)

async function runLane(lane: number): Promise<number> {
  let steps = 0
  const wanted = Math.ceil(STORIES / LANES)
  for (let told = 0; told < wanted; told += CHAPTER) {
    const size = Math.min(CHAPTER, wanted - told)
    const whole = Math.round((size * WHOLE) / 100)
    const seed = SEED + lane + told * LANES
    steps += await runChapter(seed, { whole, told: size - whole })
  }
  return steps
}

async function runChapter(chapter: number, counts: { whole: number; told: number }): Promise<number> {
  const database = await createTestDatabase({ poolMax: 1 })
  const standIn = await startStripeStandIn({ secretKey: STRIPE_TEST_KEY, webhookSecret: WEBHOOK_TEST_SECRET })
  const lane = await Lane.open(database)
  let steps = 0
  const run = (seed: number, numRuns: number, link: () => Link) =>
    fc.assert(
      fc.asyncProperty(stories, async (story) => {
        steps += await tell(lane, link(), story)
      }),
      { seed, numRuns },
    )
  try {
    await withStandIn(standIn, () => run(-chapter, counts.whole, () => new StripeLink(standIn)))
    await run(chapter, counts.told, () => toldLink)
    const found = await inSnapshot(lane.system(), async (snapshot) => [
      ...(await verifyLedger(snapshot)),
      ...(await verifyOrders(snapshot)),
    ])
    expect(foundIn(found)).toEqual({})
  } finally {
    await lane.close()
    await standIn.close()
    await database.close()
  }
  return steps
}
