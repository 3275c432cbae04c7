import path from 'node:path'
import { parseArgs } from 'node:util'
import { runChecks } from './checks/steps.ts'

const { values } = parseArgs({ options: { fix: { type: 'boolean', default: false } } })
const results = await runChecks(
  { root: path.dirname(import.meta.dirname), fix: values.fix },
  ({ name, ok, output }) => {
    console.log(`${ok ? 'ok' : 'FAIL'} ${name}`)
    if (!ok) console.log(output.replace(/^/gm, '  '))
  },
)
const failed = results.filter((result) => !result.ok).length
console.log(`check: ${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
