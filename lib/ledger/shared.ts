/** Why credits move. */
export const TRANSFER_KINDS = [
  'top_up',
  'grant',
  'promotion',
  'redemption',
  'usage',
  'bad_debt',
  'adjustment',
  'refund',
  'dispute',
  'expiry',
  'reversal',
  'goodwill',
] as const
export type TransferKind = (typeof TRANSFER_KINDS)[number]

/** The house's own accounts. */
export const HOUSE_CODES = [
  'clearing',
  'revenue',
  'promotions',
  'goodwill',
  'bad_debt',
  'adjustments',
  'expired',
] as const
export type HouseCode = (typeof HOUSE_CODES)[number]

/** `captured`: the call was charged something; `released`: nothing. */
export const HOLD_STATES = ['open', 'captured', 'released'] as const
export type HoldState = (typeof HOLD_STATES)[number]
