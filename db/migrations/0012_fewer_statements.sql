ALTER TABLE "lot_uses" DROP CONSTRAINT "lot_uses_transfer_id_transfers_id_fk";
--> statement-breakpoint
ALTER TABLE "lot_uses" DROP CONSTRAINT "lot_uses_wallet_id_lot_transfer_id_lots_wallet_id_transfer_id_fk";
--> statement-breakpoint

-- A call that uses up one lot and goes on with the next wrote seven rows more than one that stays in its lot: the lot was
-- put down first, then drained like any other, then another was taken up. It writes three more now. Whoever moves credits
-- works with the lots as they are, the one that is being paid from included, and the wallet is written once.
DROP FUNCTION ledger_take_up_lot(uuid);--> statement-breakpoint
DROP FUNCTION ledger_put_down_lot(wallets);--> statement-breakpoint
DROP FUNCTION ledger_drain_lots(uuid, uuid, bigint, uuid);--> statement-breakpoint
DROP FUNCTION ledger_lots_in_order(uuid);--> statement-breakpoint

-- As for what other rows name: a foreign key would lock the transfer and the lot once more. Nobody can delete either.
CREATE FUNCTION check_lot_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text;
BEGIN
  PERFORM FROM public.transfers t, public.lots l
  WHERE t.id = NEW.transfer_id AND t.debit_account_id = NEW.wallet_id AND t.lot_transfer_id IS NULL
    AND l.wallet_id = NEW.wallet_id AND l.transfer_id = NEW.lot_transfer_id;
  IF NOT FOUND THEN
    v_broken := CASE
      WHEN NOT EXISTS (SELECT 1 FROM public.lots WHERE wallet_id = NEW.wallet_id AND transfer_id = NEW.lot_transfer_id)
        THEN 'lot_uses_lot_exists'
      ELSE 'lot_uses_transfer_exists' END;
    RAISE EXCEPTION 'a use of a lot breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER lot_uses_check BEFORE INSERT ON lot_uses FOR EACH ROW EXECUTE FUNCTION check_lot_use();--> statement-breakpoint

-- The lots of a wallet that are not noted as used up, and what is left of them, in the order in which they are drained:
-- soonest expiry first, and promotional before code before paid among those that expire together. The caller has locked
-- the wallet and hands it over as it is.
CREATE FUNCTION ledger_lots_in_order(p_wallet wallets)
RETURNS TABLE (lot_id uuid, left_micros bigint, lot_expires_at timestamptz) LANGUAGE sql STABLE AS $$
  SELECT transfer_id,
    CASE WHEN transfer_id = p_wallet.lot_transfer_id THEN p_wallet.posted_micros - p_wallet.lot_floor_micros
      ELSE noted_micros END,
    expires_at
  FROM lots WHERE wallet_id = p_wallet.id AND noted_micros > 0
  ORDER BY expires_at NULLS LAST, array_position(ARRAY['promotional', 'code', 'paid'], source), transfer_id
$$;--> statement-breakpoint

