CREATE TABLE "late_usage" (
	"hold_id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"usage_record_id" uuid NOT NULL,
	"model_id" text NOT NULL,
	"channel_id" uuid,
	"vendor_request_id" text,
	"input_tokens" integer NOT NULL,
	"cache_read_tokens" integer NOT NULL,
	"cache_write_tokens" integer NOT NULL,
	"output_tokens" integer NOT NULL,
	"reasoning_tokens" integer NOT NULL,
	"vendor_cost_micros" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "late_usage_not_negative" CHECK (least("late_usage"."input_tokens", "late_usage"."cache_read_tokens", "late_usage"."cache_write_tokens", "late_usage"."output_tokens", "late_usage"."reasoning_tokens", "late_usage"."vendor_cost_micros") >= 0)
);
--> statement-breakpoint
CREATE TABLE "ledger_checks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	"facts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"differences" integer,
	"details" jsonb,
	CONSTRAINT "ledger_checks_source_known" CHECK ("ledger_checks"."source" in ('nightly', 'command')),
	CONSTRAINT "ledger_checks_shape" CHECK (("ledger_checks"."finished_at" is null) = ("ledger_checks"."differences" is null) and "ledger_checks"."differences" >= 0)
);
--> statement-breakpoint
CREATE TABLE "spend_caps" (
	"wallet_id" uuid NOT NULL,
	"spender_id" uuid NOT NULL,
	"period" text NOT NULL,
	"limit_micros" bigint NOT NULL,
	"time_zone" text NOT NULL,
	"window_start" timestamp with time zone NOT NULL,
	"window_end" timestamp with time zone NOT NULL,
	"spent_micros" bigint NOT NULL,
	"held_micros" bigint NOT NULL,
	CONSTRAINT "spend_caps_wallet_id_spender_id_period_pk" PRIMARY KEY("wallet_id","spender_id","period"),
	CONSTRAINT "spend_caps_period_known" CHECK ("spend_caps"."period" in ('day', 'month')),
	CONSTRAINT "spend_caps_window_shape" CHECK ("spend_caps"."window_start" < "spend_caps"."window_end"),
	CONSTRAINT "spend_caps_amounts_sane" CHECK ("spend_caps"."limit_micros" > 0 and "spend_caps"."spent_micros" >= 0 and "spend_caps"."held_micros" >= 0)
);
--> statement-breakpoint
CREATE TABLE "adjustments" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"wallet_id" uuid NOT NULL,
	"amount_micros" bigint NOT NULL,
	"lot_expires_at" timestamp with time zone,
	"reason" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"state" text NOT NULL,
	"requested_by" text NOT NULL,
	"requested_by_user_id" uuid,
	"decided_by" text,
	"decided_by_user_id" uuid,
	"decided_at" timestamp with time zone,
	"transfer_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "adjustments_kind_known" CHECK ("adjustments"."kind" in ('grant', 'adjustment')),
	CONSTRAINT "adjustments_amount_sane" CHECK ("adjustments"."amount_micros" > 0 or ("adjustments"."amount_micros" < 0 and "adjustments"."kind" = 'adjustment' and "adjustments"."lot_expires_at" is null)),
	CONSTRAINT "adjustments_state_shape" CHECK (("adjustments"."state" = 'waiting' and "adjustments"."transfer_id" is null and "adjustments"."decided_by" is null) or ("adjustments"."state" = 'posted' and "adjustments"."transfer_id" is not null) or ("adjustments"."state" = 'rejected' and "adjustments"."transfer_id" is null and "adjustments"."decided_by" is not null)),
	CONSTRAINT "adjustments_two_admins" CHECK ("adjustments"."state" <> 'posted' or "adjustments"."decided_by_user_id" is null or "adjustments"."decided_by_user_id" is distinct from "adjustments"."requested_by_user_id")
);
--> statement-breakpoint
ALTER TABLE "usage_records" ADD COLUMN "quarantined_usage" jsonb;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "spender_id" uuid;--> statement-breakpoint
-- Until now nobody but its owner spent from a wallet.
UPDATE "holds" SET "spender_id" = "accounts"."owner_id" FROM "accounts" WHERE "accounts"."id" = "holds"."wallet_id";--> statement-breakpoint
ALTER TABLE "holds" ALTER COLUMN "spender_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "next_expiry_at" timestamp with time zone;--> statement-breakpoint
UPDATE "wallets" SET "next_expiry_at" = "expiring"."at" FROM (
	SELECT "wallet_id", min("expires_at") AS "at" FROM "lots" WHERE "remaining_micros" > 0 GROUP BY "wallet_id"
) AS "expiring" WHERE "expiring"."wallet_id" = "wallets"."id" AND "expiring"."at" is not null;--> statement-breakpoint
ALTER TABLE "late_usage" ADD CONSTRAINT "late_usage_hold_id_holds_id_fk" FOREIGN KEY ("hold_id") REFERENCES "public"."holds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "spend_caps" ADD CONSTRAINT "spend_caps_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "adjustments" ADD CONSTRAINT "adjustments_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "adjustments" ADD CONSTRAINT "adjustments_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ledger_checks_started_idx" ON "ledger_checks" USING btree ("started_at");--> statement-breakpoint
CREATE UNIQUE INDEX "adjustments_idempotency_key" ON "adjustments" USING btree ("idempotency_key");--> statement-breakpoint
CREATE INDEX "adjustments_state_idx" ON "adjustments" USING btree ("state","id");--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_hold_id_holds_id_fk" FOREIGN KEY ("hold_id") REFERENCES "public"."holds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "wallets_next_expiry_idx" ON "wallets" USING btree ("next_expiry_at") WHERE "wallets"."next_expiry_at" is not null;--> statement-breakpoint
ALTER TABLE "usage_records" ADD CONSTRAINT "usage_records_prices_sane" CHECK (least("usage_records"."input_price_micros", "usage_records"."cache_read_price_micros", "usage_records"."cache_write_price_micros", "usage_records"."output_price_micros", "usage_records"."reasoning_price_micros", "usage_records"."request_price_micros") >= 0 and "usage_records"."held_micros" > 0);--> statement-breakpoint
ALTER TABLE "usage_records" ADD CONSTRAINT "usage_records_quarantine_bounded" CHECK (octet_length("usage_records"."quarantined_usage"::text) <= 4096);--> statement-breakpoint
ALTER TABLE "usage_records" ADD CONSTRAINT "usage_records_cost_split" CHECK ("usage_records"."cost_micros" = "usage_records"."charged_micros" + "usage_records"."bad_debt_micros");--> statement-breakpoint
ALTER TABLE "usage_records" ADD CONSTRAINT "usage_records_free_is_free" CHECK ("usage_records"."cost_micros" = 0 or ("usage_records"."outcome" not in ('failed', 'empty') and "usage_records"."usage_source" <> 'none'));--> statement-breakpoint
ALTER TABLE "usage_records" ADD CONSTRAINT "usage_records_outcome_known" CHECK ("usage_records"."outcome" in ('completed', 'stopped', 'interrupted', 'failed', 'empty') and "usage_records"."usage_source" in ('reported', 'estimated', 'none'));--> statement-breakpoint
ALTER TABLE "holds" ADD CONSTRAINT "holds_state_known" CHECK ("holds"."state" in ('open', 'captured', 'released'));--> statement-breakpoint
ALTER TABLE "holds" ADD CONSTRAINT "holds_captured_shape" CHECK (("holds"."state" = 'captured') = ("holds"."captured_micros" + "holds"."bad_debt_micros" > 0));--> statement-breakpoint
ALTER TABLE "lots" ADD CONSTRAINT "lots_source_known" CHECK ("lots"."source" in ('paid', 'promotional', 'code'));--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_kind_known" CHECK ("transfers"."kind" in ('top_up', 'grant', 'promotion', 'redemption', 'usage', 'bad_debt', 'adjustment', 'refund', 'dispute', 'expiry', 'reversal', 'goodwill'));--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_balances_shape" CHECK (("transfers"."debit_seq" is null) = ("transfers"."debit_balance_micros" is null) and ("transfers"."credit_seq" is null) = ("transfers"."credit_balance_micros" is null) and "transfers"."debit_seq" > 0 and "transfers"."credit_seq" > 0 and "transfers"."debit_balance_micros" >= 0 and "transfers"."credit_balance_micros" >= 0);--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_hold_shape" CHECK (("transfers"."hold_id" is not null) = ("transfers"."kind" in ('usage', 'bad_debt')));--> statement-breakpoint
ALTER TABLE "wallets" ADD CONSTRAINT "wallets_seq_not_negative" CHECK ("wallets"."seq" >= 0);