/** Which file to run first: the one that noticed most of what was done to the same function or table, then the quickest. */
export class Order {
  readonly #files: string[]
  readonly #kills = new Map<string, number>()

  constructor(files: string[], durations: Record<string, number>) {
    this.#files = files.toSorted((a, b) => (durations[a] ?? 0) - (durations[b] ?? 0))
  }

  of(object: string): string[] {
    const killsOf = (file: string) => this.#kills.get(`${object} ${file}`) ?? 0
    return this.#files.toSorted((a, b) => killsOf(b) - killsOf(a))
  }

  note(object: string, file: string): void {
    const key = `${object} ${file}`
    this.#kills.set(key, (this.#kills.get(key) ?? 0) + 1)
  }
}
