import { createDatabase, type Database } from '#db/client.ts'

/** A pool that notes every statement it sends; `take` returns those since the last call, without BEGIN and COMMIT. */
export function createCountedDatabase(url: string): { db: Database; take(): string[] } {
  const statements: string[] = []
  const db = createDatabase(url, 5)
  db.$client.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const counting = (...args: unknown[]) => {
      const [statement] = args as [{ text?: string } | string]
      statements.push(typeof statement === 'string' ? statement : (statement.text ?? ''))
      return query(...args)
    }
    client.query = counting as unknown as typeof client.query
  })
  const take = () =>
    statements
      .splice(0)
      .map((text) => text.trim())
      .filter((text) => !/^(begin|commit)$/i.test(text))
  return { db, take }
}
