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
ALTER TABLE "holds" DROP CONSTRAINT "holds_state_shape";--> statement-breakpoint
ALTER TABLE "admissions" DROP CONSTRAINT "admissions_price_version_id_price_versions_id_fk";
--> statement-breakpoint
ALTER TABLE "usage_records" DROP CONSTRAINT "usage_records_price_version_id_price_versions_id_fk";
--> statement-breakpoint
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_debit_account_id_accounts_id_fk";
--> statement-breakpoint
ALTER TABLE "transfers" DROP CONSTRAINT "transfers_credit_account_id_accounts_id_fk";
--> statement-breakpoint
ALTER TABLE "usage_records" ADD COLUMN "quarantined_usage" jsonb;--> statement-breakpoint
ALTER TABLE "holds" ADD COLUMN "spender_id" uuid;--> statement-breakpoint
-- Until now nobody but its owner spent from a wallet.
UPDATE "holds" SET "spender_id" = "accounts"."owner_id" FROM "accounts" WHERE "accounts"."id" = "holds"."wallet_id";--> statement-breakpoint
ALTER TABLE "holds" ALTER COLUMN "spender_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "next_expiry_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "wallets" ADD COLUMN "caps" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
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
-- Amounts that are written with every call: PostgreSQL reads the CHECK of a domain once in a connection, that of a table
-- with each statement that writes it.
CREATE DOMAIN "micros_not_negative" AS bigint CONSTRAINT "micros_not_negative" CHECK (VALUE >= 0);--> statement-breakpoint
CREATE DOMAIN "micros_positive" AS bigint CONSTRAINT "micros_positive" CHECK (VALUE > 0);--> statement-breakpoint
CREATE DOMAIN "count_not_negative" AS integer CONSTRAINT "count_not_negative" CHECK (VALUE >= 0);--> statement-breakpoint
ALTER TABLE "wallets"
	DROP CONSTRAINT "wallets_held_not_negative",
	ALTER COLUMN "open_holds" SET DATA TYPE "count_not_negative",
	ALTER COLUMN "posted_micros" SET DATA TYPE "micros_not_negative",
	ALTER COLUMN "held_micros" SET DATA TYPE "micros_not_negative";--> statement-breakpoint
ALTER TABLE "transfers"
	DROP CONSTRAINT "transfers_amount_positive",
	DROP CONSTRAINT "transfers_two_sided",
	ALTER COLUMN "amount_micros" SET DATA TYPE "micros_positive";--> statement-breakpoint
ALTER TABLE "holds"
	DROP CONSTRAINT "holds_amount_positive",
	ALTER COLUMN "amount_micros" SET DATA TYPE "micros_positive",
	ALTER COLUMN "captured_micros" SET DATA TYPE "micros_not_negative",
	ALTER COLUMN "bad_debt_micros" SET DATA TYPE "micros_not_negative";--> statement-breakpoint
ALTER TABLE "lots"
	DROP CONSTRAINT "lots_remaining_in_bounds",
	ALTER COLUMN "amount_micros" SET DATA TYPE "micros_positive",
	ALTER COLUMN "remaining_micros" SET DATA TYPE "micros_not_negative";--> statement-breakpoint
ALTER TABLE "lot_uses"
	DROP CONSTRAINT "lot_uses_amount_positive",
	ALTER COLUMN "amount_micros" SET DATA TYPE "micros_positive";--> statement-breakpoint
ALTER TABLE "admissions"
	DROP CONSTRAINT "admissions_counts_sane",
	ALTER COLUMN "prompt_tokens" SET DATA TYPE "count_not_negative",
	ALTER COLUMN "output_tokens" SET DATA TYPE "count_not_negative";--> statement-breakpoint
ALTER TABLE "usage_records"
	DROP CONSTRAINT "usage_records_not_negative";
