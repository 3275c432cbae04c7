import { expect, test } from 'vitest'
import { findBuiltSql } from './built-sql.ts'
import { parseSource } from './source.ts'

const check = (code: string, file = 'lib/chat/x.ts') => findBuiltSql([parseSource(file, code)])

test.each([
  'sql.raw(name)',
  'sql.raw(`ORDER BY ${name}`)',
  'db.execute(`SELECT ${name}`)',
  "pool.query('SELECT ' + name)",
  'pool.query({ text: `SELECT ${name}`, values: [] })',
])('refused: %s', (code) => {
  expect(check(code)).toEqual(['lib/chat/x.ts:1: SQL built from text: pass values as parameters of sql`…`'])
})

test.each([
  'db.execute(sql`SELECT ${name}`)',
  "sql.raw('SKIP LOCKED')",
  'sql.raw(users.email.getSQLType())',
  "pool.query('SELECT $1', [name])",
  "pool.query({ text: 'SELECT $1', values: [name] })",
  'other.raw(name)',
])('allowed: %s', (code) => {
  expect(check(code)).toEqual([])
})

test('migrations and tests name roles and databases', () => {
  const code = 'client.query(`DROP DATABASE ${name}`)'
  expect(check(code, 'db/migrate.ts')).toEqual([])
  expect(check(code, 'scripts/reset.ts')).toEqual([])
  expect(check(code, 'lib/chat/x.test.ts')).toEqual([])
})
