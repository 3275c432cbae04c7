import type { CallFacts } from '#lib/inference/index.ts'

type Told = Pick<CallFacts, 'chargedMicros' | 'costMicros' | 'recomputedMicros' | 'quarantinedUsage'> & {
  receipt: Pick<CallFacts['receipt'], 'outcome' | 'usageSource' | 'usage'>
}

/** Whether the charge is as it must be, in a word: what an operator answers to "I was charged for nothing". */
export type Verdict =
  | 'wrong'
  | 'notCharged'
  | 'freeModel'
  | 'noWords'
  | 'quarantined'
  | 'estimated'
  | 'cutOff'
  | 'stopped'
  | 'reported'

/** @returns what there is to say of a call's charge, and how grave it is */
export function verdictOf(call: Told): { says: Verdict; tone: 'info' | 'success' | 'warning' | 'danger' } {
  const { outcome, usageSource, usage } = call.receipt
  if (call.costMicros !== call.recomputedMicros) return { says: 'wrong', tone: 'danger' }
  if (call.chargedMicros === 0n) {
    return { says: outcome === 'completed' && usageSource !== 'none' ? 'freeModel' : 'notCharged', tone: 'success' }
  }
  // The whole answer went into thinking: the person saw nothing of what they paid for.
  if (usage.outputTokens === 0) return { says: 'noWords', tone: 'warning' }
  if (call.quarantinedUsage !== null) return { says: 'quarantined', tone: 'warning' }
  if (outcome === 'interrupted') return { says: 'cutOff', tone: 'warning' }
  if (outcome === 'stopped') return { says: 'stopped', tone: 'info' }
  if (usageSource === 'estimated') return { says: 'estimated', tone: 'info' }
  return { says: 'reported', tone: 'info' }
}
