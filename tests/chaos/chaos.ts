import { randomInt } from 'node:crypto'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createAccount } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { findWallet, HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { addChannel, setModel } from '#lib/models/index.ts'
import { buildWhenStale } from '#scripts/next-build.ts'
import { runMain } from '#scripts/run-main.ts'
import { onStopRequest } from '#scripts/signals.ts'
import { runAdmin, TEST_SECRETS } from '#tests/support/service.ts'
import { compareSums, compareWithTold, findUnstored } from './checks.ts'
import { Client, signIn } from './client.ts'
import { Installation } from './installation.ts'
import { Person } from './person.ts'
import { createRandom, type Random } from './random.ts'
import { startMoodyVendor } from './vendor.ts'

const MODEL_ID = 'chaos-model'
const PASSWORD = 'correct horse battery'
/** Each person's lots: credits, and after how many seconds they expire. The last one can pay for a few answers only. */
const PEOPLE: { credits: number; expiresInS?: number }[][] = [
  [{ credits: 1_000 }],
  [{ credits: 1_000 }],
  [{ credits: 1_000 }, { credits: 5, expiresInS: 20 }, { credits: 5, expiresInS: 60 }],
  [{ credits: 1_000 }, { credits: 0.01 }, { credits: 0.01, expiresInS: 3_600 }],
  [{ credits: 0.02 }],
]

/** How often each kind of death comes. */
const DEATHS = { service: 5, worker: 3, postgres: 5, backend: 3, both: 4 }
type Death = keyof typeof DEATHS

/** A dead process is known for dead after 30 s, and looked for every 10 s. */
const SWEPT_WITHIN_MS = 90_000
const LOAD_WITHIN_MS = 60_000

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '50' },
      seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    },
  })
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
  say(`chaos: ${rounds} rounds, --seed ${seed}`)
  await buildWhenStale(path.resolve(import.meta.dirname, '..', '..'))
  const installation = await Installation.create()
  onStopRequest(() => void installation.remove().finally(() => process.exit(130)))
  try {
    const differences = await wreakHavoc(installation, rounds, createRandom(seed))
    for (const line of differences.slice(0, 100)) say(`  ${line}`)
    say(differences.length === 0 ? 'everything adds up' : `${differences.length} DIFFERENCES, --seed ${seed}`)
    process.exitCode = differences.length === 0 ? 0 : 1
  } finally {
    await installation.remove()
  }
  process.exit()
})

async function wreakHavoc(installation: Installation, rounds: number, random: Random): Promise<string[]> {
  const { database } = installation
  const vendor = await startMoodyVendor(random.fork())
  const accounts = await furnish(installation, vendor.url)
  await installation.startService()

  const over = new AbortController()
  const failures: string[] = []
  let isEnough = false
  const people: Person[] = []
  for (const account of accounts) {
    const client = new Client(installation.url, await signIn(installation.url, account), over.signal)
    const onFailure = (error: unknown) => void failures.push(String(error instanceof Error ? error.message : error))
    people.push(new Person({ random: random.fork(), client, modelId: MODEL_ID, over: over.signal, onFailure }))
  }
  const lives = Promise.all(people.map((person) => person.live(() => isEnough)))
  const startedAt = performance.now()

  const deaths: Record<Death, number> = { service: 0, worker: 0, postgres: 0, backend: 0, both: 0 }
  for (let round = 1; round <= rounds; round++) {
    await underLoad(people)
    await wait(random.int(0, 2_500))
    const death = random.weigh(DEATHS)
    deaths[death]++
    await killAndRestart(installation, death, random)
    say(
      `  ${clock(startedAt)} round ${round}: ${death}; ${countOf(people, 'starts')} started, ${countOf(people, 'ends')} seen to end`,
    )
  }

  const lastDeathAt = performance.now()
  await underLoad(people)
  isEnough = true
  const swept = await Promise.race([lives.then(() => true), wait(SWEPT_WITHIN_MS, false)])
  if (!swept) failures.push(`answers had not ended for their readers ${SWEPT_WITHIN_MS / 1000} s after the last death`)
  over.abort()
  await lives
  const sweptMs = performance.now() - lastDeathAt
  if (!(await untilQuiet(database.db.$client))) failures.push('holds or generations are still open')

  const told = people.flatMap((person) => person.told)
  failures.push(...(await compareSums(database.db)), ...(await compareWithTold(database.db, told)))
  failures.push(...(await findUnstored(database.db, vendor.requests.map(lastMessage))))
  const verified = await runAdmin(database, ['verify-ledger'])
  if (verified.code !== 0)
    failures.push(`verify-ledger ended with ${verified.code}:\n${verified.stdout}${verified.stderr}`)
  if (installation.deathsByItself > 0) failures.push(`the service ended by itself ${installation.deathsByItself} times`)
  await vendor.close()

  const { rows } = await database.db.$client.query<{ name: string; count: bigint }>(`
    SELECT outcome AS name, count(*) FROM usage_records GROUP BY outcome
    UNION ALL SELECT 'of them swept', count(*) FROM generations WHERE epoch > 1 ORDER BY name`)
  say(`kills: ${list(Object.entries(deaths))}`)
  say(
    `requests: ${told.length}, acknowledged ${told.filter(({ starts }) => starts.length > 0).length}, seen to end ${told.filter(({ ends }) => ends.length > 0).length}`,
  )
  say(`refused: ${list(countBy(told.flatMap(({ refusedWith }) => refusedWith)))}`)
  say(`receipts: ${list(rows.map(({ name, count }) => [name, count]))}; calls at the vendor: ${vendor.requests.length}`)
  say(`the last answers ended for their readers ${(sweptMs / 1000).toFixed(0)} s after the last death`)
  say(verified.stdout.trim().split('\n').at(-1) ?? '')
  return failures
}

