import path from 'node:path'
import { createAccount } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { addChannel, setModel } from '#lib/models/index.ts'
import { buildWhenStale } from '#scripts/next-build.ts'
import { runMain } from '#scripts/run-main.ts'
import { onStopRequest } from '#scripts/signals.ts'
import { cloneDatabase, startTestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { answers, type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { evaluateInService, INSPECTED } from '#tests/support/inspector.ts'
import { type Service, startService, TEST_SECRETS } from '#tests/support/service.ts'
import { signIn } from './client.ts'

/** A message of a megabyte may keep others waiting for so long, in any one turn of the event loop. */
const LIMIT_MS = 50
const ROUNDS = 5
const BYTES = 1024 * 1024
const ACCOUNT = { email: 'megabyte@example.com', password: 'correct horse battery' }

/** Shown beside it: no person decides how long an answer is, and its output cap bounds it. */
const OF_AN_ANSWER = new Set(['answer', 'its page', 'its path'])

/** Texts of one character; a message may not be blank, so a letter stands before those that are. */
const TEXTS: Record<string, string> = {
  letters: 'a'.repeat(BYTES),
  spaces: `x${' '.repeat(BYTES - 1)}`,
  lines: `x${'\n'.repeat(BYTES - 1)}`,
  quotes: '"'.repeat(BYTES),
  stars: '*'.repeat(BYTES),
  backticks: '`'.repeat(BYTES),
  accents: `x${'\u0301'.repeat((BYTES - 1) / 2)}`,
  chinese: '汉'.repeat(BYTES / 3),
  emoji: '😀'.repeat(BYTES / 4),
}

/** The longest turn of the serving process in milliseconds: what others waited, and what of it was work. */
type Longest = { wallMs: number; cpuMs: number }

await runMain(async () => {
  await buildWhenStale(path.resolve(import.meta.dirname, '..', '..'))
  const cluster = await startTestCluster()
  const vendor = await startFakeVendor()
  const database = await cloneDatabase(cluster)
  const modelId = await furnish(database, vendor)
  const service = await startService(database, INSPECTED)
  const close = async () => {
    await service.stop()
    await vendor.close()
    await database.close()
    await cluster.stop()
  }
  onStopRequest(() => void close().finally(() => process.exit(130)))
  let slow: string[]
  try {
    slow = await measureTexts(service, vendor, modelId)
  } finally {
    await close()
  }
  say(slow.length === 0 ? `no turn works for ${LIMIT_MS} ms` : `TOO LONG: ${slow.join(', ')}`)
  process.exit(slow.length === 0 ? 0 : 1)
})

async function measureTexts(service: Service, vendor: FakeVendor, modelId: string): Promise<string[]> {
  const { url } = service
  const cookie = await signIn(url, ACCOUNT)
  const ask = async (route: string, body?: object): Promise<string> => {
    const reply = await fetch(`${url}${route}`, {
      method: body ? 'POST' : 'GET',
      headers: { cookie, origin: url, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${route}: ${reply.status} ${text.slice(0, 200)}`)
    return text
  }
  const slow: string[] = []
  say(`longest turn of the event loop, median of ${ROUNDS}: milliseconds that others waited (of them work)`)
  // The first of each is slower for reasons of its own: modules that load, code that is compiled.
  for (const [name, text] of [['', 'warm-up'], ...Object.entries(TEXTS)] as [string, string][]) {
    const found = new Map<string, Longest[]>()
    // In lines that a vendor may send; code points are whole, as in any text.
    const long = answers({ text: text.match(/.{1,60000}/gsu) ?? [] })
    const send = async (conversationId: string, parentId: string | null, text: string) => {
      const said = await ask('/api/generations', { requestId: newId(), conversationId, parentId, text, modelId })
      if (!said.includes('event: end') || !said.includes('"status":"completed"')) throw new Error(said.slice(-500))
      return /"assistantMessageId":"([^"]+)"/.exec(said)![1]!
    }
    for (let round = 0; round < ROUNDS; round++) {
      const [asked, answered] = [newId(), newId()]
      let parentId = ''
      const steps: Record<string, () => Promise<unknown>> = {
        quote: () => ask('/api/quotes', { parentId: null, text, modelId }),
        message: async () => {
          vendor.setBehavior('answer')
          parentId = await send(asked, null, text)
        },
        page: () => ask(`/c/${asked}`),
        path: () => ask(`/api/conversations/${asked}/messages`),
        next: () => send(asked, parentId, 'And?'),
        answer: async () => {
          vendor.setBehavior(long)
          await send(answered, null, 'Say it.')
        },
        'its page': () => ask(`/c/${answered}`),
        'its path': () => ask(`/api/conversations/${answered}/messages`),
      }
      for (const [step, work] of Object.entries(steps)) {
        await startProbe(service)
        await work()
        found.set(step, [...(found.get(step) ?? []), await readProbe(service)])
      }
    }
    if (name === '') continue
    const cells = [...found].map(([step, all]) => {
      const [wallMs, cpuMs] = [medianOf(all.map((one) => one.wallMs)), medianOf(all.map((one) => one.cpuMs))]
      // Work, not waiting: on a busy machine a process also stands still for others.
      if (cpuMs >= LIMIT_MS && !OF_AN_ANSWER.has(step)) slow.push(`${name} ${step} ${cpuMs.toFixed(0)} ms`)
      return `${step} ${wallMs.toFixed(0)} (${cpuMs.toFixed(0)})`
    })
    say(`  ${name.padEnd(10)} ${cells.join('  ')}`)
  }
  return slow
}

/** A timer that is due each millisecond notes how late it comes, and how much the thread has worked meanwhile. */
async function startProbe(service: Service): Promise<void> {
  await evaluateInService(
    service,
    `(() => {
      clearInterval(globalThis.turnProbe?.timer)
      const work = () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000 }
      const probe = { wallMs: 0, cpuMs: 0 }
      let [at, worked] = [performance.now(), work()]
      probe.timer = setInterval(() => {
        const [nowAt, nowWorked] = [performance.now(), work()]
        probe.wallMs = Math.max(probe.wallMs, nowAt - at - 1)
        probe.cpuMs = Math.max(probe.cpuMs, nowWorked - worked)
        at = nowAt
        worked = nowWorked
      }, 1)
      globalThis.turnProbe = probe
    })()`,
  )
}

function readProbe(service: Service): Promise<Longest> {
  return evaluateInService(
    service,
    `new Promise((resolve) => setTimeout(() => {
      const { timer, wallMs, cpuMs } = globalThis.turnProbe
      clearInterval(timer)
      resolve({ wallMs, cpuMs })
    }, 2))`,
  )
}

/** Somebody with credits, and a model that reads a megabyte. */
async function furnish(database: TestDatabase, vendor: FakeVendor): Promise<string> {
  Object.assign(process.env, TEST_SECRETS, { DATABASE_URL: database.url })
  const ctx = systemCtx('event-loop', database.db)
  const id = 'long-model'
  await addChannel(ctx, {
    name: 'long',
    vendor: 'openai',
    baseUrl: vendor.url,
    key: 'sk-test',
    ownNetwork: true,
    models: [],
  })
  await setModel(ctx, {
    id,
    input: '1',
    output: '4',
    costInput: '0.5',
    costOutput: '2',
    vendor: 'openai',
    contextTokens: 4_000_000,
    maxOutputTokens: 1_000,
    minOutput: 256,
    channel: 'long',
  })
  const ownerId = await createAccount(ctx, { ...ACCOUNT, name: 'Megabyte', role: 'user' })
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId })
  if (!wallet) throw new Error('a person has a wallet')
  await postTransfer(ctx, {
    kind: 'grant',
    debitAccountId: HOUSE.promotions,
    creditAccountId: wallet.id,
    amountMicros: 1_000_000_000_000n,
    idempotencyKey: 'megabyte',
    lot: { source: 'promotional' },
  })
  return id
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
