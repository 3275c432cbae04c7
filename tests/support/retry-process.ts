import { once } from 'node:events'
import { createDatabase } from '#db/client.ts'
import { systemCtx } from '#lib/ctx.ts'
import { HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { runMain } from '#scripts/run-main.ts'
import { openAll } from '#tests/support/ledger/barriers.ts'

// A process that tries one deposit many times at once, when it is told to: database, wallet, key and number of tries are
// its arguments.
await runMain(async () => {
  const [url, wallet, key, tries] = process.argv.slice(2) as [string, string, string, string]
  const db = createDatabase(url, Number(tries))
  await openAll(db, Number(tries))
  process.stdout.write('ready\n')
  await once(process.stdin, 'data')
  const deposit = {
    kind: 'top_up',
    debitAccountId: HOUSE.clearing,
    creditAccountId: wallet,
    amountMicros: 1_000n,
    idempotencyKey: key,
    lot: { source: 'paid' },
  } as const
  const results = await Promise.all(
    Array.from({ length: Number(tries) }, () => postTransfer(systemCtx('test', db), deposit)),
  )
  await db.$client.end()
  process.stdin.unref()
  process.stdout.write(`${JSON.stringify(results)}\n`)
})
