/**
 * Lets the tables take anything, as their owner: drops every foreign key and CHECK, those of domains too, and disables
 * every trigger. In a transaction it can be taken back.
 */
export const WITHOUT_RULES = `
  DO $$
  DECLARE rule record;
  BEGIN
    FOR rule IN
      SELECT format(CASE contypid WHEN 0 THEN 'TABLE %s' ELSE 'DOMAIN %2$s' END, conrelid::regclass, contypid::regtype)
        AS place, conname AS name
      FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f')
      ORDER BY contype DESC
    LOOP
      EXECUTE format('ALTER %s DROP CONSTRAINT %I', rule.place, rule.name);
    END LOOP;
    FOR rule IN SELECT DISTINCT tgrelid::regclass AS of_table FROM pg_trigger WHERE NOT tgisinternal LOOP
      EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', rule.of_table);
    END LOOP;
  END $$`
