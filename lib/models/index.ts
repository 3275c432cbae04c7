export type { ModelSummary } from './shared.ts'
