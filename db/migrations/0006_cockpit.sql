CREATE TABLE "site_prompts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"title" text NOT NULL,
	"text" text NOT NULL,
	"locale" text,
	"position" integer DEFAULT 0 NOT NULL,
	"visible" boolean DEFAULT true NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "site_prompts_lengths" CHECK (char_length("site_prompts"."title") between 1 and 80 and char_length("site_prompts"."text") between 1 and 8000)
);
--> statement-breakpoint
CREATE TABLE "active_days" (
	"day" date PRIMARY KEY NOT NULL,
	"people" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "latency_days" (
	"day" date NOT NULL,
	"model_id" text NOT NULL,
	"channel_id" uuid,
	"bucket" smallint NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "latency_days_key" UNIQUE NULLS NOT DISTINCT("day","model_id","channel_id","bucket")
);
--> statement-breakpoint
CREATE TABLE "ledger_days" (
	"day" date NOT NULL,
	"kind" text NOT NULL,
	"debit" text NOT NULL,
	"credit" text NOT NULL,
	"source" text,
	"amount_micros" bigint NOT NULL,
	CONSTRAINT "ledger_days_key" UNIQUE NULLS NOT DISTINCT("day","kind","debit","credit","source")
);
--> statement-breakpoint
CREATE TABLE "person_days" (
	"user_id" uuid NOT NULL,
	"day" date NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"charged_micros" bigint NOT NULL,
	"vendor_cost_micros" bigint NOT NULL,
	CONSTRAINT "person_days_user_id_day_pk" PRIMARY KEY("user_id","day")
);
--> statement-breakpoint
CREATE TABLE "report_progress" (
	"name" text PRIMARY KEY NOT NULL,
	"time_zone" text NOT NULL,
	"through" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_days" (
	"day" date NOT NULL,
	"model_id" text NOT NULL,
	"channel_id" uuid,
	"calls" bigint DEFAULT 0 NOT NULL,
	"stopped" bigint DEFAULT 0 NOT NULL,
	"interrupted" bigint DEFAULT 0 NOT NULL,
	"failed" bigint DEFAULT 0 NOT NULL,
	"empty" bigint DEFAULT 0 NOT NULL,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_read_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_write_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	"reasoning_tokens" bigint DEFAULT 0 NOT NULL,
	"charged_micros" bigint NOT NULL,
	"bad_debt_micros" bigint NOT NULL,
	"vendor_cost_micros" bigint NOT NULL,
	CONSTRAINT "usage_days_key" UNIQUE NULLS NOT DISTINCT("day","model_id","channel_id")
);
--> statement-breakpoint
ALTER TABLE "channel_keys" ADD COLUMN "refused_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "channel_keys" ADD COLUMN "refused_status" smallint;--> statement-breakpoint
ALTER TABLE "channel_keys" ADD COLUMN "tested_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "channel_keys" ADD COLUMN "test_outcome" text;--> statement-breakpoint
ALTER TABLE "channel_keys" ADD COLUMN "test_first_token_ms" integer;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX "person_days_day_idx" ON "person_days" USING btree ("day","user_id");--> statement-breakpoint
CREATE INDEX "audit_entries_action_idx" ON "audit_entries" USING btree ("action","id");--> statement-breakpoint
CREATE INDEX "late_usage_created_idx" ON "late_usage" USING brin ("created_at") WITH (autosummarize=true,pages_per_range=32);--> statement-breakpoint
CREATE INDEX "usage_records_created_idx" ON "usage_records" USING brin ("created_at") WITH (autosummarize=true,pages_per_range=32);--> statement-breakpoint
CREATE INDEX "transfers_created_idx" ON "transfers" USING brin ("created_at") WITH (autosummarize=true,pages_per_range=32);--> statement-breakpoint
CREATE INDEX "disputes_created_idx" ON "disputes" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "orders_state_idx" ON "orders" USING btree ("state","id");--> statement-breakpoint
CREATE INDEX "orders_paid_idx" ON "orders" USING btree ("paid_at") WHERE "orders"."paid_at" is not null;--> statement-breakpoint
CREATE INDEX "refunds_created_idx" ON "refunds" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "users_email_prefix_idx" ON "users" USING btree (lower("email") text_pattern_ops);--> statement-breakpoint
CREATE INDEX "users_name_prefix_idx" ON "users" USING btree (lower("name") text_pattern_ops);--> statement-breakpoint
CREATE INDEX "users_role_idx" ON "users" USING btree ("role","id");--> statement-breakpoint
CREATE INDEX "users_status_idx" ON "users" USING btree ("status","id");