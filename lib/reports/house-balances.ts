import { sql } from 'drizzle-orm'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { atOneMoment, ledgerDaysOf } from './moment.ts'

/** What an account of the house, or all wallets together, got and gave in all time, in micro-credits. */
export type AccountBalance = {
  /** The account's name, or `wallet`. */
  code: string
  /** Null for the wallets together. */
  accountId: string | null
  inMicros: bigint
  outMicros: bigint
  /** In less out. All balances together are zero. */
  balanceMicros: bigint
}

/**
 * Where all credits are: every account of the house, and first the wallets together, which is what people are owed.
 * Read from the reports' sums and what is not in them yet; while those are counted anew they are not whole.
 * Admins and the service only.
 */
export async function getHouseBalances(ctx: Ctx): Promise<AccountBalance[]> {
  requireAdmin(ctx)
  return atOneMoment(ctx, async (moment) => {
    const { rows } = await moment.ctx.db.execute<{ debit: string; credit: string; micros: bigint }>(sql`
      SELECT debit, credit, sum(amount_micros)::bigint AS micros FROM ${ledgerDaysOf(moment)} days
      GROUP BY debit, credit`)
    const house = await moment.ctx.db.execute<{ id: string; code: string }>(
      sql`SELECT id, code FROM accounts WHERE code IS NOT NULL ORDER BY id LIMIT 100`,
    )
    return [{ id: null, code: 'wallet' }, ...house.rows].map(({ id: accountId, code }) => {
      const sum = (side: 'debit' | 'credit') =>
        rows.reduce((total, row) => (row[side] === code ? total + row.micros : total), 0n)
      const [inMicros, outMicros] = [sum('credit'), sum('debit')]
      return { code, accountId, inMicros, outMicros, balanceMicros: inMicros - outMicros }
    })
  })
}
