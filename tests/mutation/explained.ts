/** Mutants that no test can or needs to notice, by the reason. An entry whose mutant is gone or is noticed fails. */
export const EXPLAINED: { why: string; mutants: string[] }[] = [
  {
    why: 'A lot is named by the transfer that brought it, and a transfer credits one wallet: its id alone finds the lot.',
    mutants: ['ledger_drain_lots | condition | WHERE ⟦wallet_id = p_wallet → true⟧ AND transfer_id = v_lot.trans'],
  },
  {
    why: 'SELECT INTO takes the first row and drops the others.',
    mutants: ['ledger_hold | limit | ORDER BY left_micros, period ⟦LIMIT 1 → ⟧;'],
  },
  {
    why: 'Where there are no caps nothing is noted; the condition saves the statement.',
    mutants: ['ledger_hold | condition | IF ⟦v_cap.period IS NOT NULL → true⟧ THEN'],
  },
]
