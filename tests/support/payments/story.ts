import { expect } from 'vitest'
import { newId } from '#lib/id.ts'
import { collectShortfalls } from '#lib/payments/fulfil.ts'
import { forgiveDispute } from '#lib/payments/index.ts'
import { holdCredits } from '#tests/support/orders.ts'
import type { BuyerState, Lane, OrderState } from './lane.ts'
import { type Errand, type Link, type Part, type Plan, pick, type Scene } from './links.ts'
import { manualLink } from './manual-link.ts'
import { ProviderBooks } from './provider-books.ts'
import type { Action, Crash, Deed, Healing, Step, Story } from './steps.ts'
import { Told } from './told.ts'

type RunningCall = { heldMicros: bigint; end: (costMicros: bigint) => Promise<void> }

/**
 * Lets a story happen to somebody new, and looks after each step that the books follow what is known; at its end, when
 * all that was lost has been said again, that they follow what the provider has.
 * @param link how the service learns of what happens at Stripe
 * @returns how many steps there were anything to do for
 */
export async function tell(lane: Lane, link: Link, { orders, spent, steps, healing }: Story): Promise<number> {
  const buyer = await lane.createBuyer()
  const stage = new Stage({ lane, buyer, messages: [] })
  for (const terms of orders) await stage.enter(terms, terms.provider === 'manual' ? manualLink : link)
  if (spent !== null) await stage.buy(spent)
  let done = 0
  for (const step of steps) {
    const { isHere, isAnywhere } = await stage.act(step)
    if (isHere) await stage.check({ isOne: step.do !== 'together' })
    if (isAnywhere) done++
  }
  await stage.end(healing)
  return done
}

class Stage {
  readonly #scene: Scene
  readonly #parts: Part[] = []
  #asked: Plan[] = []
  #calls: RunningCall[] = []
  #spent = 0n
  #state: BuyerState = { posted: 0n, held: 0n, suspended: false, orders: [] }
  /** What the operator has asked for and nobody knows to have been done. */
  #unsure: { part: Part; errand: Errand }[] = []

  constructor(scene: Scene) {
    this.#scene = scene
  }

