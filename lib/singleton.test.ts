import { expect, test, vi } from 'vitest'

test('copies of the module share one instance, made once', async () => {
  const first = await import('#lib/singleton.ts')
  vi.resetModules()
  const second = await import('#lib/singleton.ts')
  expect(second.singleton).not.toBe(first.singleton)

  const create = vi.fn(() => ({}))
  const instance = first.singleton('shared-by-copies', create)
  expect(second.singleton('shared-by-copies', create)).toBe(instance)
  expect(create).toHaveBeenCalledOnce()
})

test('an instance may be null or undefined and is still made once', async () => {
  const { singleton } = await import('#lib/singleton.ts')
  const create = vi.fn(() => undefined)
  singleton('nothing', create)
  singleton('nothing', create)
  expect(create).toHaveBeenCalledOnce()
})
