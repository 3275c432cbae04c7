'use client'

import { createContext, useContext } from 'react'
import type { MarkdownLabels } from '#app/_ui/markdown/pipeline.ts'
import type { RunningGeneration } from '#lib/chat/shared.ts'
import type { ModelSummary } from '#lib/models/shared.ts'

/** Reply of `/api/status`. Amounts are decimal strings of micro-credits. */
export type Status = {
  balance: { postedMicros: string; heldMicros: string; availableMicros: string }
  /** What this person's answers usually cost; null before the first. */
  typicalMicros: string | null
  running: RunningGeneration[]
}

export type Toast = { text: string; action?: { label: string; run: () => void } }

export type Shell = {
  userId: string
  userName: string
  /** Runs the service: the way to its pages is shown. */
  isAdmin: boolean
  models: ModelSummary[]
  defaultModelId: string | null
  labels: MarkdownLabels
  /** Changes when a new chat is begun, also from a new chat. */
  newChat: number
  beginNewChat: () => void
  openSidebar: () => void
  showToast: (toast: Toast) => void
  /** An answer began in a conversation; `title` for one that is new. */
  noteStarted: (started: { conversationId: string; generationId: string; title: string | null }) => void
  noteEnded: (conversationId: string) => void
}

export const ShellContext = createContext<Shell | null>(null)

/** What the chat's pages share. @throws {Error} outside of the chat's layout */
export function useShell(): Shell {
  const shell = useContext(ShellContext)
  if (!shell) throw new Error('useShell outside of ChatShell')
  return shell
}
