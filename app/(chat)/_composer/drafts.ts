type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

const PREFIX = 'draft:'
const DRAFTS_MAX = 40

export type Drafts = {
  read: (conversationId: string) => string
  /** An empty text removes the draft. */
  write: (conversationId: string, text: string) => void
}

/**
 * What a person typed and has not sent, kept in the browser until the server has it.
 * @param owner id of the person, so that somebody else at this browser does not see it
 * @param open gives the storage; browsers may refuse it, then drafts last as long as the page
 */
export function createDrafts(owner: string, open: () => Storage, now: () => number = Date.now): Drafts {
  const memory = new Map<string, string>()
  const keyOf = (conversationId: string) => `${PREFIX}${owner}:${conversationId}`

  return {
    read(conversationId) {
      try {
        const stored = open().getItem(keyOf(conversationId))
        if (stored !== null) return (JSON.parse(stored) as { text: string }).text
      } catch {
        // Refused or unreadable storage: what this page remembers is all there is.
      }
      return memory.get(conversationId) ?? ''
    },
    write(conversationId, text) {
      if (text === '') memory.delete(conversationId)
      else memory.set(conversationId, text)
      try {
        const storage = open()
        if (text === '') {
          storage.removeItem(keyOf(conversationId))
          return
        }
        storage.setItem(keyOf(conversationId), JSON.stringify({ text, at: now() }))
        prune(storage)
      } catch {
        // Refused or full storage: the page still remembers.
      }
    },
  }
}

function prune(storage: Storage): void {
  const keys: { key: string; at: number }[] = []
  for (let index = 0; index < storage.length; index++) {
    const key = storage.key(index)
    if (!key?.startsWith(PREFIX)) continue
    keys.push({ key, at: writtenAt(storage.getItem(key)) })
  }
  keys.sort((a, b) => b.at - a.at)
  for (const { key } of keys.slice(DRAFTS_MAX)) storage.removeItem(key)
}

function writtenAt(stored: string | null): number {
  try {
    return (JSON.parse(stored ?? '') as { at: number }).at
  } catch {
    return 0
  }
}
