import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { tryKernelLock } from '#scripts/kernel-lock.ts'
import { tryLockFile, withLockFile } from '#scripts/lock-file.mjs'

const folder = mkdtempSync(path.join(tmpdir(), 'ub-lock-'))
const scripts = path.join(import.meta.dirname)
const children: ChildProcess[] = []

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function runHolder(code: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `${code}; console.log('held'); setInterval(() => {}, 1000)`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  children.push(child)
  await once(child.stdout!, 'data')
  return child
}

async function killHolder(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('a lock file names its living holder and is taken over from a dead one', async () => {
  const file = path.join(folder, 'install.lock')
  const holder = await runHolder(`import { tryLockFile } from '${scripts}/lock-file.mjs'; tryLockFile('${file}')`)
  expect(tryLockFile(file)).toBe(holder.pid)
  await killHolder(holder)
  expect(tryLockFile(file)).toBe(0)
  expect(readdirSync(folder)).toEqual(['install.lock'])
  rmSync(file)
})

test('work waits for the holder, is told of it once, and gives the lock back also when it fails', async () => {
  const file = path.join(folder, 'work.lock')
  const holder = await runHolder(`import { tryLockFile } from '${scripts}/lock-file.mjs'; tryLockFile('${file}')`)
  const waitedFor: number[] = []
  const work = withLockFile(
    file,
    (pid) => {
      waitedFor.push(pid)
      holder.kill('SIGKILL')
    },
    async () => 'done',
  )
  expect(await work).toBe('done')
  expect(waitedFor).toEqual([holder.pid])
  const failing = withLockFile(
    file,
    () => undefined,
    () => Promise.reject(new Error('no')),
  )
  await expect(failing).rejects.toThrow('no')
  expect(existsSync(file)).toBe(false)
})

test('half a lock or nonsense is no holder', () => {
  const file = path.join(folder, 'nonsense.lock')
  writeFileSync(file, '')
  expect(tryLockFile(file)).toBe(0)
  rmSync(file)
})

test('a kernel lock excludes other processes and ends with its holder, however that dies', async () => {
  const file = path.join(folder, 'kernel')
  const holder = await runHolder(
    `import { tryKernelLock } from '${scripts}/kernel-lock.ts'; globalThis.held = tryKernelLock('${file}')`,
  )
  expect(tryKernelLock(file)).toBeNull()
  await killHolder(holder)
  const release = tryKernelLock(file)
  expect(release).not.toBeNull()
  expect(tryKernelLock(file)).toBeNull()
  release?.()
})
