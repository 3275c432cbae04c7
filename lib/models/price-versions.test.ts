import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditEntries, models, priceVersions } from '#db/schema/index.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  addModel,
  addModelInput,
  addPriceVersion,
  addPriceVersionInput,
  editModel,
  editModelInput,
  getDefaultModel,
  getOperatedModel,
  listOperatedModels,
  listPriceVersions,
  previewPrice,
  previewPriceInput,
  setDefaultModel,
  setModel,
  setModelVisible,
  withdrawPriceVersion,
} from '#lib/models/index.ts'
import { getSetting, setSetting } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: UserCtx
let person: UserCtx

beforeAll(async () => {
  database = await createTestDatabase()
  const as = (role: 'admin' | 'user'): UserCtx => ({
    db: database.db,
    actor: { type: 'user', userId: newId(), role, sessionId: newId() },
  })
  ctx = as('admin')
  person = as('user')
})
afterAll(() => database.close())

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const create = async (fields: object = {}) => {
  const id = `m-${newId()}`
  await setModel(systemCtx('test', database.db), {
    id,
    input: '2',
    output: '8',
    costInput: '1',
    costOutput: '4',
    vendor: 'test',
    ...fields,
  })
  return getOperatedModel(ctx, { modelId: id })
}
const versionOf = async (modelId: string) => (await getOperatedModel(ctx, { modelId })).version
const draft = async (modelId: string, fields: object = {}) =>
  addPriceVersionInput.parse({
    modelId,
    version: String(await versionOf(modelId)),
    input: '3',
    output: '9',
    costInput: '1',
    costOutput: '4',
    ...fields,
  })
const add = async (modelId: string, fields: object = {}) => addPriceVersion(ctx, await draft(modelId, fields))
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
const inputsOf = async (modelId: string) =>
  (await listPriceVersions(ctx, { modelId })).map(({ inputMicros, state }) => [state, Number(inputMicros) / 1e6])
const rangesOf = async (modelId: string) => {
  const { rows } = await database.db.execute<{ range: string }>(
    sql`SELECT valid_during::text AS range FROM price_versions WHERE model_id = ${modelId} ORDER BY lower(valid_during)`,
  )
  return rows.map(({ range }) => range)
}
const expectNoGap = async (modelId: string) => {
  const { rows } = await database.db.execute(sql`
    SELECT 1 FROM (SELECT upper(valid_during) AS ends, lead(lower(valid_during)) OVER (ORDER BY lower(valid_during)) AS next
      FROM price_versions WHERE model_id = ${modelId}) v WHERE next IS DISTINCT FROM ends`)
  expect(rows).toEqual([])
}

