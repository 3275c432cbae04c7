import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { PlainError, runMain } from '#scripts/run-main.ts'
import { onStopRequest } from '#scripts/signals.ts'
import { forgetInstallation } from '#scripts/testing/forget-installation.ts'

type Part = { args: string[]; env?: Record<string, string> }

const VITEST = path.join('node_modules', 'vitest', 'vitest.mjs')
const STRYKER = path.join('node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')

/** What is too slow for every `npm test`, each a program of its own. */
const PARTS: Record<string, Part> = {
  property: { args: [VITEST, 'run', 'lib/ledger/model.test.ts'], env: { PROPERTY_COMMANDS: '1000000' } },
  payments: { args: [VITEST, 'run', 'lib/payments/model.test.ts'], env: { PROPERTY_STORIES: '100000' } },
  webhook: { args: ['tests/chaos/payments.ts'] },
  chaos: { args: ['tests/chaos/chaos.ts', '--rounds', '50'] },
  'event-loop': { args: ['tests/chaos/event-loop.ts'] },
  backup: { args: ['tests/chaos/backup.ts'] },
  workers: { args: ['tests/chaos/workers.ts'] },
  stryker: { args: [STRYKER, 'run', 'tests/mutation/stryker.config.json'] },
  mutation: { args: ['tests/mutation/sql.ts'] },
}

const root = path.dirname(import.meta.dirname)
let running: ChildProcess | undefined

await runMain(async () => {
  onStopRequest(() => {
    process.exitCode = 130
    process.stdout.write('\nstopped before the end\n')
    if (!running) process.exit()
    running.once('exit', () => process.exit())
    running.kill('SIGTERM')
  })
  const { positionals } = parseArgs({ allowPositionals: true })
  const unknown = positionals.filter((name) => !(name in PARTS))
  if (unknown.length > 0)
    throw new PlainError(`no such part: ${unknown.join(', ')}. There are ${Object.keys(PARTS).join(', ')}`)
  forgetInstallation()
  const lines: string[] = []
  let failed = 0
  const names = positionals.length > 0 ? positionals : Object.keys(PARTS)
  for (const name of names) {
    process.stdout.write(`\n=== ${name}\n`)
    const startedAt = performance.now()
    const code = await run(PARTS[name]!)
    if (code !== 0) failed++
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    const took = `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2)} s`
    lines.push(`${name.padEnd(11)} ${code === 0 ? 'passed' : 'FAILED'} ${took.padStart(13)}`)
  }
  process.stdout.write(`\n${lines.join('\n')}\n${names.length - failed} passed, ${failed} failed\n`)
  process.exit(failed === 0 ? 0 : 1)
})

function run({ args, env }: Part): Promise<number> {
  return new Promise((resolve, reject) => {
    running = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    })
    running.once('error', reject)
    running.once('close', (code) => {
      running = undefined
      resolve(code ?? 1)
    })
  })
}
