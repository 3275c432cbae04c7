-- The rules that live in the database: what is append-only, which prices may not overlap, the house's
-- accounts, and the verbs that change a balance. Each verb is one VOLATILE PL/pgSQL function, so that every
-- statement in it sees what was committed before it got its locks. Lock order: hold, wallets by id, lots.
-- pg_temp is named last in every search path: left out, it would be searched first.

CREATE EXTENSION IF NOT EXISTS btree_gist;--> statement-breakpoint

ALTER TABLE price_versions
  ADD CONSTRAINT price_versions_no_overlap EXCLUDE USING gist (model_id WITH =, valid_during WITH &&),
  ADD CONSTRAINT price_versions_range_shape CHECK (NOT isempty(valid_during) AND lower_inc(valid_during) AND NOT upper_inc(valid_during));--> statement-breakpoint

-- An update of a balance must stay within its page (HOT): no index on amounts, room in each page.
ALTER TABLE wallets SET (fillfactor = 75);--> statement-breakpoint
ALTER TABLE lots SET (fillfactor = 75);--> statement-breakpoint
ALTER TABLE holds SET (fillfactor = 85);--> statement-breakpoint
ALTER TABLE generations SET (fillfactor = 75);--> statement-breakpoint
ALTER TABLE admissions SET (fillfactor = 75);--> statement-breakpoint

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'UB000';
END $$;--> statement-breakpoint
CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER transfers_no_truncate BEFORE TRUNCATE ON transfers EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER lot_uses_append_only BEFORE UPDATE OR DELETE ON lot_uses FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER lot_uses_no_truncate BEFORE TRUNCATE ON lot_uses EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER usage_records_append_only BEFORE UPDATE OR DELETE ON usage_records FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER usage_records_no_truncate BEFORE TRUNCATE ON usage_records EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries EXECUTE FUNCTION refuse_change();--> statement-breakpoint

INSERT INTO accounts (id, kind, code) VALUES
  ('00000000-0000-7000-8000-000000000001', 'house', 'clearing'),
  ('00000000-0000-7000-8000-000000000002', 'house', 'revenue'),
  ('00000000-0000-7000-8000-000000000003', 'house', 'promotions'),
  ('00000000-0000-7000-8000-000000000004', 'house', 'goodwill'),
  ('00000000-0000-7000-8000-000000000005', 'house', 'bad_debt'),
  ('00000000-0000-7000-8000-000000000006', 'house', 'adjustments'),
  ('00000000-0000-7000-8000-000000000007', 'house', 'expired');--> statement-breakpoint

-- A UUID version 7 by the database's clock.
CREATE FUNCTION ledger_new_id() RETURNS uuid LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1),
    'hex')::uuid
$$;--> statement-breakpoint

