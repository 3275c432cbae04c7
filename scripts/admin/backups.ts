import { statSync } from 'node:fs'
import path from 'node:path'
import { getDatabase, systemCtx } from '#lib/ctx.ts'
import { parseServerEnv } from '#lib/env.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { writeToStream, writeWholeFile } from '#scripts/backup/backup-file.ts'
import { fingerprintOf, type Manifest } from '#scripts/backup/manifest.ts'
import { verifyBackup, withBackup } from '#scripts/backup/read-backup.ts'
import { restoreBackup } from '#scripts/backup/restore-backup.ts'
import type { Sink } from '#scripts/backup/tar.ts'
import { writeBackup } from '#scripts/backup/write-backup.ts'
import { withDatabase } from '#scripts/embedded-postgres.ts'
import { requireServerVersion } from '#scripts/migrating.ts'
import { PlainError } from '#scripts/run-main.ts'
import { onStopRequest } from '#scripts/signals.ts'
import { type StandaloneCommand, UsageError } from './command.ts'
import { report, stamp } from './ledger.ts'

export const backupCommand: StandaloneCommand = {
  name: 'backup',
  summary: 'writes all that the service knows, as it is at this moment, into one file',
  options: {
    out: {
      value: 'FILE',
      help: 'a new file, a folder, or - for standard output; default: a file named for the time, in this folder',
    },
  },
  notes: [
    'Works beside a running service, and does not hold it up. The file is a tar archive that only its owner may read; it',
    'appears under its name when it is whole. It holds people’s addresses and conversations: keep it as you keep the',
    'database. The secrets of the environment are not in it, and without ENCRYPTION_KEY the keys of channels in it cannot',
    'be read: keep that elsewhere. Sessions and links are left out: after a restore everybody signs in anew.',
    'Into a pipe: npm run -s admin -- backup --out - | …',
  ].join('\n'),
  async runAlone({ options }) {
    const out = options.find('out')
    if (out === '-' && process.stdout.isTTY) throw new UsageError('a backup is not for a terminal: send it into a pipe')
    const signal = untilStopped('nothing was written')
    return withDatabase('npm run admin -- backup', async () => {
      const { DATABASE_URL, DATABASE_OWNER_URL: url = DATABASE_URL, ENCRYPTION_KEY } = parseServerEnv(process.env)
      const made: { manifest?: Manifest } = {}
      const write = async (sink: Sink) => {
        made.manifest = await writeBackup({ url, encryptionKey: ENCRYPTION_KEY, sink, signal })
      }
      const file = out === '-' ? null : fileOf(out)
      const { bytes, sha256 } =
        file === null ? await writeToStream(process.stdout, write) : await writeWholeFile(file, write)
      const manifest = made.manifest!
      const lines = [...summarize(manifest), `${size(bytes)}, SHA-256 ${sha256}`, ...(file ? [file] : [])]
      return { text: lines.join('\n'), data: { ...toData(manifest), file, bytes, sha256 }, besides: file === null }
    })
  },
}

export const verifyBackupCommand: StandaloneCommand = {
  name: 'backup verify',
  summary: 'reads a backup to its end and says whether every byte is as it was written',
  args: ['FILE'],
  options: {},
  notes: 'Needs no database. Ends with 1 when the file is damaged, cut off, or of a newer format.',
  async runAlone({ args: [file = ''] }) {
    const signal = untilStopped('it was not read to its end')
    return withBackup(fileAt(file), async (backup) => {
      await verifyBackup(backup, signal)
      const text = [...summarize(backup.manifest), 'every byte is as it was written'].join('\n')
      return { text, data: toData(backup.manifest) }
    })
  },
}