-- Takes an amount out of the lots of a wallet, in their order, and puts on record which paid. Returns the lot that the
-- wallet pays from afterwards, which is the first that is not used up, and the balance at which that one will be; null
-- when all are.
CREATE FUNCTION ledger_drain_lots(
  p_wallet wallets, p_transfer uuid, p_amount bigint, OUT paying_lot_id uuid, OUT floor_micros bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_left bigint := p_amount;
  v_lot record;
  v_take bigint;
BEGIN
  FOR v_lot IN SELECT * FROM ledger_lots_in_order(p_wallet) LOOP
    v_take := least(v_left, v_lot.left_micros);
    v_left := v_left - v_take;
    IF v_take > 0 THEN
      INSERT INTO lot_uses (wallet_id, transfer_id, lot_transfer_id, amount_micros)
      VALUES (p_wallet.id, p_transfer, v_lot.lot_id, v_take);
    END IF;
    IF v_take < v_lot.left_micros THEN
      paying_lot_id := v_lot.lot_id;
      floor_micros := p_wallet.posted_micros - p_amount - (v_lot.left_micros - v_take);
      EXIT;
    END IF;
    UPDATE lots SET noted_micros = 0 WHERE wallet_id = p_wallet.id AND transfer_id = v_lot.lot_id;
  END LOOP;
  IF v_left > 0 THEN
    RAISE EXCEPTION 'lots of wallet % hold % less than its balance', p_wallet.id, v_left USING ERRCODE = 'UB009';
  END IF;
END $$;--> statement-breakpoint

-- Takes an amount out of one lot of a wallet and puts that on record. Returns the balance at which the lot that the wallet
-- pays from is used up then.
CREATE FUNCTION ledger_drain_lot(p_wallet wallets, p_lot uuid, p_transfer uuid, p_amount bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE lots SET noted_micros = l.left_micros - p_amount FROM ledger_lots_in_order(p_wallet) l
  WHERE wallet_id = p_wallet.id AND transfer_id = p_lot AND l.lot_id = p_lot AND l.left_micros >= p_amount;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'lot % holds less than %', p_lot, p_amount USING ERRCODE = 'UB002';
  END IF;
  INSERT INTO lot_uses (wallet_id, transfer_id, lot_transfer_id, amount_micros)
  VALUES (p_wallet.id, p_transfer, p_lot, p_amount);
  RETURN CASE WHEN p_lot = p_wallet.lot_transfer_id THEN p_wallet.lot_floor_micros
    ELSE p_wallet.lot_floor_micros - p_amount END;
END $$;--> statement-breakpoint

-- Writes one transfer and what it does to the wallets it touches, which the caller has locked and hands over as they
-- are: null on the side of the house. False when its key was used before. p_lifted is what a hold reserved that ends
-- with this transfer.
CREATE OR REPLACE FUNCTION ledger_move(
  p_id uuid, p_kind text, p_debit uuid, p_from wallets, p_credit uuid, p_into wallets, p_amount bigint, p_key text,
  p_hash bytea, p_actor text,
  p_reason text DEFAULT NULL, p_external_ref text DEFAULT NULL, p_hold uuid DEFAULT NULL, p_lifted bigint DEFAULT NULL,
  p_lot_source text DEFAULT NULL, p_lot_expires timestamptz DEFAULT NULL, p_from_lot uuid DEFAULT NULL
) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  -- What a call costs comes out of the lot that the wallet pays from, if that is enough.
  v_one_lot uuid := CASE WHEN p_kind = 'usage' AND p_from.posted_micros - p_amount >= p_from.lot_floor_micros
    THEN p_from.lot_transfer_id END;
  v_lot uuid := p_from.lot_transfer_id;
  v_floor bigint := p_from.lot_floor_micros;
  v_left bigint;
BEGIN
  IF p_from.posted_micros - p_from.held_micros + coalesce(p_lifted, 0) < p_amount THEN
    IF EXISTS (SELECT 1 FROM transfers WHERE idempotency_key = p_key) THEN
      RETURN false;
    END IF;
    RAISE EXCEPTION 'wallet % has less than % free', p_debit, p_amount USING ERRCODE = 'UB002';
  END IF;
  INSERT INTO transfers (
    id, kind, debit_account_id, credit_account_id, amount_micros,
    debit_seq, debit_balance_micros, credit_seq, credit_balance_micros,
    idempotency_key, request_hash, hold_id, lot_transfer_id, external_ref, actor, reason)
  VALUES (
    p_id, p_kind, p_debit, p_credit, p_amount,
    p_from.seq + 1, p_from.posted_micros - p_amount, p_into.seq + 1, p_into.posted_micros + p_amount,
    p_key, p_hash, p_hold, v_one_lot, p_external_ref, p_actor, p_reason)
  ON CONFLICT (idempotency_key) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;

  IF p_from.id IS NOT NULL THEN
    IF p_from_lot IS NOT NULL THEN
      v_floor := ledger_drain_lot(p_from, p_from_lot, p_id, p_amount);
    ELSIF v_one_lot IS NULL THEN
      SELECT paying_lot_id, floor_micros INTO v_lot, v_floor FROM ledger_drain_lots(p_from, p_id, p_amount);
    END IF;
    UPDATE wallets SET
      posted_micros = posted_micros - p_amount,
      seq = seq + 1,
      held_micros = held_micros - coalesce(p_lifted, 0),
      open_holds = open_holds - (p_lifted IS NOT NULL)::integer,
      lot_transfer_id = v_lot,
      lot_floor_micros = v_floor
    WHERE id = p_debit;
  END IF;
  IF p_into.id IS NOT NULL THEN
    INSERT INTO lots (wallet_id, transfer_id, source, amount_micros, noted_micros, expires_at)
    VALUES (p_credit, p_id, p_lot_source, p_amount, p_amount, p_lot_expires);
    SELECT lot_id, left_micros INTO v_lot, v_left FROM ledger_lots_in_order(p_into) LIMIT 1;
    IF v_lot <> p_into.lot_transfer_id THEN
      UPDATE lots SET noted_micros = p_into.posted_micros - p_into.lot_floor_micros
      WHERE wallet_id = p_credit AND transfer_id = p_into.lot_transfer_id;
    END IF;
    UPDATE wallets SET
      posted_micros = posted_micros + p_amount,
      seq = seq + 1,
      next_expiry_at = least(next_expiry_at, p_lot_expires),
      lot_transfer_id = v_lot,
      lot_floor_micros = posted_micros + p_amount - v_left
    WHERE id = p_credit;
  END IF;
  RETURN true;
END $$;--> statement-breakpoint

-- Takes what has expired out of a wallet that the caller has locked, and returns the wallet as it is then. Whoever takes
-- from a wallet does this first when it is time. What running calls hold is taken to lie in the lots that are drained
-- first, and does not expire under them: a call was let in on it.
CREATE OR REPLACE FUNCTION ledger_expire_lots(p_wallet wallets) RETURNS wallets LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_wallet wallets := p_wallet;
  v_held bigint := p_wallet.held_micros;
  v_kept bigint;
  v_lot record;
BEGIN
  FOR v_lot IN SELECT * FROM ledger_lots_in_order(p_wallet) WHERE lot_expires_at <= now() LOOP
    v_kept := least(v_held, v_lot.left_micros);
    v_held := v_held - v_kept;
    IF v_lot.left_micros > v_kept THEN
      -- A lot can expire in parts, as holds end; what is left of it names the part.
      PERFORM ledger_move(
        ledger_new_id(), 'expiry', p_wallet.id, v_wallet, '00000000-0000-7000-8000-000000000007', NULL,
        v_lot.left_micros - v_kept,
        'expiry:' || v_lot.lot_id || ':' || v_lot.left_micros, sha256(uuid_send(v_lot.lot_id)),
        'system:expiry', p_from_lot => v_lot.lot_id);
      SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet.id;
    END IF;
  END LOOP;
  UPDATE wallets SET
    next_expiry_at = (SELECT min(lot_expires_at) FROM ledger_lots_in_order(v_wallet) WHERE left_micros > 0)
  WHERE id = p_wallet.id RETURNING * INTO v_wallet;
  RETURN v_wallet;
END $$;--> statement-breakpoint

-- What a statement costs most is to begin and to end, and what it is asked that no row is needed for is a node of its
-- plan: so each rule asks that first, in one expression, and a charge looks for its hold where it writes it.
CREATE OR REPLACE FUNCTION check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text;
BEGIN
  -- The usual hold, for a call that begins, which keeps every rule below.
  IF NEW.state = 'open' AND NEW.closed_at IS NULL AND NEW.captured_micros + NEW.bad_debt_micros = 0
    AND NEW.output_cap > 0 AND num_nulls(NEW.prompt_tokens, NEW.omitted_turns) = 0 THEN
    PERFORM FROM public.wallets w, public.price_versions p
    WHERE w.id = NEW.wallet_id AND p.id = NEW.price_version_id AND p.model_id = NEW.model_id;
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  v_broken := CASE
    WHEN NOT EXISTS (SELECT 1 FROM public.wallets WHERE id = NEW.wallet_id) THEN 'holds_wallet_exists'
    -- A hold of no call has no terms.
    WHEN num_nonnulls(NEW.model_id, NEW.price_version_id, NEW.prompt_tokens, NEW.output_cap, NEW.omitted_turns)
      NOT IN (0, 5) THEN 'holds_terms_whole'
    WHEN NEW.output_cap <= 0 THEN 'holds_output_cap_positive'
    WHEN NEW.price_version_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM public.price_versions WHERE id = NEW.price_version_id AND model_id = NEW.model_id)
      THEN 'holds_price_version_exists'
    WHEN NEW.state = 'open' AND NEW.closed_at IS NULL AND NEW.captured_micros + NEW.bad_debt_micros = 0 THEN NULL
    WHEN NEW.state IN ('captured', 'released') AND NEW.closed_at IS NOT NULL AND NEW.open_worker_id IS NULL
      AND (NEW.state = 'captured') = (NEW.captured_micros + NEW.bad_debt_micros > 0) THEN NULL
    ELSE 'holds_state_shape' END;
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a hold breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint

CREATE FUNCTION check_hold_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text;
BEGIN
  -- The usual change, the end of a call that cost something.
  IF OLD.state = 'open' AND NEW.state = 'captured' AND NEW.closed_at IS NOT NULL AND NEW.open_worker_id IS NULL
    AND NEW.captured_micros + NEW.bad_debt_micros > 0 THEN
    RETURN NEW;
  END IF;
  v_broken := CASE
    WHEN OLD.state <> 'open' AND (NEW.state, NEW.amount_micros, NEW.captured_micros, NEW.bad_debt_micros)
      IS DISTINCT FROM (OLD.state, OLD.amount_micros, OLD.captured_micros, OLD.bad_debt_micros) THEN 'holds_end_once'
    WHEN NEW.state = 'open' AND NEW.closed_at IS NULL AND NEW.captured_micros + NEW.bad_debt_micros = 0 THEN NULL
    WHEN NEW.state IN ('captured', 'released') AND NEW.closed_at IS NOT NULL AND NEW.open_worker_id IS NULL
      AND (NEW.state = 'captured') = (NEW.captured_micros + NEW.bad_debt_micros > 0) THEN NULL
    ELSE 'holds_state_shape' END;
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a hold breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
DROP TRIGGER holds_check ON holds;--> statement-breakpoint
CREATE TRIGGER holds_check BEFORE INSERT ON holds FOR EACH ROW EXECUTE FUNCTION check_hold();--> statement-breakpoint
-- Where a trigger stands before an UPDATE, PostgreSQL locks each row once more first, whatever columns it is for.
CREATE TRIGGER holds_check_change AFTER UPDATE ON holds FOR EACH ROW EXECUTE FUNCTION check_hold_change();--> statement-breakpoint
DROP TRIGGER holds_keep_terms ON holds;--> statement-breakpoint
CREATE TRIGGER holds_keep_terms AFTER UPDATE OF
  id, wallet_id, spender_id, request_hash, model_id, price_version_id, prompt_tokens, output_cap, omitted_turns
  ON holds FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
DROP TRIGGER wallets_keep_place ON wallets;--> statement-breakpoint
CREATE TRIGGER wallets_keep_place AFTER UPDATE OF id ON wallets FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint

CREATE OR REPLACE FUNCTION check_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text;
BEGIN
  -- The charge of a call to the wallet that held for it, out of one lot, which keeps every rule below.
  IF NEW.kind = 'usage' AND NEW.credit_account_id = '00000000-0000-7000-8000-000000000002'
    AND NEW.debit_account_id <> NEW.credit_account_id AND NEW.debit_seq > 0 AND NEW.debit_balance_micros >= 0
    AND num_nulls(NEW.credit_seq, NEW.credit_balance_micros) = 2 THEN
    PERFORM FROM public.holds h, public.lots l
    WHERE h.id = NEW.hold_id AND h.wallet_id = NEW.debit_account_id
      AND l.wallet_id = NEW.debit_account_id AND l.transfer_id = NEW.lot_transfer_id;
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  v_broken := CASE
    WHEN NEW.kind NOT IN (
      'top_up', 'grant', 'promotion', 'redemption', 'usage', 'bad_debt', 'adjustment', 'refund', 'dispute', 'expiry',
      'reversal', 'goodwill') THEN 'transfers_kind_known'
    WHEN NEW.debit_account_id = NEW.credit_account_id THEN 'transfers_two_sided'
    WHEN (NEW.hold_id IS NOT NULL) <> (NEW.kind IN ('usage', 'bad_debt')) THEN 'transfers_hold_shape'
    WHEN NEW.lot_transfer_id IS NOT NULL AND NEW.kind <> 'usage' THEN 'transfers_lot_shape'
    WHEN num_nulls(NEW.debit_seq, NEW.debit_balance_micros) = 1
      OR num_nulls(NEW.credit_seq, NEW.credit_balance_micros) = 1
      OR least(NEW.debit_seq, NEW.credit_seq) <= 0
      OR least(NEW.debit_balance_micros, NEW.credit_balance_micros) < 0 THEN 'transfers_balances_shape'
    WHEN NEW.hold_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.holds WHERE id = NEW.hold_id)
      THEN 'transfers_hold_exists'
    WHEN NEW.lot_transfer_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM public.lots WHERE wallet_id = NEW.debit_account_id AND transfer_id = NEW.lot_transfer_id)
      THEN 'transfers_lot_exists'
    WHEN (SELECT count(*) FROM public.accounts WHERE id IN (NEW.debit_account_id, NEW.credit_account_id)) < 2
      THEN 'transfers_accounts_exist' END;
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a transfer breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint

