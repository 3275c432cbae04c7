import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { createPerson } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import {
  deleteConversation,
  getConversation,
  listConversations,
  listPath,
  renameConversation,
  restoreConversation,
  showBranch,
} from './index.ts'

let database: TestDatabase
let person: UserCtx
let outsider: UserCtx

beforeAll(async () => {
  database = await createTestDatabase()
})

beforeEach(async () => {
  person = await createPerson(database.db, { credits: '0' })
  outsider = await createPerson(database.db, { credits: '0' })
})

afterAll(() => database.close())

async function insertConversation(activeAt = '2026-11-22 10:00:00.123456+00'): Promise<string> {
  const id = newId()
  await database.db.execute(sql`
    INSERT INTO conversations (user_id, id, title, active_at)
    VALUES (${person.actor.userId}, ${id}, ${`about ${id}`}, ${activeAt}::timestamptz)`)
  return id
}

async function insertMessage(
  conversationId: string,
  parentId: string | null,
  role: 'user' | 'assistant',
): Promise<string> {
  const id = newId()
  await database.db.execute(sql`
    INSERT INTO messages (user_id, id, conversation_id, parent_id, role, text, tokens)
    VALUES (${person.actor.userId}, ${id}, ${conversationId}, ${parentId}, ${role}, ${`text of ${id}`}, 3)`)
  await database.db.execute(sql`
    UPDATE conversations SET head_message_id = ${id} WHERE user_id = ${person.actor.userId} AND id = ${conversationId}`)
  return id
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no refusal',
    (error: { code?: string }) => error.code ?? String(error),
  )

