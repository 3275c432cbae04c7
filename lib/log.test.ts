import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AppError } from '#lib/errors.ts'
import { logOptions } from '#lib/log.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const PRIVATE = 'what a person wrote'

function logged(err: unknown): string {
  const lines: string[] = []
  pino(logOptions('info'), { write: (line: string) => void lines.push(line) }).error({ err }, 'failed')
  return lines.join('')
}

const failureOf = (statement: ReturnType<typeof sql>) =>
  database.db.execute(statement).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )

it.each([
  ['a value that cannot be read', sql`SELECT ${PRIVATE}::int`, '22P02'],
  [
    'a row that breaks a rule',
    sql`INSERT INTO settings (key, value) VALUES (NULL, to_jsonb(${PRIVATE}::text))`,
    '23502',
  ],
  ['a key that is taken', sql`INSERT INTO settings (key, value) VALUES (${PRIVATE}, '1'), (${PRIVATE}, '2')`, '23505'],
])('the log of a failed statement names the fault and holds none of its values: %s', async (_, statement, code) => {
  const error = await failureOf(statement)
  const line = logged(error)
  expect(line).not.toContain(PRIVATE)
  expect(JSON.parse(line).err).toMatchObject({ type: 'DrizzleQueryError', query: expect.any(String), cause: { code } })
  expect(logged(new AppError('internal', { cause: error }))).not.toContain(PRIVATE)
})

it('other errors keep their words, their stack and their cause', () => {
  const { err } = JSON.parse(logged(new Error('outer', { cause: new TypeError('inner') })))
  expect(err).toMatchObject({ type: 'Error', message: 'outer', cause: { type: 'TypeError', message: 'inner' } })
  expect(err.stack).toContain('log.test.ts')
  expect(JSON.parse(logged('a word')).err).toBe('a word')
})

it('an empty LOG_LEVEL counts as unset, as compose files write it', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', `const { log } = await import('#lib/log.ts'); log.info('told')`],
    { cwd: path.dirname(import.meta.dirname), env: { ...process.env, LOG_LEVEL: '' }, encoding: 'utf8' },
  )
  expect(status).toBe(0)
  expect(stdout).toContain('"told"')
})