CREATE OR REPLACE FUNCTION check_usage_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text;
BEGIN
  -- The usual call, which keeps every rule below.
  IF NEW.outcome = 'completed' AND NEW.usage_source = 'reported' AND NEW.quarantined_usage IS NULL
    AND NEW.cost_micros = NEW.charged_micros + NEW.bad_debt_micros AND NEW.held_micros > 0
    AND least(
      NEW.input_tokens, NEW.cache_read_tokens, NEW.cache_write_tokens, NEW.output_tokens, NEW.reasoning_tokens,
      NEW.input_price_micros, NEW.cache_read_price_micros, NEW.cache_write_price_micros, NEW.output_price_micros,
      NEW.reasoning_price_micros, NEW.request_price_micros, NEW.charged_micros, NEW.bad_debt_micros,
      NEW.vendor_cost_micros) >= 0 THEN
    PERFORM FROM public.holds WHERE id = NEW.hold_id AND price_version_id = NEW.price_version_id;
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  v_broken := CASE
    WHEN NEW.outcome NOT IN ('completed', 'stopped', 'interrupted', 'failed', 'empty')
      OR NEW.usage_source NOT IN ('reported', 'estimated', 'none') THEN 'usage_records_outcome_known'
    WHEN least(
      NEW.input_tokens, NEW.cache_read_tokens, NEW.cache_write_tokens, NEW.output_tokens, NEW.reasoning_tokens,
      NEW.cost_micros, NEW.charged_micros, NEW.bad_debt_micros, NEW.vendor_cost_micros) < 0
      THEN 'usage_records_not_negative'
    WHEN least(
      NEW.input_price_micros, NEW.cache_read_price_micros, NEW.cache_write_price_micros, NEW.output_price_micros,
      NEW.reasoning_price_micros, NEW.request_price_micros) < 0 OR NEW.held_micros <= 0 THEN 'usage_records_prices_sane'
    WHEN NEW.cost_micros <> NEW.charged_micros + NEW.bad_debt_micros THEN 'usage_records_cost_split'
    WHEN NEW.cost_micros <> 0 AND (NEW.outcome IN ('failed', 'empty') OR NEW.usage_source = 'none')
      THEN 'usage_records_free_is_free'
    WHEN octet_length(NEW.quarantined_usage::text) > 4096 THEN 'usage_records_quarantine_bounded'
    WHEN NOT EXISTS (
      SELECT 1 FROM public.holds WHERE id = NEW.hold_id AND price_version_id = NEW.price_version_id)
      THEN 'usage_records_call_exists' END;
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a receipt breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint

