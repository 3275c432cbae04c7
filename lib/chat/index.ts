export { purgeBin } from './bin.ts'
export {
  type Conversation,
  type ConversationPage,
  deleteConversation,
  getConversation,
  listConversations,
  renameConversation,
  restoreConversation,
} from './conversations.ts'
export { drainRuns } from './drain-runs.ts'
export { MESSAGE_BYTES_MAX } from './message-text.ts'
export { listPath, type MessagePage, showBranch } from './paths.ts'
export { type QuoteMessageInput, quoteMessage, quoteMessageInput } from './quote-message.ts'
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
export { stopGeneration } from './stop-generation.ts'
export { endStrayRuns, sweepAbandonedRuns, trimEvents } from './sweep.ts'
