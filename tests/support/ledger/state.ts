import type { RealLedger } from '#tests/support/ledger/real.ts'
import type { Reference } from '#tests/support/ledger/reference.ts'

/** What can be seen of wallets, lots in the order they are drained, caps and holds, one fact a line. */
export async function readReal(real: RealLedger, wallets: string[], spenders: string[]): Promise<string[]> {
  const [row] = await real.ask<{ lines: string[] }>(READ, [wallets, spenders], 'state')
  return row!.lines
}

const READ = `
  SELECT ARRAY(
    SELECT format('wallet %s: posted %s, held %s in %s, entries %s', array_position($1::uuid[], id), posted_micros, held_micros, open_holds, seq)
    FROM wallets WHERE id = ANY($1) ORDER BY array_position($1::uuid[], id)
  ) || ARRAY(
    SELECT format('lot of %s: %s %s', array_position($1::uuid[], l.wallet_id), t.idempotency_key, l.remaining_micros)
    FROM lots_left l JOIN transfers t ON t.id = l.transfer_id
    WHERE l.wallet_id = ANY($1) AND l.remaining_micros > 0
    ORDER BY array_position($1::uuid[], l.wallet_id), l.expires_at NULLS LAST,
      CASE l.source WHEN 'promotional' THEN 1 WHEN 'code' THEN 2 ELSE 3 END, l.transfer_id
  ) || ARRAY(
    SELECT format('cap of %s on %s: %s %s, spent %s, held %s', array_position($2::uuid[], spender_id),
      array_position($1::uuid[], wallet_id), period, limit_micros,
      CASE WHEN window_end > now() THEN spent_micros ELSE 0 END, held_micros)
    FROM spend_caps WHERE wallet_id = ANY($1)
    ORDER BY array_position($1::uuid[], wallet_id), array_position($2::uuid[], spender_id), period
  ) || ARRAY(
    SELECT format('hold %s: %s, %s charged %s lost %s', id, amount_micros, state, captured_micros, bad_debt_micros)
    FROM holds WHERE wallet_id = ANY($1) ORDER BY id
  ) AS lines`

/** The same of the reference. */
export function readReference(reference: Reference, spenders: string[]): string[] {
  const numbered = reference.wallets.map((wallet, index) => ({ wallet, number: index + 1 }))
  return [
    ...numbered.map(({ wallet, number }) => {
      const open = reference.open(wallet).length
      const [posted, held] = [reference.posted(wallet), reference.held(wallet)]
      return `wallet ${number}: posted ${posted}, held ${held} in ${open}, entries ${wallet.entries.length}`
    }),
    ...numbered.flatMap(({ wallet, number }) =>
      reference.inDrainOrder(wallet).map((lot) => `lot of ${number}: ${lot.key} ${lot.left}`),
    ),
    ...numbered.flatMap(({ wallet, number }) =>
      spenders.flatMap((spender, index) =>
        reference
          .capsOf(wallet, spender)
          .map(
            (cap) =>
              `cap of ${index + 1} on ${number}: ${cap.period} ${cap.limit}, spent ${cap.spent}, held ${cap.held}`,
          ),
      ),
    ),
    ...reference.holds
      .toSorted((a, b) => (a.request.id < b.request.id ? -1 : 1))
      .map(
        ({ request, amount, state, charged, badDebt }) =>
          `hold ${request.id}: ${amount}, ${state} charged ${charged} lost ${badDebt}`,
      ),
  ]
}

