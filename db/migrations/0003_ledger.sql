-- Every verb that changes a balance, as it stands now; what 0001 said of them is replaced whole.
--
-- Each verb (ledger_open_wallet, ledger_post, ledger_hold, ledger_capture, ledger_expire, ledger_set_cap) is one
-- VOLATILE PL/pgSQL function, so that each of its statements sees what was committed before it got its locks. A wallet's
-- row is the lock of everything that is the wallet's: balance, holds, lots, caps. Several are locked in the order of their
-- ids. The application may execute the verbs; the other functions are theirs alone and run with their search_path, in
-- which pg_temp is named last, since it would be searched first if it were left out.
--
-- Refusals: UB001 the key or id was used for another request, UB002 not enough is free, UB003 the hold has ended
-- otherwise, UB004 the request makes no sense, UB005 there is no such wallet or hold, UB009 the books contradict each other.

DROP FUNCTION ledger_capture(uuid, bigint, text, text);--> statement-breakpoint
DROP FUNCTION ledger_hold(uuid, uuid, bigint, bigint, integer, uuid, bytea);--> statement-breakpoint
DROP FUNCTION ledger_post(uuid, text, uuid, uuid, bigint, text, bytea, text, text, text, uuid, text, timestamptz);--> statement-breakpoint
DROP FUNCTION ledger_drain_lots(uuid, uuid, bigint);--> statement-breakpoint

CREATE TRIGGER late_usage_append_only BEFORE UPDATE OR DELETE ON late_usage FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER late_usage_no_truncate BEFORE TRUNCATE ON late_usage EXECUTE FUNCTION refuse_change();--> statement-breakpoint
ALTER TABLE spend_caps SET (fillfactor = 75);--> statement-breakpoint

-- What a row may look like, where the row is written with every call. PostgreSQL reads and plans a table's CHECK anew in
-- each statement that writes it, and a foreign key locks the row it names, which here is one row for everybody: the
-- account of revenue, the price in force. Together they cost as much as the ledger's own work. So an amount has a domain,
-- whose CHECK is read once in a connection, and what is said of several columns or of other rows is said by triggers:
-- of all but wallets, where one CHECK costs no more. They refuse the same to everybody; that an account or a price version
-- exists stays true because nobody can delete one.
CREATE FUNCTION check_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text := CASE
    WHEN NEW.kind NOT IN (
      'top_up', 'grant', 'promotion', 'redemption', 'usage', 'bad_debt', 'adjustment', 'refund', 'dispute', 'expiry',
      'reversal', 'goodwill') THEN 'transfers_kind_known'
    WHEN NEW.debit_account_id = NEW.credit_account_id THEN 'transfers_two_sided'
    WHEN (NEW.hold_id IS NOT NULL) <> (NEW.kind IN ('usage', 'bad_debt')) THEN 'transfers_hold_shape'
    WHEN num_nulls(NEW.debit_seq, NEW.debit_balance_micros) = 1
      OR num_nulls(NEW.credit_seq, NEW.credit_balance_micros) = 1
      OR least(NEW.debit_seq, NEW.credit_seq) <= 0
      OR least(NEW.debit_balance_micros, NEW.credit_balance_micros) < 0 THEN 'transfers_balances_shape' END;
BEGIN
  IF v_broken IS NULL
    AND (SELECT count(*) FROM public.accounts WHERE id IN (NEW.debit_account_id, NEW.credit_account_id)) < 2 THEN
    v_broken := 'transfers_accounts_exist';
  END IF;
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a transfer breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER transfers_check BEFORE INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION check_transfer();--> statement-breakpoint

CREATE FUNCTION check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text := CASE
    WHEN NEW.state NOT IN ('open', 'captured', 'released') THEN 'holds_state_known'
    WHEN (NEW.state = 'open') <> (NEW.closed_at IS NULL) OR (NEW.state <> 'open' AND NEW.open_worker_id IS NOT NULL)
      THEN 'holds_state_shape'
    WHEN (NEW.state = 'captured') <> (NEW.captured_micros + NEW.bad_debt_micros > 0) THEN 'holds_captured_shape'
    WHEN OLD.state <> 'open'
      AND (NEW.state, NEW.amount_micros, NEW.captured_micros, NEW.bad_debt_micros)
        IS DISTINCT FROM (OLD.state, OLD.amount_micros, OLD.captured_micros, OLD.bad_debt_micros)
      THEN 'holds_end_once' END;
