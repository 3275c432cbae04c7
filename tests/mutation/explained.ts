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
    why: 'A transfer that breaks one rule is refused whatever else is asked of it.',
    mutants: ['check_transfer | condition | IF ⟦v_broken IS NULL → true⟧ THEN'],
  },
  {
    why: 'Where there are no caps nothing is noted; the condition saves the statement.',
    mutants: ['ledger_hold | condition | IF ⟦v_cap.period IS NOT NULL → true⟧ THEN'],
  },
  {
    why: 'The lot’s id and what is left of it make the key unique, by their length also without the signs between.',
    mutants: [
      "ledger_lock_wallet | piece | ⟦'expiry:' || → ⟧ v_lot.transfer_id || ':' || v",
      "ledger_lock_wallet | piece | 'expiry:' || v_lot.transfer_id ⟦|| ':' → ⟧ || v_lot.remaining_micros, sh",
      "ledger_lock_wallet | piece | 'expiry:' || v_lot.transfer_id || ⟦':' || → ⟧ v_lot.remaining_micros, sha25",
    ],
  },
  {
    why: 'What is not in the list comes last, and so does the last of the list.',
    mutants: [
      "ledger_lots_in_order | constant | LAST, array_position(ARRAY['promotional', 'code', ⟦'paid' → 'promotional'⟧], source), transfer_id",
      "ledger_lots_in_order | list | S LAST, array_position(ARRAY['promotional', 'code'⟦, 'paid' → ⟧], source), transfer_id",
    ],
  },
  {
    why: 'Whoever asks whether it moved takes null for no.',
    mutants: ['ledger_move | result | RETURN ⟦false → NULL⟧;', 'ledger_move | result | RETURN ⟦false → NULL⟧; (2)'],
  },
  {
    why: 'An empty range includes no bound, so the next part of the condition refuses it.',
    mutants: [
      'price_versions | condition | CHECK ((⟦(NOT isempty(valid_during)) → true⟧ AND lower_inc(valid_during) A',
    ],
  },
  {
    why: 'It is the sum of two that are not negative, or refused as not being that.',
    mutants: [
      'usage_records | function | output_tokens)::bigint, (reasoning_tokens)::bigint⟦, cost_micros → ⟧, charged_micros, bad_debt_mic',
    ],
  },
]
