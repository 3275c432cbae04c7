ALTER TABLE "wallets" DROP CONSTRAINT "wallets_never_overdrawn";--> statement-breakpoint
ALTER TABLE "admissions" DROP CONSTRAINT "admissions_hold_id_holds_id_fk";
--> statement-breakpoint
ALTER TABLE "usage_records" DROP CONSTRAINT "usage_records_hold_id_holds_id_fk";
--> statement-breakpoint
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_hold_id_holds_id_fk";
--> statement-breakpoint
DROP INDEX "transfers_debit_seq_key";--> statement-breakpoint
DROP INDEX "transfers_credit_seq_key";--> statement-breakpoint
ALTER TABLE "usage_records" ADD COLUMN "wallet_seq" bigint;--> statement-breakpoint
ALTER TABLE "transfers" ADD COLUMN "lot_transfer_id" uuid;--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_debit_seq_key" ON "transfers" USING btree ("debit_account_id","debit_seq") WHERE "transfers"."debit_seq" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_credit_seq_key" ON "transfers" USING btree ("credit_account_id","credit_seq") WHERE "transfers"."credit_seq" is not null;--> statement-breakpoint
ALTER TABLE "wallets" ADD CONSTRAINT "wallets_never_overdrawn" CHECK ("wallets"."held_micros" <= "wallets"."posted_micros");--> statement-breakpoint

-- What a pair of hold and capture costs the server lies in how many statements run inside of it and how many steps their
-- expressions have, each prepared anew in its transaction. So the usual call takes one statement for the wallet and one
-- for the lot, and what may refuse a row looks first whether it is the usual one. Whatever is not usual goes the way it
-- went before. The other functions are in 0003, and ledger_suspend in 0005.

-- As it was in 0003, by what PostgreSQL has for it since its version 18.
DO $$
BEGIN
  IF current_setting('server_version_num')::integer >= 180000 THEN
    CREATE OR REPLACE FUNCTION ledger_new_id() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT uuidv7()';
  END IF;
END $$;--> statement-breakpoint

-- Calls name a hold without a foreign key, which locks the hold for each row that names it. The rules of those rows look
-- it up instead; and a hold stays, as does the lot that a transfer names.
CREATE TRIGGER holds_keep_place BEFORE UPDATE OF id, wallet_id ON holds FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER holds_no_delete BEFORE DELETE ON holds FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER holds_no_truncate BEFORE TRUNCATE ON holds EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER lots_keep_place BEFORE UPDATE OF wallet_id, transfer_id ON lots FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER lots_no_delete BEFORE DELETE ON lots FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER lots_no_truncate BEFORE TRUNCATE ON lots EXECUTE FUNCTION refuse_change();--> statement-breakpoint

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
    -- The charge of a call to the wallet that held for it, which keeps every rule below.
    PERFORM FROM public.holds
    WHERE id = NEW.hold_id AND wallet_id = NEW.debit_account_id
      AND NEW.credit_account_id = '00000000-0000-7000-8000-000000000002' AND NEW.debit_account_id <> NEW.credit_account_id
      AND NEW.debit_seq > 0 AND NEW.debit_balance_micros >= 0
      AND num_nulls(NEW.credit_seq, NEW.credit_balance_micros) = 2
      AND (NEW.lot_transfer_id IS NULL OR EXISTS (
        SELECT 1 FROM public.lots WHERE wallet_id = NEW.debit_account_id AND transfer_id = NEW.lot_transfer_id));
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
  v_broken text := CASE
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
      SELECT 1 FROM public.admissions WHERE hold_id = NEW.hold_id AND price_version_id = NEW.price_version_id)
      THEN 'usage_records_call_exists' END;
BEGIN
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a receipt breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint

DROP TRIGGER admissions_check ON admissions;--> statement-breakpoint
CREATE OR REPLACE FUNCTION check_admission() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text;
BEGIN
  PERFORM FROM public.holds h, public.price_versions p
  WHERE h.id = NEW.hold_id AND p.id = NEW.price_version_id AND NEW.output_cap > 0;
  IF NOT FOUND THEN
    v_broken := CASE WHEN NEW.output_cap <= 0 THEN 'admissions_output_cap_positive'
      WHEN EXISTS (SELECT 1 FROM public.holds WHERE id = NEW.hold_id) THEN 'admissions_price_version_exists'
      ELSE 'admissions_hold_exists' END;
    RAISE EXCEPTION 'the terms of a call break %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER admissions_check BEFORE INSERT OR UPDATE OF hold_id, price_version_id, output_cap ON admissions FOR EACH ROW EXECUTE FUNCTION check_admission();--> statement-breakpoint

