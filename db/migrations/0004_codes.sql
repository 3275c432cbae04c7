CREATE TABLE "code_batches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"credits_micros" bigint NOT NULL,
	"uses_per_code" integer NOT NULL,
	"codes_per_person" integer NOT NULL,
	"redeem_before" timestamp with time zone,
	"credits_last_days" integer,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "code_batches_terms_sane" CHECK ("code_batches"."credits_micros" > 0 and "code_batches"."uses_per_code" > 0 and "code_batches"."codes_per_person" > 0 and "code_batches"."credits_last_days" > 0)
);
--> statement-breakpoint
CREATE TABLE "redemption_codes" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"batch_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"uses" integer DEFAULT 0 NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "redemption_codes_counts_sane" CHECK ("redemption_codes"."number" > 0 and "redemption_codes"."uses" >= 0)
);
--> statement-breakpoint
CREATE TABLE "redemptions" (
	"batch_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"ordinal" integer NOT NULL,
	"code_hash" "bytea" NOT NULL,
	"transfer_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "redemptions_batch_id_user_id_ordinal_pk" PRIMARY KEY("batch_id","user_id","ordinal"),
	CONSTRAINT "redemptions_ordinal_positive" CHECK ("redemptions"."ordinal" > 0)
);
--> statement-breakpoint
ALTER TABLE "redemption_codes" ADD CONSTRAINT "redemption_codes_batch_id_code_batches_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."code_batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "redemptions" ADD CONSTRAINT "redemptions_batch_id_code_batches_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."code_batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "redemptions" ADD CONSTRAINT "redemptions_code_hash_redemption_codes_hash_fk" FOREIGN KEY ("code_hash") REFERENCES "public"."redemption_codes"("hash") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "redemptions" ADD CONSTRAINT "redemptions_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "redemption_codes_number_key" ON "redemption_codes" USING btree ("batch_id","number");--> statement-breakpoint
CREATE UNIQUE INDEX "redemptions_once_key" ON "redemptions" USING btree ("code_hash","user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "redemptions_transfer_key" ON "redemptions" USING btree ("transfer_id");--> statement-breakpoint
CREATE TRIGGER redemptions_append_only BEFORE UPDATE OR DELETE ON redemptions FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER redemptions_no_truncate BEFORE TRUNCATE ON redemptions EXECUTE FUNCTION refuse_change();