describe('listConversations', () => {
  it('pages through all of them once, the latest first, though instants differ by microseconds or not at all', async () => {
    const instants = [
      '2026-11-22 10:00:00.123456+00',
      '2026-11-22 10:00:00.123457+00',
      '2026-11-22 10:00:00.123456+00',
      '2026-11-22 10:00:00+00',
      '2026-11-22 10:00:00.123+00',
      '2026-11-22 10:00:00.123456+00',
    ]
    const made: { id: string; at: string }[] = []
    for (const at of instants) made.push({ id: await insertConversation(at), at })
    const expected = [...made].sort((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at < b.at ? 1 : -1))
    const listed: string[] = []
    let cursor: string | undefined
    do {
      const page = await listConversations(person, { cursor, limit: 2 })
      expect(page.items.length).toBeLessThanOrEqual(2)
      listed.push(...page.items.map((item) => item.id))
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    expect(listed).toEqual(expected.map((each) => each.id))
    expect((await listConversations(person)).items[0]).toMatchObject({
      activeAt: '2026-11-22T10:00:00.123Z',
      running: false,
    })
    expect((await listConversations(outsider)).items).toEqual([])
  })

  const cursorAt = (instant: string) => Buffer.from(JSON.stringify([instant, newId()])).toString('base64url')

  it.each([
    '',
    'nonsense',
    Buffer.from('["2026","x"]').toString('base64url'),
    cursorAt('2026-02-31 00:00:00+00'),
    cursorAt('2026-13-01 00:00:00+00'),
    cursorAt('2026-01-01 25:00:00+00'),
    cursorAt('0000-01-01 00:00:00+00'),
  ])('refuses %j as a cursor', async (cursor) => {
    await expect(listConversations(person, { cursor })).rejects.toThrow('is not a cursor')
  })
})

describe('a conversation', () => {
  it('is renamed, binned and restored, each as often as asked', async () => {
    const conversationId = await insertConversation()
    await renameConversation(person, { conversationId, title: '  新的标题 ' })
    await renameConversation(person, { conversationId, title: '新的标题' })
    expect(await getConversation(person, { conversationId })).toMatchObject({ title: '新的标题' })

    await deleteConversation(person, { conversationId })
    await deleteConversation(person, { conversationId })
    expect(await codeOf(getConversation(person, { conversationId }))).toBe('not_found')
    expect(await codeOf(listPath(person, { conversationId }))).toBe('not_found')
    expect(await codeOf(renameConversation(person, { conversationId, title: 'x' }))).toBe('not_found')
    expect((await listConversations(person)).items).toEqual([])

    await restoreConversation(person, { conversationId })
    await restoreConversation(person, { conversationId })
    expect((await listConversations(person)).items).toMatchObject([{ id: conversationId, title: '新的标题' }])
  })

  it('is nobody else’s', async () => {
    const conversationId = await insertConversation()
    const messageId = await insertMessage(conversationId, null, 'user')
    const before = await database.db.execute(sql`SELECT * FROM conversations WHERE id = ${conversationId}`)
    const attempts = [
      getConversation(outsider, { conversationId }),
      renameConversation(outsider, { conversationId, title: 'mine' }),
      deleteConversation(outsider, { conversationId }),
      restoreConversation(outsider, { conversationId }),
      listPath(outsider, { conversationId }),
      showBranch(outsider, { conversationId, messageId }),
    ]
    expect(await Promise.all(attempts.map(codeOf))).toEqual(attempts.map(() => 'not_found'))
    const after = await database.db.execute(sql`SELECT * FROM conversations WHERE id = ${conversationId}`)
    expect(after.rows).toEqual(before.rows)
  })

  it('refuses titles that cannot be stored', async () => {
    const conversationId = await insertConversation()
    for (const title of ['', '   ', 'x'.repeat(201), 'a\0', '\ud83d']) {
      await expect(renameConversation(person, { conversationId, title })).rejects.toThrow()
    }
    await renameConversation(person, { conversationId, title: '👍'.repeat(200) })
  })
})

describe('listPath', () => {
  it('pages upwards from the head', async () => {
    const conversationId = await insertConversation()
    const ids: string[] = []
    for (let i = 0; i < 7; i++)
      ids.push(await insertMessage(conversationId, ids.at(-1) ?? null, i % 2 ? 'assistant' : 'user'))
    const last = await listPath(person, { conversationId, limit: 3 })
    expect(last).toMatchObject({ hasMore: true, messages: ids.slice(4).map((id) => ({ id, siblingIds: [id] })) })
    const middle = await listPath(person, { conversationId, limit: 3, beforeMessageId: last.messages[0]!.id })
    expect(middle).toMatchObject({ hasMore: true, messages: ids.slice(1, 4).map((id) => ({ id })) })
    const first = await listPath(person, { conversationId, limit: 3, beforeMessageId: middle.messages[0]!.id })
    expect(first).toMatchObject({ hasMore: false, messages: [{ id: ids[0], parentId: null }] })
    expect(await listPath(person, { conversationId, beforeMessageId: ids[0]! })).toEqual({
      hasMore: false,
      messages: [],
    })
    expect(await listPath(person, { conversationId, limit: 7 })).toMatchObject({ hasMore: false })
  })

  it('shows one branch, knows the siblings, and changes to another', async () => {
    const conversationId = await insertConversation()
    const root = await insertMessage(conversationId, null, 'user')
    const one = await insertMessage(conversationId, root, 'assistant')
    const oneMore = await insertMessage(conversationId, one, 'user')
    const oneAnswer = await insertMessage(conversationId, oneMore, 'assistant')
    const two = await insertMessage(conversationId, root, 'assistant')
    const otherRoot = await insertMessage(conversationId, null, 'user')

    const shown = async () => (await listPath(person, { conversationId })).messages.map((message) => message.id)
    expect(await shown()).toEqual([otherRoot])
    expect(await showBranch(person, { conversationId, messageId: two })).toEqual({ headMessageId: two })
    const path = (await listPath(person, { conversationId })).messages
    expect(path.map((message) => message.siblingIds)).toEqual([
      [root, otherRoot],
      [one, two],
    ])
    expect(await showBranch(person, { conversationId, messageId: one })).toEqual({ headMessageId: oneAnswer })
    expect(await shown()).toEqual([root, one, oneMore, oneAnswer])
    expect(await codeOf(showBranch(person, { conversationId: newId(), messageId: one }))).toBe('not_found')
    expect(await codeOf(showBranch(person, { conversationId, messageId: newId() }))).toBe('not_found')
  })

  it('is empty for a conversation without messages', async () => {
    const conversationId = await insertConversation()
    expect(await listPath(person, { conversationId })).toEqual({ hasMore: false, messages: [] })
  })
})
