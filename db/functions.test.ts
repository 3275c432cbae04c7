import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

const FILES = globSync(path.join(import.meta.dirname, 'functions', '*.sql')).sort()

/** Each function, trigger and view of the schema, and whether this transaction wrote it. Extensions have theirs. */
const DEFINITIONS = `
  WITH ours AS (
    SELECT oid::regprocedure::text AS name, pg_get_functiondef(oid) AS definition, xmin, oid
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
    UNION ALL
    SELECT tgname || ' on ' || tgrelid::regclass, pg_get_triggerdef(oid), xmin, oid FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT c.relname, pg_get_viewdef(c.oid), r.xmin, c.oid
    FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
  )
  SELECT name, definition, xmin = pg_current_xact_id()::xid AS written FROM ours
  WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = ours.oid AND d.deptype = 'e')
  ORDER BY name`

let database: TestDatabase
let owner: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
})
afterAll(async () => {
  await owner.end()
  await database.close()
})

it('the migrations leave the functions, triggers and views that db/functions shows', async () => {
  const definitions = async () => (await owner.query(DEFINITIONS)).rows
  await owner.query('BEGIN')
  const migrated = await definitions()
  expect(migrated.some(({ name }) => name === 'lots_left')).toBe(true)
  for (const file of FILES) await owner.query(readFileSync(file, 'utf8'))
  expect(await definitions()).toEqual(migrated.map((row) => ({ ...row, written: true })))
  await owner.query('ROLLBACK')
})
