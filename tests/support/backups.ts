import { open, writeFile } from 'node:fs/promises'
import pg from 'pg'
import {
  encodeManifest,
  hashLineOf,
  MANIFEST_FILE,
  MANIFEST_HASH_FILE,
  type Manifest,
} from '#scripts/backup/manifest.ts'
import { withBackup } from '#scripts/backup/read-backup.ts'
import { listTar, readEntry, TarWriter } from '#scripts/backup/tar.ts'
import type { TestDatabase } from '#tests/support/cluster.ts'

/** Every table's rows in one hash each, in no particular order. */
export function readContents({ ownerUrl }: Pick<TestDatabase, 'ownerUrl'>): Promise<Record<string, string>> {
  return asOwner(ownerUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    )
    const contents: Record<string, string> = {}
    for (const { name } of rows) {
      const found = await client.query<{ rows: string }>(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') AS rows FROM ${name} t`,
      )
      contents[name] = found.rows[0]!.rows
    }
    return contents
  })
}

/** All that a schema is made of, each rule as PostgreSQL writes it, and what the role that serves may do. */
export function readStructure({ ownerUrl }: Pick<TestDatabase, 'ownerUrl'>): Promise<string[]> {
  return asOwner(ownerUrl, async (client) => {
    const { rows } = await client.query<{ line: string }>(`
      SELECT format('%s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
        (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum)) AS line
      FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
      UNION ALL SELECT format('%s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT format('%s %s', pg_get_indexdef(indexrelid), indisvalid)
      FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT format('%s %s', pg_get_triggerdef(t.oid), tgenabled)
      FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal
      UNION ALL SELECT format('%s %s', oid::regprocedure, md5(prosrc))
        || ' ' || has_function_privilege('ub_app', oid, 'EXECUTE')
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT format('%s %s %s', relname, reloptions, p)
      FROM pg_class CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND has_table_privilege('ub_app', oid, p)
      UNION ALL SELECT format('%s %s', created_at, hash) FROM drizzle.__drizzle_migrations
      ORDER BY 1`)
    return rows.map(({ line }) => line)
  })
}

export async function asOwner<T>(ownerUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

type Contents = { manifest: Manifest; files: Map<string, Buffer> }

/** Writes a backup anew with something changed, whole in itself: every hash of the archive fits what it then holds. */
export async function rewriteBackup(from: string, to: string, change: (contents: Contents) => void): Promise<void> {
  const contents = { manifest: await withBackup(from, async ({ manifest }) => manifest), files: await readFiles(from) }
  change(contents)
  const chunks: Buffer[] = []
  const archive = new TarWriter(async (bytes) => void chunks.push(bytes), new Date(contents.manifest.createdAt))
  for (const [name, bytes] of contents.files) await archive.add(name, bytes)
  const { bytes } = encodeManifest(contents.manifest)
  // What a newer release would write has another number for its format.
  const written = Buffer.from(bytes.toString().replace('"format": 1', `"format": ${contents.manifest.format}`))
  await archive.add(MANIFEST_FILE, written)
  await archive.add(MANIFEST_HASH_FILE, hashLineOf(written))
  await archive.end()
  await writeFile(to, Buffer.concat(chunks))
}

/** The files of a backup that hold rows. */
export async function readFiles(file: string): Promise<Map<string, Buffer>> {
  const handle = await open(file, 'r')
  try {
    const files = new Map<string, Buffer>()
    for (const entry of await listTar(handle)) {
      if (entry.name.startsWith('tables/')) files.set(entry.name, await readEntry(handle, entry))
    }
    return files
  } finally {
    await handle.close()
  }
}
