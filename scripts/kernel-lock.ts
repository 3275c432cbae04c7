import { DatabaseSync } from 'node:sqlite'

const SQLITE_BUSY = 5

/**
 * Takes a lock for this process. The kernel holds it (SQLite locks its file), so it ends with the process
 * however that dies, and no stale lock can exist.
 * @param file made when missing, and left empty
 * @returns how to give it back, or null when another process has it
 */
export function tryKernelLock(file: string): (() => void) | null {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file)
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null
    throw new Error(`cannot lock ${file}: ${(error as Error).message}`)
  }
  const held = database
  return () => held.close()
}
