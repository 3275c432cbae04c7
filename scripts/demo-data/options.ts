import { parseArgs } from 'node:util'
import { PlainError } from '#scripts/run-main.ts'
import { type DemoSize, isDemoSize } from './scale.ts'

export const SEED_USAGE = `usage: npm run seed [-- --demo small|large]

  --demo small|large  also a year of a service that was never there: people, conversations, calls, payments.
                      Only into a database without people and orders.
  --help              this
`

/**
 * Reads what was typed after `npm run seed --`.
 * @throws {PlainError} for what is no option
 */
export function parseSeedOptions(
  args: readonly string[],
  env: Record<string, string | undefined> = process.env,
): { demo: DemoSize | null; help: boolean } {
  // npm keeps what stands before the dashes for itself, and would seed without the demo.
  if (env.npm_config_demo) throw new PlainError('write npm run seed -- --demo large, with the two dashes before it')
  let values: { demo?: string; help?: boolean }
  try {
    values = parseArgs({
      args: [...args],
      options: { demo: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }).values
  } catch (error) {
    const [reason] = (error as Error).message.split('. ')
    throw new PlainError(`npm run seed: ${reason}\n${SEED_USAGE}`, { cause: error })
  }
  const { demo, help = false } = values
  if (demo === undefined) return { demo: null, help }
  if (!isDemoSize(demo)) throw new PlainError(`--demo is small or large, not '${demo}'`)
  return { demo, help }
}