export const restoreCommand: StandaloneCommand = {
  name: 'restore',
  summary: 'puts a backup into a database without people',
  args: ['FILE'],
  options: {},
  notes: [
    'For an empty database, or one that was only migrated and seeded: what is in it is replaced. The service must be',
    'stopped. All of the backup or nothing: a damaged file changes nothing. One of an older release is brought to this one.',
    'Set ENCRYPTION_KEY to the one that the backup was made under: it is in the .env of then, or in secrets.json of the',
    'DATA_DIR of then. Ends with 1 when the books do not add up afterwards.',
  ].join('\n'),
  async runAlone({ args: [file = ''] }) {
    const signal = untilStopped('nothing was changed')
    return withBackup(fileAt(file), (backup) =>
      withDatabase('npm run admin -- restore', async () => {
        const env = parseServerEnv(process.env)
        const { DATABASE_URL: appUrl, DATABASE_OWNER_URL: ownerUrl = appUrl, ENCRYPTION_KEY } = env
        await requireServerVersion(ownerUrl)
        const applied = await restoreBackup(backup, { ownerUrl, appUrl, signal })
        const { manifest } = backup
        const sameKey = manifest.encryptionKey === fingerprintOf(ENCRYPTION_KEY)
        const head = [
          ...summarize(manifest),
          'restored: every count and sum is that of the backup',
          ...(applied.length > 0 ? [`brought to this release: ${applied.join(', ')}`] : []),
          'everybody signs in anew',
          ...(sameKey ? [] : ANOTHER_KEY),
        ]
        const { checks, differences } = await verify()
        return report(head, checks, { ...toData(manifest), applied, sameKey, differences, checks })
      }),
    )
  },
}

const ANOTHER_KEY = [
  '',
  '*** ANOTHER ENCRYPTION_KEY ***',
  '*** This backup was made under another one: the keys and proxies of its channels cannot be read, and no model answers.',
  '*** Set ENCRYPTION_KEY to the old one (from the old .env, or secrets.json of the old DATA_DIR), or enter the keys anew.',
  '',
]

async function verify() {
  // The jobs bring all of the service with them, which the other verbs need not wait for.
  const { runVerification } = await import('#lib/jobs/index.ts')
  try {
    return await runVerification(systemCtx('admin'), { source: 'command' })
  } finally {
    await getDatabase().$client.end()
  }
}

/** Aborted by Ctrl-C, so that what was begun is taken back; a second one ends at once. */
function untilStopped(outcome: string): AbortSignal {
  const stopping = new AbortController()
  onStopRequest((request) => {
    if (request === 'again') process.exit(130)
    stopping.abort(new PlainError(`stopped: ${outcome}`))
  })
  return stopping.signal
}

function fileOf(out: string | undefined): string {
  const name = `undefined-behavior-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}Z.tar`
  if (out === undefined) return fileAt(name)
  const file = fileAt(out)
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ? path.join(file, name) : file
}

/** npm runs its scripts in the project's folder, wherever a person typed. */
function fileAt(name: string): string {
  return path.resolve(process.env.INIT_CWD ?? process.cwd(), name)
}

function summarize({ createdAt, release, postgres, tables, sums }: Manifest): string[] {
  const rows = tables.reduce((total, table) => total + table.rows, 0)
  const [posted, held] = ['posted_micros', 'held_micros'].map((column) => {
    const sum = sums.find((sum) => sum.table === 'wallets' && sum.column === column)
    return creditsToDecimal(BigInt(sum?.values.all ?? 0))
  })
  const transfers = sums.find(({ table }) => table === 'transfers')?.values ?? {}
  return [
    `backup of ${stamp(new Date(createdAt))}, release ${release}, PostgreSQL ${postgres}`,
    `${rows} rows in ${tables.length} tables`,
    `${posted} credits in wallets, ${held} of them held`,
    ...Object.entries(transfers).map(([kind, micros]) => `  ${kind}: ${creditsToDecimal(BigInt(micros))}`),
  ]
}

function toData({ createdAt, release, postgres, migrations, encryptionKey, tables, sums }: Manifest) {
  return {
    createdAt,
    release,
    postgres,
    migrations,
    encryptionKey,
    tables: tables.map(({ name, rows, bytes }) => ({ name, rows, bytes })),
    sums,
  }
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