DROP FUNCTION ledger_capture(uuid, bigint, text, text);--> statement-breakpoint

-- Ends a hold with what the call cost. The wallet pays at most what it has free once this hold is lifted; the rest is
-- booked to bad debt. A cost of zero releases. A hold that has ended stays as it is, whatever this call cost (replayed):
-- the answer says how it ended, and who asks compares. What was charged is the wallet's transfer transfer_id, number
-- wallet_seq of its statement. Who knows whose wallet holds how much for it says so (p_wallet, p_held), which is quicker;
-- the hold is asked whether that is true.
CREATE FUNCTION ledger_capture(
  p_hold uuid, p_cost bigint, p_actor text, p_external_ref text DEFAULT NULL, p_wallet uuid DEFAULT NULL,
  p_held bigint DEFAULT NULL,
  OUT charged_micros bigint, OUT bad_debt_micros bigint, OUT transfer_id uuid, OUT wallet_seq bigint, OUT replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_wallet wallets;
  v_hold holds;
  v_free bigint;
  v_balance bigint;
  v_hash bytea;
  v_lot uuid;
BEGIN
  IF p_cost < 0 THEN
    RAISE EXCEPTION 'a call cannot cost %', p_cost USING ERRCODE = 'UB004';
  END IF;

  -- The usual call: the wallet can pay all of it out of the lot that it pays from, there are no caps and nothing is to
  -- expire. Who waits here for the wallet's lock is asked all of this again of the wallet as it is then.
  IF p_cost > 0 AND p_held > 0 THEN
    UPDATE wallets SET
      posted_micros = posted_micros - p_cost, seq = seq + 1, held_micros = held_micros - p_held,
      open_holds = open_holds - 1
    WHERE id = p_wallet AND held_micros >= p_held AND posted_micros - held_micros + p_held >= p_cost
      AND posted_micros - p_cost >= lot_floor_micros AND caps = 0 AND (next_expiry_at > now()) IS NOT FALSE
    RETURNING posted_micros, seq, lot_transfer_id INTO v_balance, wallet_seq, v_lot;
    IF FOUND THEN
      UPDATE holds SET state = 'captured', captured_micros = p_cost, open_worker_id = NULL, closed_at = now()
      WHERE id = p_hold AND state = 'open' AND wallet_id = p_wallet AND amount_micros = p_held
      RETURNING request_hash INTO v_hash;
      IF FOUND THEN
        transfer_id := ledger_new_id();
        INSERT INTO transfers (
          id, kind, debit_account_id, credit_account_id, amount_micros, debit_seq, debit_balance_micros,
          idempotency_key, request_hash, hold_id, lot_transfer_id, external_ref, actor)
        VALUES (
          transfer_id, 'usage', p_wallet, '00000000-0000-7000-8000-000000000002', p_cost, wallet_seq, v_balance,
          'capture:' || p_hold, v_hash, p_hold, v_lot, p_external_ref, p_actor);
        charged_micros := p_cost;
        bad_debt_micros := 0;
        replayed := false;
        RETURN;
      END IF;
      -- The hold has ended, or it is another wallet's or another amount: the wallet gets back what was taken off.
      UPDATE wallets SET
        posted_micros = posted_micros + p_cost, seq = seq - 1, held_micros = held_micros + p_held,
        open_holds = open_holds + 1
      WHERE id = p_wallet;
    END IF;
  END IF;

  SELECT w.* INTO v_wallet FROM holds h JOIN wallets w ON w.id = h.wallet_id WHERE h.id = p_hold FOR UPDATE OF w;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no hold %', p_hold USING ERRCODE = 'UB005';
  END IF;
  IF v_wallet.next_expiry_at <= now() THEN
    -- A repetition changes nothing, not even what the first time let expire later.
    PERFORM FROM holds WHERE id = p_hold AND state = 'open';
    IF FOUND THEN
      v_wallet := ledger_expire_lots(v_wallet);
    END IF;
  END IF;

  v_free := v_wallet.posted_micros - v_wallet.held_micros;
  UPDATE holds SET
    state = CASE WHEN p_cost = 0 THEN 'released' ELSE 'captured' END,
    captured_micros = least(p_cost, v_free + amount_micros),
    bad_debt_micros = p_cost - least(p_cost, v_free + amount_micros),
    open_worker_id = NULL, closed_at = now()
  WHERE id = p_hold AND state = 'open' RETURNING * INTO v_hold;
  replayed := NOT FOUND;
  IF replayed THEN
    SELECT h.captured_micros, h.bad_debt_micros INTO charged_micros, bad_debt_micros FROM holds h WHERE id = p_hold;
    SELECT id, debit_seq INTO transfer_id, wallet_seq FROM transfers WHERE idempotency_key = 'capture:' || p_hold;
    RETURN;
  END IF;
  charged_micros := v_hold.captured_micros;
  bad_debt_micros := v_hold.bad_debt_micros;

  IF charged_micros > 0 THEN
    transfer_id := ledger_new_id();
    wallet_seq := v_wallet.seq + 1;
    IF NOT ledger_move(
      transfer_id, 'usage', v_hold.wallet_id, v_wallet, '00000000-0000-7000-8000-000000000002', NULL, charged_micros,
      'capture:' || p_hold, v_hold.request_hash, p_actor, NULL, p_external_ref, p_hold, v_hold.amount_micros)
    THEN
      RAISE EXCEPTION 'hold % is open and has been captured', p_hold USING ERRCODE = 'UB009';
    END IF;
  ELSE
    UPDATE wallets SET held_micros = held_micros - v_hold.amount_micros, open_holds = open_holds - 1
    WHERE id = v_hold.wallet_id;
  END IF;
  IF bad_debt_micros > 0 THEN
    PERFORM ledger_move(
      ledger_new_id(), 'bad_debt', '00000000-0000-7000-8000-000000000005', NULL,
      '00000000-0000-7000-8000-000000000002', NULL, bad_debt_micros, 'bad-debt:' || p_hold, v_hold.request_hash, p_actor,
      NULL, p_external_ref, p_hold);
  END IF;
  IF v_wallet.caps > 0 THEN
    PERFORM ledger_note_spending(v_wallet.id, v_hold.spender_id, -v_hold.amount_micros, charged_micros);
  END IF;
END $$;--> statement-breakpoint

REVOKE ALL ON FUNCTION ledger_capture(uuid, bigint, text, text, uuid, bigint) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_lots_in_order(wallets) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_drain_lots(wallets, uuid, bigint) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_drain_lot(wallets, uuid, uuid, bigint) FROM PUBLIC;
