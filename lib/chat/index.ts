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
