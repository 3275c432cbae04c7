import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PromptTurn } from './call.ts'
import { fitPrompt } from './prompt.ts'

const user = (tokens: number, text = `u${tokens}`): PromptTurn => ({ role: 'user', text, tokens })
const assistant = (tokens: number, text = `a${tokens}`): PromptTurn => ({ role: 'assistant', text, tokens })
const limits = { contextTokens: 1_000, outputCap: 400, minOutput: 100 }

describe('fitPrompt', () => {
  it('sends everything that fits, after the system prompt', () => {
    const fit = fitPrompt({
      turns: [user(10), assistant(20), user(5)],
      system: { text: 'be kind', tokens: 2 },
      ...limits,
    })
    expect(fit).toEqual({
      messages: [
        { role: 'system', content: 'be kind' },
        { role: 'user', content: 'u10' },
        { role: 'assistant', content: 'a20' },
        { role: 'user', content: 'u5' },
      ],
      promptTokens: 3 + (2 + 4) + (10 + 4) + (20 + 4) + (5 + 4),
      historyTokens: 38,
      outputCap: 400,
      omittedTurns: 0,
    })
  })

  it('leaves out the oldest turns whole, and an answer whose question is left out', () => {
    const fit = fitPrompt({ turns: [user(300), assistant(200), user(100), assistant(100), user(50)], ...limits })
    expect(fit?.messages.map(({ content }) => content)).toEqual(['u100', 'a100', 'u50'])
    expect(fit?.omittedTurns).toBe(2)
    const cut = fitPrompt({ turns: [user(500), assistant(100), user(50)], ...limits })
    expect(cut?.messages.map(({ content }) => content)).toEqual(['u50'])
    expect(cut).toMatchObject({ omittedTurns: 2, promptTokens: 3 + 54 })
  })

  it('shrinks the cap for a long last message, and refuses one that leaves too little', () => {
    expect(fitPrompt({ turns: [user(800)], ...limits })).toMatchObject({ outputCap: 1_000 - 807, promptTokens: 807 })
    expect(fitPrompt({ turns: [user(893)], ...limits })).toMatchObject({ outputCap: 100 })
    expect(fitPrompt({ turns: [user(894)], ...limits })).toBeNull()
    expect(fitPrompt({ turns: [], ...limits })).toBeNull()
  })

  it('fills the context to the last token, and not beyond', () => {
    const filling = (tokens: number) => fitPrompt({ turns: [user(tokens), user(50)], ...limits })
    expect(filling(539)).toMatchObject({ omittedTurns: 0, promptTokens: 600, historyTokens: 543 })
    expect(filling(540)).toMatchObject({ omittedTurns: 1, promptTokens: 57, historyTokens: 0 })
  })

  it('gives an answer half of a small context at most', () => {
    expect(fitPrompt({ turns: [user(10)], ...limits, contextTokens: 301 })).toMatchObject({ outputCap: 150 })
  })

  it('sends a last message whoever wrote it', () => {
    const fit = fitPrompt({ turns: [user(900), assistant(10)], ...limits })
    expect(fit).toMatchObject({ messages: [{ role: 'assistant', content: 'a10' }], omittedTurns: 1 })
  })

  it('honours a cap that a person asked for below the floor', () => {
    expect(fitPrompt({ turns: [user(10)], ...limits, outputCap: 5 })).toMatchObject({ outputCap: 5 })
  })

  it('never exceeds the context, and always sends the last message', () => {
    const turn = fc.record({
      role: fc.constantFrom('user' as const, 'assistant' as const),
      tokens: fc.nat(600),
      text: fc.string(),
    })
    fc.assert(
      fc.property(
        fc.array(turn, { maxLength: 12 }),
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: 1, max: 900 }),
        (history, contextTokens, outputCap) => {
          const turns = [...history, user(20, 'last')]
          const fit = fitPrompt({ turns, contextTokens, outputCap, minOutput: 16 })
          if (!fit) return
          expect(fit.promptTokens + fit.outputCap).toBeLessThanOrEqual(contextTokens)
          expect(fit.outputCap).toBeGreaterThan(0)
          expect(fit.messages.at(-1)).toEqual({ role: 'user', content: 'last' })
          expect(fit.messages[0]?.role).toBe('user')
          expect(fit.messages.length + fit.omittedTurns).toBe(turns.length)
        },
      ),
    )
  })
})
