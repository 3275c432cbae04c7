import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { tryKernelLock } from '#scripts/kernel-lock.ts'

/** What an embedded installation keeps to itself, made once. */
export type Secrets = {
  AUTH_SECRET: string
  ENCRYPTION_KEY: string
  superuserPassword: string
  ownerPassword: string
  appPassword: string
}

/** Who holds a data folder. `port` is the database's, once it answers; `address` is where a service is reached, `demoPayUrl` its stand-in for Stripe. */
export type RunRecord = {
  pid: number
  command: string
  kind: 'service' | 'command'
  startedAt: string
  port?: number
  address?: string
  demoPayUrl?: string
}

/** The folder of an embedded installation: database, secrets, and who works on it. */
export class DataDir {
  readonly path: string

  constructor(folder: string) {
    this.path = path.resolve(folder)
    // PostgreSQL runs as somebody else when root starts it, and must be able to walk through.
    mkdirSync(this.path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  }

  file(name: string): string {
    return path.join(this.path, name)
  }

  /**
   * Takes the folder for this process.
   * @returns how to give it back, or null when another process has it
   */
  tryLock(): (() => void) | null {
    return tryKernelLock(this.file('lock'))
  }

  writeRunRecord(record: RunRecord): void {
    this.writeWhole('run.json', record, 0o644)
  }

  removeRunRecord(): void {
    rmSync(this.file('run.json'), { force: true })
  }

  readRunRecord(): RunRecord | undefined {
    return this.readJson('run.json') as RunRecord | undefined
  }

  /**
   * The installation's secrets, made at first use.
   * @throws {Error} when a database is there without its secrets: new ones would make its contents unreadable
   */
  secrets(databaseExists: boolean): Secrets {
    const stored = this.readJson('secrets.json') as Secrets | undefined
    if (stored) return stored
    if (databaseExists) {
      throw new Error(`${this.file('secrets.json')} is missing, and the database beside it needs it: restore that file`)
    }
    const made: Secrets = {
      AUTH_SECRET: randomBytes(32).toString('base64url'),
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      superuserPassword: randomBytes(24).toString('base64url'),
      ownerPassword: randomBytes(24).toString('base64url'),
      appPassword: randomBytes(24).toString('base64url'),
    }
    this.writeWhole('secrets.json', made, 0o600)
    return made
  }

  private readJson(name: string): unknown {
    const file = this.file(name)
    if (!existsSync(file)) return undefined
    return JSON.parse(readFileSync(file, 'utf8'))
  }

  private writeWhole(name: string, value: unknown, mode: number): void {
    const temporary = this.file(`${name}.new`)
    const file = openSync(temporary, 'w', mode)
    writeSync(file, `${JSON.stringify(value, null, 2)}\n`)
    fsyncSync(file)
    closeSync(file)
    renameSync(temporary, this.file(name))
  }
}
