export { ATTENTION_KINDS, type Attention, type AttentionKind, listAttention } from './attention.ts'
export { type AccountBalance, getHouseBalances } from './house-balances.ts'
export { type CallSums, getModelMargins, type ModelMargin, type TokenSums } from './margins.ts'
export type { Counting } from './moment.ts'
export {
  type DayFigures,
  type ExchangeRate,
  type Figures,
  type GroupFigures,
  getOverview,
  type Overview,
  type OverviewInput,
} from './overview.ts'
export { getPersonTotals, type PersonSums, type PersonTotals } from './person-totals.ts'
export { type SumReportsInput, sumReports } from './sum-reports.ts'
export { verifyReports } from './verify.ts'
