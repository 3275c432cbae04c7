/** Mutants that no test can or needs to notice, by the reason. An entry whose mutant is gone or is noticed fails. */
export const EXPLAINED: { why: string; mutants: string[] }[] = [
  {
    why: 'A lot is named by the transfer that brought it, and a transfer credits one wallet: its id alone finds the lot.',
    mutants: [
      'ledger_drain_lots | condition | UPDATE lots SET noted_micros = 0 WHERE ⟦wallet_id = p_wallet.id → true⟧ AND transfer_id = v_lot.lot_i',
      'ledger_drain_lot | condition | WHERE ⟦wallet_id = p_wallet.id → true⟧ AND transfer_id = p_lot AND l',
      'ledger_move | condition | WHERE ⟦wallet_id = p_credit → true⟧ AND transfer_id = p_into.lot_',
    ],
  },
  {
    why: 'SELECT INTO takes the first row and drops the others, and so does an UPDATE of one row.',
    mutants: [
      'ledger_hold | limit | ORDER BY left_micros, period ⟦LIMIT 1 → ⟧;',
      'ledger_move | limit | O v_lot, v_left FROM ledger_lots_in_order(p_into) ⟦LIMIT 1 → ⟧;',
    ],
  },
  {
    why: 'Where nothing is to expire nothing is found; the condition saves the call.',
    mutants: [
      'ledger_post | condition | IF ⟦v_debit.next_expiry_at <= now() → true⟧ THEN',
      'ledger_capture | condition | IF ⟦v_wallet.next_expiry_at <= now() → true⟧ THEN',
      'ledger_hold | condition | IF ⟦v_wallet.next_expiry_at <= now() → true⟧ THEN',
    ],
  },
  {
    why: 'Where there are no caps nothing is found or noted; the condition saves the statement.',
    mutants: [
      'ledger_capture | condition | IF ⟦v_wallet.caps > 0 → true⟧ THEN',
      'ledger_capture | comparison | IF v_wallet.caps ⟦> → >=⟧ 0 THEN',
      'ledger_hold | condition | IF ⟦v_wallet.caps > 0 → true⟧ THEN',
      'ledger_hold | comparison | IF v_wallet.caps ⟦> → >=⟧ 0 THEN',
      'ledger_hold | condition | IF ⟦v_wallet.caps > 0 → true⟧ AND v_wallet.open_holds < p_m',
      'ledger_hold | comparison | IF v_wallet.caps ⟦> → >=⟧ 0 AND v_wallet.open_holds < p',
    ],
  },
  {
    why: 'The lot’s id and what is left of it make the key unique, by their length also without the signs between.',
    mutants: [
      "ledger_expire_lots | piece | ⟦'expiry:' || → ⟧ v_lot.lot_id || ':' || v_lot.",
      "ledger_expire_lots | piece | 'expiry:' || v_lot.lot_id ⟦|| ':' → ⟧ || v_lot.left_micros, sha256(",
      "ledger_expire_lots | piece | 'expiry:' || v_lot.lot_id || ⟦':' || → ⟧ v_lot.left_micros, sha256(uui",
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
    why: 'The clock goes on while it is asked: nobody can meet the microsecond of a lot’s time.',
    mutants: ['ledger_capture | comparison | AND (next_expiry_at ⟦> → >=⟧ clock_timestamp()) IS NOT FAL'],
  },
  {
    why: 'Whoever asks whether it moved takes null for no.',
    mutants: ['ledger_move | result | RETURN ⟦false → NULL⟧;'],
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
      'check_usage_record | function | te_tokens, NEW.output_tokens, NEW.reasoning_tokens⟦, NEW.cost_micros → ⟧, NEW.charged_micros, NEW.bad_',
    ],
  },
  {
    why: 'What the usual way does not take goes the other way, which comes to the same.',
    mutants: [
      'ledger_hold | statement | ⟦UPDATE wallets w SET held_micros = held_… held_micros, open_holds; → NULL;⟧',
      'ledger_hold | comparison | ERE id = p_wallet AND posted_micros - held_micros ⟦>= → >⟧ p_full AND open_holds < p_max',
      'ledger_capture | constant | IF p_cost > ⟦0 → 1⟧ AND p_held > 0 THEN',
      'ledger_capture | constant | IF p_cost > 0 AND p_held > ⟦0 → 1⟧ THEN',
      'ledger_capture | sign | _micros >= p_held AND posted_micros - held_micros ⟦+ → -⟧ p_held >= p_cost',
      'ledger_capture | comparison | = p_held AND posted_micros - held_micros + p_held ⟦>= → >⟧ p_cost',
      'ledger_capture | comparison | AND posted_micros - p_cost ⟦>= → >⟧ lot_floor_micros AND caps = 0',
    ],
  },
  {
    why: 'A hold that is not looked at first as the usual one is asked all the rest, and refused or taken alike.',
    mutants: [
      'check_hold | statement | ⟦PERFORM FROM public.wallets w, public.pr….model_id = NEW.model_id; → NULL;⟧',
      'check_hold | statement | ⟦RETURN NEW; → NULL;⟧',
      "check_hold | condition | IF ⟦NEW.state = 'open' AND NEW.closed_at IS …s, NEW.omitted_turns) = 0 → false⟧ THEN",
      'check_hold | constant | AND NEW.output_cap > ⟦0 → 1⟧ AND num_nulls(NEW.prompt_toke',
      'check_hold | condition | IF ⟦FOUND → false⟧ THEN',
      'check_hold_change | statement | ⟦RETURN NEW; → NULL;⟧',
      "check_hold_change | condition | IF ⟦OLD.state = 'open' AND NEW.state = 'capt…+ NEW.bad_debt_micros > 0 → false⟧ THEN",
      'check_hold_change | sign | AND NEW.captured_micros ⟦+ → -⟧ NEW.bad_debt_micros > 0 THEN',
      'check_hold_change | constant | AND NEW.captured_micros + NEW.bad_debt_micros > ⟦0 → 1⟧ THEN',
    ],
  },
  {
    why: 'Nobody reads what a trigger returns that stands after the change.',
    mutants: [
      'check_hold_change | result | RETURN ⟦NEW → NULL⟧;',
      'check_hold_change | result | RETURN ⟦NEW → NULL⟧; (2)',
    ],
  },
  {
    why: 'A receipt that is not looked at first as the usual one is asked all the rest, and refused or taken alike.',
    mutants: [
      "check_usage_record | constant | NEW.outcome = 'completed' AND NEW.usage_source = ⟦'reported' → 'mutated'⟧ AND NEW.quarantined_usage IS",
      'check_usage_record | constant | icros + NEW.bad_debt_micros AND NEW.held_micros > ⟦0 → 1⟧',
      'check_usage_record | statement | ⟦RETURN NEW; → NULL;⟧',
      'check_usage_record | condition | IF ⟦FOUND → false⟧ THEN',
      'check_usage_record | statement | ⟦PERFORM FROM public.holds WHERE id = NEW…d = NEW.price_version_id; → NULL;⟧',
      "check_usage_record | condition | IF ⟦NEW.outcome = 'completed' AND NEW.usage_….vendor_cost_micros) >= 0 → false⟧ THEN",
      "check_usage_record | constant | IF NEW.outcome = ⟦'completed' → 'mutated'⟧ AND NEW.usage_source = 'repor",
      'check_usage_record | comparison | NEW.vendor_cost_micros) ⟦>= → >⟧ 0 THEN',
    ],
  },
  {
    why: 'A charge that is not looked at first as the usual one is asked all the rest, and refused or taken alike.',
    mutants: [
      'check_transfer | comparison | WHERE h.id = NEW.hold_id AND h.wallet_id ⟦= → <>⟧ NEW.debit_account_id',
      'check_transfer | condition | WHERE h.id = NEW.hold_id AND ⟦h.wallet_id = NEW.debit_account_id → true⟧',
      'check_transfer | comparison | ND NEW.debit_seq > 0 AND NEW.debit_balance_micros ⟦>= → >⟧ 0',
      'check_transfer | condition | IF ⟦FOUND → false⟧ THEN',
      'check_transfer | statement | ⟦RETURN NEW; → NULL;⟧',
      'check_transfer | statement | ⟦PERFORM FROM public.holds h, public.lots…id = NEW.lot_transfer_id; → NULL;⟧',
      "check_transfer | condition | IF ⟦NEW.kind = 'usage' AND NEW.credit_accoun…redit_balance_micros) = 2 → false⟧ THEN",
      "check_transfer | constant | IF NEW.kind = 'usage' AND NEW.credit_account_id = ⟦'00000000-0000-7000-8000-000000000002' → '00000000-0000-7000-8000-000000000003'⟧",
      'check_transfer | constant | t_id <> NEW.credit_account_id AND NEW.debit_seq > ⟦0 → 1⟧ AND NEW.debit_balance_micros',
      'check_transfer | constant | ulls(NEW.credit_seq, NEW.credit_balance_micros) = ⟦2 → 3⟧ THEN',
    ],
  },
]
