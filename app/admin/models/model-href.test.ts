import { expect, it } from 'vitest'
import { modelHref, modelIdOf } from '#app/admin/models/model-href.ts'

it.each(['gpt-6-luna', 'vendor/new:free', 'a/b/c d%'])('%s has an address and comes back from it', (id) => {
  const href = modelHref(id)
  expect(href.startsWith('/admin/models/')).toBe(true)
  expect(modelIdOf(href.slice('/admin/models/'.length).split('/'))).toBe(id)
})

it('an address that is none names nothing', () => {
  expect(modelIdOf(['%'])).toBeNull()
})
