/**
 * The database's advisory locks, all in one place so that no two pieces of work share a number by accident.
 * The numbers mean nothing and never change: processes of two releases may run beside each other.
 */
export const ADVISORY_LOCKS = {
  migration: 7_161_702_026n,
  trimEvents: 7_161_702_028n,
  seed: 7_161_702_030n,
  tidyWorkers: 7_161_702_031n,
  verifyLedger: 7_161_702_033n,
  sumReports: 7_161_702_034n,
  emptyBin: 7_161_702_035n,
} as const
