CREATE TABLE "checkpoints" (
	"hold_id" uuid PRIMARY KEY NOT NULL,
	"output_tokens" "count_not_negative" NOT NULL
);
--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "model_id" text;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "price_version_id" uuid;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "prompt_tokens" "count_not_negative";--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "output_cap" "count_not_negative";--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "omitted_turns" "count_not_negative";--> statement-breakpoint

ALTER TABLE "lots" RENAME COLUMN "remaining_micros" TO "noted_micros";--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "lot_transfer_id" uuid;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "lot_floor_micros" bigint;--> statement-breakpoint

-- A pair of hold and capture wrote eight rows and now writes six, since each costs a statement, its rules and its indexes.

-- A call was let in by two rows, one for its hold and one for its terms. The hold has both now. What changes while the
-- call runs, how far it has come, has a row of its own.
ALTER TABLE holds DISABLE TRIGGER holds_check;--> statement-breakpoint
UPDATE holds h SET
  model_id = a.model_id, price_version_id = a.price_version_id, prompt_tokens = a.prompt_tokens, output_cap = a.output_cap,
  omitted_turns = a.omitted_turns
FROM admissions a WHERE a.hold_id = h.id;--> statement-breakpoint
ALTER TABLE holds ENABLE TRIGGER holds_check;--> statement-breakpoint
INSERT INTO checkpoints (hold_id, output_tokens)
SELECT a.hold_id, a.output_tokens FROM admissions a JOIN holds h ON h.id = a.hold_id
WHERE h.state = 'open' AND a.output_tokens > 0;--> statement-breakpoint
DROP TABLE "admissions";--> statement-breakpoint
DROP FUNCTION check_admission();--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_hold_id_holds_id_fk" FOREIGN KEY ("hold_id") REFERENCES "public"."holds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint

-- The rule of holds looks for the wallet together with the price, as it does for what other rows name: a foreign key would
-- lock the wallet once more. So a wallet stays.
ALTER TABLE "holds" DROP CONSTRAINT "holds_wallet_id_wallets_id_fk";--> statement-breakpoint
CREATE TRIGGER wallets_keep_place BEFORE UPDATE OF id ON wallets FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER wallets_no_delete BEFORE DELETE ON wallets FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER wallets_no_truncate BEFORE TRUNCATE ON wallets EXECUTE FUNCTION refuse_change();--> statement-breakpoint
DROP TRIGGER holds_keep_place ON holds;--> statement-breakpoint
CREATE TRIGGER holds_keep_terms BEFORE UPDATE OF
  id, wallet_id, spender_id, request_hash, model_id, price_version_id, prompt_tokens, output_cap, omitted_turns
  ON holds FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint

-- Calls are paid out of one lot until it is used up. While they are, its row is left alone: the wallet names the lot and
-- the balance at which nothing of it is left, so that what is left is its balance less that. Every other movement of the
-- wallet puts the lot down first, and then takes up the one that comes first.
CREATE VIEW lots_left AS
SELECT l.wallet_id, l.transfer_id, l.source, l.amount_micros::bigint AS amount_micros,
  CASE WHEN w.lot_transfer_id = l.transfer_id THEN w.posted_micros - w.lot_floor_micros ELSE l.noted_micros END::bigint
    AS remaining_micros,
  l.expires_at, l.created_at
FROM lots l JOIN wallets w ON w.id = l.wallet_id;--> statement-breakpoint

CREATE OR REPLACE FUNCTION check_lot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text := CASE
    WHEN NEW.source NOT IN ('paid', 'promotional', 'code') THEN 'lots_source_known'
    WHEN NEW.noted_micros > NEW.amount_micros THEN 'lots_noted_in_bounds' END;
BEGIN
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a lot breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint

