ALTER TABLE "channels" ADD COLUMN "own_network" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- Channels that were added by command so far: what plainly lies in a private network stays reachable, and a proxy may.
UPDATE channels SET own_network = true
WHERE proxy_sealed IS NOT NULL
  OR base_url ~* '^https?://([^/:.]+|[^/]*\.(localhost|local|internal|lan|home\.arpa)|127\.[0-9.]+|10\.[0-9.]+|192\.168\.[0-9.]+|172\.(1[6-9]|2[0-9]|3[01])\.[0-9.]+|\[[^/]*\])(:[0-9]+)?(/|$)';--> statement-breakpoint
-- A price that has not begun was nobody's price yet and may be withdrawn. A minute, because calls are let in meanwhile.
DROP TRIGGER price_versions_no_delete ON price_versions;--> statement-breakpoint
CREATE TRIGGER price_versions_no_delete BEFORE DELETE ON price_versions FOR EACH ROW
  WHEN (lower(OLD.valid_during) <= clock_timestamp() + interval '1 minute') EXECUTE FUNCTION refuse_change();
