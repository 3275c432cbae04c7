import type { Ctx } from '#lib/ctx.ts'
import { type Check, type CheckResult, runChecks } from '#lib/verification.ts'
import { CAP_CHECKS } from './checks/caps.ts'
import { HOLD_CHECKS } from './checks/holds.ts'
import { LOT_CHECKS } from './checks/lots.ts'
import { TRANSFER_CHECKS } from './checks/transfers.ts'
import { WALLET_CHECKS } from './checks/wallets.ts'

const CHECKS: readonly Check[] = [...WALLET_CHECKS, ...LOT_CHECKS, ...HOLD_CHECKS, ...TRANSFER_CHECKS, ...CAP_CHECKS]

/**
 * Recomputes what the ledger keeps: balances, numbering, lots, holds, caps. Run it in a snapshot (`inSnapshot`): its
 * statements compare tables that a live service writes together.
 * @returns one result for each promise
 */
export function verifyLedger(ctx: Ctx): Promise<CheckResult[]> {
  return runChecks(ctx, CHECKS)
}
