import { missingMigrations } from '#db/migrate.ts'
import { type Ctx, getDatabase, systemCtx } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { withDatabase } from '#scripts/embedded-postgres.ts'
import { PlainError } from '#scripts/run-main.ts'
import { backupCommand, restoreCommand, verifyBackupCommand } from './backups.ts'
import { addChannelCommand } from './channels.ts'
import { createCodesCommand, listCodesCommand, revokeCodesCommand } from './codes.ts'
import type { AnyCommand, SecretReader } from './command.ts'
import { parseCommandLine } from './command-line.ts'
import {
  adjustCommand,
  approveAdjustmentCommand,
  grantCommand,
  listAdjustmentsCommand,
  rejectAdjustmentCommand,
} from './credits.ts'
import { describeFailure } from './failure.ts'
import { verifyLedgerCommand } from './ledger.ts'
import { setModelCommand } from './models.ts'
import {
  confirmOrderCommand,
  forgiveOrderCommand,
  listOrdersCommand,
  refundOrderCommand,
  rejectOrderCommand,
  showOrderCommand,
} from './orders.ts'
import {
  clearPaymentCodeCommand,
  listPackagesCommand,
  listPaymentCodesCommand,
  setPackageCommand,
  setPaymentCodeCommand,
} from './packages.ts'
import {
  createUserCommand,
  disableUserCommand,
  enableUserCommand,
  setPasswordCommand,
  setRoleCommand,
  signInLinkCommand,
} from './people.ts'
import { reconcileCommand } from './reconcile.ts'
import { readSecret } from './secret.ts'
import { listSettingsCommand, setSettingCommand } from './settings.ts'

const COMMANDS: readonly AnyCommand[] = [
  createUserCommand,
  setRoleCommand,
  setPasswordCommand,
  signInLinkCommand,
  disableUserCommand,
  enableUserCommand,
  grantCommand,
  adjustCommand,
  listAdjustmentsCommand,
  approveAdjustmentCommand,
  rejectAdjustmentCommand,
  createCodesCommand,
  listCodesCommand,
  revokeCodesCommand,
  setPackageCommand,
  listPackagesCommand,
  listOrdersCommand,
  showOrderCommand,
  confirmOrderCommand,
  rejectOrderCommand,
  refundOrderCommand,
  forgiveOrderCommand,
  setPaymentCodeCommand,
  clearPaymentCodeCommand,
  listPaymentCodesCommand,
  reconcileCommand,
  verifyLedgerCommand,
  verifyBackupCommand,
  backupCommand,
  restoreCommand,
  addChannelCommand,
  setModelCommand,
  listSettingsCommand,
  setSettingCommand,
]

/** What a verb works with besides its words; tests bring their own. */
export type Surroundings = {
  /** Opens the service's database for as long as the work takes. */
  withService<T>(command: string, work: (ctx: Ctx) => Promise<T>): Promise<T>
  readSecret: SecretReader
}

export type Answer = { exitCode: 0 | 1 | 2; stdout: string; stderr: string }

/** Runs one verb of the operator at this terminal. @returns the exit code */
export async function runAdmin(argv: readonly string[]): Promise<number> {
  const { exitCode, stdout, stderr } = await answer(argv, { withService, readSecret })
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  return exitCode
}

/**
 * Runs one verb of the operator.
 * @param argv the words after the program's name
 * @returns what to print, and the exit code: 0 done, 1 could not be done, 2 wrong command line
 */
export async function answer(argv: readonly string[], { withService, readSecret }: Surroundings): Promise<Answer> {
  const json = argv.includes('--json')
  try {
    const line = parseCommandLine(argv, COMMANDS)
    if (line.kind === 'help') return { exitCode: 0, stdout: `${line.text}\n`, stderr: '' }
    const { command, options, args } = line
    const outcome =
      'runAlone' in command
        ? await command.runAlone({ options, args })
        : await withService(`npm run admin -- ${command.name}`, (ctx) =>
            command.run({ ctx, options, args, readSecret }),
          )
    const { text, data, exitCode = 0, besides = false } = outcome
    const said = json ? `${JSON.stringify(data)}\n` : `${text}\n`
    return { exitCode, stdout: besides ? '' : said, stderr: besides ? said : '' }
  } catch (error) {
    const { code, message, exitCode } = describeFailure(error)
    if (json) return { exitCode, stdout: `${JSON.stringify({ error: { code, message } })}\n`, stderr: '' }
    return { exitCode, stdout: '', stderr: `${message}\n` }
  }
}

function withService<T>(command: string, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return withDatabase(command, async () => {
    const missing = await missingMigrations(getEnv().DATABASE_URL)
    if (missing.length > 0) throw new PlainError('the database is not at this release: run npm run db:migrate first')
    try {
      return await work(systemCtx('admin'))
    } finally {
      await getDatabase().$client.end()
    }
  })
}