-- What is left of a wallet's lots while it pays from none, in the order in which they are drained: soonest expiry first,
-- and promotional before code before paid among those that expire together.
CREATE OR REPLACE FUNCTION ledger_lots_in_order(p_wallet uuid) RETURNS SETOF lots LANGUAGE sql STABLE AS $$
  SELECT * FROM lots
  WHERE wallet_id = p_wallet AND noted_micros > 0
  ORDER BY expires_at NULLS LAST, array_position(ARRAY['promotional', 'code', 'paid'], source), transfer_id
$$;--> statement-breakpoint

-- Takes an amount out of the lots of a wallet that is paying from none, or out of one of them, and puts on record which
-- paid. Returns what they lacked.
CREATE OR REPLACE FUNCTION ledger_drain_lots(p_wallet uuid, p_transfer uuid, p_amount bigint, p_from_lot uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_left bigint := p_amount;
  v_take bigint;
  v_lot uuid;
  v_remaining bigint;
BEGIN
  WHILE v_left > 0 LOOP
    SELECT transfer_id, noted_micros INTO v_lot, v_remaining FROM ledger_lots_in_order(p_wallet)
    WHERE p_from_lot IS NULL OR transfer_id = p_from_lot LIMIT 1;
    EXIT WHEN NOT FOUND;
    v_take := least(v_left, v_remaining);
    UPDATE lots SET noted_micros = noted_micros - v_take WHERE wallet_id = p_wallet AND transfer_id = v_lot;
    INSERT INTO lot_uses (wallet_id, transfer_id, lot_transfer_id, amount_micros)
    VALUES (p_wallet, p_transfer, v_lot, v_take);
    v_left := v_left - v_take;
  END LOOP;
  RETURN v_left;
END $$;--> statement-breakpoint

-- Writes down what is left of the lot that a wallet pays from, if there is one. The caller has locked the wallet and hands
-- it over as it is; until it pays from a lot again, its lots say themselves what is left of them.
CREATE FUNCTION ledger_put_down_lot(p_wallet wallets) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF p_wallet.lot_transfer_id IS NOT NULL THEN
    UPDATE lots SET noted_micros = p_wallet.posted_micros - p_wallet.lot_floor_micros
    WHERE wallet_id = p_wallet.id AND transfer_id = p_wallet.lot_transfer_id;
    UPDATE wallets SET lot_transfer_id = NULL, lot_floor_micros = NULL WHERE id = p_wallet.id;
  END IF;
END $$;--> statement-breakpoint

-- Lets a wallet whose lots say what is left of them pay from the one that comes first, if anything is left.
CREATE FUNCTION ledger_take_up_lot(p_wallet uuid) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE wallets SET lot_transfer_id = l.transfer_id, lot_floor_micros = posted_micros - l.noted_micros
  FROM (SELECT * FROM ledger_lots_in_order(p_wallet) LIMIT 1) l
  WHERE id = p_wallet;
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
  v_lot uuid := CASE WHEN p_kind = 'usage' AND p_from.posted_micros - p_amount >= p_from.lot_floor_micros
    THEN p_from.lot_transfer_id END;
  v_lacking bigint;
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
    p_key, p_hash, p_hold, v_lot, p_external_ref, p_actor, p_reason)
  ON CONFLICT (idempotency_key) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;

  IF p_from.id IS NOT NULL THEN
    IF v_lot IS NULL THEN
      PERFORM ledger_put_down_lot(p_from);
    END IF;
    UPDATE wallets SET
      posted_micros = posted_micros - p_amount,
      seq = seq + 1,
      held_micros = held_micros - coalesce(p_lifted, 0),
      open_holds = open_holds - (p_lifted IS NOT NULL)::integer
    WHERE id = p_debit;
    IF v_lot IS NULL THEN
      v_lacking := ledger_drain_lots(p_debit, p_id, p_amount, p_from_lot);
      IF v_lacking > 0 AND p_from_lot IS NOT NULL THEN
        RAISE EXCEPTION 'lot % holds % less than asked', p_from_lot, v_lacking USING ERRCODE = 'UB002';
      ELSIF v_lacking > 0 THEN
        RAISE EXCEPTION 'lots of wallet % hold % less than its balance', p_debit, v_lacking USING ERRCODE = 'UB009';
      END IF;
      PERFORM ledger_take_up_lot(p_debit);
    END IF;
  END IF;
  IF p_into.id IS NOT NULL THEN
    PERFORM ledger_put_down_lot(p_into);
    UPDATE wallets SET
      posted_micros = posted_micros + p_amount,
      seq = seq + 1,
      next_expiry_at = least(next_expiry_at, p_lot_expires)
    WHERE id = p_credit;
    INSERT INTO lots (wallet_id, transfer_id, source, amount_micros, noted_micros, expires_at)
    VALUES (p_credit, p_id, p_lot_source, p_amount, p_amount, p_lot_expires);
    PERFORM ledger_take_up_lot(p_credit);
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
  PERFORM ledger_put_down_lot(v_wallet);
  SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet.id;
  FOR v_lot IN SELECT * FROM ledger_lots_in_order(p_wallet.id) WHERE expires_at <= now() LOOP
    v_kept := least(v_held, v_lot.noted_micros);
    v_held := v_held - v_kept;
    IF v_lot.noted_micros > v_kept THEN
      -- A lot can expire in parts, as holds end; what is left of it names the part.
      PERFORM ledger_move(
        ledger_new_id(), 'expiry', p_wallet.id, v_wallet, '00000000-0000-7000-8000-000000000007', NULL,
        v_lot.noted_micros - v_kept,
        'expiry:' || v_lot.transfer_id || ':' || v_lot.noted_micros, sha256(uuid_send(v_lot.transfer_id)),
        'system:expiry', p_from_lot => v_lot.transfer_id);
      SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet.id;
    END IF;
  END LOOP;
  PERFORM ledger_take_up_lot(p_wallet.id);
  UPDATE wallets SET next_expiry_at = (SELECT min(expires_at) FROM ledger_lots_in_order(p_wallet.id))
  WHERE id = p_wallet.id RETURNING * INTO v_wallet;
  RETURN v_wallet;