  async enter(terms: Story['orders'][number], link: Link): Promise<void> {
    const row = await this.#scene.lane.createOrder(this.#scene.buyer, terms)
    const part: Part = { terms, row, link, books: new ProviderBooks(row), told: new Told(row) }
    this.#parts.push(part)
    await link.begin(this.#scene, part)
    this.#state = await this.#read()
  }

  /** Pays everything, and spends some of it. */
  async buy(percent: number): Promise<void> {
    for (const part of this.#parts)
      await this.act({ do: 'happen', otherwise: { order: this.#parts.indexOf(part), move: 0, percent } })
    for (const message of this.#scene.messages) await this.#carryOutErrand(message.part, { do: 'deliver', message })
    await this.check()
    await this.#do({ do: 'spend', percent })
    await this.check()
  }

  /** @returns whether anything was done, and whether any of it was done here */
  async act(step: Step): Promise<{ isHere: boolean; isAnywhere: boolean }> {
    if (await this.#do(step)) return { isHere: true, isAnywhere: true }
    const part = pick(this.#parts, step.otherwise.order)
    if (!part) return { isHere: false, isAnywhere: false }
    const plan = await part.link.happen(this.#scene, part, step.otherwise)
    if (plan) await this.#carryOut(plan, null)
    return { isHere: plan !== null, isAnywhere: true }
  }

  /** @returns whether there was anything to do it to */
  async #do(step: Deed): Promise<boolean> {
    switch (step.do) {
      case 'happen':
        return false
      case 'act': {
        const plan = await this.#plan(step.action)
        if (plan) await this.#carryOut(plan, step.crash)
        return plan !== null
      }
      case 'ask': {
        const plan = await this.#plan(step.action)
        if (plan) this.#asked.push(plan)
        return plan !== null
      }
      case 'answer': {
        const plan = pick(this.#asked, step.which)
        if (!plan) return false
        this.#asked = this.#asked.filter((other) => other !== plan)
        await this.#carryOut(plan, step.crash)
        return true
      }
      case 'together':
        return this.#together(step.same ? step.actions.map(() => step.actions[0]!) : step.actions)
      case 'spend': {
        const call = await this.#call(step.percent)
        await call?.end(call.heldMicros)
        this.#spent += call?.heldMicros ?? 0n
        return call !== null
      }
      case 'hold': {
        const call = await this.#call(step.percent)
        if (call) this.#calls.push(call)
        return call !== null
      }
      case 'endHold': {
        const call = pick(this.#calls, step.which)
        if (!call) return false
        await this.#end(call, (call.heldMicros * BigInt(step.percent)) / 100n)
        return true
      }
      case 'forgive': {
        const part = pick(this.#parts, step.order)
        if (!part?.told.suspends) return false
        await forgiveDispute(this.#scene.lane.system(), { orderId: part.row.id, reason: 'a good customer' })
        part.told.forgive()
        return true
      }
    }
  }

  /** What holds at any time, whatever was lost. */
  async check({ isOne = true }: { isOne?: boolean } = {}): Promise<void> {
    const before = this.#state
    this.#state = await this.#read()
    const { posted, held, suspended, orders } = this.#state
    expect(orders.map(({ line }) => line)).toEqual(this.#parts.map(({ told }) => told.line()))
    expect(suspended, 'suspended').toBe(this.#parts.some(({ told }) => told.suspends))
    expect(held, 'held').toBe(this.#calls.reduce((sum, { heldMicros }) => sum + heldMicros, 0n))
    expect(posted >= held, 'never overdrawn').toBe(true)
    for (const [index, order] of orders.entries()) {
      expect({ ...order.moved, ...order.row }).toEqual(booksOf(order))
      expectFair(before.orders[index]!, order, isOne ? posted - held : 0n)
    }
    expect(posted, 'what came in less what was spent').toBe(
      orders.reduce((sum, { moved }) => sum + moved.wallet, -this.#spent),
    )
  }

  /** Everything that was held back or lost is said again, in the end by asking. */
  async end(healing: Healing): Promise<void> {
    for (const plan of this.#asked.splice(0)) await this.#carryOut(plan, null)
    for (const { part, errand } of this.#unsure.splice(0)) await this.#carryOutErrand(part, errand)
    if (healing === 'deliveries') {
      for (const message of this.#scene.messages) {
        if (!message.accepted) await this.#carryOutErrand(message.part, { do: 'deliver', message })
      }
    } else await this.#reconcile(healing)
    for (const call of [...this.#calls]) await this.#end(call, 0n)
    const isShort = ({ row }: OrderState) => row.shortfall + row.bonusShortfall > 0n
    if ((await this.#read()).orders.some(isShort)) await collectShortfalls(this.#scene.lane.system())
    await this.check()
    for (const [index, order] of this.#state.orders.entries()) {
      const { books, row } = this.#parts[index]!
      const credited = (row.creditsMicros * books.keptMinor) / row.priceMinor
      expect(order.row.credited, 'credits for all money kept, and for no other').toBe(credited)
      // Nobody bears what could be taken.
      if (order.row.shortfall > 0n) expect(order.left.paid, 'left of what nobody paid for').toBe(0n)
      if (order.row.bonusShortfall > 0n) expect(order.left.promotional, 'left of a bonus taken back').toBe(0n)
    }
  }

  async #reconcile(healing: Healing): Promise<void> {
    const link = this.#parts.map((part) => part.link).find(({ reconcileAll }) => reconcileAll)
    if (healing === 'all' && link?.reconcileAll) return link.reconcileAll(this.#scene, this.#parts)
    for (const part of this.#parts) await this.#carryOutErrand(part, { do: 'reconcile' })
  }

  #read(): Promise<BuyerState> {
    return this.#scene.lane.read(this.#scene.buyer)
  }

  async #plan(action: Action): Promise<Plan | null> {
    const { lane, messages } = this.#scene
    if (action.do === 'collect') {
      return { part: null, isOne: false, answer: () => collectShortfalls(lane.system()) }
    }
    if (action.do === 'deliver') {
      const waiting = action.again ? messages : messages.filter(({ accepted }) => !accepted)
      const message = pick(waiting, action.event)
      return message ? message.part.link.plan(this.#scene, message.part, { do: 'deliver', message }) : null
    }
    const part = pick(this.#parts, action.order)
    if (!part) return null
    if (action.do !== 'giveBack') return part.link.plan(this.#scene, part, action)
    const keptMinor = this.#state.orders[this.#parts.indexOf(part)]!.keptMinor
    const amountMinor = (keptMinor * BigInt(action.percent)) / 100n
    if (part.told.state !== 'paid' || amountMinor === 0n) return null
    return part.link.plan(this.#scene, part, { do: 'giveBack', amountMinor, requestId: newId() })
  }

  async #carryOutErrand(part: Part, errand: Errand): Promise<void> {
    const plan = await part.link.plan(this.#scene, part, errand)
    if (plan) await this.#carryOut(plan, null)
  }

  /** Does what was planned, and finds out whether it came to be where that is not sure. */
  async #carryOut(plan: Plan, crash: Crash | null): Promise<void> {
    const struck = await this.#scene.lane.crashing.during(crash, plan.answer)
    plan.mirror?.()
    const { part } = plan
    if (!part) return
    const after = part.told.copy()
    plan.hear?.(after)
    const isUnsure = struck !== null && (!plan.isOne || struck.how === 'during')
    const isDone = struck === null || struck.how === 'after' || (isUnsure && (await this.#shows(part, after)))
    if (isDone) {
      part.told = after
      plan.done?.()
    } else if (plan.again) this.#unsure.push({ part, errand: plan.again })
  }

  async #shows(part: Part, told: Told): Promise<boolean> {
    const { orders } = await this.#read()
    return orders[this.#parts.indexOf(part)]!.line === told.line()
  }

  /** Several at the same time. */
  async #together(actions: readonly Action[]): Promise<boolean> {
    const plans: Plan[] = []
    for (const action of actions) {
      const plan = await this.#plan(action)
      if (plan && (plan.part?.link !== manualLink || plans.length === 0)) plans.push(plan)
    }
    await Promise.all(plans.map((plan) => plan.answer()))
    for (const plan of plans) {
      plan.mirror?.()
      if (plan.part) plan.hear?.(plan.part.told)
      plan.done?.()
    }
    return plans.length > 0
  }

  /** Begins a call that holds a share of what is free; none when nothing is, or when the wallet is suspended. */
  async #call(percent: number): Promise<RunningCall | null> {
    const { posted, held, suspended } = this.#state
    const heldMicros = ((posted - held) * BigInt(percent)) / 100n
    if (heldMicros === 0n) return null
    const begun = holdCredits(this.#scene.lane.system(), this.#scene.buyer, heldMicros)
    if (suspended) {
      await expect(begun).rejects.toThrow('suspended')
      return null
    }
    return { heldMicros, end: await begun }
  }

  async #end(call: RunningCall, costMicros: bigint): Promise<void> {
    await call.end(costMicros)
    this.#calls = this.#calls.filter((other) => other !== call)
    this.#spent += costMicros
  }
}

/**
 * Money that comes back pays for what was spent before it buys anything, and what is taken back is taken from what is
 * left.
 * @param freeMicros what the wallet had free when it was taken, where that is known
 */
function expectFair(before: OrderState, after: OrderState, freeMicros: bigint): void {
  const kinds = [
    { credited: 'credited', shortfall: 'shortfall', left: after.left.paid },
    { credited: 'bonus', shortfall: 'bonusShortfall', left: after.left.promotional },
  ] as const
  for (const { credited, shortfall, left } of kinds) {
    const rise = after.row[credited] - before.row[credited]
    const owed = before.row[shortfall] > rise ? before.row[shortfall] - rise : 0n
    if (rise > 0n) expect(after.row[shortfall] <= owed, 'what was spent is paid for first').toBe(true)
    const isShort = after.row[shortfall] > before.row[shortfall]
    if (isShort && freeMicros > 0n) expect(left, 'what was left is taken').toBe(0n)
  }
}

/** What the row and the transfers of an order are to be, by the money that it says was kept. */
function booksOf({ state, keptMinor, priceMinor, terms, row }: OrderState) {
  const worth = (whole: bigint) => (state === 'paid' ? (whole * keptMinor) / priceMinor : 0n)
  const credited = worth(terms.credits)
  const bonus = worth(terms.bonus)
  const { shortfall, bonusShortfall } = row
  return {
    credited,
    bonus,
    shortfall,
    bonusShortfall,
    clearing: credited,
    badDebt: shortfall,
    promotions: bonus + bonusShortfall,
    wallet: credited + shortfall + bonus + bonusShortfall,
  }
}
