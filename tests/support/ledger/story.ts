import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { newId } from '#lib/id.ts'
import { type Cast, type Command, type Deed, requestsOf } from '#tests/support/ledger/commands.ts'
import type { RealLedger } from '#tests/support/ledger/real.ts'
import { Reference, type Request } from '#tests/support/ledger/reference.ts'
import { readProofs, readReal, readReference } from '#tests/support/ledger/state.ts'

/**
 * Tells a story to the ledger and to the reference, and compares after each command what they answered and what can be
 * seen; at the end what proves it.
 * @returns how many commands there were anything to do for
 */
export async function tell(real: RealLedger, commands: readonly Command[]): Promise<number> {
  const story = new Story(real, await real.begin())
  let done = 0
  for (const command of commands) {
    if (!(await story.act(command))) continue
    done++
    await story.compare()
  }
  await story.end()
  return done
}

class Story {
  private readonly real: RealLedger
  private readonly reference = new Reference()
  private readonly cast: Cast

  constructor(real: RealLedger, wallets: string[]) {
    this.real = real
    this.cast = {
      name: newId(),
      wallets,
      spenders: [newId(), newId()],
      workers: [newId(), newId(), newId()],
      asked: [],
    }
    for (const id of wallets) this.reference.wallets.push({ id, lots: [], caps: [], entries: [] })
  }

  /** @returns whether there was anything to do */
  async act(command: Command): Promise<boolean> {
    switch (command.do) {
      case 'pass':
        if (!this.real.canPass(command.period)) return false
        this.reference.passes(command.period)
        await this.real.pass(command.period)
        return true
      case 'together':
        return this.actTogether(command.deeds, command.end)
      case 'lost':
        return this.loseAnswer(command.deed, command.when)
      default: {
        const requests = requestsOf(command, this.cast, this.reference)
        for (const request of requests) await this.ask(request)
        return requests.length > 0
      }
    }
  }

  async compare(): Promise<void> {
    const { wallets, spenders } = this.cast
    const lines = await readReal(this.real, wallets, spenders)
    const expected = readReference(this.reference, spenders)
    if (lines.join('\n') !== expected.join('\n')) expect(lines).toEqual(expected)
  }

  /** Ends what is open, lets expire what must, and looks at everything that was written down. */
  async end(): Promise<void> {
    for (const { request, state } of this.reference.holds) {
      if (state === 'open') await this.ask({ verb: 'capture', hold: request.id, cost: 0n })
    }
    await this.ask({ verb: 'expire' })
    await this.compare()
    const { entries, house, ...contradictions } = await readProofs(this.real, this.cast.wallets)
    expect(contradictions).toEqual({ lots: [], transfers: [], wallets: [] })
    expect(entries).toEqual(this.reference.wallets.map((wallet) => wallet.entries))
    expect(house).toEqual(
      Object.fromEntries(Object.entries(this.reference.house).filter(([, amount]) => amount !== 0n)),
    )
  }

  /** @returns whether it was refused */
  private async ask(request: Request): Promise<boolean> {
    const expected = this.askReference(request)
    const outcome = await this.real.apply(request)
    if (!isDeepStrictEqual(outcome, expected)) expect({ request, outcome }).toEqual({ request, outcome: expected })
    return 'refused' in expected
  }

  private askReference(request: Request) {
    if (request.verb === 'post' && !this.reference.knows(request.key)) this.real.forget(request.key)
    this.cast.asked.push(request)
    return this.reference.apply(request)
  }

  private async actTogether(deeds: Deed[], end: 'commit' | 'rollback' | 'crash'): Promise<boolean> {
    const undo = this.reference.snapshot()
    await this.real.say('BEGIN')
    let refused = false
    for (const deed of deeds) {
      for (const request of requestsOf(deed, this.cast, this.reference)) refused ||= await this.ask(request)
      if (refused) break
    }
    if (refused || end !== 'commit') undo()
    if (end === 'crash') await this.real.breakOff()
    else await this.real.say(refused || end === 'rollback' ? 'ROLLBACK' : 'COMMIT')
    return true
  }

  /** Does something in a transaction whose end the connection does not outlive, and asks again on the next. */
  private async loseAnswer(deed: Deed, when: 'before' | 'during' | 'after'): Promise<boolean> {
    const [request] = requestsOf(deed, this.cast, this.reference)
    if (!request) return false
    const undo = this.reference.snapshot()
    await this.real.say('BEGIN')
    if (await this.ask(request)) {
      await this.real.say('ROLLBACK')
      return true
    }
    if (when === 'during') {
      await this.real.breakOff('COMMIT')
      const repeated = this.reference.apply(request)
      undo()
      const first = this.reference.apply(request)
      expect([first, repeated]).toContainEqual(await this.real.apply(request))
      return true
    }
    if (when === 'after') await this.real.say('COMMIT')
    else undo()
    await this.real.breakOff()
    await this.compare()
    await this.ask(request)
    return true
  }
}
