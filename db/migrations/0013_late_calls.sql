-- What an expired lot still holds is for the calls that were let in on it, and for nobody who comes later: a call that began
-- after a lot's time neither keeps it nor is paid out of it. Before, all that was held kept what had expired, so that calls
-- that overlapped kept it for as long as they went on.
--
-- A wallet is locked FOR NO KEY UPDATE, which does not wait for the foreign keys of rows that name it: two who each wrote
-- such a row first waited for one another. A cap that is set while midnight passes begins with the new day. Keys that the
-- ledger makes are refused from outside: a movement of its own would have found its key taken and been left out.
DROP FUNCTION ledger_drain_lots(wallets, uuid, bigint);--> statement-breakpoint
DROP FUNCTION ledger_move(uuid, text, uuid, wallets, uuid, wallets, bigint, text, bytea, text, text, text, uuid, bigint, text, timestamptz, uuid);--> statement-breakpoint

-- Takes an amount out of the lots of a wallet, in their order, and puts on record which paid. What is left of a lot
-- whose time came before p_since is for calls that began sooner, and comes last. Returns the lot that the wallet pays
-- from afterwards, which is the first that is not used up, and the balance at which that one will be; null when all
-- are.
CREATE FUNCTION ledger_drain_lots(
  p_wallet wallets, p_transfer uuid, p_amount bigint, p_since timestamptz, OUT paying_lot_id uuid, OUT floor_micros bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_left bigint := p_amount;
  v_lot record;
  v_take bigint;
BEGIN
  FOR v_lot IN SELECT * FROM ledger_lots_in_order(p_wallet) WHERE (lot_expires_at > p_since) IS NOT FALSE LOOP
    -- Unless the wallet pays from one whose time had come, none of those has anything left.
    EXIT WHEN v_lot.lot_id = p_wallet.lot_transfer_id;
    v_take := least(v_left, v_lot.left_micros);
    IF v_take > 0 THEN
      PERFORM ledger_drain_lot(p_wallet, v_lot.lot_id, p_transfer, v_take);
      v_left := v_left - v_take;
    END IF;
  END LOOP;
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

-- Writes one transfer and what it does to the wallets it touches, which the caller has locked and hands over as they
-- are: null on the side of the house. False when its key was used before. p_lifted is what a hold reserved that ends
-- with this transfer, p_since when it began: lots whose time had come by then pay for it last.
CREATE FUNCTION ledger_move(
  p_id uuid, p_kind text, p_debit uuid, p_from wallets, p_credit uuid, p_into wallets, p_amount bigint, p_key text,
  p_hash bytea, p_actor text,
  p_reason text DEFAULT NULL, p_external_ref text DEFAULT NULL, p_hold uuid DEFAULT NULL, p_lifted bigint DEFAULT NULL,
  p_lot_source text DEFAULT NULL, p_lot_expires timestamptz DEFAULT NULL, p_from_lot uuid DEFAULT NULL,
  p_since timestamptz DEFAULT now()
) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  -- What a call costs comes out of the lot that the wallet pays from, if that is enough.
  v_one_lot uuid := CASE WHEN p_kind = 'usage' AND p_from.posted_micros - p_amount >= p_from.lot_floor_micros
    AND (p_from.next_expiry_at > p_since) IS NOT FALSE THEN p_from.lot_transfer_id END;
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
      SELECT paying_lot_id, floor_micros INTO v_lot, v_floor FROM ledger_drain_lots(p_from, p_id, p_amount, p_since);
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

-- Takes what has expired out of a wallet that the caller has locked, and returns the wallet as it is then. Whoever
-- takes from a wallet does this first when it is time. What calls hold that began before a lot's time is taken to lie
-- in the lots that are drained first, and does not expire under them: they were let in on it. It takes from no call
-- what it holds, even where other lots gave what they had to who began before the time and got the lock after it.
CREATE OR REPLACE FUNCTION ledger_expire_lots(p_wallet wallets) RETURNS wallets LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_wallet wallets := p_wallet;
  v_kept bigint := 0;
  v_keeps bigint;
  v_expires bigint;
  v_lot record;
BEGIN
  FOR v_lot IN SELECT * FROM ledger_lots_in_order(p_wallet) WHERE lot_expires_at <= now() LOOP
    SELECT least(coalesce(sum(amount_micros), 0) - v_kept, v_lot.left_micros) INTO v_keeps FROM holds
    WHERE wallet_id = p_wallet.id AND open_worker_id IS NOT NULL AND created_at < v_lot.lot_expires_at;
    v_kept := v_kept + v_keeps;
    v_expires := least(v_lot.left_micros - v_keeps, v_wallet.posted_micros - v_wallet.held_micros);
    IF v_expires > 0 THEN
      -- A lot can expire in parts, as holds end; what is left of it names the part.
      PERFORM ledger_move(
        ledger_new_id(), 'expiry', p_wallet.id, v_wallet, '00000000-0000-7000-8000-000000000007', NULL,
        v_expires,
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

-- Lets what has expired in a wallet expire; returns how much did.
CREATE OR REPLACE FUNCTION ledger_expire(p_wallet uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_wallet wallets;
  v_before bigint;
BEGIN
  SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet FOR NO KEY UPDATE;
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
-- (UB002). What calls cost and what expires is moved by the verbs that know how much, under keys that they make.
CREATE OR REPLACE FUNCTION ledger_post(
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
  IF p_key ~ '^(capture|bad-debt|expiry):' THEN
    RAISE EXCEPTION 'key % is one that the ledger makes', p_key USING ERRCODE = 'UB004';
  END IF;
  PERFORM 1 FROM wallets WHERE id IN (p_debit, p_credit) ORDER BY id FOR NO KEY UPDATE;
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

-- Reserves the least of p_full, what is free and what the spender's caps leave, unless that is below p_minimum or too
-- many holds are open. outcome: held, suspended, insufficient, capped (with the cap that refused), too_many. The same
-- hold id with the same request is the same hold, while it is open; one that has ended reserves nothing any more
-- (UB003). The terms of the call that it is for, from p_model on, are kept with it.
CREATE OR REPLACE FUNCTION ledger_hold(
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

  SELECT * INTO v_wallet FROM wallets WHERE id = p_wallet FOR NO KEY UPDATE;
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
-- booked to bad debt. A cost of zero releases. A hold that has ended stays as it is, whatever this call cost
-- (replayed): the answer says how it ended, and who asks compares. What was charged is the wallet's transfer
-- transfer_id, number wallet_seq of its statement. Who knows whose wallet holds how much for it says so (p_wallet,
-- p_held), which is quicker; the hold is asked whether that is true.
CREATE OR REPLACE FUNCTION ledger_capture(
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
      AND posted_micros - p_cost >= lot_floor_micros AND caps = 0
      AND (next_expiry_at > clock_timestamp()) IS NOT FALSE
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

  SELECT w.* INTO v_wallet FROM holds h JOIN wallets w ON w.id = h.wallet_id WHERE h.id = p_hold FOR NO KEY UPDATE OF w;
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
      'capture:' || p_hold, v_hold.request_hash, p_actor, NULL, p_external_ref, p_hold, v_hold.amount_micros,
      p_since => v_hold.created_at)
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

-- Sets what a spender may spend from a wallet in a day or a month of a time zone, or with null lifts the cap. What they
-- have spent since midnight, or since the month's first, counts from the start.
CREATE OR REPLACE FUNCTION ledger_set_cap(p_wallet uuid, p_spender uuid, p_period text, p_limit bigint, p_time_zone text)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_now timestamptz;
  v_start timestamptz;
  v_end timestamptz;
BEGIN
  PERFORM 1 FROM wallets WHERE id = p_wallet FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no wallet %', p_wallet USING ERRCODE = 'UB005';
  END IF;
  -- Not now(): who began before midnight and got the lock after it would bring the day back that is over.
  v_now := clock_timestamp();
  v_start := date_trunc(p_period, v_now, p_time_zone);
  v_end := (date_trunc(p_period, v_now AT TIME ZONE p_time_zone) + ('1 ' || p_period)::interval) AT TIME ZONE p_time_zone;
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

REVOKE ALL ON FUNCTION ledger_drain_lots(wallets, uuid, bigint, timestamptz) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_move(uuid, text, uuid, wallets, uuid, wallets, bigint, text, bytea, text, text, text, uuid, bigint, text, timestamptz, uuid, timestamptz) FROM PUBLIC;