describe('addPriceVersion', () => {
  it('holds from now on, and what is left out follows from the rest', async () => {
    const { id } = await create()
    await add(id, { cacheRead: '0.3', costCacheRead: '0.2', request: '' })
    expect(await inputsOf(id)).toEqual([
      ['current', 3],
      ['past', 2],
    ])
    expect((await getOperatedModel(ctx, { modelId: id })).price).toMatchObject({
      cacheReadMicros: 300_000n,
      cacheWriteMicros: 3_000_000n,
      reasoningMicros: 9_000_000n,
      requestMicros: 0n,
      costCacheReadMicros: 200_000n,
      costCacheWriteMicros: 1_000_000n,
      costReasoningMicros: 4_000_000n,
    })
    await expectNoGap(id)
    const [audit] = await database.db
      .select()
      .from(auditEntries)
      .where(sql`subject_id = ${id} AND action = 'price.add'`)
    expect(audit!.after).toMatchObject({ from: 'now', input: '3', cacheRead: '0.3', costOutput: '4' })
  })

  it('may begin later, between others that do, and a change from now on ends where they begin', async () => {
    const { id } = await create()
    await add(id, { input: '10', from: inDays(10) })
    await add(id, { input: '5', from: inDays(5) })
    await add(id, { input: '4' })
    expect(await inputsOf(id)).toEqual([
      ['planned', 10],
      ['planned', 5],
      ['current', 4],
      ['past', 2],
    ])
    await expectNoGap(id)
    // The command line's verb goes the same way.
    await setModel(systemCtx('test', database.db), { id, input: '6', output: '8' })
    expect((await inputsOf(id)).slice(0, 3)).toEqual([
      ['planned', 10],
      ['planned', 5],
      ['current', 6],
    ])
    await expectNoGap(id)
  })

  it('refuses the past, the same moment, negative prices, stale forms and other people, and changes nothing', async () => {
    const { id, version } = await create()
    const from = inDays(3)
    await add(id, { from })
    const before = await rangesOf(id)
    expect(await codeOf(add(id, { from: inDays(-1) }))).toBe('invalid_input')
    expect(await codeOf(add(id, { from }))).toBe('price_time_taken')
    expect(await codeOf(addPriceVersion(ctx, { ...(await draft(id)), version }))).toBe('changed_meanwhile')
    expect(await codeOf(addPriceVersion(person, await draft(id)))).toBe('forbidden')
    expect(await codeOf(addPriceVersion(ctx, { ...(await draft(id)), modelId: 'none' }))).toBe('not_found')
    for (const bad of [
      { input: '-1' },
      { output: 'x' },
      { input: '' },
      { cacheRead: '-0.1' },
      { costInput: '-5' },
      { from: 'soon' },
    ]) {
      expect(addPriceVersionInput.safeParse({ modelId: id, version: 1, input: '1', output: '1', ...bad }).success).toBe(
        false,
      )
    }
    expect(await rangesOf(id)).toEqual(before)
  })

  it('below its cost it needs a word, which the audit log keeps', async () => {
    const { id } = await create()
    const before = await rangesOf(id)
    await expect(add(id, { input: '0.5', output: '3' })).rejects.toMatchObject({
      code: 'price_below_cost',
      params: { kinds: 'input,cacheRead,cacheWrite,output,reasoning' },
    })
    expect(await rangesOf(id)).toEqual(before)
    await add(id, { input: '0.5', output: '4', allowLoss: 'on' })
    const [audit] = await database.db
      .select()
      .from(auditEntries)
      .where(sql`subject_id = ${id} AND action = 'price.add'`)
    expect(audit!.after).toMatchObject({ losses: ['input', 'cacheRead', 'cacheWrite'] })
  })

  it('of two admins at once one is told that the other was first', async () => {
    const { id } = await create()
    const [first, second] = [await draft(id, { input: '4' }), await draft(id, { input: '5' })]
    const outcomes = await Promise.all([first, second].map((input) => codeOf(addPriceVersion(ctx, input))))
    expect(outcomes.sort()).toEqual(['changed_meanwhile', 'done'])
    expect(await rangesOf(id)).toHaveLength(2)
  })
})

describe('withdrawPriceVersion', () => {
  it('takes back what has not begun, and the price before it holds on', async () => {
    const { id } = await create()
    const { priceVersionId } = await add(id, { input: '5', from: inDays(5) })
    await add(id, { input: '10', from: inDays(10) })
    expect(await codeOf(withdrawPriceVersion(person, { modelId: id, priceVersionId }))).toBe('forbidden')
    expect(await codeOf(withdrawPriceVersion(ctx, { modelId: 'none', priceVersionId }))).toBe('not_found')
    expect(await rangesOf(id)).toHaveLength(3)
    await withdrawPriceVersion(ctx, { modelId: id, priceVersionId })
    expect(await inputsOf(id)).toEqual([
      ['planned', 10],
      ['current', 2],
    ])
    await expectNoGap(id)
    expect(await codeOf(withdrawPriceVersion(ctx, { modelId: id, priceVersionId }))).toBe('not_found')
    const [audit] = await database.db
      .select()
      .from(auditEntries)
      .where(sql`subject_id = ${id} AND action = 'price.withdraw'`)
    expect(audit!.before).toMatchObject({ priceVersionId, input: '5' })
  })

  it('refuses one that holds, held, or is about to, and so does the database', async () => {
    const { id } = await create()
    await add(id)
    const soon = await add(id, { from: new Date(Date.now() + 30_000).toISOString() })
    const versions = await listPriceVersions(ctx, { modelId: id })
    expect(versions.map(({ canWithdraw }) => canWithdraw)).toEqual([false, false, false])
    for (const { id: priceVersionId } of [...versions, { id: soon.priceVersionId }]) {
      expect(await codeOf(withdrawPriceVersion(ctx, { modelId: id, priceVersionId }))).toBe('price_begun')
      const gone = database.db.delete(priceVersions).where(eq(priceVersions.id, priceVersionId))
      await expect(gone).rejects.toThrow()
    }
    expect(await rangesOf(id)).toHaveLength(3)
  })
})

