import type { Ctx } from '#lib/ctx.ts'

export type Option = {
  /** What stands for the value in the help, such as `EMAIL`; a switch has none. */
  value?: string
  required?: boolean
  help: string
}

/**
 * What a verb has done: `text` for a person, `data` for a program; amounts in `data` are decimal strings. `exitCode` is
 * 1 where the answer itself is bad news.
 */
export type Outcome = {
  text: string
  data: Record<string, unknown>
  exitCode?: 0 | 1
  /** Standard output was used for something else: the answer goes beside it. */
  besides?: boolean
}

/** Reads a secret without showing it: from a pipe when `fromPipe`, else typed twice at a terminal. */
export type SecretReader = (options: { label: string; fromPipe: boolean; pipeOption: string }) => Promise<string>

export type CommandInput = { ctx: Ctx; options: Options; args: string[]; readSecret: SecretReader }

/** How a verb is called. */
export type Wording = {
  name: string
  summary: string
  /** What follows the name without a dash, such as `ID`; all are required. */
  args?: string[]
  options: Record<string, Option>
  /** More than one line of help, where the options do not say it all. */
  notes?: string
}

/** A verb of the operator, such as `grant` or `channel add`, on a database that is at this release. */
export type Command = Wording & { run(input: CommandInput): Promise<Outcome> }

/** A verb that opens itself what it needs: no database, or one that need not be at this release. */
export type StandaloneCommand = Wording & { runAlone(input: Pick<CommandInput, 'options' | 'args'>): Promise<Outcome> }

export type AnyCommand = Command | StandaloneCommand

/** The command line is not what the verb takes; the message says what to do about it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The options of one command line, checked against what the verb takes. */
export class Options {
  readonly #values: Record<string, string | boolean | undefined>

  constructor(values: Record<string, string | boolean | undefined>) {
    this.#values = values
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  find(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  /** @throws {UsageError} when it was not given */
  get(name: string): string {
    const value = this.find(name)
    if (value === undefined) throw new UsageError(`--${name} is missing`)
    return value
  }

  /** A whole number that is not negative. @throws {UsageError} when it is anything else */
  findNumber(name: string): number | undefined {
    const text = this.find(name)
    if (text === undefined) return undefined
    if (!/^\d{1,12}$/.test(text)) throw new UsageError(`--${name} must be a whole number, not '${text}'`)
    return Number(text)
  }
}
