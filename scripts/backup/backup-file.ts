import { createHash, type Hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { PlainError } from '#scripts/run-main.ts'
import type { Sink } from './tar.ts'

/** Bytes on their way, counted and hashed. */
export type Written = { bytes: number; sha256: string }

/**
 * Makes a file, for its owner alone, that has its name only when it is whole and on the disk.
 * @throws {PlainError} when it is there already, cannot be made, or cannot be written to its end
 */
export async function writeWholeFile(file: string, write: (sink: Sink) => Promise<void>): Promise<Written> {
  if (existsSync(file)) throw new PlainError(`${file} is there already`)
  const temporary = `${file}.partial`
  const handle = await openNew(temporary)
  try {
    const meter = new Meter()
    await write(async (bytes) => {
      meter.add(bytes)
      await handle.appendFile(bytes).catch((error: NodeJS.ErrnoException) => {
        throw new PlainError(`${file} cannot be written: ${error.message}`, { cause: error })
      })
    })
    await handle.sync()
    await handle.close()
    if (existsSync(file)) throw new PlainError(`${file} is there already`)
    await rename(temporary, file)
    await syncFolder(path.dirname(file))
    return meter.read()
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}

/** Writes to a stream of this process, such as its standard output. @throws {PlainError} when its reader has gone */
export async function writeToStream(stream: Writable, write: (sink: Sink) => Promise<void>): Promise<Written> {
  const meter = new Meter()
  // Whoever writes learns of it; without a listener it would end the process.
  const ignore = () => undefined
  stream.on('error', ignore)
  try {
    await write((bytes) => {
      meter.add(bytes)
      return new Promise((resolve, reject) =>
        stream.write(bytes, (error) => {
          if (error) reject(new PlainError(`the backup was not taken to its end: ${error.message}`, { cause: error }))
          else resolve()
        }),
      )
    })
    return meter.read()
  } finally {
    stream.off('error', ignore)
  }
}

class Meter {
  #bytes = 0
  readonly #hash: Hash = createHash('sha256')

  add(bytes: Buffer): void {
    this.#bytes += bytes.length
    this.#hash.update(bytes)
  }

  read(): Written {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}

async function openNew(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code === 'EEXIST' ? `${file} is left of a backup that did not end: remove it` : message
    throw new PlainError(`the backup cannot be written: ${reason}`, { cause: error })
  }
}

/** So that the name outlives a power cut too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
