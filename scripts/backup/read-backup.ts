import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { PlainError } from '#scripts/run-main.ts'
import { BackupError } from './backup-error.ts'
import {
  decodeManifest,
  FORMAT,
  hashLineOf,
  MANIFEST_FILE,
  MANIFEST_HASH_FILE,
  type Manifest,
  partName,
  sha256Hex,
  type TableManifest,
} from './manifest.ts'
import { listTar, readEntry, type TarEntry } from './tar.ts'

const decompress = promisify(gunzip)

/** A backup whose manifest is whole and names all that is in the file. Its rows are checked as they are read. */
export type Backup = {
  manifest: Manifest
  /** The rows of a table in the text format of COPY. @throws {BackupError} as soon as something differs */
  rowsOf(table: TableManifest): AsyncGenerator<Buffer>
}

/** Opens a backup for as long as the work takes. @throws {BackupError} {PlainError} */
export async function withBackup<T>(file: string, work: (backup: Backup) => Promise<T>): Promise<T> {
  const handle = await openFile(file)
  try {
    return await work(await readBackup(handle))
  } finally {
    await handle.close()
  }
}

/** Reads a backup to its end. @throws {BackupError} when a byte is not as it was written */
export async function verifyBackup({ manifest, rowsOf }: Backup, signal?: AbortSignal): Promise<void> {
  for (const table of manifest.tables) {
    for await (const _ of rowsOf(table)) signal?.throwIfAborted()
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r')
  } catch (error) {
    throw new PlainError(`the backup cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

async function readBackup(handle: FileHandle): Promise<Backup> {
  const entries = await listTar(handle)
  const manifest = await readManifest(handle, entries)
  const expected = manifest.tables.flatMap(({ name, parts }) =>
    parts.map(({ bytes }, index) => ({ name: partName(name, index + 1), size: bytes })),
  )
  const found = entries.slice(0, -2)
  for (const [index, { name, size }] of expected.entries()) {
    if (found[index]?.name !== name || found[index].size !== size) throw new BackupError(`${name} is missing`)
  }
  if (found.length > expected.length) throw new BackupError(`${found[expected.length]!.name} does not belong to it`)
  const byName = new Map(found.map((entry) => [entry.name, entry]))
  return { manifest, rowsOf: (table) => readRows(handle, byName, table) }
}

async function readManifest(handle: FileHandle, entries: readonly TarEntry[]): Promise<Manifest> {
  const [entry, hashEntry] = entries.slice(-2)
  if (entry?.name !== MANIFEST_FILE || hashEntry?.name !== MANIFEST_HASH_FILE) {
    throw new BackupError('it has no manifest')
  }
  const bytes = await readEntry(handle, entry)
  if (!hashLineOf(bytes).equals(await readEntry(handle, hashEntry))) throw new BackupError('its manifest is damaged')
  const { manifest, format } = decodeManifest(bytes)
  if (manifest) return manifest
  if (typeof format === 'number' && format > FORMAT) throw new BackupError('it was made by a newer release')
  throw new BackupError('its manifest is not understood')
}

async function* readRows(
  handle: FileHandle,
  entries: ReadonlyMap<string, TarEntry>,
  table: TableManifest,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let bytes = 0
  for (const [index, { sha256 }] of table.parts.entries()) {
    const name = partName(table.name, index + 1)
    const packed = await readEntry(handle, entries.get(name)!)
    if (sha256Hex(packed) !== sha256) throw new BackupError(`${name} is damaged`)
    const rows = await decompress(packed).catch((error: Error) => {
      throw new BackupError(`${name} is damaged`, { cause: error })
    })
    hash.update(rows)
    bytes += rows.length
    yield rows
  }
  if (bytes !== table.bytes || hash.digest('hex') !== table.sha256) {
    throw new BackupError(`the rows of ${table.name} are not those that were written`)
  }
}
