import { PlainError } from '#scripts/run-main.ts'

/** A file that is no whole backup; `reason` says what is wrong with it. */
export class BackupError extends PlainError {
  constructor(reason: string, options?: ErrorOptions) {
    super(`this backup cannot be used: ${reason}`)
    this.cause = options?.cause
  }
}