BEGIN
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a hold breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER holds_check BEFORE INSERT OR UPDATE ON holds FOR EACH ROW EXECUTE FUNCTION check_hold();--> statement-breakpoint

CREATE FUNCTION check_lot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text := CASE
    WHEN NEW.source NOT IN ('paid', 'promotional', 'code') THEN 'lots_source_known'
    WHEN NEW.remaining_micros > NEW.amount_micros THEN 'lots_remaining_in_bounds' END;
BEGIN
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a lot breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER lots_check BEFORE INSERT OR UPDATE ON lots FOR EACH ROW EXECUTE FUNCTION check_lot();--> statement-breakpoint

CREATE FUNCTION check_usage_record() RETURNS trigger LANGUAGE plpgsql AS $$
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
    WHEN octet_length(NEW.quarantined_usage::text) > 4096 THEN 'usage_records_quarantine_bounded' END;
BEGIN
  IF v_broken IS NULL AND NOT EXISTS (SELECT 1 FROM public.price_versions WHERE id = NEW.price_version_id) THEN
    v_broken := 'usage_records_price_version_exists';
  END IF;
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'a receipt breaks %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER usage_records_check BEFORE INSERT ON usage_records FOR EACH ROW EXECUTE FUNCTION check_usage_record();--> statement-breakpoint

CREATE FUNCTION check_admission() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_broken text := CASE
    WHEN NEW.output_cap <= 0 THEN 'admissions_output_cap_positive'
    WHEN NOT EXISTS (SELECT 1 FROM public.price_versions WHERE id = NEW.price_version_id)
      THEN 'admissions_price_version_exists' END;
BEGIN
  IF v_broken IS NOT NULL THEN
    RAISE EXCEPTION 'the terms of a call break %', v_broken USING ERRCODE = 'check_violation', CONSTRAINT = v_broken;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER admissions_check BEFORE INSERT OR UPDATE OF price_version_id, output_cap ON admissions FOR EACH ROW EXECUTE FUNCTION check_admission();--> statement-breakpoint

CREATE TRIGGER accounts_append_only BEFORE UPDATE OR DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER accounts_no_truncate BEFORE TRUNCATE ON accounts EXECUTE FUNCTION refuse_change();--> statement-breakpoint
-- A price version ends when the next begins; what it says of prices stands for ever.
CREATE TRIGGER price_versions_keep_prices BEFORE UPDATE OF
  id, model_id, input_micros, cache_read_micros, cache_write_micros, output_micros, reasoning_micros, request_micros,
  cost_input_micros, cost_cache_read_micros, cost_cache_write_micros, cost_output_micros, cost_reasoning_micros
  ON price_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER price_versions_no_delete BEFORE DELETE ON price_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER price_versions_no_truncate BEFORE TRUNCATE ON price_versions EXECUTE FUNCTION refuse_change();--> statement-breakpoint

-- A UUID version 7 by the database's clock. Without a search_path of its own it is a part of whatever calls it.
CREATE OR REPLACE FUNCTION ledger_new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1),
    'hex')::uuid
$$;--> statement-breakpoint

-- What a wallet's lots still hold, in the order in which they are drained: soonest expiry first, and promotional before
-- code before paid among those that expire together.
CREATE FUNCTION ledger_lots_in_order(p_wallet uuid) RETURNS SETOF lots LANGUAGE sql STABLE AS $$
  SELECT * FROM lots
  WHERE wallet_id = p_wallet AND remaining_micros > 0
  ORDER BY expires_at NULLS LAST, array_position(ARRAY['promotional', 'code', 'paid'], source), transfer_id
$$;--> statement-breakpoint

