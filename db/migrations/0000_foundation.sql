CREATE TABLE "audit_entries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor_type" text NOT NULL,
	"actor_id" text NOT NULL,
	"action" text NOT NULL,
	"subject_type" text NOT NULL,
	"subject_id" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"reason" text,
	"ip" text,
	"request_id" text
);
--> statement-breakpoint
CREATE TABLE "conversations" (
	"user_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"title" text NOT NULL,
	"head_message_id" uuid,
	"model_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"active_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "conversations_user_id_id_pk" PRIMARY KEY("user_id","id"),
	CONSTRAINT "conversations_title_length" CHECK (char_length("conversations"."title") between 1 and 200)
);
--> statement-breakpoint
CREATE TABLE "generation_events" (
	"user_id" uuid NOT NULL,
	"generation_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"epoch" integer NOT NULL,
	"kind" text NOT NULL,
	"data" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "generation_events_user_id_generation_id_seq_pk" PRIMARY KEY("user_id","generation_id","seq")
);
--> statement-breakpoint
CREATE TABLE "generations" (
	"user_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"request_id" uuid NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"conversation_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"model_id" text NOT NULL,
	"hold_id" uuid NOT NULL,
	"status" text DEFAULT 'running' NOT NULL,
	"error_code" text,
	"epoch" integer DEFAULT 1 NOT NULL,
	"seq" integer DEFAULT 0 NOT NULL,
	"running_worker_id" uuid,
	"stop_requested_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "generations_user_id_id_pk" PRIMARY KEY("user_id","id"),
	CONSTRAINT "generations_status_shape" CHECK (("generations"."status" = 'running') = ("generations"."ended_at" is null))
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"user_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"conversation_id" uuid NOT NULL,
	"parent_id" uuid,
	"role" text NOT NULL,
	"text" text NOT NULL,
	"reasoning" text DEFAULT '' NOT NULL,
	"tokens" integer,
	"model_id" text,
	"generation_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "messages_user_id_id_pk" PRIMARY KEY("user_id","id"),
	CONSTRAINT "messages_role_known" CHECK ("messages"."role" in ('user', 'assistant'))
);
--> statement-breakpoint
CREATE TABLE "admissions" (
	"hold_id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"wallet_id" uuid NOT NULL,
	"model_id" text NOT NULL,
	"price_version_id" uuid NOT NULL,
	"prompt_tokens" integer NOT NULL,
	"output_cap" integer NOT NULL,
	"omitted_turns" integer DEFAULT 0 NOT NULL,
	"output_tokens" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "admissions_counts_sane" CHECK ("admissions"."prompt_tokens" >= 0 and "admissions"."output_cap" > 0 and "admissions"."output_tokens" >= 0)
);
--> statement-breakpoint
CREATE TABLE "usage_records" (
	"user_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"wallet_id" uuid NOT NULL,
	"api_key_id" uuid,
	"hold_id" uuid NOT NULL,
	"conversation_id" uuid,
	"message_id" uuid,
	"model_id" text NOT NULL,
	"channel_id" uuid,
	"vendor_request_id" text,
	"outcome" text NOT NULL,
	"error_code" text,
	"usage_source" text NOT NULL,
	"input_tokens" integer NOT NULL,
	"cache_read_tokens" integer NOT NULL,
	"cache_write_tokens" integer NOT NULL,
	"output_tokens" integer NOT NULL,
	"reasoning_tokens" integer NOT NULL,
	"price_version_id" uuid NOT NULL,
	"input_price_micros" bigint NOT NULL,
	"cache_read_price_micros" bigint NOT NULL,
	"cache_write_price_micros" bigint NOT NULL,
	"output_price_micros" bigint NOT NULL,
	"reasoning_price_micros" bigint NOT NULL,
	"request_price_micros" bigint NOT NULL,
	"held_micros" bigint NOT NULL,
	"cost_micros" bigint NOT NULL,
	"charged_micros" bigint NOT NULL,
	"bad_debt_micros" bigint NOT NULL,
	"vendor_cost_micros" bigint NOT NULL,
	"omitted_turns" integer NOT NULL,
	"first_token_ms" integer,
	"duration_ms" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "usage_records_user_id_id_pk" PRIMARY KEY("user_id","id"),
	CONSTRAINT "usage_records_not_negative" CHECK (least("usage_records"."input_tokens", "usage_records"."cache_read_tokens", "usage_records"."cache_write_tokens", "usage_records"."output_tokens", "usage_records"."reasoning_tokens", "usage_records"."cost_micros", "usage_records"."charged_micros", "usage_records"."bad_debt_micros", "usage_records"."vendor_cost_micros") >= 0)
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL,
	"stopped_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"code" text,
	"owner_type" text,
	"owner_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "accounts_kind_shape" CHECK (("accounts"."kind" = 'house' and "accounts"."code" is not null and "accounts"."owner_id" is null) or ("accounts"."kind" = 'wallet' and "accounts"."code" is null and "accounts"."owner_type" in ('user', 'team') and "accounts"."owner_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "holds" (
	"id" uuid PRIMARY KEY NOT NULL,
	"wallet_id" uuid NOT NULL,
	"amount_micros" bigint NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"captured_micros" bigint DEFAULT 0 NOT NULL,
	"bad_debt_micros" bigint DEFAULT 0 NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"open_worker_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "holds_amount_positive" CHECK ("holds"."amount_micros" > 0 and "holds"."captured_micros" >= 0 and "holds"."bad_debt_micros" >= 0),
	CONSTRAINT "holds_state_shape" CHECK (("holds"."state" = 'open') = ("holds"."closed_at" is null) and ("holds"."state" = 'open' or "holds"."open_worker_id" is null))
);
--> statement-breakpoint
CREATE TABLE "lot_uses" (
	"wallet_id" uuid NOT NULL,
	"transfer_id" uuid NOT NULL,
	"lot_transfer_id" uuid NOT NULL,
	"amount_micros" bigint NOT NULL,
	CONSTRAINT "lot_uses_wallet_id_transfer_id_lot_transfer_id_pk" PRIMARY KEY("wallet_id","transfer_id","lot_transfer_id"),
	CONSTRAINT "lot_uses_amount_positive" CHECK ("lot_uses"."amount_micros" > 0)
);
--> statement-breakpoint
CREATE TABLE "lots" (
	"wallet_id" uuid NOT NULL,
	"transfer_id" uuid NOT NULL,
	"source" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"remaining_micros" bigint NOT NULL,
	"expires_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "lots_wallet_id_transfer_id_pk" PRIMARY KEY("wallet_id","transfer_id"),
	CONSTRAINT "lots_remaining_in_bounds" CHECK ("lots"."amount_micros" > 0 and "lots"."remaining_micros" >= 0 and "lots"."remaining_micros" <= "lots"."amount_micros")
);
--> statement-breakpoint
CREATE TABLE "transfers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"debit_account_id" uuid NOT NULL,
	"credit_account_id" uuid NOT NULL,
	"amount_micros" bigint NOT NULL,
	"debit_seq" bigint,
	"debit_balance_micros" bigint,
	"credit_seq" bigint,
	"credit_balance_micros" bigint,
	"idempotency_key" text NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"hold_id" uuid,
	"external_ref" text,
	"actor" text NOT NULL,
	"reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "transfers_amount_positive" CHECK ("transfers"."amount_micros" > 0),
	CONSTRAINT "transfers_two_sided" CHECK ("transfers"."debit_account_id" <> "transfers"."credit_account_id")
);
--> statement-breakpoint
CREATE TABLE "wallets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"posted_micros" bigint DEFAULT 0 NOT NULL,
	"held_micros" bigint DEFAULT 0 NOT NULL,
	"open_holds" integer DEFAULT 0 NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "wallets_held_not_negative" CHECK ("wallets"."held_micros" >= 0 and "wallets"."open_holds" >= 0),
	CONSTRAINT "wallets_never_overdrawn" CHECK ("wallets"."posted_micros" - "wallets"."held_micros" >= 0)
);
--> statement-breakpoint
CREATE TABLE "channel_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"channel_id" uuid NOT NULL,
	"key_sealed" "bytea" NOT NULL,
	"hint" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "channel_models" (
	"channel_id" uuid NOT NULL,
	"model_id" text NOT NULL,
	"vendor_model" text NOT NULL,
	CONSTRAINT "channel_models_channel_id_model_id_pk" PRIMARY KEY("channel_id","model_id")
);
--> statement-breakpoint
CREATE TABLE "channels" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"vendor" text NOT NULL,
	"base_url" text NOT NULL,
	"proxy_sealed" "bytea",
	"headers" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"priority" smallint DEFAULT 0 NOT NULL,
	"weight" smallint DEFAULT 1 NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "channels_weight_positive" CHECK ("channels"."weight" > 0)
);
--> statement-breakpoint
CREATE TABLE "models" (
	"id" text PRIMARY KEY NOT NULL,
	"display_name" text NOT NULL,
	"vendor" text NOT NULL,
	"context_tokens" integer NOT NULL,
	"max_output_tokens" integer NOT NULL,
	"default_max_output" integer DEFAULT 8192 NOT NULL,
	"min_output" integer DEFAULT 256 NOT NULL,
	"reasoning" boolean DEFAULT false NOT NULL,
	"output_cap_field" text DEFAULT 'max_tokens' NOT NULL,
	"visible" boolean DEFAULT true NOT NULL,
	"position" smallint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "models_limits_sane" CHECK ("models"."context_tokens" > 0 and "models"."max_output_tokens" > 0 and "models"."default_max_output" > 0 and "models"."min_output" > 0 and "models"."min_output" <= "models"."max_output_tokens")
);
--> statement-breakpoint
CREATE TABLE "price_versions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"model_id" text NOT NULL,
	"valid_during" "tstzrange" NOT NULL,
	"input_micros" bigint NOT NULL,
	"cache_read_micros" bigint NOT NULL,
	"cache_write_micros" bigint NOT NULL,
	"output_micros" bigint NOT NULL,
	"reasoning_micros" bigint NOT NULL,
	"request_micros" bigint DEFAULT 0 NOT NULL,
	"cost_input_micros" bigint NOT NULL,
	"cost_cache_read_micros" bigint NOT NULL,
	"cost_cache_write_micros" bigint NOT NULL,
	"cost_output_micros" bigint NOT NULL,
	"cost_reasoning_micros" bigint NOT NULL,
	"source_url" text,
	"source_date" date,
	"source_currency" text,
	"exchange_rate" numeric,
	"exchange_rate_date" date,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "price_versions_not_negative" CHECK (least("price_versions"."input_micros", "price_versions"."cache_read_micros", "price_versions"."cache_write_micros", "price_versions"."output_micros", "price_versions"."reasoning_micros", "price_versions"."request_micros", "price_versions"."cost_input_micros", "price_versions"."cost_cache_read_micros", "price_versions"."cost_cache_write_micros", "price_versions"."cost_output_micros", "price_versions"."cost_reasoning_micros") >= 0)
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"key" text PRIMARY KEY NOT NULL,
	"points" integer DEFAULT 0 NOT NULL,
	"expire" bigint
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_by" uuid
);
--> statement-breakpoint
CREATE TABLE "one_time_links" (
	"id" uuid PRIMARY KEY NOT NULL,
	"token_hash" "bytea" NOT NULL,
	"purpose" text NOT NULL,
	"user_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"ip" text NOT NULL,
	"user_agent" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"password_hash" text,
	"password_changed_at" timestamp with time zone,
	"role" text DEFAULT 'user' NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"locale" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_role_known" CHECK ("users"."role" in ('user', 'admin')),
	CONSTRAINT "users_status_known" CHECK ("users"."status" in ('active', 'disabled'))
);
--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "generation_events" ADD CONSTRAINT "generation_events_user_id_generation_id_generations_user_id_id_fk" FOREIGN KEY ("user_id","generation_id") REFERENCES "public"."generations"("user_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "generations" ADD CONSTRAINT "generations_user_id_message_id_messages_user_id_id_fk" FOREIGN KEY ("user_id","message_id") REFERENCES "public"."messages"("user_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_user_id_conversation_id_conversations_user_id_id_fk" FOREIGN KEY ("user_id","conversation_id") REFERENCES "public"."conversations"("user_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_user_id_parent_id_messages_user_id_id_fk" FOREIGN KEY ("user_id","parent_id") REFERENCES "public"."messages"("user_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "admissions" ADD CONSTRAINT "admissions_hold_id_holds_id_fk" FOREIGN KEY ("hold_id") REFERENCES "public"."holds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "admissions" ADD CONSTRAINT "admissions_price_version_id_price_versions_id_fk" FOREIGN KEY ("price_version_id") REFERENCES "public"."price_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_records" ADD CONSTRAINT "usage_records_hold_id_holds_id_fk" FOREIGN KEY ("hold_id") REFERENCES "public"."holds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_records" ADD CONSTRAINT "usage_records_price_version_id_price_versions_id_fk" FOREIGN KEY ("price_version_id") REFERENCES "public"."price_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "holds" ADD CONSTRAINT "holds_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lot_uses" ADD CONSTRAINT "lot_uses_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lot_uses" ADD CONSTRAINT "lot_uses_wallet_id_lot_transfer_id_lots_wallet_id_transfer_id_fk" FOREIGN KEY ("wallet_id","lot_transfer_id") REFERENCES "public"."lots"("wallet_id","transfer_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lots" ADD CONSTRAINT "lots_wallet_id_wallets_id_fk" FOREIGN KEY ("wallet_id") REFERENCES "public"."wallets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lots" ADD CONSTRAINT "lots_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_debit_account_id_accounts_id_fk" FOREIGN KEY ("debit_account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_credit_account_id_accounts_id_fk" FOREIGN KEY ("credit_account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wallets" ADD CONSTRAINT "wallets_id_accounts_id_fk" FOREIGN KEY ("id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "channel_keys" ADD CONSTRAINT "channel_keys_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "channel_models" ADD CONSTRAINT "channel_models_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "channel_models" ADD CONSTRAINT "channel_models_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "price_versions" ADD CONSTRAINT "price_versions_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "one_time_links" ADD CONSTRAINT "one_time_links_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_entries_subject_idx" ON "audit_entries" USING btree ("subject_type","subject_id","id");--> statement-breakpoint
CREATE INDEX "audit_entries_actor_idx" ON "audit_entries" USING btree ("actor_type","actor_id","id");--> statement-breakpoint
CREATE INDEX "conversations_active_idx" ON "conversations" USING btree ("user_id","active_at" DESC NULLS LAST,"id") WHERE "conversations"."deleted_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "generation_events_one_end" ON "generation_events" USING btree ("user_id","generation_id") WHERE "generation_events"."kind" = 'end';--> statement-breakpoint
CREATE INDEX "generation_events_created_idx" ON "generation_events" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "generations_request_key" ON "generations" USING btree ("user_id","request_id");--> statement-breakpoint
CREATE INDEX "generations_message_idx" ON "generations" USING btree ("user_id","message_id");--> statement-breakpoint
CREATE INDEX "generations_running_worker_idx" ON "generations" USING btree ("running_worker_id");--> statement-breakpoint
CREATE INDEX "generations_running_user_idx" ON "generations" USING btree ("user_id","id") WHERE "generations"."running_worker_id" is not null;--> statement-breakpoint
CREATE INDEX "messages_conversation_idx" ON "messages" USING btree ("user_id","conversation_id","id");--> statement-breakpoint
CREATE INDEX "messages_parent_idx" ON "messages" USING btree ("user_id","parent_id");--> statement-breakpoint
CREATE UNIQUE INDEX "usage_records_hold_key" ON "usage_records" USING btree ("hold_id");--> statement-breakpoint
CREATE INDEX "usage_records_wallet_idx" ON "usage_records" USING btree ("wallet_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_code_key" ON "accounts" USING btree ("code");--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_owner_key" ON "accounts" USING btree ("owner_type","owner_id");--> statement-breakpoint
CREATE INDEX "holds_wallet_idx" ON "holds" USING btree ("wallet_id","id");--> statement-breakpoint
CREATE INDEX "holds_open_worker_idx" ON "holds" USING btree ("open_worker_id");--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_idempotency_key" ON "transfers" USING btree ("idempotency_key");--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_debit_seq_key" ON "transfers" USING btree ("debit_account_id","debit_seq");--> statement-breakpoint
CREATE UNIQUE INDEX "transfers_credit_seq_key" ON "transfers" USING btree ("credit_account_id","credit_seq");--> statement-breakpoint
CREATE INDEX "channel_keys_channel_idx" ON "channel_keys" USING btree ("channel_id");--> statement-breakpoint
CREATE INDEX "channel_models_model_idx" ON "channel_models" USING btree ("model_id");--> statement-breakpoint
CREATE UNIQUE INDEX "channels_name_key" ON "channels" USING btree ("name");--> statement-breakpoint
CREATE INDEX "price_versions_model_idx" ON "price_versions" USING btree ("model_id","created_at");--> statement-breakpoint
CREATE INDEX "rate_limits_expire_idx" ON "rate_limits" USING btree ("expire");--> statement-breakpoint
CREATE UNIQUE INDEX "one_time_links_token_key" ON "one_time_links" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "sessions_user_idx" ON "sessions" USING btree ("user_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "users" USING btree (lower("email"));