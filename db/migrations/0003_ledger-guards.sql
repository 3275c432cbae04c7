-- A hold that has ended is not held again, and no session's own tables come before the ledger's.

-- Reserves the lesser of p_full and what is free, unless that is below p_minimum or too many holds are open.
-- outcome: held, insufficient, too_many. The same hold id with the same request is the same hold, while it is open;
-- one that has ended reserves nothing any more and is refused (UB003).
CREATE OR REPLACE FUNCTION ledger_hold(
  p_id uuid, p_wallet uuid, p_full bigint, p_minimum bigint, p_max_open integer, p_worker uuid, p_hash bytea
) RETURNS TABLE (outcome text, amount_micros bigint, available_micros bigint, held_micros bigint, open_holds integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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

-- What a search path leaves out, pg_temp, is searched first: it has to be named, and last.
ALTER FUNCTION refuse_change() SET search_path = pg_catalog, public, pg_temp;--> statement-breakpoint
ALTER FUNCTION ledger_new_id() SET search_path = pg_catalog, pg_temp;--> statement-breakpoint
ALTER FUNCTION ledger_open_wallet(text, uuid) SET search_path = pg_catalog, public, pg_temp;--> statement-breakpoint
ALTER FUNCTION ledger_drain_lots(uuid, uuid, bigint) SET search_path = pg_catalog, public, pg_temp;--> statement-breakpoint
ALTER FUNCTION ledger_post(uuid, text, uuid, uuid, bigint, text, bytea, text, text, text, uuid, text, timestamptz) SET search_path = pg_catalog, public, pg_temp;--> statement-breakpoint
ALTER FUNCTION ledger_hold(uuid, uuid, bigint, bigint, integer, uuid, bytea) SET search_path = pg_catalog, public, pg_temp;--> statement-breakpoint
ALTER FUNCTION ledger_capture(uuid, bigint, text, text) SET search_path = pg_catalog, public, pg_temp;
