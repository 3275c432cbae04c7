import type { FileHandle } from 'node:fs/promises'
import { BackupError } from './backup-error.ts'

const BLOCK = 512
/** Two empty blocks end an archive. */
const END = Buffer.alloc(2 * BLOCK)

/** Takes bytes in order and settles when they are on their way; fails when they cannot be written. */
export type Sink = (bytes: Buffer) => Promise<void>

/** Writes a tar archive (ustar) of plain files whose bytes are at hand; any `tar` opens it. */
export class TarWriter {
  readonly #sink: Sink
  readonly #seconds: number

  /** @param time of every file in it */
  constructor(sink: Sink, time: Date) {
    this.#sink = sink
    this.#seconds = Math.floor(time.getTime() / 1000)
  }

  async add(name: string, bytes: Buffer): Promise<void> {
    const header = headerOf({ name, size: bytes.length, seconds: this.#seconds })
    await this.#sink(Buffer.concat([header, bytes, Buffer.alloc(paddingOf(bytes.length))]))
  }

  end(): Promise<void> {
    return this.#sink(END)
  }
}

/** A file in an archive: where its bytes begin, and how many there are. */
export type TarEntry = { name: string; offset: number; size: number }

/**
 * Lists an archive that `TarWriter` made, reading its headers only. Every byte outside of the files must be as the writer
 * left it.
 * @throws {BackupError} when something else is found, or the file ends early or late
 */
export async function listTar(file: FileHandle): Promise<TarEntry[]> {
  const { size: total } = await file.stat()
  const entries: TarEntry[] = []
  for (let offset = 0; ; ) {
    const header = await readAt(file, offset, BLOCK)
    if (header.equals(END.subarray(BLOCK))) {
      const rest = await readAt(file, offset, END.length)
      if (!rest.equals(END) || offset + END.length !== total) throw new BackupError('it does not end where it should')
      return entries
    }
    const { name, size, seconds } = parseHeader(header)
    if (!header.equals(headerOf({ name, size, seconds }))) {
      throw new BackupError(entries.length === 0 ? 'it is no backup of this service' : `damaged at byte ${offset}`)
    }
    const padding = await readAt(file, offset + BLOCK + size, paddingOf(size))
    if (padding.some((byte) => byte !== 0)) throw new BackupError(`damaged after ${name}`)
    entries.push({ name, offset: offset + BLOCK, size })
    offset += BLOCK + size + padding.length
  }
}

/** The bytes of a file in an archive. @throws {BackupError} when the archive ends before they do */
export function readEntry(file: FileHandle, entry: TarEntry): Promise<Buffer> {
  return readAt(file, entry.offset, entry.size)
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { size } = await file.stat()
  // Before memory is taken for a length that a damaged header names.
  if (offset + length > size) throw new BackupError('it ends in the middle: it was cut off')
  const bytes = Buffer.alloc(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) throw new BackupError('it ends in the middle: it was cut off')
    done += bytesRead
  }
  return bytes
}

type Header = { name: string; size: number; seconds: number }

function headerOf({ name, size, seconds }: Header): Buffer {
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0, 100, 'utf8')
  header.write('0000600\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${octal(size, 11)}\0`, 124)
  header.write(`${octal(seconds, 11)}\0`, 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148)
  return header
}

function parseHeader(header: Buffer): Header {
  const text = (from: number, to: number) => header.toString('utf8', from, to).replace(/\0.*$/s, '')
  const number = (from: number, to: number) => {
    const digits = text(from, to)
    return /^[0-7]{11}$/.test(digits) ? Number.parseInt(digits, 8) : 0
  }
  return { name: text(0, 100), size: number(124, 136), seconds: number(136, 148) }
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}
