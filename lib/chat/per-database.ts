import type { Database } from '#db/client.ts'
import { singleton } from '#lib/singleton.ts'

/**
 * One instance in this process for each pool it works through. A served process has one pool, hence one instance;
 * two pools on one database behave like two processes.
 */
export function perDatabase<T>(name: string, create: (db: Database) => T): (db: Database) => T {
  return (db) => {
    const instances = singleton(name, () => new WeakMap<Database, T & object>())
    let instance = instances.get(db)
    if (!instance) {
      instance = create(db) as T & object
      instances.set(db, instance)
    }
    return instance
  }
}
