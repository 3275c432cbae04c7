import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { findChromium } from '#scripts/chromium.ts'
import { buildWhenStale } from '#scripts/next-build.ts'
import { runMain } from '#scripts/run-main.ts'
import { onStopRequest } from '#scripts/signals.ts'
import { forgetInstallation } from '#scripts/testing/forget-installation.ts'
import { findInPath, installLine } from '#scripts/testing/install-lines.ts'
import {
  addTotals,
  formatTotals,
  judge,
  NO_TESTS,
  readCheckOutput,
  readPlaywrightReport,
  readVitestReport,
  type Totals,
} from '#scripts/testing/totals.ts'

const root = path.dirname(import.meta.dirname)
const results = path.join(root, 'test-results')
const inCi = Boolean(process.env.CI) && process.env.CI !== 'false'
const nginxConfig = path.join('tests', 'nginx', 'vitest.config.ts')

let running: ChildProcess | undefined

await runMain(async () => {
  onStopRequest(() => {
    running?.kill('SIGTERM')
    process.stdout.write('\nstopped before the end\n')
    process.exitCode = 130
    if (!running) process.exit()
    running.once('exit', () => process.exit())
  })
  forgetInstallation()
  mkdirSync(results, { recursive: true })
  let totals = NO_TESTS
  for (const step of [runCheck, runUnit, runEndToEnd, runNginx]) totals = addTotals(totals, await step())
  process.stdout.write(`\n${formatTotals(totals)}\n`)
  process.exit(totals.failed === 0 ? 0 : 1)
})

async function runCheck(): Promise<Totals> {
  announce('check')
  const { code, output } = await run([path.join('scripts', 'check.ts')])
  return judge(readCheckOutput(output), code)
}

function runUnit(): Promise<Totals> {
  announce('unit and integration')
  return runVitest('unit', [])
}

async function runEndToEnd(): Promise<Totals> {
  announce('end to end')
  const chromium = findChromium()
  if (!chromium) return skip('end to end', 'Chromium', installLine('chromium'))
  if (!(await hasBuild())) return NO_BUILD
  process.env.CHROMIUM_PATH = chromium
  const report = path.join(results, 'e2e.json')
  rmSync(report, { force: true })
  const config = path.join('tests', 'e2e', 'playwright.config.ts')
  const { code } = await run([path.join('node_modules', '@playwright', 'test', 'cli.js'), 'test', '-c', config])
  return judge(existsSync(report) ? readPlaywrightReport(readJson(report)) : NO_TESTS, code)
}

async function runNginx(): Promise<Totals> {
  if (!existsSync(path.join(root, nginxConfig))) return NO_TESTS
  announce('nginx')
  // Its entrypoint fills in the templates with the one and makes a certificate with the other.
  const missing = ['nginx', 'envsubst', 'openssl'].find((program) => !findInPath(program))
  if (missing) return skip('nginx', missing, installLine('nginx'))
  if (!(await hasBuild())) return NO_BUILD
  return runVitest('nginx', ['--config', nginxConfig])
}

const NO_BUILD: Totals = { ...NO_TESTS, failed: 1, failures: ['the build'] }

async function hasBuild(): Promise<boolean> {
  try {
    await buildWhenStale(root)
    return true
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return false
  }
}

async function runVitest(name: string, args: string[]): Promise<Totals> {
  const report = path.join(results, `${name}.json`)
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code } = await run([path.join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...reporters, ...args])
  return judge(existsSync(report) ? readVitestReport(readJson(report)) : NO_TESTS, code)
}

function skip(step: string, program: string, line: string): Totals {
  const verdict = inCi ? 'FAILED, because CI must run everything' : 'SKIPPED'
  process.stdout.write(
    `\n*** ${step}: ${verdict} ***\n*** There is no ${program} here. Install it with:\n***   ${line}\n`,
  )
  return inCi ? { ...NO_TESTS, failed: 1, failures: [`${step} › no ${program}`] } : { ...NO_TESTS, skipped: 1 }
}

function announce(step: string): void {
  process.stdout.write(`\n=== ${step}\n`)
}

function run(args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    running = child
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      process.stdout.write(chunk)
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T
}
