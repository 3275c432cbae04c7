import { createHash, createHmac } from 'node:crypto'
import { z } from 'zod'

/** Raised when older releases could no longer read what is written. */
export const FORMAT = 1

/** Told to whoever opens a backup without this service. */
const ABOUT =
  'A backup of Undefined Behavior. tables/NAME/NNNNNN.copy.gz are rows in the text format of COPY, in this order and with ' +
  "the columns below. By hand: tar -xf FILE; gunzip -c tables/NAME/*.gz | psql -c '\\copy NAME (COLUMNS) FROM STDIN'"

/** Tables whose structure is restored and whose rows are not. */
export const LEFT_OUT = ['one_time_links', 'sessions']

const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(0)
const whole = z.string().regex(/^-?\d{1,60}$/)

const tableSchema = z.object({
  name,
  columns: z.array(name).min(1),
  rows: count,
  /** Of the rows as COPY writes them, one part after the other. */
  bytes: count,
  sha256: hash,
  /** Of the files as they are in the archive. */
  parts: z.array(z.object({ bytes: count, sha256: hash })),
})

const sumSchema = z.object({
  table: name,
  column: name,
  /** The column whose values have a sum each; null for one sum of all rows. */
  by: name.nullable(),
  values: z.record(z.string(), whole),
})

const sequenceSchema = z.object({ name, value: whole, called: z.boolean() })

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  about: z.string(),
  /** The moment of the snapshot, by the database's clock. */
  createdAt: z.iso.datetime(),
  release: z.string(),
  postgres: z.string(),
  /** Hashes of the migrations of the database, in order. */
  migrations: z.array(hash).min(1),
  /** Tells whether another installation has the same ENCRYPTION_KEY, and nothing of what it is. */
  encryptionKey: z.string(),
  leftOut: z.array(name),
  tables: z.array(tableSchema).min(1),
  sequences: z.array(sequenceSchema),
  sums: z.array(sumSchema),
})

export type Manifest = z.infer<typeof manifestSchema>
export type TableManifest = z.infer<typeof tableSchema>
export type Sum = z.infer<typeof sumSchema>
export type Sequence = z.infer<typeof sequenceSchema>

export const MANIFEST_FILE = 'manifest.json'
/** As `sha256sum` writes and checks it. */
export const MANIFEST_HASH_FILE = 'manifest.json.sha256'

export function encodeManifest(manifest: Omit<Manifest, 'format' | 'about'>): { manifest: Manifest; bytes: Buffer } {
  const whole: Manifest = { format: FORMAT, about: ABOUT, ...manifest }
  return { manifest: whole, bytes: Buffer.from(`${JSON.stringify(whole, null, 2)}\n`) }
}

export function hashLineOf(manifest: Buffer): Buffer {
  return Buffer.from(`${sha256Hex(manifest)}  ${MANIFEST_FILE}\n`)
}

/** @returns null when it is no manifest of this format, whose number is told as far as it can be read */
export function decodeManifest(bytes: Buffer): { manifest: Manifest | null; format: unknown } {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return { manifest: null, format: undefined }
  }
  const { success, data } = manifestSchema.safeParse(value)
  return { manifest: success ? data : null, format: (value as { format?: unknown } | null)?.format }
}

/** The name of a part of a table's rows, counted from 1. */
export function partName(table: string, number: number): string {
  return `tables/${table}/${String(number).padStart(6, '0')}.copy.gz`
}

/** @param keyHex ENCRYPTION_KEY: 256 random bits, so that nobody can guess it from this */
export function fingerprintOf(keyHex: string): string {
  return createHmac('sha256', Buffer.from(keyHex, 'hex')).update('fingerprint in backups').digest('hex').slice(0, 32)
}

export function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
