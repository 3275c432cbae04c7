import { expect, it } from 'vitest'
import { verdictOf } from '#app/admin/calls/verdict.ts'

const usage = { inputTokens: 9, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 5, reasoningTokens: 2 }
const paid = {
  chargedMicros: 42n,
  costMicros: 42n,
  recomputedMicros: 42n,
  quarantinedUsage: null as unknown,
  receipt: { outcome: 'completed', usageSource: 'reported', usage } as const,
}
const free = { ...paid, chargedMicros: 0n, costMicros: 0n, recomputedMicros: 0n }

it.each([
  ['reported', 'info', paid],
  ['estimated', 'info', { ...paid, receipt: { ...paid.receipt, usageSource: 'estimated' as const } }],
  ['stopped', 'info', { ...paid, receipt: { ...paid.receipt, outcome: 'stopped' as const } }],
  ['cutOff', 'warning', { ...paid, receipt: { ...paid.receipt, outcome: 'interrupted' as const } }],
  ['quarantined', 'warning', { ...paid, quarantinedUsage: { prompt_tokens: -1 } }],
  ['noWords', 'warning', { ...paid, receipt: { ...paid.receipt, usage: { ...usage, outputTokens: 0 } } }],
  ['wrong', 'danger', { ...paid, recomputedMicros: 41n }],
  ['freeModel', 'success', free],
  ['notCharged', 'success', { ...free, receipt: { ...free.receipt, outcome: 'failed' as const } }],
  ['notCharged', 'success', { ...free, receipt: { ...free.receipt, usageSource: 'none' as const } }],
])('of a call it is said that it is %s', (says, tone, call) => {
  expect(verdictOf(call)).toEqual({ says, tone })
})
