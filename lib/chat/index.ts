export {
  type Conversation,
  type ConversationPage,
  deleteConversation,
  getConversation,
  listConversations,
  listConversationsInput,
  renameConversation,
  renameConversationInput,
  restoreConversation,
} from './conversations.ts'
export { drainRuns } from './drain-runs.ts'
export { listPath, listPathInput, type MessagePage, showBranch, showBranchInput } from './paths.ts'
export { type ReadEventsInput, readEvents } from './read-events.ts'
export { getRunning, type Running } from './running.ts'
export type {
  ConversationSummary,
  GenerationStatus,
  PathMessage,
  Position,
  RunningGeneration,
  StartFrame,
  StreamFrame,
  WireFrame,
} from './shared.ts'
export {
  type RetryGenerationInput,
  retryGeneration,
  retryGenerationInput,
  type StartedGeneration,
  type StartGenerationInput,
  startGeneration,
  startGenerationInput,
} from './start-generation.ts'
export { stopGeneration, stopGenerationInput } from './stop-generation.ts'
export { sweepAbandonedRuns, trimEvents } from './sweep.ts'
