import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseEnv, parseServerEnv } from '#lib/env.ts'
import { PRODUCTION_SCRIPTS } from '#scripts/bootstrap.mjs'
import { edgesOf, isTest } from '#scripts/checks/module-graph.ts'
import { readSources } from '#scripts/checks/source.ts'
import { findInPath } from '#scripts/testing/install-lines.ts'

const root = path.dirname(import.meta.dirname)
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const scratch = mkdtempSync(path.join(tmpdir(), 'ub-image-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const sources = await readSources(root)
const dockerfile = read('Dockerfile').replaceAll(/\\\n/g, ' ')
const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }

const ignored = read('.dockerignore')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
const isIgnored = (file: string) =>
  ignored.some((pattern) => [pattern, `${pattern}/**`].some((glob) => path.matchesGlob(file, glob)))

/** What the final stage takes from the checkout, beside the build itself. */
const taken =
  / cp -r ([^&]+) \/image\//
    .exec(dockerfile)?.[1]
    ?.split(/\s+/)
    .filter((name) => name !== '.next') ?? []
const isTaken = (file: string) => taken.some((name) => file === name || file.startsWith(`${name}/`)) && !isIgnored(file)

test('what the Dockerfile copies is there, and reaches the build', () => {
  const copied = Array.from(dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm), ([, names = '']) => names.split(' '))
  const files = [...copied.flat(), ...taken, 'nginx/entrypoint.sh', 'nginx/templates'].filter((name) => name !== '.')
  expect(files.length).toBeGreaterThan(10)
  for (const file of files) {
    expect(existsSync(path.join(root, file)), file).toBe(true)
    expect(isIgnored(file), file).toBe(false)
  }
})

test('no secret, no history and no test reaches the build', () => {
  for (const file of ['.env', '.env.local', '.git/config', '.data/secrets.json', 'tests/support/database.ts'])
    expect(isIgnored(file), file).toBe(true)
  expect(sources.filter(({ path: file }) => isTest(file) && !isIgnored(file))).toEqual([])
  const own = sources.filter(({ path: file }) => !isTest(file) && isIgnored(file))
  expect(own.map(({ path: file }) => file)).toEqual([])
})

test('what runs in the image finds its modules and packages there', () => {
  const edges = Map.groupBy(edgesOf(sources), ({ from }) => from)
  // Workers are started by path, not imported.
  const server = sources
    .map(({ path: file }) => file)
    .filter((file) => /^scripts\/server\//.test(file) && !isTest(file))
  const reached = new Set([...PRODUCTION_SCRIPTS.map((name) => `scripts/${name}`), ...server])
  const packages = new Set<string>()
  for (const file of reached) {
    for (const { target, packageName, typeOnly } of edges.get(file) ?? []) {
      if (typeOnly) continue
      if (target !== undefined) reached.add(target)
      else if (!packageName.startsWith('node:')) packages.add(packageName)
    }
  }
  expect(reached.size).toBeGreaterThan(100)
  expect([...reached].filter((file) => !isTaken(file))).toEqual([])
  expect([...packages].filter((name) => !(name in dependencies))).toEqual([])
})

test('what the application imports is a production package', () => {
  const rooms = /^(app|lib|db|proxy\.ts|instrumentation\.ts)/
  const missing = edgesOf(sources).filter(
    ({ from, packageName = 'node:', typeOnly }) =>
      rooms.test(from) &&
      !isTest(from) &&
      !typeOnly &&
      !packageName.startsWith('node:') &&
      !(packageName in dependencies),
  )
  expect(missing.map(({ from, line, packageName }) => `${from}:${line}: ${packageName}`)).toEqual([])
  const config = Array.from(
    read('next.config.mjs').matchAll(/(?:from |import\()'(@[^/']+\/[^/']+|[^/']+)/g),
    ([, name = '']) => name,
  )
  expect(config.length).toBeGreaterThan(0)
  for (const name of config) expect(dependencies).toHaveProperty([name])
})

type Service = { image: string; environment?: Record<string, string>; stop_grace_period?: string; volumes?: string[] }
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<'entry' | 'app' | 'migrate' | 'postgres', Service>
}
const { entry, app, migrate } = compose.services