describe('previewPrice', () => {
  // Whatever time it is, one of them has another day than UTC.
  it.each(['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
    'prices the tokens of thirty days anew: %s',
    async (zone) => {
      await setSetting(ctx, { key: 'time_zone', value: zone })
      const { id } = await create({ cached: '0.2', costCached: '0.1' })
      const today = sql`(now() AT TIME ZONE ${zone}::text)::date`
      await database.db.execute(sql`
      INSERT INTO usage_days (day, model_id, calls, failed, empty, input_tokens, cache_read_tokens, cache_write_tokens,
        output_tokens, reasoning_tokens, charged_micros, bad_debt_micros, vendor_cost_micros)
      VALUES (${today}, ${id}, 12, 1, 1, 1000000, 500000, 0, 200000, 100000, 4500000, 0, 2000000),
        (${today} - 29, ${id}, 5, 0, 0, 1000000, 0, 0, 0, 0, 2000000, 0, 1000000),
        (${today} - 30, ${id}, 99, 0, 0, 90000000, 0, 0, 0, 0, 1, 0, 1)`)
      const input = {
        modelId: id,
        input: '3',
        output: '10',
        cacheRead: '0.2',
        costInput: '1',
        costOutput: '4',
        costCacheRead: '0.1',
        request: '0.01',
      }
      expect(await previewPrice(ctx, previewPriceInput.parse(input))).toEqual({
        days: 30,
        sums: { input: 2_000_000, cacheRead: 500_000, cacheWrite: 0, output: 200_000, reasoning: 100_000, calls: 15 },
        chargedMicros: 6_500_000n,
        before: { revenueMicros: 6_500_000n, costMicros: 3_250_000n },
        after: { revenueMicros: 9_250_000n, costMicros: 3_250_000n },
      })
      expect(await codeOf(previewPrice(person, previewPriceInput.parse(input)))).toBe('forbidden')
      expect(await codeOf(previewPrice(ctx, previewPriceInput.parse({ ...input, modelId: 'none' })))).toBe('not_found')
    },
  )

  it('of a model that nobody used and that has no price is nothing', async () => {
    await database.db
      .insert(models)
      .values({ id: 'bare', displayName: 'x', vendor: 'test', contextTokens: 1_000, maxOutputTokens: 500 })
    expect(
      await previewPrice(ctx, previewPriceInput.parse({ modelId: 'bare', input: '1', output: '1' })),
    ).toMatchObject({
      before: null,
      after: { revenueMicros: 0n, costMicros: 0n },
      chargedMicros: 0n,
    })
  })
})

describe('a model', () => {
  const form = (model: Awaited<ReturnType<typeof create>>, changes: object = {}) => ({
    modelId: model.id,
    version: String(model.version),
    displayName: model.displayName,
    vendor: model.vendor,
    contextTokens: String(model.contextTokens),
    maxOutputTokens: String(model.maxOutputTokens),
    defaultMaxOutput: String(model.defaultMaxOutput),
    minOutput: String(model.minOutput),
    outputCapField: model.outputCapField,
    position: String(model.position),
    visible: 'on',
    ...changes,
  })

  it('changes its limits once, and says before and after', async () => {
    const model = await create()
    const changes = { displayName: 'Better', contextTokens: '64000', reasoning: 'on', position: '7' }
    await editModel(ctx, editModelInput.parse(form(model, changes)))
    const now = await getOperatedModel(ctx, { modelId: model.id })
    expect(now).toMatchObject({ displayName: 'Better', contextTokens: 64_000, reasoning: true, position: 7 })
    await editModel(ctx, editModelInput.parse(form(now, { reasoning: 'on' })))
    expect(await versionOf(model.id)).toBe(now.version)
    expect(await codeOf(editModel(ctx, editModelInput.parse(form(model))))).toBe('changed_meanwhile')
    expect(await codeOf(editModel(person, editModelInput.parse(form(now))))).toBe('forbidden')
    expect(await getOperatedModel(ctx, { modelId: model.id })).toEqual(now)
    const audits = await database.db
      .select()
      .from(auditEntries)
      .where(sql`subject_id = ${model.id} AND action = 'model.edit'`)
    expect(audits).toMatchObject([{ before: { contextTokens: 128_000 }, after: { contextTokens: 64_000 } }])
    for (const bad of [
      { maxOutputTokens: '999999999' },
      { contextTokens: '100' },
      { minOutput: '9000' },
      { defaultMaxOutput: '0' },
    ]) {
      expect(editModelInput.safeParse(form(now, bad)).success).toBe(false)
    }
  })

  it('is hidden and shown, and may be the default', async () => {
    const { id } = await create()
    await setModelVisible(ctx, { modelId: id, visible: false })
    const version = await versionOf(id)
    await setModelVisible(ctx, { modelId: id, visible: false })
    expect(await versionOf(id)).toBe(version)
    expect(await codeOf(setModelVisible(person, { modelId: id, visible: true }))).toBe('forbidden')
    expect((await getOperatedModel(ctx, { modelId: id })).visible).toBe(false)
    await setDefaultModel(ctx, { modelId: id, isDefault: true })
    expect(await getSetting(ctx, 'default_model_id')).toBe(id)
    expect((await listOperatedModels(ctx)).filter(({ isDefault }) => isDefault).map((model) => model.id)).toEqual([id])
    expect(await codeOf(setDefaultModel(ctx, { modelId: 'none', isDefault: true }))).toBe('not_found')
    expect(await codeOf(setDefaultModel(person, { modelId: id, isDefault: false }))).toBe('forbidden')
    await setDefaultModel(ctx, { modelId: (await create()).id, isDefault: false })
    expect(await getSetting(ctx, 'default_model_id')).toBe(id)
    await setDefaultModel(ctx, { modelId: id, isDefault: false })
    expect(await getSetting(ctx, 'default_model_id')).toBeNull()
    expect(await getDefaultModel(ctx)).toBeNull()
  })

  it('is added by hand with its price, once, and not below its cost', async () => {
    const input = (fields: object = {}) =>
      addModelInput.parse({
        id: 'by/hand',
        vendor: 'mine',
        input: '1',
        output: '2',
        costInput: '0.5',
        costOutput: '1',
        ...fields,
      })
    expect(await codeOf(addModel(ctx, input({ costOutput: '3' })))).toBe('price_below_cost')
    expect(await codeOf(addModel(person, input()))).toBe('forbidden')
    expect(await database.db.select().from(models).where(eq(models.id, 'by/hand'))).toEqual([])
    await addModel(ctx, input({ costOutput: '3', allowLoss: true }))
    expect(await codeOf(addModel(ctx, input()))).toBe('name_taken')
    expect(await getOperatedModel(ctx, { modelId: 'by/hand' })).toMatchObject({
      displayName: 'by/hand',
      reachable: false,
      price: { inputMicros: 1_000_000n, costOutputMicros: 3_000_000n },
    })
    expect(addModelInput.safeParse({ id: 'x', vendor: 'mine', input: '-1', output: '1' }).success).toBe(false)
  })
})
