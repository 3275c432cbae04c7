import { parseArgs } from 'node:util'
import { type AnyCommand, Options, UsageError, type Wording } from './command.ts'

export type CommandLine =
  | { kind: 'help'; text: string }
  | { kind: 'run'; command: AnyCommand; options: Options; args: string[] }

const PROGRAM = 'npm run admin --'

/**
 * Reads a command line.
 * @throws {UsageError} when it names no verb, or not what the verb takes
 */
export function parseCommandLine(argv: readonly string[], commands: readonly AnyCommand[]): CommandLine {
  const words = argv[0] === 'help' ? argv.slice(1) : argv
  const command = findCommand(words, commands)
  if (!command) {
    const asked = words.length === 0 || words[0] === '--help' || words[0] === '-h'
    if (asked) return { kind: 'help', text: describeAll(commands) }
    throw new UsageError(unknownVerb(words, commands))
  }
  if (argv[0] === 'help') return { kind: 'help', text: describeCommand(command) }
  const { values, positionals } = parseOptions(command, words.slice(command.name.split(' ').length))
  if (values.help) return { kind: 'help', text: describeCommand(command) }
  const expected = command.args ?? []
  const missing = expected[positionals.length]
  if (missing) throw new UsageError(`${missing} is missing; usage: ${usage(command)}`)
  if (positionals.length > expected.length) {
    throw new UsageError(`'${positionals[expected.length]}' is too much; usage: ${usage(command)}`)
  }
  for (const [name, option] of Object.entries(command.options)) {
    if (option.required && values[name] === undefined) {
      throw new UsageError(`--${name} is missing; usage: ${usage(command)}`)
    }
    if (values[name] === '') throw new UsageError(`--${name} is empty`)
  }
  return { kind: 'run', command, options: new Options(values), args: positionals }
}

function findCommand(words: readonly string[], commands: readonly AnyCommand[]): AnyCommand | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, index) => words[index] === word))
}

function parseOptions(command: Wording, args: readonly string[]) {
  const types = Object.fromEntries(
    Object.entries(command.options).map(([name, { value }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const) },
    ]),
  )
  try {
    return parseArgs({
      args: joinNegatives(args),
      options: { ...types, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    }) as { values: Record<string, string | boolean | undefined>; positionals: string[] }
  } catch (error) {
    const [reason] = (error as Error).message.split('. ')
    throw new UsageError(`${reason}; usage: ${usage(command)}`, { cause: error })
  }
}

/** Node takes what begins with a dash for an option: `--credits -5` is meant as `--credits=-5`. */
function joinNegatives(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const word of args) {
    const before = joined.at(-1)
    if (/^-\d/.test(word) && before?.startsWith('--') && !before.includes('='))
      joined[joined.length - 1] = `${before}=${word}`
    else joined.push(word)
  }
  return joined
}

function unknownVerb(words: readonly string[], commands: readonly Wording[]): string {
  const family = commands.filter(({ name }) => name.split(' ')[0] === words[0])
  const names = (family.length > 0 ? family : commands).map(({ name }) => name).join(', ')
  return `there is no verb '${words.join(' ')}'; there are: ${names}`
}

function usage(command: Wording): string {
  const options = Object.entries(command.options).map(([name, option]) => {
    const text = option.value ? `--${name} ${option.value}` : `--${name}`
    return option.required ? text : `[${text}]`
  })
  return [PROGRAM, command.name, ...(command.args ?? []), ...options, '[--json]'].join(' ')
}

function describeCommand(command: Wording): string {
  const rows = Object.entries(command.options).map(([name, { value, help, required }]) => [
    value ? `--${name} ${value}` : `--${name}`,
    required ? `${help} (required)` : help,
  ])
  const notes = command.notes ? [command.notes, ''] : []
  return [
    command.summary,
    '',
    `  ${usage(command)}`,
    '',
    ...table([...rows, ['--json', 'answer as one line of JSON']]),
    '',
    ...notes,
    'Ends with 0 when done, 1 when it could not be done, 2 when the command line is wrong.',
  ].join('\n')
}

function describeAll(commands: readonly Wording[]): string {
  return [
    'The operator’s verbs. They work beside a running service as well as without one.',
    '',
    `  ${PROGRAM} VERB [options]`,
    '',
    ...table(commands.map(({ name, summary }) => [name, summary])),
    '',
    `  ${PROGRAM} help VERB    tells what a verb takes`,
  ].join('\n')
}

function table(rows: (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([left = '']) => left.length))
  return rows.map(([left = '', right]) => `  ${left.padEnd(width)}  ${right}`)
}
