CREATE TABLE "disputes" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" uuid NOT NULL,
	"amount_minor" bigint NOT NULL,
	"state" text NOT NULL,
	"withdrawn_minor" bigint DEFAULT 0 NOT NULL,
	"reinstated_minor" bigint DEFAULT 0 NOT NULL,
	"forgiven_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "disputes_state_known" CHECK ("disputes"."state" in ('inquiry', 'open', 'closed', 'won', 'lost')),
	CONSTRAINT "disputes_amounts_sane" CHECK ("disputes"."amount_minor" > 0 and "disputes"."reinstated_minor" >= 0 and "disputes"."withdrawn_minor" >= "disputes"."reinstated_minor")
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"id" uuid PRIMARY KEY NOT NULL,
	"reference" text NOT NULL,
	"user_id" uuid NOT NULL,
	"wallet_id" uuid NOT NULL,
	"request_id" uuid NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"provider" text NOT NULL,
	"method" text,
	"package_id" text NOT NULL,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"credits_micros" bigint NOT NULL,
	"bonus_micros" bigint NOT NULL,
	"state" text NOT NULL,
	"session_id" text,
	"payment_intent_id" text,
	"payment_url" text,
	"paid_minor" bigint DEFAULT 0 NOT NULL,
	"paid_currency" text,
	"paid_at" timestamp with time zone,
	"credited_micros" "micros_not_negative" DEFAULT 0 NOT NULL,
	"shortfall_micros" "micros_not_negative" DEFAULT 0 NOT NULL,
	"bonus_credited_micros" "micros_not_negative" DEFAULT 0 NOT NULL,
	"bonus_shortfall_micros" "micros_not_negative" DEFAULT 0 NOT NULL,
	"payer_note" text,
	"decision_note" text,
	"decided_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"asked_at" timestamp with time zone,
	CONSTRAINT "orders_provider_known" CHECK ("orders"."provider" in ('stripe', 'manual')),
	CONSTRAINT "orders_state_known" CHECK ("orders"."state" in ('open', 'pending', 'expired', 'failed', 'canceled', 'rejected', 'review', 'paid')),
	CONSTRAINT "orders_terms_sane" CHECK ("orders"."price_minor" > 0 and "orders"."credits_micros" > 0 and "orders"."bonus_micros" >= 0 and "orders"."currency" ~ '^[A-Z]{3}$'),
	CONSTRAINT "orders_paid_shape" CHECK ("orders"."paid_minor" >= 0 and ("orders"."paid_minor" > 0) = ("orders"."state" in ('review', 'paid')) and ("orders"."paid_minor" > 0) = ("orders"."paid_currency" is not null) and ("orders"."paid_minor" > 0) = ("orders"."paid_at" is not null)),
	CONSTRAINT "orders_currency_agreed" CHECK ("orders"."state" <> 'paid' or "orders"."paid_currency" = "orders"."currency"),
	CONSTRAINT "orders_credits_for_money" CHECK ("orders"."state" = 'paid' or "orders"."credited_micros"::bigint + "orders"."bonus_credited_micros"::bigint + "orders"."shortfall_micros"::bigint + "orders"."bonus_shortfall_micros"::bigint = 0)
);
--> statement-breakpoint
CREATE TABLE "packages" (
	"id" text PRIMARY KEY NOT NULL,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"credits_micros" bigint NOT NULL,
	"bonus_micros" "micros_not_negative" DEFAULT 0 NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "packages_terms_sane" CHECK ("packages"."price_minor" > 0 and "packages"."credits_micros" > 0 and "packages"."currency" ~ '^[A-Z]{3}$')
);
--> statement-breakpoint
CREATE TABLE "payment_events" (
	"id" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"order_id" uuid,
	"source" text NOT NULL,
	"changed" boolean NOT NULL,
	"happened_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "payment_events_source_known" CHECK ("payment_events"."source" in ('webhook', 'reconcile'))
);
--> statement-breakpoint
CREATE TABLE "refunds" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" uuid NOT NULL,
	"amount_minor" bigint NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "refunds_amount_positive" CHECK ("refunds"."amount_minor" > 0),
	CONSTRAINT "refunds_state_known" CHECK ("refunds"."state" in ('pending', 'succeeded', 'failed', 'canceled'))
);
--> statement-breakpoint
CREATE TABLE "site_files" (
	"name" text PRIMARY KEY NOT NULL,
	"media_type" text NOT NULL,
	"bytes" "bytea" NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_by" uuid
);
--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "suspended" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "disputes" ADD CONSTRAINT "disputes_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_events" ADD CONSTRAINT "payment_events_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "disputes_order_idx" ON "disputes" USING btree ("order_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_reference_key" ON "orders" USING btree ("reference");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_request_key" ON "orders" USING btree ("user_id","request_id");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_session_key" ON "orders" USING btree ("session_id");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_payment_key" ON "orders" USING btree ("payment_intent_id");--> statement-breakpoint
CREATE INDEX "orders_user_idx" ON "orders" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "orders_waiting_idx" ON "orders" USING btree ("state","id") WHERE "orders"."state" in ('open', 'pending', 'review');--> statement-breakpoint
CREATE INDEX "orders_shortfall_idx" ON "orders" USING btree ("id") WHERE "orders"."shortfall_micros"::bigint + "orders"."bonus_shortfall_micros"::bigint > 0;--> statement-breakpoint
CREATE INDEX "payment_events_order_idx" ON "payment_events" USING btree ("order_id","id");--> statement-breakpoint
CREATE INDEX "payment_events_created_idx" ON "payment_events" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "refunds_order_idx" ON "refunds" USING btree ("order_id","id");--> statement-breakpoint

-- What was agreed stands; what became of it is written beside it. Nothing of it is ever deleted.
CREATE TRIGGER orders_keep_terms BEFORE UPDATE OF
  id, reference, user_id, wallet_id, request_id, request_hash, provider, package_id, price_minor, currency,
  credits_micros, bonus_micros, created_at
  ON orders FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER refunds_keep_terms BEFORE UPDATE OF id, order_id, amount_minor ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER disputes_keep_terms BEFORE UPDATE OF id, order_id ON disputes FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER orders_no_delete BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER refunds_no_delete BEFORE DELETE ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER disputes_no_delete BEFORE DELETE ON disputes FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER payment_events_append_only BEFORE UPDATE OR DELETE ON payment_events FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER orders_no_truncate BEFORE TRUNCATE ON orders EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER refunds_no_truncate BEFORE TRUNCATE ON refunds EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER disputes_no_truncate BEFORE TRUNCATE ON disputes EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER payment_events_no_truncate BEFORE TRUNCATE ON payment_events EXECUTE FUNCTION refuse_change();--> statement-breakpoint

-- Lets new calls hold from a wallet, or no longer. What runs already may end.
CREATE FUNCTION ledger_suspend(p_wallet uuid, p_suspended boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE wallets SET suspended = p_suspended WHERE id = p_wallet;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no wallet %', p_wallet USING ERRCODE = 'UB005';
  END IF;
END $$;--> statement-breakpoint
REVOKE ALL ON FUNCTION ledger_suspend(uuid, boolean) FROM PUBLIC;--> statement-breakpoint

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
END $$;
