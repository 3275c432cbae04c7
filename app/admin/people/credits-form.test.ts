import { describe, expect, it } from 'vitest'
import { creditsForm } from '#app/admin/people/credits-form.ts'

const ID = '01900000-0000-7000-8000-000000000001'
const form = (fields: Record<string, string>) => ({
  userId: ID,
  requestId: ID,
  credits: '2.5',
  reason: 'late answer',
  ...fields,
})

describe('the form of a change of credits', () => {
  it('becomes a grant, or an adjustment in either direction, under the key of the form', () => {
    const change = { ownerType: 'user', ownerId: ID, reason: 'late answer', idempotencyKey: `cockpit:${ID}` }
    expect(creditsForm.parse(form({ what: 'gift', expiresAt: '' }))).toEqual({
      ...change,
      kind: 'grant',
      amountMicros: 2_500_000n,
      lotExpiresAt: undefined,
    })
    expect(creditsForm.parse(form({ what: 'correction', expiresAt: '2027-01-31T16:00:00.000Z' }))).toMatchObject({
      kind: 'adjustment',
      amountMicros: 2_500_000n,
      lotExpiresAt: new Date('2027-01-31T16:00:00Z'),
    })
    expect(creditsForm.parse(form({ what: 'deduction', expiresAt: '2027-01-31T16:00:00.000Z' }))).toEqual({
      ...change,
      kind: 'adjustment',
      amountMicros: -2_500_000n,
      lotExpiresAt: undefined,
    })
  })

  it.each([
    ['credits', { credits: '0' }],
    ['credits', { credits: '-5' }],
    ['credits', { credits: '1e3' }],
    ['credits', { credits: '' }],
    ['reason', { reason: '  a ' }],
    ['requestId', { requestId: 'again' }],
    ['expiresAt', { expiresAt: 'tomorrow' }],
  ])('names the field %s at fault', (field, fields) => {
    const parsed = creditsForm.safeParse(form({ what: 'gift', ...fields }))
    expect(parsed.error?.issues[0]?.path).toEqual([field])
  })
})
