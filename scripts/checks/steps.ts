import { spawn } from 'node:child_process'
import path from 'node:path'
import { findViolations } from './boundaries.ts'
import { findBuiltSql } from './built-sql.ts'
import { checkCatalogues } from './catalogues.ts'
import { readSources } from './source.ts'

export type StepResult = { name: string; ok: boolean /** What is wrong; empty when nothing is. */; output: string }

/**
 * Runs every check of the checkout at once; none needs a database or a build.
 * @param options.root the checkout
 * @param options.fix formats and sorts imports instead of only telling
 * @param report told of each step, in the order of the list, as soon as its turn has come
 */
export async function runChecks(
  options: { root: string; fix: boolean },
  report: (result: StepResult) => void,
): Promise<StepResult[]> {
  const { root, fix } = options
  const biome = (args: string[]) =>
    runTool(root, '@biomejs/biome/bin/biome', [...args, '--reporter=concise', '--max-diagnostics=500', '--colors=off'])
  // What writes goes first: the others must read what it leaves.
  const format = biome([
    'check',
    '--linter-enabled=false',
    '--error-on-warnings',
    ...(fix ? ['--write'] : []),
    '.',
  ]).then((said) => said && `${said}\n\nnpm run check -- --fix formats and sorts imports`)
  if (fix) await format
  const lint = biome(['lint', '--error-on-warnings', '.'])
  const types = runTool(root, 'typescript/bin/tsc', ['--noEmit', '--pretty', 'false', '-p', 'tsconfig.check.json'])
  const deadCode = runTool(root, 'knip/bin/knip.js', ['--no-progress', '--no-config-hints'])
  const sources = readSources(root)
  const boundaries = sources.then((files) => findViolations(files).join('\n'))
  const sql = sources.then((files) => findBuiltSql(files).join('\n'))
  const catalogues = sources.then((files) => checkCatalogues(root, files).join('\n'))

  const steps: [string, Promise<string>][] = [
    ['format', format],
    ['lint', lint],
    ['types', types],
    ['boundaries', boundaries],
    ['sql', sql],
    ['dead code', deadCode],
    ['catalogues', catalogues],
  ]
  const outcomes = steps.map(([name, run]) =>
    run.then(
      (output) => ({ name, ok: output === '', output }),
      (error: Error) => ({ name, ok: false, output: error.message }),
    ),
  )
  const results: StepResult[] = []
  for (const outcome of outcomes) {
    const result = await outcome
    report(result)
    results.push(result)
  }
  return results
}

/** Runs a tool of node_modules. @returns what it said when it failed, else nothing */
function runTool(root: string, script: string, args: string[]): Promise<string> {
  const child = spawn(process.execPath, [path.join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code === 0 ? '' : output.trim() || `ended with ${code ?? signal}`))
  })
}