-- Reserves the least of p_full, what is free and what the spender's caps leave, unless that is below p_minimum or too
-- many holds are open. outcome: held, suspended, insufficient, capped (with the cap that refused), too_many. The same hold
-- id with the same request is the same hold, while it is open; one that has ended reserves nothing any more (UB003).
CREATE OR REPLACE FUNCTION ledger_hold(
  p_id uuid, p_wallet uuid, p_spender uuid, p_full bigint, p_minimum bigint, p_max_open integer, p_worker uuid,
  p_hash bytea,
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
    INSERT INTO holds (id, wallet_id, amount_micros, request_hash, spender_id, open_worker_id)
    VALUES (p_id, p_wallet, p_full, p_hash, p_spender, p_worker)
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
    INSERT INTO holds (id, wallet_id, amount_micros, request_hash, spender_id, open_worker_id)
    VALUES (p_id, p_wallet, v_amount, p_hash, p_spender, p_worker)
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
-- booked to bad debt. A cost of zero releases. Repeating it with the same cost changes nothing; any other second end of
-- the hold is refused (UB003). What was charged is the wallet's transfer transfer_id, number wallet_seq of its statement.
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
  v_lacking bigint;
BEGIN
  IF p_cost < 0 THEN
    RAISE EXCEPTION 'a call cannot cost %', p_cost USING ERRCODE = 'UB004';
  END IF;

  -- The usual call: the wallet can pay all of it, there are no caps and nothing is to expire. Who waits here for the
  -- wallet's lock is asked all of this again of the wallet as it is then, but of the hold as it was before.
  UPDATE wallets w SET
    posted_micros = w.posted_micros - p_cost, seq = w.seq + 1, held_micros = w.held_micros - h.amount_micros,
    open_holds = w.open_holds - 1
  FROM holds h
  WHERE h.id = p_hold AND h.state = 'open' AND w.id = h.wallet_id AND p_cost > 0
    AND w.held_micros >= h.amount_micros AND w.posted_micros - w.held_micros + h.amount_micros >= p_cost
    AND w.caps = 0 AND (w.next_expiry_at > now()) IS NOT FALSE
  RETURNING w.id, w.posted_micros, w.seq, h.amount_micros, h.request_hash
  INTO v_wallet_id, v_balance, wallet_seq, v_reserved, v_hash;
  IF FOUND THEN
    UPDATE holds SET state = 'captured', captured_micros = p_cost, open_worker_id = NULL, closed_at = now()
    WHERE id = p_hold AND state = 'open';
    IF FOUND THEN
      UPDATE lots SET remaining_micros = remaining_micros - p_cost
      WHERE wallet_id = v_wallet_id AND remaining_micros >= p_cost
        AND transfer_id = (SELECT l.transfer_id FROM ledger_lots_in_order(v_wallet_id) l LIMIT 1)
      RETURNING transfer_id INTO v_lot;
      transfer_id := ledger_new_id();
      INSERT INTO transfers (
        id, kind, debit_account_id, credit_account_id, amount_micros, debit_seq, debit_balance_micros,
        idempotency_key, request_hash, hold_id, lot_transfer_id, external_ref, actor)
      VALUES (
        transfer_id, 'usage', v_wallet_id, '00000000-0000-7000-8000-000000000002', p_cost, wallet_seq, v_balance,
        'capture:' || p_hold, v_hash, p_hold, v_lot, p_external_ref, p_actor);
      IF v_lot IS NULL THEN
        v_lacking := ledger_drain_lots(v_wallet_id, transfer_id, p_cost, NULL);
        IF v_lacking > 0 THEN
          RAISE EXCEPTION 'lots of wallet % hold % less than its balance', v_wallet_id, v_lacking USING ERRCODE = 'UB009';
        END IF;
      END IF;
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
    SELECT * INTO v_hold FROM holds WHERE id = p_hold;
    IF v_hold.captured_micros + v_hold.bad_debt_micros <> p_cost THEN
      RAISE EXCEPTION 'hold % has ended already', p_hold USING ERRCODE = 'UB003';
    END IF;
    SELECT id, debit_seq INTO transfer_id, wallet_seq FROM transfers WHERE idempotency_key = 'capture:' || p_hold;
  END IF;
  charged_micros := v_hold.captured_micros;
  bad_debt_micros := v_hold.bad_debt_micros;
  IF replayed THEN
    RETURN;
  END IF;

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
END $$;
