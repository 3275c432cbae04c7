-- Each verb (ledger_open_wallet, ledger_post, ledger_hold, ledger_capture, ledger_expire, ledger_set_cap,
-- ledger_suspend) is one VOLATILE PL/pgSQL function, so that each of its statements sees what was committed before it
-- got its locks. A wallet's row is the lock of everything that is the wallet's: balance, holds, lots, caps. Several are
-- locked in the order of their ids, and none FOR UPDATE, since a foreign key to a wallet holds what that waits for: two
-- who each wrote such a row first would wait for one another. The application may execute the verbs; the other
-- functions are theirs alone and run with their search_path, in which pg_temp is named last, since it would be searched
-- first if it were left out.
--
-- Refusals: UB001 the key or id was used for another request, UB002 not enough is free, UB003 the hold has ended
-- otherwise, UB004 the request makes no sense, UB005 there is no such wallet or hold, UB009 the books contradict each
-- other.

-- A UUID version 7 by the database's clock. Without a search_path of its own it is a part of whatever calls it.
CREATE OR REPLACE FUNCTION ledger_new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1),
    'hex')::uuid
$$;

-- The same, by what PostgreSQL has for it since its version 18.
DO $$
BEGIN
  IF current_setting('server_version_num')::integer >= 180000 THEN
    CREATE OR REPLACE FUNCTION ledger_new_id() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT uuidv7()';
  END IF;
END $$;

-- Opens the wallet of an owner, once; returns its id.
CREATE OR REPLACE FUNCTION ledger_open_wallet(p_owner_type text, p_owner_id uuid) RETURNS uuid
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
END $$;

-- Lets new calls hold from a wallet, or no longer. What runs already may end.
CREATE OR REPLACE FUNCTION ledger_suspend(p_wallet uuid, p_suspended boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE wallets SET suspended = p_suspended WHERE id = p_wallet;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no wallet %', p_wallet USING ERRCODE = 'UB005';
  END IF;
END $$;

-- What is left of each lot. The one that a wallet pays from is not written with each charge: the wallet names it and
-- the balance at which nothing of it is left, so that what is left is its balance less that.
CREATE OR REPLACE VIEW lots_left AS
SELECT l.wallet_id, l.transfer_id, l.source, l.amount_micros::bigint AS amount_micros,
  CASE WHEN w.lot_transfer_id = l.transfer_id THEN w.posted_micros - w.lot_floor_micros ELSE l.noted_micros END::bigint
    AS remaining_micros,
  l.expires_at, l.created_at
FROM lots l JOIN wallets w ON w.id = l.wallet_id;

-- The lots of a wallet that are not noted as used up, and what is left of them, in the order in which they are drained:
-- soonest expiry first, and promotional before code before paid among those that expire together. The caller has locked
-- the wallet and hands it over as it is.
CREATE OR REPLACE FUNCTION ledger_lots_in_order(p_wallet wallets)
RETURNS TABLE (lot_id uuid, left_micros bigint, lot_expires_at timestamptz) LANGUAGE sql STABLE AS $$
  SELECT transfer_id,
    CASE WHEN transfer_id = p_wallet.lot_transfer_id THEN p_wallet.posted_micros - p_wallet.lot_floor_micros
      ELSE noted_micros END,
    expires_at
  FROM lots WHERE wallet_id = p_wallet.id AND noted_micros > 0
  ORDER BY expires_at NULLS LAST, array_position(ARRAY['promotional', 'code', 'paid'], source), transfer_id
$$;

-- Takes an amount out of the lots of a wallet, in their order, and puts on record which paid. What is left of a lot
-- whose time came before p_since is for calls that began sooner, and comes last. Returns the lot that the wallet pays
-- from afterwards, which is the first that is not used up, and the balance at which that one will be; null when all
-- are.
CREATE OR REPLACE FUNCTION ledger_drain_lots(
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
END $$;

-- Takes an amount out of one lot of a wallet and puts that on record. Returns the balance at which the lot that the
-- wallet pays from is used up then.
CREATE OR REPLACE FUNCTION ledger_drain_lot(p_wallet wallets, p_lot uuid, p_transfer uuid, p_amount bigint)
RETURNS bigint
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
END $$;

-- Writes one transfer and what it does to the wallets it touches, which the caller has locked and hands over as they
-- are: null on the side of the house. False when its key was used before. p_lifted is what a hold reserved that ends
-- with this transfer, p_since when it began: lots whose time had come by then pay for it last.
CREATE OR REPLACE FUNCTION ledger_move(
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
END $$;

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
END $$;

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
END $$;

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
END $$;
