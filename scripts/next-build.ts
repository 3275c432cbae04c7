import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { tryKernelLock } from '#scripts/kernel-lock.ts'
import { startProgress } from '#scripts/progress.mjs'
import { PlainError } from '#scripts/run-main.ts'

const SOURCE_FOLDERS = ['app', 'db', 'lib', 'public']
const SOURCE_FILES =
  /^(package-lock\.json|package\.json|tsconfig\.json|(next|postcss|tailwind)\.config\.\w+|proxy\.ts|instrumentation\.ts)$/

/** A hash over everything that ends up in a build: what changes it makes the build stale. */
export function hashSources(root: string): string {
  const hash = createHash('sha256')
  const rootFiles = readdirSync(root).filter((name) => SOURCE_FILES.test(name))
  for (const file of [...rootFiles, ...SOURCE_FOLDERS.flatMap((folder) => listFiles(root, folder))].sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function listFiles(root: string, folder: string): string[] {
  if (!existsSync(path.join(root, folder))) return []
  return readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
}

/** Whether the finished build in `.next` was made from these sources. */
export function isBuilt(root: string): boolean {
  const marker = markerOf(root)
  if (!existsSync(marker) || !existsSync(path.join(root, '.next', 'BUILD_ID'))) return false
  return readFileSync(marker, 'utf8') === hashSources(root)
}

/**
 * Builds the application unless the build that is there fits the sources. One process builds, others wait for it.
 * @param signal breaks a build off
 * @throws {PlainError} with the build's own words when it fails
 */
export async function buildWhenStale(
  root: string,
  options: { force?: boolean; signal?: AbortSignal } = {},
): Promise<void> {
  if (!options.force && isBuilt(root)) return
  const release = await takeBuildLock(root, options.signal)
  try {
    if (!options.force && isBuilt(root)) return
    rmSync(markerOf(root), { force: true })
    const sources = hashSources(root)
    await runNextBuild(root, options.signal)
    writeFileSync(markerOf(root), sources)
  } finally {
    release()
  }
}

// Written last, so that a build that was broken off is never taken for a whole one.
const markerOf = (root: string) => path.join(root, '.next', 'built-from')

async function takeBuildLock(root: string, signal?: AbortSignal): Promise<() => void> {
  for (let told = false; ; told = true) {
    const release = tryKernelLock(path.join(root, 'node_modules', '.ub-build.lock'))
    if (release) return release
    if (!told) process.stdout.write('  Waiting for another build …\n')
    await wait(250, undefined, { signal })
  }
}

async function runNextBuild(root: string, signal?: AbortSignal): Promise<void> {
  const done = startProgress('Building the application')
  const child = spawn(process.execPath, [path.join(root, 'node_modules', 'next', 'dist', 'bin', 'next'), 'build'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    signal,
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const code = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (status, killedBy) => resolve(status ?? killedBy ?? 1))
  })
  done(code === 0 ? 'done' : 'failed')
  if (code !== 0) throw new PlainError(`next build failed (${code})\n${output.trim()}`)
}
