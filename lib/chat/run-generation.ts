import type { Database } from '#db/client.ts'
import type { Actor, Ctx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { type Admission, bookLateUsage, run as runInference, settle, settleInterrupted } from '#lib/inference/index.ts'
import { log } from '#lib/log.ts'
import { eventWriter } from './event-writer.ts'
import { type Ending, finalizeRun } from './finalize.ts'
import { LiveRun, type LiveRunIdentity, liveRuns } from './live-runs.ts'

type RunCtx = Ctx & { db: Database; actor: Actor }

/** Sets an admitted generation going in this process; it needs no reader and ends by itself. */
export function runDetached(ctx: RunCtx, identity: LiveRunIdentity, admission: Admission): LiveRun {
  const run = new LiveRun(identity)
  liveRuns(ctx.db).byId.set(identity.generationId, run)
  eventWriter(ctx.db).add(run)
  run.done = carryOut(ctx, run, admission)
    .catch((error) => log.error({ err: error, generationId: identity.generationId }, 'a run broke'))
    .finally(() => liveRuns(ctx.db).byId.delete(identity.generationId))
  return run
}

async function carryOut(ctx: RunCtx, run: LiveRun, admission: Admission): Promise<void> {
  const ending = await receive(ctx, run, admission)
  run.seal()
  await eventWriter(ctx.db).remove(run)
  await finalizeRun(ctx, run, ending)
}

async function receive(ctx: RunCtx, run: LiveRun, admission: Admission): Promise<Ending> {
  const { conversationId, messageId, holdId, generationId } = run.identity
  const record = { usageRecordId: newId(), conversationId, messageId }
  try {
    for await (const event of runInference(ctx, admission, { signal: run.signal })) {
      if (event.type !== 'end') {
        run.push(event.type, event.text)
        continue
      }
      const { result } = event
      return {
        outcome: result.outcome,
        errorCode: result.errorCode,
        settle: (tx) => settle(tx, { admission, result, ...record }),
        bookLate: (late) => bookLateUsage(late, { admission, result, ...record }),
      }
    }
    throw new Error('a run ended without its result')
  } catch (error) {
    // A defect of ours, not of the vendor's: what was received is kept and settled as if the process had died.
    log.error({ err: error, generationId }, 'a run failed unexpectedly')
    return {
      outcome: 'interrupted',
      errorCode: 'internal',
      settle: (tx) =>
        settleInterrupted(tx, { holdId, receivedText: run.log.text, receivedReasoning: run.log.reasoning, ...record }),
      bookLate: async () => undefined,
    }
  }
}