END $$;--> statement-breakpoint

CREATE OR REPLACE FUNCTION check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text;
BEGIN
  IF NEW.state = 'open' AND NEW.closed_at IS NULL AND NEW.captured_micros + NEW.bad_debt_micros = 0 THEN
    NULL;
  ELSIF NEW.state IN ('captured', 'released') AND NEW.closed_at IS NOT NULL AND NEW.open_worker_id IS NULL
    AND (NEW.state = 'captured') = (NEW.captured_micros + NEW.bad_debt_micros > 0) THEN
    NULL;
  ELSE
    v_broken := 'holds_state_shape';
  END IF;
  IF OLD.state <> 'open' THEN
    IF (NEW.state, NEW.amount_micros, NEW.captured_micros, NEW.bad_debt_micros)
      IS DISTINCT FROM (OLD.state, OLD.amount_micros, OLD.captured_micros, OLD.bad_debt_micros) THEN
      v_broken := 'holds_end_once';
    END IF;
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM FROM public.wallets w, public.price_versions p
    WHERE w.id = NEW.wallet_id AND p.id = NEW.price_version_id AND p.model_id = NEW.model_id AND NEW.output_cap > 0
      AND num_nulls(NEW.prompt_tokens, NEW.omitted_turns) = 0;
    IF NOT FOUND THEN
      v_broken := CASE
        WHEN NOT EXISTS (SELECT 1 FROM public.wallets WHERE id = NEW.wallet_id) THEN 'holds_wallet_exists'
        -- A hold of no call has no terms.
        WHEN num_nonnulls(NEW.model_id, NEW.price_version_id, NEW.prompt_tokens, NEW.output_cap, NEW.omitted_turns) = 0
          THEN v_broken
        WHEN num_nulls(NEW.model_id, NEW.price_version_id, NEW.prompt_tokens, NEW.output_cap, NEW.omitted_turns) > 0
          THEN 'holds_terms_whole'
        WHEN NEW.output_cap <= 0 THEN 'holds_output_cap_positive'
        ELSE 'holds_price_version_exists' END;
    END IF;
  END IF;
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a hold breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint

