import { describe, expect, it } from 'vitest'
import { type FirstStepsFacts, paymentWay, spentBySigningUp, stepsOf } from '#app/admin/_first-steps/steps.ts'

const setting = <T>(value: T, version = 0) => ({ value, default: value, version })
const key = { id: 'k', hint: 'abcd', status: 'active', testOutcome: null } as never
const channel = (fields: object = {}) => ({
  id: 'c1',
  status: 'active' as const,
  keys: [key],
  calls: 0,
  failures: 0,
  ...fields,
})

function facts(fields: Partial<FirstStepsFacts> = {}, states: object = {}): FirstStepsFacts {
  return {
    channels: [],
    stripe: false,
    codes: false,
    ...fields,
    states: {
      registration: setting('open'),
      sign_up_credit_micros: setting(null),
      manual_payment: setting('off'),
      site_name: setting('Undefined Behavior'),
      contact: setting(null),
      first_steps: setting('open'),
      ...states,
    } as FirstStepsFacts['states'],
  }
}
const done = (of: FirstStepsFacts) => stepsOf(of).flatMap(({ name, isDone }) => (isDone ? [name] : []))

describe('the first steps', () => {
  it('are all to do on a new installation', () => {
    expect(done(facts())).toEqual([])
    expect(
      stepsOf(facts())
        .filter(({ isNeeded }) => !isNeeded)
        .map(({ name }) => name),
    ).toEqual(['site'])
  })

  it('follow the channels: one without a usable key is none', () => {
    expect(done(facts({ channels: [channel()] }))).toEqual(['channel'])
    expect(done(facts({ channels: [channel({ status: 'disabled' })] }))).toEqual([])
    expect(done(facts({ channels: [channel({ keys: [{ status: 'refused' }] })] }))).toEqual([])
  })

  it('know a call that worked: a test, or what people have asked', () => {
    const tested = (testOutcome: string) => channel({ keys: [{ status: 'active', testOutcome }] })
    expect(done(facts({ channels: [tested('ok')] }))).toEqual(['channel', 'test'])
    expect(done(facts({ channels: [tested('vendor_key_refused')] }))).toEqual(['channel'])
    expect(done(facts({ channels: [channel({ calls: 3, failures: 2 })] }))).toEqual(['channel', 'test'])
    expect(done(facts({ channels: [channel({ calls: 3, failures: 3 })] }))).toEqual(['channel'])
    expect(stepsOf(facts({ channels: [channel()] }))[1]!.href).toBe('/admin/channels/c1')
    expect(stepsOf(facts())[1]!.href).toBeNull()
  })

  it('take only what somebody has decided', () => {
    expect(done(facts({}, { registration: setting('open', 1) }))).toEqual(['registration'])
    expect(done(facts({}, { sign_up_credit_micros: setting('0', 1) }))).toEqual(['registration'])
    expect(done(facts({}, { contact: setting('x@y.z', 1) }))).toEqual(['site'])
  })

  it.each([
    [facts({ stripe: true }), 'stripe'],
    [facts({}, { manual_payment: setting('on', 1) }), 'manual'],
    [facts({ stripe: true }, { manual_payment: setting('on', 1) }), 'both'],
    [facts({ codes: true }), 'codes'],
    [facts({}, { manual_payment: setting('off', 1) }), 'codes'],
    [facts(), null],
  ])('know how people pay (%#)', (of, way) => {
    expect(paymentWay(of)).toBe(way)
    expect(done(of).includes('payment')).toBe(way !== null)
  })

  it('say what signing up spends', () => {
    const terms = { automaticMicros: 0n, isPaid: true }
    const given = { sign_up_credit_micros: setting('5000000', 1) }
    expect(spentBySigningUp(facts({}, given), terms)).toBe(5_000_000n)
    expect(spentBySigningUp(facts({}, given), { ...terms, isPaid: false })).toBe(0n)
    expect(spentBySigningUp(facts({}, { ...given, registration: setting('closed', 1) }), terms)).toBe(0n)
    expect(spentBySigningUp(facts(), { ...terms, automaticMicros: 7n })).toBe(7n)
  })
})