-- Opens the wallet of an owner, once; returns its id.
CREATE FUNCTION ledger_open_wallet(p_owner_type text, p_owner_id uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_id uuid;
BEGIN
  INSERT INTO accounts (id, kind, owner_type, owner_id)
  VALUES (ledger_new_id(), 'wallet', p_owner_type, p_owner_id)
  ON CONFLICT (owner_type, owner_id) DO NOTHING
  RETURNING id INTO v_id;
  IF v_id IS NULL THEN
    SELECT id INTO STRICT v_id FROM accounts WHERE owner_type = p_owner_type AND owner_id = p_owner_id;
  ELSE
    INSERT INTO wallets (id) VALUES (v_id);
  END IF;
  RETURN v_id;
END $$;--> statement-breakpoint

-- Takes an amount out of a wallet's lots: promotional before code before paid among those that expire together,
-- soonest expiry first. The caller holds the wallet's lock and has checked that the wallet has the amount.
CREATE FUNCTION ledger_drain_lots(p_wallet uuid, p_transfer uuid, p_amount bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_left bigint := p_amount;
  v_take bigint;
  v_lot record;
BEGIN
  FOR v_lot IN
    SELECT transfer_id, remaining_micros FROM lots
    WHERE wallet_id = p_wallet AND remaining_micros > 0
    ORDER BY expires_at NULLS LAST, array_position(ARRAY['promotional', 'code', 'paid'], source), transfer_id
    FOR UPDATE
  LOOP
    EXIT WHEN v_left = 0;
    v_take := least(v_left, v_lot.remaining_micros);
    UPDATE lots SET remaining_micros = remaining_micros - v_take
    WHERE wallet_id = p_wallet AND transfer_id = v_lot.transfer_id;
    INSERT INTO lot_uses (wallet_id, transfer_id, lot_transfer_id, amount_micros)
    VALUES (p_wallet, p_transfer, v_lot.transfer_id, v_take);
    v_left := v_left - v_take;
  END LOOP;
  IF v_left > 0 THEN
    RAISE EXCEPTION 'lots of wallet % hold % less than its balance', p_wallet, v_left USING ERRCODE = 'UB009';
  END IF;
END $$;--> statement-breakpoint

-- Moves credits from one account to another. The same key with the same request is the same transfer (replayed);
-- with another request it is refused (UB001). A wallet never gives more than it has free (UB002).
-- p_hold names the hold whose reservation this transfer consumes: the caller has already taken it off the wallet.
CREATE FUNCTION ledger_post(
  p_id uuid, p_kind text, p_debit uuid, p_credit uuid, p_amount bigint, p_key text, p_hash bytea,
  p_actor text, p_reason text DEFAULT NULL, p_external_ref text DEFAULT NULL, p_hold uuid DEFAULT NULL,
  p_lot_source text DEFAULT NULL, p_lot_expires timestamptz DEFAULT NULL
) RETURNS TABLE (transfer_id uuid, replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_debit wallets;
  v_credit wallets;
  v_known transfers;
BEGIN
  PERFORM 1 FROM wallets WHERE id IN (p_debit, p_credit) ORDER BY id FOR UPDATE;
  SELECT * INTO v_debit FROM wallets WHERE id = p_debit;
  SELECT * INTO v_credit FROM wallets WHERE id = p_credit;

  INSERT INTO transfers (
    id, kind, debit_account_id, credit_account_id, amount_micros,
    debit_seq, debit_balance_micros, credit_seq, credit_balance_micros,
    idempotency_key, request_hash, hold_id, external_ref, actor, reason)
  VALUES (
    p_id, p_kind, p_debit, p_credit, p_amount,
    v_debit.seq + 1, v_debit.posted_micros - p_amount, v_credit.seq + 1, v_credit.posted_micros + p_amount,
    p_key, p_hash, p_hold, p_external_ref, p_actor, p_reason)
  ON CONFLICT (idempotency_key) DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO STRICT v_known FROM transfers WHERE idempotency_key = p_key;
    IF v_known.request_hash <> p_hash THEN
      RAISE EXCEPTION 'idempotency key % was used for another request', p_key USING ERRCODE = 'UB001';
    END IF;
    RETURN QUERY SELECT v_known.id, true;
    RETURN;
  END IF;

  IF v_debit.id IS NOT NULL THEN
    IF v_debit.posted_micros - v_debit.held_micros < p_amount THEN
      RAISE EXCEPTION 'wallet % has less than % free', p_debit, p_amount USING ERRCODE = 'UB002';
    END IF;
    UPDATE wallets SET posted_micros = posted_micros - p_amount, seq = seq + 1 WHERE id = p_debit;
    PERFORM ledger_drain_lots(p_debit, p_id, p_amount);
  END IF;
  IF v_credit.id IS NOT NULL THEN
    UPDATE wallets SET posted_micros = posted_micros + p_amount, seq = seq + 1 WHERE id = p_credit;
    INSERT INTO lots (wallet_id, transfer_id, source, amount_micros, remaining_micros, expires_at)
    VALUES (p_credit, p_id, p_lot_source, p_amount, p_amount, p_lot_expires);
  END IF;
  RETURN QUERY SELECT p_id, false;
END $$;--> statement-breakpoint

-- Reserves the lesser of p_full and what is free, unless that is below p_minimum or too many holds are open.
-- outcome: held, insufficient, too_many. The same hold id with the same request is the same hold, while it is open;
-- one that has ended reserves nothing any more and is refused (UB003).
CREATE FUNCTION ledger_hold(
  p_id uuid, p_wallet uuid, p_full bigint, p_minimum bigint, p_max_open integer, p_worker uuid, p_hash bytea
) RETURNS TABLE (outcome text, amount_micros bigint, available_micros bigint, held_micros bigint, open_holds integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_wallet wallets;
  v_known holds;
  v_free bigint;
  v_amount bigint;
BEGIN
  IF p_minimum <= 0 OR p_full < p_minimum THEN
    RAISE EXCEPTION 'a hold needs 0 < minimum <= full' USING ERRCODE = 'UB004';
  END IF;
  SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no wallet %', p_wallet USING ERRCODE = 'UB005';
  END IF;
  v_free := v_wallet.posted_micros - v_wallet.held_micros;

  SELECT * INTO v_known FROM holds WHERE id = p_id;
  IF FOUND THEN
    IF v_known.request_hash <> p_hash THEN
      RAISE EXCEPTION 'hold % was placed for another request', p_id USING ERRCODE = 'UB001';
    END IF;
    IF v_known.state <> 'open' THEN
      RAISE EXCEPTION 'hold % has ended already', p_id USING ERRCODE = 'UB003';
    END IF;
    RETURN QUERY SELECT 'held', v_known.amount_micros, v_free, v_wallet.held_micros, v_wallet.open_holds;
    RETURN;
  END IF;
  IF v_wallet.open_holds >= p_max_open THEN
    RETURN QUERY SELECT 'too_many', 0::bigint, v_free, v_wallet.held_micros, v_wallet.open_holds;
    RETURN;
  END IF;
  v_amount := least(p_full, v_free);
  IF v_amount < p_minimum THEN
    RETURN QUERY SELECT 'insufficient', 0::bigint, v_free, v_wallet.held_micros, v_wallet.open_holds;
    RETURN;
  END IF;

  INSERT INTO holds (id, wallet_id, amount_micros, request_hash, open_worker_id)
  VALUES (p_id, p_wallet, v_amount, p_hash, p_worker);
  UPDATE wallets SET held_micros = held_micros + v_amount, open_holds = open_holds + 1 WHERE id = p_wallet;
  RETURN QUERY SELECT 'held', v_amount, v_free - v_amount, v_wallet.held_micros + v_amount, v_wallet.open_holds + 1;
END $$;--> statement-breakpoint

-- Ends a hold with what the call cost. The wallet pays at most what it has free once this hold is lifted; the rest
-- is booked to bad debt. A cost of zero releases. Repeating it with the same cost changes nothing; any other second
-- end of the hold is refused (UB003).
CREATE FUNCTION ledger_capture(p_hold uuid, p_cost bigint, p_actor text, p_external_ref text DEFAULT NULL)
RETURNS TABLE (charged_micros bigint, bad_debt_micros bigint, replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_hold holds;
  v_wallet wallets;
  v_charge bigint;
BEGIN
  IF p_cost < 0 THEN
    RAISE EXCEPTION 'a call cannot cost %', p_cost USING ERRCODE = 'UB004';
  END IF;
  SELECT * INTO v_hold FROM holds WHERE id = p_hold FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no hold %', p_hold USING ERRCODE = 'UB005';
  END IF;
  IF v_hold.state <> 'open' THEN
    IF v_hold.captured_micros + v_hold.bad_debt_micros <> p_cost THEN
      RAISE EXCEPTION 'hold % has ended already', p_hold USING ERRCODE = 'UB003';
    END IF;
    RETURN QUERY SELECT v_hold.captured_micros, v_hold.bad_debt_micros, true;
    RETURN;
  END IF;

  SELECT * INTO STRICT v_wallet FROM wallets WHERE id = v_hold.wallet_id FOR UPDATE;
  v_charge := least(p_cost, v_wallet.posted_micros - v_wallet.held_micros + v_hold.amount_micros);
  UPDATE wallets SET held_micros = held_micros - v_hold.amount_micros, open_holds = open_holds - 1
  WHERE id = v_hold.wallet_id;
  UPDATE holds SET
    state = CASE WHEN p_cost = 0 THEN 'released' ELSE 'captured' END,
    captured_micros = v_charge, bad_debt_micros = p_cost - v_charge, open_worker_id = NULL, closed_at = now()
  WHERE id = p_hold;

  IF v_charge > 0 THEN
    PERFORM ledger_post(
      ledger_new_id(), 'usage', v_hold.wallet_id, '00000000-0000-7000-8000-000000000002', v_charge,
      'capture:' || p_hold, v_hold.request_hash, p_actor, NULL, p_external_ref, p_hold);
  END IF;
  IF p_cost > v_charge THEN
    PERFORM ledger_post(
      ledger_new_id(), 'bad_debt', '00000000-0000-7000-8000-000000000005', '00000000-0000-7000-8000-000000000002',
      p_cost - v_charge, 'bad-debt:' || p_hold, v_hold.request_hash, p_actor, NULL, p_external_ref, p_hold);
  END IF;
  RETURN QUERY SELECT v_charge, p_cost - v_charge, false;
END $$;--> statement-breakpoint

REVOKE ALL ON FUNCTION ledger_open_wallet(text, uuid) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_drain_lots(uuid, uuid, bigint) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_post(uuid, text, uuid, uuid, bigint, text, bytea, text, text, text, uuid, text, timestamptz) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_hold(uuid, uuid, bigint, bigint, integer, uuid, bytea) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_capture(uuid, bigint, text, text) FROM PUBLIC;
