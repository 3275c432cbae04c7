import { runTransaction } from '#db/client.ts'
import { conversations, messages } from '#db/schema/index.ts'
import { newId } from '#lib/id.ts'
import type { TestDatabase } from '#tests/support/cluster.ts'

export type PastMessage = { text: string; reasoning?: string; tokens?: number }

/**
 * Writes a conversation as it would be had it happened: questions and answers in turn, the first a question.
 * @returns its id
 */
export async function insertConversation(
  { db }: TestDatabase,
  userId: string,
  { title, said }: { title: string; said: readonly PastMessage[] },
): Promise<string> {
  const id = newId()
  const rows: (typeof messages.$inferInsert)[] = said.map(({ text, reasoning = '', tokens = 10 }, index) => ({
    userId,
    id: newId(),
    conversationId: id,
    role: index % 2 === 0 ? 'user' : 'assistant',
    text,
    reasoning,
    tokens,
    modelId: index % 2 === 0 ? null : 'test-model',
  }))
  for (const [index, row] of rows.entries()) row.parentId = rows[index - 1]?.id ?? null
  await runTransaction(db, async (tx) => {
    await tx.insert(conversations).values({ userId, id, title, headMessageId: rows.at(-1)?.id ?? null })
    for (let start = 0; start < rows.length; start += 500) {
      await tx.insert(messages).values(rows.slice(start, start + 500))
    }
  })
  return id
}

/** Turns of a question and an answer that can be told apart. */
export function numberedTurns(count: number): PastMessage[] {
  return Array.from({ length: count }, (_, turn) => [
    { text: `Question number ${turn}.` },
    { text: `Answer number ${turn}, with **weight** and \`code\`.` },
  ]).flat()
}
