import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { actionsOf } from '#app/admin/audit/audit-texts.ts'
import { getMessages, LOCALES } from '#lib/i18n/index.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

/** Every action that the code records: texts of that shape in modules that write the log. */
function recordedActions(): string[] {
  const files = globSync('{lib,app,scripts,db}/**/*.{ts,tsx}', { cwd: ROOT }).filter(
    (file) => !/\.test\.tsx?$/.test(file),
  )
  const actions = files.flatMap((file) => {
    const source = readFileSync(path.join(ROOT, file), 'utf8')
    if (!/\brecordAudit\(/.test(source) || file === 'lib/audit.ts') return []
    return [...source.matchAll(/'([a-z_]+\.[a-z-]+)'/g)].map(([, action]) => action!)
  })
  return [...new Set(actions)].sort()
}

const known = recordedActions()

it('the actions are found', () => {
  for (const action of [
    'user.create',
    'setting.set',
    'site_file.clear',
    'credits.grant',
    'order.refund',
    'model.add',
  ]) {
    expect(known).toContain(action)
  }
})

it.each(LOCALES)('every action that is recorded has its words in %s', (locale) => {
  const texts = actionsOf(getMessages(locale).adminService.audit)
  expect(known.filter((action) => !texts.includes(action))).toEqual([])
})

it('no action has words that nothing records', () => {
  const texts = actionsOf(getMessages('en').adminService.audit)
  expect(texts.filter((action) => !known.includes(action))).toEqual([])
})
