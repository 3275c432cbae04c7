import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createTestDatabase } from '#tests/support/database.ts'
import { stories } from '#tests/support/ledger/commands.ts'
import { RealLedger } from '#tests/support/ledger/real.ts'
import { tell } from '#tests/support/ledger/story.ts'

const COMMANDS = Number(process.env.PROPERTY_COMMANDS ?? 10_000)
const SEED = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const LANES = Number(process.env.PROPERTY_LANES ?? 3)
/** Ten times what a command takes on two cores of their own. */
const GIVEN_UP_MS = 600_000 + COMMANDS * 15

it(
  `the ledger does what the reference does, command by command (${COMMANDS} commands, seed ${SEED})`,
  async () => {
    const began = Date.now()
    const done = await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(SEED + lane, COMMANDS / LANES)))
    const total = done.reduce((a, b) => a + b, 0)
    const seconds = (Date.now() - began) / 1000
    process.stdout.write(
      `${total} commands in ${seconds.toFixed(1)} s: ${(total / seconds).toFixed(0)}/s, PROPERTY_SEED=${SEED}\n`,
    )
    expect(total).toBeGreaterThanOrEqual(COMMANDS)
  },
  GIVEN_UP_MS,
)

async function runLane(seed: number, wanted: number): Promise<number> {
  const database = await createTestDatabase({ poolMax: 1 })
  const real = new RealLedger(database)
  await real.connect()
  let done = 0
  try {
    for (let batch = 0; done < wanted; batch++) {
      await fc.assert(
        fc.asyncProperty(stories, async (story) => {
          done += await tell(real, story)
        }),
        { seed: seed + batch * LANES, numRuns: 5 },
      )
    }
  } finally {
    await real.close()
    await database.close()
  }
  return done
}