test('compose gives the app what lib/env.ts knows, all of it and nothing else', () => {
  const known = new Set(Array.from(read('lib/env.ts').matchAll(/^ {4}([A-Z][A-Z_]+): /gm), ([, name = '']) => name))
  const own = ['NODE_ENV', 'PORT', 'DATA_DIR', 'UB_DATABASE', 'UB_DEMO_URL', 'UB_DEMO_PAY']
  const wanted = [...known].filter((name) => !own.includes(name)).sort()
  expect(Object.keys(migrate.environment ?? {}).sort()).toEqual(wanted)
  // What serves never gets the role that may change the schema.
  expect(Object.keys(app.environment ?? {}).sort()).toEqual(wanted.filter((name) => name !== 'DATABASE_OWNER_URL'))
})

test('compose gives the entry what its entrypoint reads', () => {
  const described = read('nginx/entrypoint.sh').split('set -eu')[0]!
  for (const name of Object.keys(entry.environment ?? {})) expect(described).toMatch(new RegExp(`\\b${name}\\b`))
})

test('compose waits longer for the app than the app for its answers', () => {
  const { UB_DRAIN_SECONDS } = parseEnv({})
  const killAfterMs = Number(/KILL_AFTER_MS = ([\d_]+)/.exec(read('scripts/server/workers.ts'))?.[1]?.replace('_', ''))
  expect(killAfterMs).toBeGreaterThan(0)
  const limit = UB_DRAIN_SECONDS + killAfterMs / 1000
  for (const { stop_grace_period } of [app, entry])
    expect(Number(/^(\d+)s$/.exec(stop_grace_period ?? '')?.[1])).toBeGreaterThan(limit)
})

test('the files that compose mounts are in the checkout', () => {
  const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.filter((volume) => /^\.\//.test(volume)),
  )
  expect(mounted.length).toBeGreaterThan(0)
  for (const volume of mounted) expect(existsSync(path.join(root, volume.split(':')[0]!)), volume).toBe(true)
})

/** Runs the script that makes .env in a folder of its own. */
function makeEnv(name: string, ...args: string[]) {
  const folder = path.join(scratch, name)
  for (const file of ['scripts/env.sh', 'db/create-roles.sh']) cpSync(path.join(root, file), path.join(folder, file))
  const { status, stderr } = spawnSync('sh', [path.join(folder, 'scripts', 'env.sh'), ...args], { encoding: 'utf8' })
  const file = path.join(folder, '.env')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return {
    status,
    stderr,
    file,
    text,
    values: Object.fromEntries(
      Array.from(text.matchAll(/^(\w+)=(.*)$/gm), ([, name = '', value = '']) => [name, value]),
    ),
  }
}

test('env.sh makes an environment that serves, readable by its owner alone', () => {
  const { status, file, values } = makeEnv('first', 'https://chat.example.com')
  expect(status).toBe(0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(path.join(path.dirname(file), 'db', 'create-roles.sh')).mode & 0o005).toBe(0o005)
  const env = parseServerEnv(values)
  expect(env.APP_URL).toBe('https://chat.example.com')
  expect(new URL(env.DATABASE_URL).username).not.toBe(new URL(env.DATABASE_OWNER_URL ?? '').username)
})

test('env.sh makes other secrets each time, and everything that compose insists on', () => {
  const [one, two] = [makeEnv('one'), makeEnv('two')]
  const required = Array.from(read('docker-compose.yml').matchAll(/\$\{(\w+):\?/g), ([, name = '']) => name)
  expect(Object.keys(one.values)).toEqual(expect.arrayContaining(required))
  const same = Object.keys(one.values).filter((name) => one.values[name] === two.values[name])
  expect(same).toEqual(['APP_URL', 'TAG'])
})

test('env.sh leaves what is there, and says so', () => {
  const first = makeEnv('again')
  const second = makeEnv('again')
  expect(second.text).toBe(first.text)
  expect(second).toMatchObject({ status: 0, stderr: '.env is there already and stays as it is\n' })
  expect(makeEnv('again', 'https://other.example.com')).toMatchObject({ status: 1, text: first.text })
  expect(makeEnv('wrong', 'chat.example.com')).toMatchObject({ status: 2, text: '' })
})

const shellScripts = globSync(['scripts/*.sh', 'nginx/*.sh', 'db/*.sh'], { cwd: root })

test.each(shellScripts)('%s is a shell script without faults', (file) => {
  expect(statSync(path.join(root, file)).mode & 0o111, 'executable').not.toBe(0)
  expect(spawnSync('sh', ['-n', file], { cwd: root, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  if (!findInPath('shellcheck')) return
  const { stdout } = spawnSync('shellcheck', ['--severity=warning', file], { cwd: root, encoding: 'utf8' })
  expect(stdout).toBe('')
})