CREATE OR REPLACE FUNCTION check_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text;
BEGIN
  IF NEW.kind = 'usage' THEN
    -- The charge of a call to the wallet that held for it, out of one lot, which keeps every rule below.
    PERFORM FROM public.holds h, public.lots l
    WHERE h.id = NEW.hold_id AND h.wallet_id = NEW.debit_account_id
      AND l.wallet_id = NEW.debit_account_id AND l.transfer_id = NEW.lot_transfer_id
      AND NEW.credit_account_id = '00000000-0000-7000-8000-000000000002' AND NEW.debit_account_id <> NEW.credit_account_id
      AND NEW.debit_seq > 0 AND NEW.debit_balance_micros >= 0
      AND num_nulls(NEW.credit_seq, NEW.credit_balance_micros) = 2;
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
  PERFORM FROM public.holds
  WHERE id = NEW.hold_id AND price_version_id = NEW.price_version_id
    AND NEW.outcome = 'completed' AND NEW.usage_source = 'reported' AND NEW.quarantined_usage IS NULL
    AND NEW.cost_micros = NEW.charged_micros + NEW.bad_debt_micros AND NEW.held_micros > 0
    AND least(
      NEW.input_tokens, NEW.cache_read_tokens, NEW.cache_write_tokens, NEW.output_tokens, NEW.reasoning_tokens,
      NEW.input_price_micros, NEW.cache_read_price_micros, NEW.cache_write_price_micros, NEW.output_price_micros,
      NEW.reasoning_price_micros, NEW.request_price_micros, NEW.charged_micros, NEW.bad_debt_micros,
      NEW.vendor_cost_micros) >= 0;
  IF FOUND THEN
    RETURN NEW;
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

DROP FUNCTION ledger_hold(uuid, uuid, uuid, bigint, bigint, integer, uuid, bytea);--> statement-breakpoint

