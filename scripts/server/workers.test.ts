import { afterEach, describe, expect, test } from 'vitest'
import { restartPauseMs } from '#scripts/server/workers.ts'
import { untilGone, Workers } from '#tests/support/workers/start.ts'

const SERVES = /"worker":(\d+),.*"msg":"a worker serves"/
const STARTING = /^starting (\d+)$/

const started: Workers[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((workers) => workers.remove()))
})

async function start(options?: Parameters<typeof Workers.start>[0]): Promise<Workers> {
  const workers = await Workers.start(options)
  started.push(workers)
  return workers
}

async function serving(options?: Parameters<typeof Workers.start>[0]): Promise<Workers> {
  const workers = await start(options)
  await workers.lines(/^(serving)$/)
  return workers
}

const BEGUN_ONLY = { rejects: { code: 'ECONNRESET' } }

test('a worker that keeps dying is replaced ever later, up to half a minute', () => {
  expect([1, 2, 3, 4].map(restartPauseMs)).toEqual([500, 1_000, 2_000, 4_000])
  expect(restartPauseMs(50)).toBe(30_000)
})

describe('a worker that is killed', () => {
  test('takes with it what it was answering and nothing else, and another one comes', async () => {
    const workers = await serving()
    const [lost, kept] = await workers.holdOnEach(2)
    process.kill(lost!.pid, 'SIGKILL')
    await expect(lost!.rest).rejects.toMatchObject({ code: BEGUN_ONLY.rejects.code })
    expect((await workers.ask()).pid).toBe(kept!.pid)
    const [successor] = await workers.lines(SERVES)
    const pids = (await workers.holdOnEach(2)).map(({ pid }) => pid)
    expect(pids.sort()).toEqual([kept!.pid, Number(successor)].sort())
    process.kill(kept!.pid, 'SIGUSR2')
    expect(await kept!.rest).toBe('begun ended')
  })

  test('leaves connections that it had not taken to the others', async () => {
    const workers = await serving()
    const [frozen, other] = await workers.holdOnEach(2)
    process.kill(frozen!.pid, 'SIGSTOP')
    let answered = 0
    let answer = () => {}
    const allButOne = new Promise<void>((resolve) => {
      answer = resolve
    })
    const asked = Array.from({ length: 4 }, async () => {
      const { pid } = await workers.ask()
      if (++answered === 3) answer()
      return pid
    })
    await allButOne
    process.kill(frozen!.pid, 'SIGKILL')
    const pids = await Promise.all(asked)
    expect(pids.filter((pid) => pid === other!.pid).length).toBeGreaterThanOrEqual(3)
    expect(pids).not.toContain(frozen!.pid)
  })

  test('is waited for as long as its successors die as well', async () => {
    const workers = await serving()
    const [lost, kept] = await workers.holdOnEach(2)
    workers.decide('fail')
    process.kill(lost!.pid, 'SIGKILL')
    await workers.lines(/"(how)":"1".*a worker died/)
    workers.decide('serve')
    await workers.lines(SERVES)
    expect((await workers.holdOnEach(2)).map(({ pid }) => pid)).toContain(kept!.pid)
  })

  test('is told of to those that live', async () => {
    const workers = await serving({ count: 3 })
    const [lost] = await workers.holdOnEach(3)
    const names = new Map(
      (await workers.lines(/^(\d+ is .*)$/, 3)).map((line) => line.split(' is ') as [string, string]),
    )
    process.kill(lost!.pid, 'SIGKILL')
    const told = await workers.lines(/^(\d+ heard of .*)$/, 2)
    expect(told.map((line) => line.split(' heard of ')[1])).toEqual(Array(2).fill(names.get(String(lost!.pid))))
  })
})

describe('asked to stop', () => {
  test('all of them end what they are answering, and nobody is let in any more', async () => {
    const workers = await serving()
    const held = await workers.holdOnEach(2)
    workers.primary.kill('SIGTERM')
    await workers.refuses()
    for (const { pid } of held) process.kill(pid, 'SIGUSR2')
    expect(await Promise.all(held.map(({ rest }) => rest))).toEqual(['begun ended', 'begun ended'])
    expect(await workers.gone).toBe(0)
  })

  test('they break off what takes longer than it may', async () => {
    const workers = await serving({ drainSeconds: 0 })
    const held = await workers.holdOnEach(2)
    workers.primary.kill('SIGTERM')
    for (const { rest } of held) await expect(rest).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(await workers.gone).toBe(0)
  })

  test('and once more, they end at once', async () => {
    const workers = await serving()
    const held = await workers.holdOnEach(2)
    let code: number | string | undefined
    void workers.gone.then((how) => {
      code = how
    })
    workers.primary.kill('SIGTERM')
    await workers.refuses()
    // What comes within half a second counts as the same request.
    while (code === undefined) {
      workers.primary.kill('SIGINT')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(code).toBe(130)
    for (const { pid } of held) await untilGone(pid)
  })

  test('while they start, they end without complaint', async () => {
    const workers = await start({ fate: 'hang' })
    const pids = await workers.lines(STARTING, 2)
    workers.primary.kill('SIGTERM')
    expect(await workers.gone).toBe(0)
    expect(workers.output).not.toContain('before it served')
    for (const pid of pids) await untilGone(Number(pid))
  })

  test('while one starts in the place of a dead one, the others end what they are answering', async () => {
    const workers = await serving()
    const [lost, kept] = await workers.holdOnEach(2)
    workers.decide('hang')
    process.kill(lost!.pid, 'SIGKILL')
    await workers.lines(STARTING, 3)
    workers.primary.kill('SIGTERM')
    await workers.refuses()
    process.kill(kept!.pid, 'SIGUSR2')
    expect(await kept!.rest).toBe('begun ended')
    expect(await workers.gone).toBe(0)
  })

  test('one alone makes room, and ends what it is answering even when all are asked meanwhile', async () => {
    const workers = await serving()
    const [leaving, staying] = await workers.holdOnEach(2)
    process.kill(leaving!.pid, 'SIGTERM')
    const [successor] = await workers.lines(SERVES)
    expect((await workers.holdOnEach(2)).map(({ pid }) => pid).sort()).toEqual([staying!.pid, Number(successor)].sort())
    expect(workers.output).not.toContain('a worker died')
    workers.primary.kill('SIGTERM')
    await workers.refuses()
    for (const { pid } of [leaving!, staying!]) process.kill(pid, 'SIGUSR2')
    process.kill(Number(successor), 'SIGUSR2')
    expect(await leaving!.rest).toBe('begun ended')
    expect(await staying!.rest).toBe('begun ended')
    expect(await workers.gone).toBe(0)
  })
})

test('one that dies before it ever served ends all, for the others would fare the same', async () => {
  const workers = await start({ fate: 'fail' })
  expect(await workers.gone).toBe(1)
  expect(workers.output).toContain('this start fails')
  expect(workers.output).toMatch(/^a worker ended \(1\) before it served$/m)
})

test('without the process that runs them, they end what they are answering and leave the port to the next', async () => {
  const workers = await serving()
  const held = await workers.holdOnEach(2)
  workers.primary.kill('SIGKILL')
  expect(await workers.gone).toBe('SIGKILL')
  const next = await serving({ port: workers.port })
  const pids = (await next.holdOnEach(2)).map(({ pid }) => pid)
  for (const { pid, rest } of held) {
    expect(pids).not.toContain(pid)
    process.kill(pid, 'SIGUSR2')
    expect(await rest).toBe('begun ended')
    await untilGone(pid)
  }
})