/** What the books of wallets say of each other: each list names what contradicts. */
export async function readProofs(real: RealLedger, wallets: string[]) {
  const entries: { amount: bigint; balance: bigint }[][] = []
  for (const wallet of wallets) {
    const rows = await real.ask<{ seq: bigint; amount: bigint; balance: bigint }>(ENTRIES, [wallet], 'entries')
    // Numbered without a gap, each balance is the one before and its amount.
    rows.forEach((row, index) => {
      if (row.seq !== BigInt(index) + 1n || row.balance !== (rows[index - 1]?.balance ?? 0n) + row.amount) {
        throw new Error(`entry ${row.seq} of ${wallet} does not follow`)
      }
    })
    entries.push(rows.map(({ amount, balance }) => ({ amount, balance })))
  }
  const house = await real.ask<{ name: string; amount: bigint }>(HOUSE_SUMS, [wallets], 'house')
  return {
    entries,
    house: Object.fromEntries(house.map(({ name, amount }) => [name, amount])),
    lots: await real.ask(
      `${LOT_PAYMENTS}
      SELECT l.transfer_id FROM lots_left l LEFT JOIN lot_payments u ON (u.wallet_id, u.lot_transfer_id) = (l.wallet_id, l.transfer_id)
      WHERE l.wallet_id = ANY($1)
      GROUP BY l.wallet_id, l.transfer_id, l.amount_micros, l.remaining_micros
      HAVING l.amount_micros - coalesce(sum(u.amount_micros), 0) <> l.remaining_micros`,
      [wallets],
      'lots',
    ),
    transfers: await real.ask(
      `${LOT_PAYMENTS}
      SELECT t.id FROM transfers t LEFT JOIN lot_payments u ON u.transfer_id = t.id AND u.wallet_id = t.debit_account_id
      WHERE t.debit_account_id = ANY($1)
      GROUP BY t.id HAVING t.amount_micros <> coalesce(sum(u.amount_micros), 0)`,
      [wallets],
      'transfers',
    ),
    wallets: await real.ask(
      `
      SELECT w.id FROM wallets w
      WHERE w.id = ANY($1) AND (w.held_micros <> 0 OR w.open_holds <> 0
        OR w.posted_micros <> (SELECT coalesce(sum(remaining_micros), 0) FROM lots_left WHERE wallet_id = w.id)
        OR w.posted_micros <> (SELECT coalesce(sum(CASE WHEN credit_account_id = w.id THEN amount_micros ELSE -amount_micros END), 0)
          FROM transfers WHERE w.id IN (debit_account_id, credit_account_id)))`,
      [wallets],
      'wallets',
    ),
  }
}

/** Which lots paid: a transfer names its one lot, or they stand beside it. */
const LOT_PAYMENTS = `
  WITH lot_payments AS (
    SELECT wallet_id, transfer_id, lot_transfer_id, amount_micros FROM lot_uses
    UNION ALL
    SELECT debit_account_id, id, lot_transfer_id, amount_micros FROM transfers WHERE lot_transfer_id IS NOT NULL
  )`

const ENTRIES = `
  SELECT debit_seq AS seq, -amount_micros AS amount, debit_balance_micros AS balance FROM transfers WHERE debit_account_id = $1
  UNION ALL
  SELECT credit_seq, amount_micros, credit_balance_micros FROM transfers WHERE credit_account_id = $1
  ORDER BY seq`

/** What the wallets' transfers, and the bad debts of their calls, did to the accounts of the house. */
const HOUSE_SUMS = `
  WITH mine AS (
    SELECT id, debit_account_id, credit_account_id, amount_micros FROM transfers WHERE debit_account_id = ANY($1)
    UNION SELECT id, debit_account_id, credit_account_id, amount_micros FROM transfers WHERE credit_account_id = ANY($1)
    UNION SELECT t.id, debit_account_id, credit_account_id, t.amount_micros
    FROM holds h JOIN transfers t ON t.hold_id = h.id WHERE h.wallet_id = ANY($1)
  ), sides AS (
    SELECT debit_account_id AS account, -amount_micros AS amount FROM mine
    UNION ALL SELECT credit_account_id, amount_micros FROM mine
  )
  SELECT CASE a.code WHEN 'bad_debt' THEN 'badDebt' ELSE a.code END AS name, sum(s.amount)::bigint AS amount
  FROM sides s JOIN accounts a ON a.id = s.account WHERE a.kind = 'house' GROUP BY a.code HAVING sum(s.amount) <> 0`
