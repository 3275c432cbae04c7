import type { Database } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'

/**
 * Begins a call and holds it before its first transaction, when the provider has been asked.
 * @param refusals what it may be refused with
 * @returns what lets it go on, and settles as it does
 */
export async function holdBack<C extends Ctx>(
  shared: Database,
  ctx: C,
  call: (ctx: C & { db: Database }) => Promise<unknown>,
  refusals: readonly string[] = [],
): Promise<() => Promise<unknown>> {
  const gate = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const pool = Object.create(shared.$client, {
    connect: {
      value: async () => {
        reached.resolve()
        await gate.promise
        return shared.$client.connect()
      },
    },
  })
  const db = Object.create(shared, { $client: { value: pool } }) as Database
  const running = call({ ...ctx, db }).catch((error: unknown) => {
    if (!(error instanceof AppError && refusals.includes(error.code))) throw error
  })
  await Promise.race([reached.promise, running.catch(() => undefined)])
  return () => {
    gate.resolve()
    return running
  }
}
