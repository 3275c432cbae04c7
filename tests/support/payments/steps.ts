import fc from 'fast-check'

/** Where a delivery breaks: at the so-manyth statement, which is not sent; or at the COMMIT. */
export type Crash =
  | { at: number; how: 'error' | 'cut' }
  /** Never sent, sent and nobody left to hear the answer, or answered and the answer lost. */
  | { at: 'commit'; how: 'before' | 'during' | 'after' }

/** Numbers name orders, events, moves and holds by their place, wrapping around. */
export type Action =
  | { do: 'deliver'; event: number; again: boolean }
  | { do: 'land'; order: number }
  | { do: 'reconcile'; order: number }
  | { do: 'cancel'; order: number }
  | { do: 'giveBack'; order: number; percent: number }
  | { do: 'collect' }

/** Something that happens at the provider, chosen among what can. */
export type Happening = { order: number; move: number; percent: number }

export type Deed =
  | { do: 'happen' }
  | { do: 'act'; action: Action; crash: Crash | null }
  /** Asks the provider now and takes the answer in later, when other things have been taken in. */
  | { do: 'ask'; action: Extract<Action, { do: 'deliver' | 'land' | 'reconcile' }> }
  | { do: 'answer'; which: number; crash: Crash | null }
  | { do: 'together'; actions: Action[]; same: boolean }
  | { do: 'spend'; percent: number }
  | { do: 'hold'; percent: number }
  | { do: 'endHold'; which: number; percent: number }
  | { do: 'forgive'; order: number }

/** What is done here; where there is nothing to do it to, something happens at the provider. */
export type Step = Deed & { otherwise: Happening }

export type Terms = { provider: 'stripe' | 'manual'; priceMinor: bigint; creditsMicros: bigint; bonusMicros: bigint }
/** How what was missed becomes known in the end: it is delivered again, each order is asked for, or all are at once. */
export type Healing = 'deliveries' | 'orders' | 'all'

/** `spent`: how many hundredths of what was bought first; null for orders that nobody has paid yet. */
export type Story = { orders: Terms[]; spent: number | null; steps: Step[]; healing: Healing }

const number = fc.nat(23)
const percent = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 99 }) },
  fc.constantFrom(1, 50, 99, 100, 100),
)

const weighted = <T extends { do: string }, K extends T['do']>(weight: number, kind: K, rest: object) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<Extract<T, { do: K }>>,
})

// A connection that breaks costs as much as several deliveries, so few do.
const crash: fc.Arbitrary<Crash | null> = fc.oneof(
  { weight: 20, arbitrary: fc.constant(null) },
  { weight: 6, arbitrary: fc.record({ at: fc.nat(24), how: fc.constant('error' as const) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(24), how: fc.constant('cut' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      at: fc.constant('commit' as const),
      how: fc.constantFrom('before' as const, 'during' as const, 'after' as const),
    }),
  },
)

const deliver = weighted<Action, 'deliver'>(12, 'deliver', {
  event: number,
  again: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})
const land = weighted<Action, 'land'>(3, 'land', { order: number })
const reconcile = weighted<Action, 'reconcile'>(2, 'reconcile', { order: number })
const action: fc.Arbitrary<Action> = fc.oneof(
  deliver,
  land,
  reconcile,
  weighted<Action, 'cancel'>(1, 'cancel', { order: number }),
  weighted<Action, 'giveBack'>(2, 'giveBack', { order: number, percent }),
  weighted<Action, 'collect'>(2, 'collect', {}),
)

const deed: fc.Arbitrary<Deed> = fc.oneof(
  weighted<Deed, 'happen'>(10, 'happen', {}),
  weighted<Deed, 'act'>(16, 'act', { action, crash }),
  weighted<Deed, 'ask'>(8, 'ask', { action: fc.oneof(deliver, land, reconcile) }),
  weighted<Deed, 'answer'>(3, 'answer', { which: number, crash }),
  weighted<Deed, 'together'>(2, 'together', {
    actions: fc.array(action, { minLength: 2, maxLength: 3 }),
    same: fc.boolean(),
  }),
  weighted<Deed, 'spend'>(4, 'spend', { percent }),
  weighted<Deed, 'hold'>(2, 'hold', { percent }),
  weighted<Deed, 'endHold'>(2, 'endHold', { which: number, percent }),
  weighted<Deed, 'forgive'>(1, 'forgive', { order: number }),
)

const step: fc.Arbitrary<Step> = fc
  .tuple(deed, fc.record({ order: number, move: number, percent }))
  .map(([deed, otherwise]) => ({ ...deed, otherwise }))

const terms: fc.Arbitrary<Terms> = fc.record({
  provider: fc.oneof(
    { weight: 5, arbitrary: fc.constant('stripe' as const) },
    { weight: 1, arbitrary: fc.constant('manual' as const) },
  ),
  // Stripe takes no less than 50.
  priceMinor: fc.bigInt({ min: 50n, max: 3_000n }),
  creditsMicros: fc.bigInt({ min: 1n, max: 30_000_000n }),
  bonusMicros: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 3_000_000n })),
})

/** Stories that shrink to fewer orders and steps: any part of one is one. */
export const stories: fc.Arbitrary<Story> = fc.record({
  orders: fc.oneof(
    { weight: 3, arbitrary: fc.array(terms, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(terms, { minLength: 2, maxLength: 2 }) },
  ),
  // Few are long, and what comes about in those only is found by many.
  steps: fc.oneof(
    { weight: 4, arbitrary: fc.array(step, { minLength: 2, maxLength: 6, size: 'max' }) },
    { weight: 1, arbitrary: fc.array(step, { minLength: 7, maxLength: 16, size: 'max' }) },
  ),
  // What is taken back of what was spent takes too many steps to come about by chance.
  spent: fc.constantFrom(null, null, 0, 60, 100),
  healing: fc.constantFrom<Healing>('deliveries', 'deliveries', 'orders', 'orders', 'all'),
})