-- Takes an amount out of a wallet's lots, or out of one of them, and puts on record which paid. Returns what they lacked.
CREATE FUNCTION ledger_drain_lots(p_wallet uuid, p_transfer uuid, p_amount bigint, p_from_lot uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_left bigint := p_amount;
  v_take bigint;
  v_lot uuid;
  v_remaining bigint;
BEGIN
  WHILE v_left > 0 LOOP
    SELECT transfer_id, remaining_micros INTO v_lot, v_remaining FROM ledger_lots_in_order(p_wallet)
    WHERE p_from_lot IS NULL OR transfer_id = p_from_lot LIMIT 1;
    EXIT WHEN NOT FOUND;
    v_take := least(v_left, v_remaining);
    UPDATE lots SET remaining_micros = remaining_micros - v_take WHERE wallet_id = p_wallet AND transfer_id = v_lot;
    INSERT INTO lot_uses (wallet_id, transfer_id, lot_transfer_id, amount_micros)
    VALUES (p_wallet, p_transfer, v_lot, v_take);
    v_left := v_left - v_take;
  END LOOP;
  RETURN v_left;
END $$;--> statement-breakpoint

-- Writes one transfer and what it does to the wallets it touches, which the caller has locked and hands over as they
-- are: null on the side of the house. False when its key was used before. p_lifted is what a hold reserved that ends
-- with this transfer.
CREATE FUNCTION ledger_move(
  p_id uuid, p_kind text, p_debit uuid, p_from wallets, p_credit uuid, p_into wallets, p_amount bigint, p_key text,
  p_hash bytea, p_actor text,
  p_reason text DEFAULT NULL, p_external_ref text DEFAULT NULL, p_hold uuid DEFAULT NULL, p_lifted bigint DEFAULT NULL,
  p_lot_source text DEFAULT NULL, p_lot_expires timestamptz DEFAULT NULL, p_from_lot uuid DEFAULT NULL
) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
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
    idempotency_key, request_hash, hold_id, external_ref, actor, reason)
  VALUES (
    p_id, p_kind, p_debit, p_credit, p_amount,
    p_from.seq + 1, p_from.posted_micros - p_amount, p_into.seq + 1, p_into.posted_micros + p_amount,
    p_key, p_hash, p_hold, p_external_ref, p_actor, p_reason)
  ON CONFLICT (idempotency_key) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;

  IF p_from.id IS NOT NULL THEN
    UPDATE wallets SET
      posted_micros = posted_micros - p_amount,
      seq = seq + 1,
      held_micros = held_micros - coalesce(p_lifted, 0),
      open_holds = open_holds - (p_lifted IS NOT NULL)::integer
    WHERE id = p_debit;
    v_lacking := ledger_drain_lots(p_debit, p_id, p_amount, p_from_lot);
    IF v_lacking > 0 AND p_from_lot IS NOT NULL THEN
      RAISE EXCEPTION 'lot % holds % less than asked', p_from_lot, v_lacking USING ERRCODE = 'UB002';
    ELSIF v_lacking > 0 THEN
      RAISE EXCEPTION 'lots of wallet % hold % less than its balance', p_debit, v_lacking USING ERRCODE = 'UB009';
    END IF;
  END IF;
  IF p_into.id IS NOT NULL THEN
    UPDATE wallets SET
      posted_micros = posted_micros + p_amount,
      seq = seq + 1,
      next_expiry_at = least(next_expiry_at, p_lot_expires)
    WHERE id = p_credit;
    INSERT INTO lots (wallet_id, transfer_id, source, amount_micros, remaining_micros, expires_at)
    VALUES (p_credit, p_id, p_lot_source, p_amount, p_amount, p_lot_expires);
  END IF;
  RETURN true;
END $$;--> statement-breakpoint

-- Takes what has expired out of a wallet that the caller has locked, and returns the wallet as it is then. Whoever takes
-- from a wallet does this first when it is time. What running calls hold is taken to lie in the lots that are drained
-- first, and does not expire under them: a call was let in on it.
CREATE FUNCTION ledger_expire_lots(p_wallet wallets) RETURNS wallets LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_wallet wallets := p_wallet;
  v_held bigint := p_wallet.held_micros;
  v_kept bigint;
  v_lot record;
