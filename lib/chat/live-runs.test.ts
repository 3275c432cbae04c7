import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId } from '#lib/id.ts'
import { LiveRun } from './live-runs.ts'

const newRun = () =>
  new LiveRun({
    userId: newId(),
    generationId: newId(),
    conversationId: newId(),
    messageId: newId(),
    holdId: newId(),
    epoch: 1,
  })

describe('LiveRun', () => {
  it('shows the first delta at once, and later ones together with the clock’s tick', () => {
    const run = newRun()
    run.push('text', 'a')
    expect(run.log.lastSeq).toBe(1)
    for (const text of ['b', 'c', 'd']) run.push('text', text)
    expect(run.log.lastSeq).toBe(1)
    run.tick()
    expect(run.log.entriesAfter(1)).toEqual([{ seq: 2, kind: 'text', text: 'bcd' }])
  })

  it('keeps a text whole however the vendor cuts it, and every entry storable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat()), fc.array(fc.boolean()), (text, cuts, ticks) => {
        const run = newRun()
        const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
        let from = 0
        for (const [index, place] of [...places, text.length].entries()) {
          run.push('text', text.slice(from, place))
          from = place
          if (ticks[index]) run.tick()
        }
        run.seal()
        expect(run.log.text).toBe(text.replaceAll('\0', '').toWellFormed())
        for (const entry of run.log.entriesAfter(0)) {
          expect(entry.text.isWellFormed() && !entry.text.includes('\0') && entry.text !== '').toBe(true)
        }
      }),
    )
  })

  it('takes nothing once it is sealed, and shows nothing once it is fenced off', () => {
    const sealed = newRun()
    sealed.push('text', 'a')
    sealed.seal()
    sealed.push('text', 'late')
    expect(sealed.log.text).toBe('a')

    const fenced = newRun()
    fenced.push('text', 'a')
    fenced.push('text', 'b')
    fenced.stop('stopped')
    fenced.fence()
    fenced.tick()
    expect(fenced).toMatchObject({ fenced: true, stopReason: 'fenced' })
    expect(fenced.signal.aborted).toBe(true)
    expect(fenced.log.nextFrame(null)).toBeNull()
  })
})
