import { parseArgs } from 'node:util'
import { PlainError } from '#scripts/run-main.ts'

export type StartOptions = { demoPay: boolean; help: boolean }

/**
 * Reads what was typed after `npm start --`.
 * @param command what a person typed before it
 * @throws {PlainError} naming what is no option
 */
export function parseStartOptions(
  args: readonly string[],
  command: string,
  env: Record<string, string | undefined> = process.env,
): StartOptions {
  // npm keeps what stands before the dashes for itself, and would start without the demo.
  if (env.npm_config_demo_pay) throw new PlainError(`write ${command} -- --demo-pay, with the two dashes before it`)
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { 'demo-pay': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    return { demoPay: values['demo-pay'] ?? false, help: values.help ?? false }
  } catch (error) {
    const [reason] = (error as Error).message.split('. ')
    throw new PlainError(`${command}: ${reason}; ${command} -- --help lists the options`, { cause: error })
  }
}

/** What `--help` prints. */
export function describeStartOptions(command: string): string {
  return `usage: ${command} [-- --demo-pay]

  --demo-pay  show a whole purchase without any account: a stand-in for Stripe takes the payments. No money is moved,
              every page says so, and whoever reaches the service can give themselves credits. Refused beside a key of
              Stripe, at a public address, and on a database with orders that were paid for.
  --help      this

Settings come from .env or the environment: README.md, "Configure".
`
}
