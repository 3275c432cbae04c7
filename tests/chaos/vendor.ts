import {
  answers,
  type Behavior,
  type FakeVendor,
  refuses,
  startFakeVendor,
  startsThen,
} from '#tests/support/fake-vendor.ts'
import type { Random } from './random.ts'

/** A vendor that takes its time, and now and then fails, breaks off, or says more or less than it should about usage. */
export async function startMoodyVendor(random: Random): Promise<FakeVendor> {
  const vendor = await startFakeVendor()
  const behave: Behavior = (request, response) => chooseBehavior(random)(request, response)
  vendor.setBehavior(behave)
  return vendor
}

function chooseBehavior(random: Random): Behavior {
  const text = Array.from({ length: random.int(1, 80) }, (_, index) => `word${index} `)
  const answer = { text, intervalMs: random.int(5, 60) }
  switch (random.weigh({ well: 60, thinking: 10, uncounted: 10, dear: 5, cut: 6, silenced: 4, empty: 2, failing: 3 })) {
    case 'well':
      return answers(answer)
    case 'thinking':
      return answers({ ...answer, reasoning: ['Let ', 'me ', 'think. '] })
    case 'uncounted':
      return answers({ ...answer, usage: null })
    case 'dear':
      // More than was held for: what the wallet cannot pay becomes bad debt.
      return answers({ ...answer, usage: { prompt_tokens: 60, completion_tokens: 1_500, total_tokens: 1_560 } })
    case 'cut':
      return startsThen(answer, 'destroy')
    case 'silenced':
      return startsThen(answer, 'end')
    case 'empty':
      return answers({ text: [] })
    case 'failing':
      return refuses(500)
  }
}
