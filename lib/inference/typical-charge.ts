import { type SQL, sql } from 'drizzle-orm'

/** Answers whose charges are a measure, and among how many calls they are looked for. */
const SAMPLE = 20
const RECENT_CALLS = 500

/**
 * What an answer in a conversation usually costs the owner of a wallet: the median charge of the latest complete ones.
 * An expression, null before the first; micro-credits.
 */
export function typicalCharge(wallet: SQL): SQL<bigint | null> {
  return sql<bigint | null>`(
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY s.charged_micros) FROM (
      SELECT r.charged_micros FROM (
        SELECT u.id, u.charged_micros, u.conversation_id, u.outcome FROM usage_records u
        WHERE u.wallet_id = ${wallet} ORDER BY u.id DESC LIMIT ${RECENT_CALLS}
      ) r
      WHERE r.conversation_id IS NOT NULL AND r.outcome = 'completed' AND r.charged_micros > 0
      ORDER BY r.id DESC LIMIT ${SAMPLE}
    ) s)`
}
