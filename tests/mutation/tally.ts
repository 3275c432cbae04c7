import { EXPLAINED } from './explained.ts'
import type { Mutant } from './mutants.ts'
import type { Verdict } from './worker-process.ts'

/** Counts what became of the mutants and tells of those that somebody must look at. */
export class Tally {
  readonly #explained = new Set(EXPLAINED.flatMap(({ mutants }) => mutants))
  readonly #counts = { killed: 0, explained: 0, survived: 0, impossible: 0, stale: 0 }
  readonly #say: (line: string) => void
  readonly #printKills: boolean

  constructor(say: (line: string) => void, printKills: boolean) {
    this.#say = say
    this.#printKills = printKills
  }

  note(mutant: Mutant, verdict: Verdict): void {
    const { id, diff } = mutant
    const isExplained = this.#explained.has(id)
    if (verdict.type === 'refused') {
      this.#counts.impossible++
    } else if (verdict.failure) {
      this.#counts.killed++
      const by = `${verdict.failure.file} › ${verdict.failure.test}`
      if (isExplained) this.#noteStale(id, `is noticed by ${by}`)
      else if (this.#printKills) this.#say(`killed   ${id}\n         by ${by}`)
    } else if (isExplained) {
      this.#counts.explained++
    } else {
      this.#counts.survived++
      this.#say(`SURVIVED ${id}${diff.replace(/^/gm, '\n         ')}`)
    }
  }

  /** Explanations must be of mutants that there are. */
  noteAll(mutants: readonly Mutant[]): void {
    const known = new Set(mutants.map(({ id }) => id))
    for (const id of this.#explained) if (!known.has(id)) this.#noteStale(id, 'is explained and no longer there')
  }

  #noteStale(id: string, why: string): void {
    this.#counts.stale++
    this.#say(`STALE    ${id}\n         ${why}`)
  }

  get isClean(): boolean {
    return this.#counts.survived === 0 && this.#counts.stale === 0
  }

  describe(): string {
    const { killed, explained, survived, impossible, stale } = this.#counts
    return `${killed} killed, ${explained} explained, ${survived} survived, ${impossible} impossible; ${stale} stale explanations`
  }
}
