-- What a row may look like and what may become of it, for the owner of the schema too. What is said here of a row where
-- each call writes one would cost more as a CHECK or a foreign key: PostgreSQL reads and plans a table's CHECK anew in
-- each statement that writes it, and a foreign key locks the row it names, which may be one row for everybody. What a
-- row names stays there because nobody can delete it.
--
-- What a statement costs most is to begin and to end, and what it is asked that no row is needed for is a node of its
-- plan: so a rule asks first, in one expression, whether this is the usual row, which keeps the rules after it.

-- What stands for ever.

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'UB000';
END $$;

CREATE OR REPLACE TRIGGER accounts_append_only BEFORE UPDATE OR DELETE ON accounts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER accounts_no_truncate BEFORE TRUNCATE ON accounts EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE ON transfers
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER transfers_no_truncate BEFORE TRUNCATE ON transfers EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lot_uses_append_only BEFORE UPDATE OR DELETE ON lot_uses
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lot_uses_no_truncate BEFORE TRUNCATE ON lot_uses EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER usage_records_append_only BEFORE UPDATE OR DELETE ON usage_records
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER usage_records_no_truncate BEFORE TRUNCATE ON usage_records EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER late_usage_append_only BEFORE UPDATE OR DELETE ON late_usage
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER late_usage_no_truncate BEFORE TRUNCATE ON late_usage EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER redemptions_append_only BEFORE UPDATE OR DELETE ON redemptions
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER redemptions_no_truncate BEFORE TRUNCATE ON redemptions EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER payment_events_append_only BEFORE UPDATE OR DELETE ON payment_events
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER payment_events_no_truncate BEFORE TRUNCATE ON payment_events EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON audit_entries
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries EXECUTE FUNCTION refuse_change();

-- What is never deleted, and keeps what others rely on. Where a trigger stands before an UPDATE, PostgreSQL locks each
-- row once more first, whatever columns it is for: so where each call writes, they stand after it.
CREATE OR REPLACE TRIGGER wallets_keep_place AFTER UPDATE OF id ON wallets
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER wallets_no_delete BEFORE DELETE ON wallets FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER wallets_no_truncate BEFORE TRUNCATE ON wallets EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER holds_keep_terms AFTER UPDATE OF
  id, wallet_id, spender_id, request_hash, model_id, price_version_id, prompt_tokens, output_cap, omitted_turns
  ON holds FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER holds_no_delete BEFORE DELETE ON holds FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER holds_no_truncate BEFORE TRUNCATE ON holds EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lots_keep_place BEFORE UPDATE OF wallet_id, transfer_id ON lots
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lots_no_delete BEFORE DELETE ON lots FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lots_no_truncate BEFORE TRUNCATE ON lots EXECUTE FUNCTION refuse_change();

-- A price version ends when the next begins, and one that has not begun may be taken back; what it says of prices
-- stands.
CREATE OR REPLACE TRIGGER price_versions_keep_prices BEFORE UPDATE OF
  id, model_id, input_micros, cache_read_micros, cache_write_micros, output_micros, reasoning_micros, request_micros,
  cost_input_micros, cost_cache_read_micros, cost_cache_write_micros, cost_output_micros, cost_reasoning_micros
  ON price_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER price_versions_no_delete BEFORE DELETE ON price_versions FOR EACH ROW
  WHEN (lower(OLD.valid_during) <= clock_timestamp() + interval '1 minute') EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER price_versions_no_truncate BEFORE TRUNCATE ON price_versions EXECUTE FUNCTION refuse_change();

-- What was agreed stands; what became of it is written beside it.
CREATE OR REPLACE TRIGGER orders_keep_terms BEFORE UPDATE OF
  id, reference, user_id, wallet_id, request_id, request_hash, provider, package_id, price_minor, currency,
  credits_micros, bonus_micros, created_at
  ON orders FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER orders_no_delete BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER orders_no_truncate BEFORE TRUNCATE ON orders EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER refunds_keep_terms BEFORE UPDATE OF id, order_id, amount_minor ON refunds
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER refunds_no_delete BEFORE DELETE ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER refunds_no_truncate BEFORE TRUNCATE ON refunds EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER disputes_keep_terms BEFORE UPDATE OF id, order_id ON disputes
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER disputes_no_delete BEFORE DELETE ON disputes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER disputes_no_truncate BEFORE TRUNCATE ON disputes EXECUTE FUNCTION refuse_change();

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
END $$;

CREATE OR REPLACE TRIGGER transfers_check BEFORE INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION check_transfer();

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
END $$;

CREATE OR REPLACE TRIGGER lots_check BEFORE INSERT OR UPDATE ON lots FOR EACH ROW EXECUTE FUNCTION check_lot();

CREATE OR REPLACE FUNCTION check_lot_use() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;

CREATE OR REPLACE TRIGGER lot_uses_check BEFORE INSERT ON lot_uses FOR EACH ROW EXECUTE FUNCTION check_lot_use();

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
END $$;

CREATE OR REPLACE TRIGGER holds_check BEFORE INSERT ON holds FOR EACH ROW EXECUTE FUNCTION check_hold();

CREATE OR REPLACE FUNCTION check_hold_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;

CREATE OR REPLACE TRIGGER holds_check_change AFTER UPDATE ON holds FOR EACH ROW EXECUTE FUNCTION check_hold_change();

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
END $$;

CREATE OR REPLACE TRIGGER usage_records_check BEFORE INSERT ON usage_records
  FOR EACH ROW EXECUTE FUNCTION check_usage_record();