-- Reserves the least of p_full, what is free and what the spender's caps leave, unless that is below p_minimum or too
-- many holds are open. outcome: held, suspended, insufficient, capped (with the cap that refused), too_many. The same hold
-- id with the same request is the same hold, while it is open; one that has ended reserves nothing any more (UB003). The
-- terms of the call that it is for, from p_model on, are kept with it.
CREATE FUNCTION ledger_hold(
  p_id uuid, p_wallet uuid, p_spender uuid, p_full bigint, p_minimum bigint, p_max_open integer, p_worker uuid,
  p_hash bytea,
  p_model text DEFAULT NULL, p_price_version uuid DEFAULT NULL, p_prompt_tokens integer DEFAULT NULL,
  p_output_cap integer DEFAULT NULL, p_omitted_turns integer DEFAULT NULL,
  OUT outcome text, OUT amount_micros bigint, OUT available_micros bigint, OUT held_micros bigint, OUT open_holds integer,
  OUT cap_period text, OUT cap_limit_micros bigint, OUT cap_left_micros bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_wallet wallets;
  v_known holds;
  v_amount bigint;
BEGIN
  IF p_minimum <= 0 OR p_full < p_minimum THEN
    RAISE EXCEPTION 'a hold needs 0 < minimum <= full' USING ERRCODE = 'UB004';
  END IF;

  -- The usual call: all of it is free, there are no caps and nothing is to expire. Who waits here for the wallet's lock
  -- is asked all of this again of the wallet as it is then.
  UPDATE wallets w SET held_micros = held_micros + p_full, open_holds = open_holds + 1
  WHERE id = p_wallet AND posted_micros - held_micros >= p_full AND open_holds < p_max_open AND NOT suspended AND caps = 0
    AND (next_expiry_at > now()) IS NOT FALSE
  RETURNING posted_micros - w.held_micros, w.held_micros, w.open_holds INTO available_micros, held_micros, open_holds;
  IF FOUND THEN
    INSERT INTO holds (
      id, wallet_id, amount_micros, request_hash, spender_id, open_worker_id,
      model_id, price_version_id, prompt_tokens, output_cap, omitted_turns)
    VALUES (
      p_id, p_wallet, p_full, p_hash, p_spender, p_worker,
      p_model, p_price_version, p_prompt_tokens, p_output_cap, p_omitted_turns)
    ON CONFLICT (id) DO NOTHING;
    IF FOUND THEN
      outcome := 'held';
      amount_micros := p_full;
      RETURN;
    END IF;
    -- A repetition: nothing more is reserved.
    UPDATE wallets SET held_micros = held_micros - p_full, open_holds = open_holds - 1 WHERE id = p_wallet;
  END IF;

  SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no wallet %', p_wallet USING ERRCODE = 'UB005';
  END IF;
  IF v_wallet.next_expiry_at <= now() THEN
    v_wallet := ledger_expire_lots(v_wallet);
  END IF;

  IF v_wallet.caps > 0 AND v_wallet.open_holds < p_max_open THEN
    SELECT c.period, c.limit_micros,
      greatest(c.limit_micros - c.held_micros - CASE WHEN c.window_end > now() THEN c.spent_micros ELSE 0 END, 0)
        AS left_micros
    INTO cap_period, cap_limit_micros, cap_left_micros
    FROM spend_caps c WHERE c.wallet_id = p_wallet AND c.spender_id = p_spender
    ORDER BY left_micros, period LIMIT 1;
  END IF;
  available_micros := v_wallet.posted_micros - v_wallet.held_micros;
  held_micros := v_wallet.held_micros;
  open_holds := v_wallet.open_holds;
  v_amount := least(p_full, available_micros, cap_left_micros);
  outcome := CASE
    WHEN v_wallet.suspended THEN 'suspended'
    WHEN open_holds >= p_max_open THEN 'too_many'
    WHEN available_micros < p_minimum THEN 'insufficient'
    WHEN v_amount < p_minimum THEN 'capped'
    ELSE 'held' END;
  IF outcome = 'held' THEN
    INSERT INTO holds (
      id, wallet_id, amount_micros, request_hash, spender_id, open_worker_id,
      model_id, price_version_id, prompt_tokens, output_cap, omitted_turns)
    VALUES (
      p_id, p_wallet, v_amount, p_hash, p_spender, p_worker,
      p_model, p_price_version, p_prompt_tokens, p_output_cap, p_omitted_turns)
    ON CONFLICT (id) DO NOTHING;
    IF FOUND THEN
      UPDATE wallets SET held_micros = held_micros + v_amount, open_holds = open_holds + 1 WHERE id = p_wallet;
      IF v_wallet.caps > 0 THEN
        PERFORM ledger_note_spending(p_wallet, p_spender, v_amount, 0);
      END IF;
      amount_micros := v_amount;
      available_micros := available_micros - v_amount;
      held_micros := held_micros + v_amount;
      open_holds := open_holds + 1;
      RETURN;
    END IF;
  END IF;

  -- A repetition, which gets what is there, or a refusal.
  SELECT * INTO v_known FROM holds WHERE id = p_id;
  IF NOT FOUND THEN
    amount_micros := 0;
  ELSIF v_known.request_hash <> p_hash THEN
    RAISE EXCEPTION 'hold % was placed for another request', p_id USING ERRCODE = 'UB001';
  ELSIF v_known.state <> 'open' THEN
    RAISE EXCEPTION 'hold % has ended already', p_id USING ERRCODE = 'UB003';
  ELSE
    outcome := 'held';
    amount_micros := v_known.amount_micros;
    cap_period := NULL;
    cap_limit_micros := NULL;
    cap_left_micros := NULL;
  END IF;
END $$;--> statement-breakpoint

-- Ends a hold with what the call cost. The wallet pays at most what it has free once this hold is lifted; the rest is
-- booked to bad debt. A cost of zero releases. A hold that has ended stays as it is, whatever this call cost (replayed):
-- the answer says how it ended, and who asks compares. What was charged is the wallet's transfer transfer_id, number
-- wallet_seq of its statement.
CREATE OR REPLACE FUNCTION ledger_capture(
  p_hold uuid, p_cost bigint, p_actor text, p_external_ref text DEFAULT NULL,
  OUT charged_micros bigint, OUT bad_debt_micros bigint, OUT transfer_id uuid, OUT wallet_seq bigint, OUT replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_wallet wallets;
  v_hold holds;
  v_free bigint;
  v_wallet_id uuid;
  v_balance bigint;
  v_reserved bigint;
  v_hash bytea;
  v_lot uuid;
BEGIN
  IF p_cost < 0 THEN
    RAISE EXCEPTION 'a call cannot cost %', p_cost USING ERRCODE = 'UB004';
  END IF;

  -- The usual call: the wallet can pay all of it out of the lot that it pays from, there are no caps and nothing is to
  -- expire. Who waits here for the wallet's lock is asked all of this again of the wallet as it is then, but of the hold
  -- as it was before.
  UPDATE wallets w SET
    posted_micros = w.posted_micros - p_cost, seq = w.seq + 1, held_micros = w.held_micros - h.amount_micros,
    open_holds = w.open_holds - 1
  FROM holds h
  WHERE h.id = p_hold AND h.state = 'open' AND w.id = h.wallet_id AND p_cost > 0
    AND w.held_micros >= h.amount_micros AND w.posted_micros - w.held_micros + h.amount_micros >= p_cost
    AND w.posted_micros - p_cost >= w.lot_floor_micros
    AND w.caps = 0 AND (w.next_expiry_at > now()) IS NOT FALSE
  RETURNING w.id, w.posted_micros, w.seq, h.amount_micros, h.request_hash, w.lot_transfer_id
  INTO v_wallet_id, v_balance, wallet_seq, v_reserved, v_hash, v_lot;
  IF FOUND THEN
    UPDATE holds SET state = 'captured', captured_micros = p_cost, open_worker_id = NULL, closed_at = now()
    WHERE id = p_hold AND state = 'open';
    IF FOUND THEN
      transfer_id := ledger_new_id();
      INSERT INTO transfers (
        id, kind, debit_account_id, credit_account_id, amount_micros, debit_seq, debit_balance_micros,
        idempotency_key, request_hash, hold_id, lot_transfer_id, external_ref, actor)
      VALUES (
        transfer_id, 'usage', v_wallet_id, '00000000-0000-7000-8000-000000000002', p_cost, wallet_seq, v_balance,
        'capture:' || p_hold, v_hash, p_hold, v_lot, p_external_ref, p_actor);
      charged_micros := p_cost;
      bad_debt_micros := 0;
      replayed := false;
      RETURN;
    END IF;
    -- The hold ended while this waited for the wallet, which gets back what was taken off.
    UPDATE wallets SET
      posted_micros = posted_micros + p_cost, seq = seq - 1, held_micros = held_micros + v_reserved,
      open_holds = open_holds + 1
    WHERE id = v_wallet_id;
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
      '00000000-0000-7000-8000-000000000002', NULL, bad_debt_micros, 'bad-debt:' || p_hold, v_hold.request_hash, p_actor, NULL, p_external_ref, p_hold);
  END IF;
  IF v_wallet.caps > 0 THEN
    PERFORM ledger_note_spending(v_wallet.id, v_hold.spender_id, -v_hold.amount_micros, charged_micros);
  END IF;
END $$;--> statement-breakpoint

REVOKE ALL ON FUNCTION ledger_hold(uuid, uuid, uuid, bigint, bigint, integer, uuid, bytea, text, uuid, integer, integer, integer) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_put_down_lot(wallets) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_take_up_lot(uuid) FROM PUBLIC;--> statement-breakpoint

DO $$
BEGIN
  PERFORM ledger_take_up_lot(id) FROM wallets;
END $$;