BEGIN
  FOR v_lot IN SELECT * FROM ledger_lots_in_order(p_wallet.id) WHERE expires_at <= now() LOOP
    v_kept := least(v_held, v_lot.remaining_micros);
    v_held := v_held - v_kept;
    IF v_lot.remaining_micros > v_kept THEN
      -- A lot can expire in parts, as holds end; what is left of it names the part.
      PERFORM ledger_move(
        ledger_new_id(), 'expiry', p_wallet.id, v_wallet, '00000000-0000-7000-8000-000000000007', NULL,
        v_lot.remaining_micros - v_kept,
        'expiry:' || v_lot.transfer_id || ':' || v_lot.remaining_micros, sha256(uuid_send(v_lot.transfer_id)),
        'system:expiry', p_from_lot => v_lot.transfer_id);
      SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet.id;
    END IF;
  END LOOP;
  UPDATE wallets SET next_expiry_at = (SELECT min(expires_at) FROM ledger_lots_in_order(p_wallet.id))
  WHERE id = p_wallet.id RETURNING * INTO v_wallet;
  RETURN v_wallet;
END $$;--> statement-breakpoint

-- Lets what has expired in a wallet expire; returns how much did.
CREATE FUNCTION ledger_expire(p_wallet uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_wallet wallets;
  v_before bigint;
BEGIN
  SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no wallet %', p_wallet USING ERRCODE = 'UB005';
  END IF;
  v_before := v_wallet.posted_micros;
  IF v_wallet.next_expiry_at <= now() THEN
    v_wallet := ledger_expire_lots(v_wallet);
  END IF;
  RETURN v_before - v_wallet.posted_micros;
END $$;--> statement-breakpoint

-- Moves credits from one account to another. The same key with the same request is the same transfer (replayed); with
-- another request it is refused (UB001). A wallet never gives more than it has free, nor a lot more than is left of it
-- (UB002). What calls cost and what expires is moved by the verbs that know how much.
CREATE FUNCTION ledger_post(
  p_id uuid, p_kind text, p_debit uuid, p_credit uuid, p_amount bigint, p_key text, p_hash bytea, p_actor text,
  p_reason text DEFAULT NULL, p_external_ref text DEFAULT NULL,
  p_lot_source text DEFAULT NULL, p_lot_expires timestamptz DEFAULT NULL, p_from_lot uuid DEFAULT NULL
) RETURNS TABLE (transfer_id uuid, replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_debit wallets;
  v_credit wallets;
  v_known transfers;
BEGIN
  IF p_kind IN ('usage', 'bad_debt', 'expiry') THEN
    RAISE EXCEPTION 'transfers of kind % are not posted by hand', p_kind USING ERRCODE = 'UB004';
  END IF;
  PERFORM 1 FROM wallets WHERE id IN (p_debit, p_credit) ORDER BY id FOR UPDATE;
  SELECT * INTO v_debit FROM wallets WHERE id = p_debit;
  IF v_debit.next_expiry_at <= now() THEN
    v_debit := ledger_expire_lots(v_debit);
  END IF;
  SELECT * INTO v_credit FROM wallets WHERE id = p_credit;
  IF ledger_move(
    p_id, p_kind, p_debit, v_debit, p_credit, v_credit, p_amount, p_key, p_hash, p_actor, p_reason, p_external_ref,
    p_lot_source => p_lot_source, p_lot_expires => p_lot_expires, p_from_lot => p_from_lot)
  THEN
    RETURN QUERY SELECT p_id, false;
    RETURN;
  END IF;

  SELECT * INTO STRICT v_known FROM transfers WHERE idempotency_key = p_key;
  IF v_known.request_hash <> p_hash THEN
    RAISE EXCEPTION 'idempotency key % was used for another request', p_key USING ERRCODE = 'UB001';
  END IF;
  RETURN QUERY SELECT v_known.id, true;
END $$;--> statement-breakpoint

-- Notes in a spender's caps what was reserved or lifted, and what was spent. A day or month that is over begins anew,
-- and never again: who began before midnight and got the lock after it finds a window that is later than its own time.
CREATE FUNCTION ledger_note_spending(p_wallet uuid, p_spender uuid, p_held bigint, p_spent bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE spend_caps SET
    held_micros = held_micros + p_held,
    spent_micros = p_spent + CASE WHEN window_end > now() THEN spent_micros ELSE 0 END,
    window_start = CASE WHEN window_end > now() THEN window_start ELSE date_trunc(period, now(), time_zone) END,
    window_end = CASE WHEN window_end > now() THEN window_end
      ELSE (date_trunc(period, now() AT TIME ZONE time_zone) + ('1 ' || period)::interval) AT TIME ZONE time_zone END
  WHERE wallet_id = p_wallet AND spender_id = p_spender;
END $$;--> statement-breakpoint

-- Reserves the least of p_full, what is free and what the spender's caps leave, unless that is below p_minimum or too
-- many holds are open. outcome: held, insufficient, capped (with the cap that refused), too_many. The same hold id with
-- the same request is the same hold, while it is open; one that has ended reserves nothing any more (UB003).
CREATE FUNCTION ledger_hold(
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
CREATE FUNCTION ledger_capture(
  p_hold uuid, p_cost bigint, p_actor text, p_external_ref text DEFAULT NULL,
  OUT charged_micros bigint, OUT bad_debt_micros bigint, OUT transfer_id uuid, OUT wallet_seq bigint, OUT replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_wallet wallets;
  v_hold holds;
  v_free bigint;
BEGIN
  IF p_cost < 0 THEN
    RAISE EXCEPTION 'a call cannot cost %', p_cost USING ERRCODE = 'UB004';
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
END $$;--> statement-breakpoint

-- The smallest UUID version 7 of an instant.
CREATE FUNCTION ledger_first_id(p_at timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;--> statement-breakpoint

-- Sets what a spender may spend from a wallet in a day or a month of a time zone, or with null lifts the cap. What they
-- have spent since midnight, or since the month's first, counts from the start.
CREATE FUNCTION ledger_set_cap(p_wallet uuid, p_spender uuid, p_period text, p_limit bigint, p_time_zone text)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_start timestamptz := date_trunc(p_period, now(), p_time_zone);
  v_end timestamptz := (date_trunc(p_period, now() AT TIME ZONE p_time_zone) + ('1 ' || p_period)::interval)
    AT TIME ZONE p_time_zone;
BEGIN
  PERFORM 1 FROM wallets WHERE id = p_wallet FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no wallet %', p_wallet USING ERRCODE = 'UB005';
  END IF;
  DELETE FROM spend_caps WHERE wallet_id = p_wallet AND spender_id = p_spender AND period = p_period;
  INSERT INTO spend_caps (
    wallet_id, spender_id, period, limit_micros, time_zone, window_start, window_end, spent_micros, held_micros)
  SELECT p_wallet, p_spender, p_period, p_limit, p_time_zone, v_start, v_end,
    (SELECT coalesce(sum(captured_micros), 0) FROM holds
     WHERE wallet_id = p_wallet AND spender_id = p_spender AND closed_at >= v_start
       -- Ids are made in time order; a day of slack covers clocks that differ and calls that last.
       AND id >= ledger_first_id(v_start - interval '1 day')),
    (SELECT coalesce(sum(amount_micros), 0) FROM holds
     WHERE wallet_id = p_wallet AND spender_id = p_spender AND open_worker_id IS NOT NULL)
  WHERE p_limit IS NOT NULL;
  UPDATE wallets SET caps = (SELECT count(*) FROM spend_caps WHERE wallet_id = p_wallet) WHERE id = p_wallet;
END $$;--> statement-breakpoint

REVOKE ALL ON FUNCTION ledger_new_id() FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_first_id(timestamptz) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_lots_in_order(uuid) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_drain_lots(uuid, uuid, bigint, uuid) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_move(uuid, text, uuid, wallets, uuid, wallets, bigint, text, bytea, text, text, text, uuid, bigint, text, timestamptz, uuid) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_expire_lots(wallets) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_note_spending(uuid, uuid, bigint, bigint) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_expire(uuid) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_post(uuid, text, uuid, uuid, bigint, text, bytea, text, text, text, text, timestamptz, uuid) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_hold(uuid, uuid, uuid, bigint, bigint, integer, uuid, bytea) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_capture(uuid, bigint, text, text) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_set_cap(uuid, uuid, text, bigint, text) FROM PUBLIC;
