import type { Database } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'
import type { StoredVerification } from '#lib/jobs/index.ts'
import type { Offender } from '#lib/verification.ts'
import { type Command, type Outcome, UsageError } from './command.ts'

/** Rows of one check that a person is shown; `--json` and the stored run have up to 100. */
const SHOWN_ROWS = 20

export const verifyLedgerCommand: Command = {
  name: 'verify-ledger',
  summary: 'recomputes every balance, lot, hold, cap, receipt, redemption and recent report, and prints what differs',
  options: {
    last: { help: 'show the run before instead of beginning one' },
    nightly: { help: 'with --last: the last of the nightly runs' },
  },
  notes: 'Works beside a running service, which does the same every night. Ends with 1 when something differs.',
  async run({ ctx, options }) {
    // The jobs bring all of the service with them, which the other verbs need not wait for.
    const { findLastVerification, runVerification } = await import('#lib/jobs/index.ts')
    if (options.flag('nightly') && !options.flag('last')) throw new UsageError('--nightly goes with --last')
    if (options.flag('last')) {
      const last = await findLastVerification(ctx, options.flag('nightly') ? { source: 'nightly' } : {})
      if (!last) return { text: 'there was no run yet', data: { lastRun: null } }
      return report([`${last.source} run of ${stamp(last.startedAt)}`], last.checks, {
        ...describeRun(last),
        checks: last.checks,
      })
    }
    const night = await findLastVerification(ctx, { source: 'nightly' })
    const { id, checks, differences } = await runVerification(ctx as Ctx & { db: Database }, { source: 'command' })
    const nightly = night ? `${stamp(night.startedAt)}, ${count(night.differences ?? 0)}` : 'none yet'
    return report([`last nightly run: ${nightly}`], checks, {
      id,
      differences,
      checks,
      lastNightly: night && describeRun(night),
    })
  },
}

type Finding = { name: string; promise?: string; checked: number; differences: number; samples: Offender[] }

/** Tells what checks of the ledger found; the exit code is 1 when something differs. */
export function report(head: string[], checks: readonly Finding[], data: Outcome['data']): Outcome {
  const differences = checks.reduce((sum, check) => sum + check.differences, 0)
  const rows = checks.map(({ name, checked, differences }) => [name, String(checked), String(differences)] as const)
  const broken = checks.filter((check) => check.differences > 0)
  const lines = [
    ...table([['check', 'rows', 'differ'], ...rows]),
    ...broken.flatMap(describeBroken),
    '',
    ...head,
    differences === 0 ? 'the ledger adds up' : `THE LEDGER DOES NOT ADD UP: ${count(differences)}`,
  ]
  return { text: lines.join('\n'), data, exitCode: differences === 0 ? 0 : 1 }
}

function describeBroken({ name, promise, differences, samples }: Finding): string[] {
  const shown = samples.slice(0, SHOWN_ROWS)
  const rest = differences - shown.length
  return [
    '',
    promise ? `${name}: ${promise}` : `${name}:`,
    ...shown.map((sample) => `  ${describeRow(sample)}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ]
}

function describeRow(row: Offender): string {
  return Object.entries(row)
    .map(([column, value]) => `${column}=${value ?? 'none'}`)
    .join(' ')
}

function describeRun(run: StoredVerification) {
  return {
    id: run.id,
    source: run.source,
    startedAt: run.startedAt.toISOString(),
    finishedAt: run.finishedAt?.toISOString() ?? null,
    differences: run.differences,
  }
}

function count(differences: number): string {
  return differences === 1 ? '1 difference' : `${differences} differences`
}

/** An instant as a person reads it. */
export function stamp(instant: Date): string {
  return `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function table(rows: (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
  )
}