/** People with credits, and a model behind a channel to the vendor. */
async function furnish({ database }: Installation, vendorUrl: string): Promise<{ email: string; password: string }[]> {
  Object.assign(process.env, TEST_SECRETS, { DATABASE_URL: database.url })
  const ctx = systemCtx('chaos', database.db)
  await addChannel(ctx, {
    name: 'chaos',
    vendor: 'openai',
    baseUrl: vendorUrl,
    key: 'sk-chaos',
    ownNetwork: true,
    models: [],
  })
  await setModel(ctx, {
    id: MODEL_ID,
    input: '1',
    output: '4',
    costInput: '0.5',
    costOutput: '2',
    vendor: 'openai',
    contextTokens: 32_000,
    maxOutputTokens: 1_000,
    minOutput: 256,
    channel: 'chaos',
  })
  return Promise.all(
    PEOPLE.map(async (lots, index) => {
      const email = `person${index}@example.com`
      const ownerId = await createAccount(ctx, { email, name: `Person ${index}`, role: 'user', password: PASSWORD })
      const wallet = await findWallet(ctx, { ownerType: 'user', ownerId })
      if (!wallet) throw new Error('a person has a wallet')
      for (const [number, { credits, expiresInS }] of lots.entries()) {
        const expiresAt = expiresInS === undefined ? undefined : new Date(Date.now() + expiresInS * 1000)
        await postTransfer(ctx, {
          kind: 'grant',
          debitAccountId: HOUSE.promotions,
          creditAccountId: wallet.id,
          amountMicros: BigInt(credits * 1_000_000),
          idempotencyKey: `chaos:${email}:${number}`,
          lot: { source: 'promotional', expiresAt },
        })
      }
      return { email, password: PASSWORD }
    }),
  )
}

async function killAndRestart(installation: Installation, death: Death, random: Random): Promise<void> {
  switch (death) {
    case 'service':
      await installation.killService()
      await installation.startService()
      return
    case 'worker':
      await installation.killWorker()
      return
    case 'postgres':
      await installation.killPostgres()
      await wait(random.int(0, 1_500))
      await installation.startPostgres()
      return
    case 'backend':
      await installation.killBackend()
      return
    case 'both':
      if (random.chance(0.5)) await Promise.all([installation.killService(), installation.killPostgres()])
      else {
        await installation.killPostgres()
        await wait(random.int(0, 500))
        await installation.killService()
      }
      await installation.startPostgres()
      await installation.startService()
      return
    default:
      death satisfies never
  }
}

/** Waits until messages are taken again, so that each death meets work under way. */
async function underLoad(people: readonly Person[]): Promise<void> {
  const before = countOf(people, 'starts')
  const deadline = performance.now() + LOAD_WITHIN_MS
  while (countOf(people, 'starts') < before + people.length) {
    if (performance.now() > deadline) throw new Error('nobody can send any more')
    await wait(20)
  }
}

/** Waits until nothing runs and nothing is held. @returns whether that came to be */
async function untilQuiet(pool: Installation['database']['db']['$client']): Promise<boolean> {
  const deadline = performance.now() + SWEPT_WITHIN_MS
  while (performance.now() < deadline) {
    const { rows } = await pool.query<{ open: bigint }>(
      `SELECT (SELECT count(*) FROM holds WHERE state = 'open') + (SELECT count(*) FROM generations WHERE status = 'running') AS open`,
    )
    if (rows[0]!.open === 0n) return true
    await wait(250)
  }
  return false
}

function lastMessage({ body }: { body: Record<string, unknown> }): string {
  const messages = body.messages as { role: string; content: string }[]
  return messages.findLast(({ role }) => role === 'user')!.content
}

function countOf(people: readonly Person[], what: 'starts' | 'ends'): number {
  return people.reduce((sum, { told }) => sum + told.filter((one) => one[what].length > 0).length, 0)
}

function countBy(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
}

function list(entries: readonly (readonly [string, number | bigint])[]): string {
  return entries.map(([name, count]) => `${name} ${count}`).join(', ') || 'none'
}

function clock(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
