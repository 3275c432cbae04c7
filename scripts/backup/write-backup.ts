import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import { invariant } from '#lib/errors.ts'
import { PlainError } from '#scripts/run-main.ts'
import {
  breakOff,
  copyTarget,
  openConnection,
  readAppliedMigrations,
  readSequences,
  readSums,
  readTables,
  sumsOf,
  type Table,
} from './catalog.ts'
import {
  encodeManifest,
  fingerprintOf,
  hashLineOf,
  LEFT_OUT,
  MANIFEST_FILE,
  MANIFEST_HASH_FILE,
  type Manifest,
  partName,
  sha256Hex,
  type TableManifest,
} from './manifest.ts'
import { type Sink, TarWriter } from './tar.ts'

/** Rows of a part, before they are compressed: what is in memory is a few of these. */
const PART_BYTES = 8 * 1024 * 1024
/** Compressed at the same time, each by a thread of its own. */
const PARALLEL = 2

const compress = promisify(gzip)

export type WriteBackupOptions = {
  /** Role that may read every table. */
  url: string
  /** ENCRYPTION_KEY, of which the backup keeps a fingerprint. */
  encryptionKey: string
  sink: Sink
  signal?: AbortSignal
}

/**
 * Writes all rows as they are at one moment. What the service does meanwhile neither waits nor is seen; a migration waits.
 * @returns what was written, which also ends the backup itself
 * @throws {PlainError} when there is no service's database
 */
export async function writeBackup({ url, encryptionKey, sink, signal }: WriteBackupOptions): Promise<Manifest> {
  const client = await openConnection(url, 'backup')
  const abort = () => breakOff(client)
  signal?.addEventListener('abort', abort)
  try {
    signal?.throwIfAborted()
    // Before the snapshot: a schema that changes under it would not be in it.
    await client.query('SELECT pg_advisory_lock_shared($1)', [ADVISORY_LOCKS.migration])
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const migrations = await readAppliedMigrations(client)
    if (!migrations || migrations.length === 0) {
      throw new PlainError('this database has never been migrated: there is nothing to back up')
    }
    const { rows } = await client.query<{ now: string; postgres: string }>(
      `SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now, current_setting('server_version') AS postgres`,
    )
    const { now: createdAt, postgres } = rows[0]!
    const schema = (await readTables(client)).filter(({ name }) => !LEFT_OUT.includes(name))
    const archive = new TarWriter(sink, new Date(createdAt))
    const tables: TableManifest[] = []
    for (const table of schema) tables.push(await writeTable(client, archive, table, signal))
    const { manifest, bytes } = encodeManifest({
      createdAt,
      release: await readRelease(),
      postgres,
      migrations,
      encryptionKey: fingerprintOf(encryptionKey),
      leftOut: LEFT_OUT,
      tables,
      sequences: await readSequences(client),
      sums: await readSums(client, sumsOf(schema)),
    })
    await client.query('COMMIT')
    await archive.add(MANIFEST_FILE, bytes)
    await archive.add(MANIFEST_HASH_FILE, hashLineOf(bytes))
    await archive.end()
    await client.end()
    return manifest
  } catch (error) {
    // Whoever copies a table listens to nothing else until it has been read.
    breakOff(client)
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

async function writeTable(
  client: pg.Client,
  archive: TarWriter,
  table: Table,
  signal: AbortSignal | undefined,
): Promise<TableManifest> {
  const { name, columns } = table
  const stream = client.query(copyTo(`COPY ${copyTarget(client, table)} TO STDOUT`))
  const hash = createHash('sha256')
  const parts: TableManifest['parts'] = []
  const pending: Promise<Buffer>[] = []
  let [rows, bytes] = [0, 0]
  const writeFirst = async () => {
    const packed = await pending.shift()!
    parts.push({ bytes: packed.length, sha256: sha256Hex(packed) })
    await archive.add(partName(name, parts.length), packed)
  }
  for await (const part of cutIntoParts(stream)) {
    signal?.throwIfAborted()
    hash.update(part)
    rows += countLines(part)
    bytes += part.length
    const packing = compress(part, { level: 1 }) as Promise<Buffer>
    // Its failure is met where it is awaited.
    packing.catch(() => undefined)
    pending.push(packing)
    if (pending.length >= PARALLEL) await writeFirst()
  }
  while (pending.length > 0) await writeFirst()
  invariant(rows === stream.rowCount, `${name} was copied with a line for each row`)
  return { name, columns, rows, bytes, sha256: hash.digest('hex'), parts }
}

/** Whole rows, about as much as a part may have: a line feed within a value is written as two other characters. */
async function* cutIntoParts(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size < PART_BYTES) continue
    const end = chunk.lastIndexOf(0x0a) + 1
    // A row that is larger than a part makes a part of its own.
    if (end === 0) continue
    const rest = chunk.subarray(end)
    yield Buffer.concat([...chunks.slice(0, -1), chunk.subarray(0, end)])
    chunks = [rest]
    size = rest.length
  }
  if (size > 0) yield Buffer.concat(chunks)
}

function countLines(text: Buffer): number {
  let lines = 0
  for (let at = text.indexOf(0x0a); at !== -1; at = text.indexOf(0x0a, at + 1)) lines++
  return lines
}

async function readRelease(): Promise<string> {
  const text = await readFile(path.resolve(import.meta.dirname, '..', '..', 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
