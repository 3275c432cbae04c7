/** States of PostgreSQL that mean: not now (shutting down, starting, too many connections, connection lost). */
const AWAY_STATES = new Set(['57P01', '57P02', '57P03', '53300', '08000', '08001', '08003', '08004', '08006'])
const AWAY_SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])
// pg gives these no code.
const AWAY_WORDS =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/

/** True when a statement failed because the database could not be reached, not because of the statement. */
export function isDatabaseAway(error: unknown): boolean {
  for (let fault = error; fault instanceof Error; fault = fault.cause) {
    const { code } = fault as { code?: unknown }
    if (typeof code === 'string' && (AWAY_STATES.has(code) || AWAY_SYSTEM_CODES.has(code))) return true
    if (AWAY_WORDS.test(fault.message)) return true
  }
  return false
}
