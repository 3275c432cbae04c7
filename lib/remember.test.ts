import { describe, expect, it } from 'vitest'
import { remember } from '#lib/remember.ts'

function counted(freshMs = 2_000) {
  const clock = { ms: 0 }
  const loads: { resolve: (value: number) => void; reject: (error: Error) => void }[] = []
  const ask = remember(
    freshMs,
    () => new Promise<number>((resolve, reject) => loads.push({ resolve, reject })),
    () => clock.ms,
  )
  return { clock, loads, ask }
}

describe('remember', () => {
  it('loads once for all who ask while it loads, and not again while it is fresh', async () => {
    const { clock, loads, ask } = counted()
    const asked = [ask(), ask(), ask()]
    loads[0]!.resolve(1)
    expect(await Promise.all(asked)).toEqual([1, 1, 1])
    clock.ms = 1_999
    expect(await ask()).toBe(1)
    expect(loads).toHaveLength(1)
  })

  it('never hands out what is older than it may be', async () => {
    const { clock, loads, ask } = counted()
    const first = ask()
    loads[0]!.resolve(1)
    await first
    clock.ms = 2_000
    const second = ask()
    expect(loads).toHaveLength(2)
    loads[1]!.resolve(2)
    expect(await second).toBe(2)
  })

  it('shows on what it knows where nothing can be loaded, and asks again later', async () => {
    const { clock, loads, ask } = counted()
    const first = ask()
    loads[0]!.resolve(1)
    await first
    clock.ms = 2_000
    const second = ask()
    loads[1]!.reject(new Error('away'))
    expect(await second).toBe(1)
    expect(await ask()).toBe(1)
    expect(loads).toHaveLength(2)
    clock.ms = 4_000
    const third = ask()
    loads[2]!.resolve(3)
    expect(await third).toBe(3)
  })

  it('fails while it knows nothing, and tries again for who asks next', async () => {
    const { loads, ask } = counted()
    const first = ask()
    loads[0]!.reject(new Error('away'))
    await expect(first).rejects.toThrow('away')
    const second = ask()
    loads[1]!.resolve(2)
    expect(await second).toBe(2)
  })
})
