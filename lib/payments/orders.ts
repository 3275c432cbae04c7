import { and, asc, desc, eq, inArray, isNull, lt, ne, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import { disputes, orders, refunds, users } from '#db/schema/index.ts'
import { canonicalJson, equalBytes, sha256 } from '#lib/crypto.ts'
import { type Ctx, requireAdmin, requireUser } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import { isId, newId } from '#lib/id.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { log } from '#lib/log.ts'
import { boundsOf, firstIdAt, timeWindowInput } from '#lib/look-back.ts'
import { pageOf } from '#lib/page.ts'
import { consumeLimit, type RateLimit } from '#lib/rate-limit.ts'
import { newDigits, readDigits } from './code-text.ts'
import { disputedOf, NO_FACTS, type PaymentFacts, refundedOf } from './facts.ts'
import { fulfilOrder } from './fulfil.ts'
import { findActivePackage } from './packages.ts'
import type { Order } from './provider.ts'
import { getProvider, listPaymentMethods } from './providers.ts'
import { type DisputeState, type OrderView, PAYMENT_METHODS } from './shared.ts'

/** New orders of one person. */
const NEW_ORDERS: RateLimit = { name: 'place-order', points: 20, seconds: 3_600 }
/** What one person's pages ask of a provider: it answers only so many requests of all people together. */
const ASKS: RateLimit = { name: 'ask-provider', points: 40, seconds: 60 }
/** A page that is open asks no provider more often. */
const ASK_AGAIN = sql`interval '2 seconds'`
/** Orders read at once for a file. */
const BATCH = 500

export const placeOrderInput = z.object({
  packageId: z.string().regex(/^[^\p{Cc}]{1,40}$/u),
  method: z.enum(PAYMENT_METHODS),
  /** Made by who orders: the same again is the same order. */
  requestId: z.uuid(),
})

/**
 * Orders a package: the order's row first, on the package's terms as they are now, then what it is paid with. The same
 * request again is the same order, and goes on where it stopped. Not inside a transaction: a provider is asked.
 * @throws {AppError} `package_unavailable`, `payments_off`, `payment_method_unavailable`, `payment_unreachable` (the
 * order waits: ask again), `order_closed`, `conflict` when the request was another one, `rate_limited`
 */
export async function placeOrder(ctx: Ctx, input: z.input<typeof placeOrderInput>): Promise<OrderView> {
  const { userId } = requireUser(ctx)
  const { requestId, ...asked } = placeOrderInput.parse(input)
  const request = { requestId, hash: sha256(canonicalJson(asked)) }
  const order = (await findRequest(ctx, userId, request)) ?? (await insertOrder(ctx, userId, { ...asked, ...request }))
  if (order.state === 'open' && !order.sessionId) await begin(ctx, order)
  const view = await getOrder(ctx, { orderId: order.id })
  if (isOver(view)) throw new AppError('order_closed')
  return view
}

async function insertOrder(
  ctx: Ctx,
  userId: string,
  wish: Omit<z.output<typeof placeOrderInput>, 'requestId'> & { requestId: string; hash: Buffer },
): Promise<Order> {
  const methods = await listPaymentMethods(ctx)
  if (!methods.includes(wish.method)) throw new AppError('payments_off')
  const terms = await findActivePackage(ctx, { packageId: wish.packageId })
  if (!terms) throw new AppError('package_unavailable')
  await consumeLimit(ctx, NEW_ORDERS, userId)
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  invariant(wallet, 'a person has a wallet')
  const { priceMinor, currency, creditsMicros, bonusMicros } = terms
  const [order] = await ctx.db
    .insert(orders)
    .values({
      id: newId(),
      reference: newReference(),
      userId,
      walletId: wallet.id,
      requestId: wish.requestId,
      requestHash: wish.hash,
      provider: wish.method === 'manual' ? 'manual' : 'stripe',
      method: wish.method === 'manual' ? null : wish.method,
      packageId: wish.packageId,
      priceMinor,
      currency,
      creditsMicros,
      bonusMicros,
      state: 'open',
    })
    .onConflictDoNothing({ target: [orders.userId, orders.requestId] })
    .returning()
  // The same request at the same time: the other one made it.
  const made = order ?? (await findRequest(ctx, userId, wish))
  invariant(made, 'a request that is taken has its order')
  return made
}

async function findRequest(
  ctx: Ctx,
  userId: string,
  { requestId, hash }: { requestId: string; hash: Buffer },
): Promise<Order | null> {
  const [known] = await ctx.db
    .select()
    .from(orders)
    .where(and(eq(orders.userId, userId), eq(orders.requestId, requestId)))
  if (known && !equalBytes(known.requestHash, hash)) throw new AppError('conflict')
  return known ?? null
}

async function begin(ctx: Ctx, order: Order): Promise<void> {
  try {
    const facts = await getProvider(order.provider).beginPayment(order)
    if (facts) await fulfilOrder(ctx, { orderId: order.id, facts })
  } catch (error) {
    if (error instanceof AppError && error.code === 'payment_method_unavailable') {
      await fulfilOrder(ctx, { orderId: order.id, facts: { ...NO_FACTS, state: 'failed' } })
    }
    throw error
  }
}

export const orderInput = z.object({ orderId: z.uuid() })

/** One of the person's own orders. @throws {AppError} `not_found` */
export async function getOrder(ctx: Ctx, input: z.input<typeof orderInput>): Promise<OrderView> {
  const [view] = await viewsOf(ctx, [await getOwn(ctx, orderInput.parse(input))])
  return view!
}

/**
 * Asks the provider what has become of an order that can still be paid, and takes it in: what the page does that people
 * come back to after paying. Asked again within two seconds, or for many orders in a minute, it says what is known.
 * @returns the order; `isUnreachable` when the provider could not be asked
 * @throws {AppError} `not_found`
 */
export async function refreshOrder(
  ctx: Ctx,
  input: z.input<typeof orderInput>,
): Promise<{ order: OrderView; isUnreachable: boolean }> {
  const { orderId } = orderInput.parse(input)
  const own = await getOwn(ctx, { orderId })
  let isUnreachable = false
  if (own.state === 'open' || own.state === 'pending') {
    try {
      await askProvider(ctx, own)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      log.warn({ err: error, orderId }, 'a payment could not be asked for')
      isUnreachable = true
    }
  }
  return { order: await getOrder(ctx, { orderId }), isUnreachable }
}

async function askProvider(ctx: Ctx, order: Order): Promise<void> {
  if (order.state === 'open' && !order.sessionId) return
  const [mine] = await ctx.db
    .update(orders)
    .set({ askedAt: sql`now()` })
    .where(and(eq(orders.id, order.id), or(isNull(orders.askedAt), lt(orders.askedAt, sql`now() - ${ASK_AGAIN}`))))
    .returning({ id: orders.id })
  if (!mine || !(await mayAsk(ctx, order))) return
  const facts = await getProvider(order.provider).fetchPayment(order, { isWaitedFor: true })
  if (facts) await fulfilOrder(ctx, { orderId: order.id, facts })
}

async function mayAsk(ctx: Ctx, { userId }: Order): Promise<boolean> {
  try {
    await consumeLimit(ctx, ASKS, userId)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'rate_limited') return false
    throw error
  }
}

/**
 * Closes an order that nobody has paid; again it changes nothing.
 * @throws {AppError} `not_found`, `order_closed` when it was paid or is being paid, `payment_unreachable`
 */
export async function cancelOrder(ctx: Ctx, input: z.input<typeof orderInput>): Promise<OrderView> {
  const { orderId } = orderInput.parse(input)
  const order = await getOwn(ctx, { orderId })
  if (order.state === 'open') {
    const canceled: PaymentFacts = { ...NO_FACTS, state: 'canceled' }
    const facts = order.sessionId ? await getProvider(order.provider).cancelPayment(order) : canceled
    const { order: after } = await fulfilOrder(ctx, { orderId, facts })
    if (!isOver(after)) throw new AppError('order_closed')
  } else if (order.state !== 'canceled') throw new AppError('order_closed')
  return getOrder(ctx, { orderId })
}

const pageInput = z.object({
  limit: z.number().int().min(1).max(200).default(50),
  /** Id of the last one of the page before. */
  before: z.uuid().optional(),
})

export type OrderPage = { items: OrderView[]; nextBefore: string | null }

/** A page of the person's own orders, newest first; `nextBefore` begins the next page. */
export async function listOrders(ctx: Ctx, input: z.input<typeof pageInput> = {}): Promise<OrderPage> {
  const { userId } = requireUser(ctx)
  const { limit, before } = pageInput.parse(input)
  const rows = await ctx.db
    .select()
    .from(orders)
    .where(and(eq(orders.userId, userId), before ? lt(orders.id, before) : undefined))
    .orderBy(desc(orders.id))
    .limit(limit + 1)
  const { items, next } = pageOf(rows, limit, ({ id }) => id)
  return { items: await viewsOf(ctx, items), nextBefore: next }
}

const orderFilterInput = z.object({
  state: z.string().max(20).optional(),
  /** How it was meant to be paid. */
  method: z.enum(PAYMENT_METHODS).optional(),
  userId: z.uuid().optional(),
  /** Only those that a bank has taken money back of, or asks about. */
  disputed: z.boolean().optional(),
  /** When it was ordered. */
  window: timeWindowInput.optional(),
})

export type OrderFilter = z.input<typeof orderFilterInput>

const listForAdminInput = pageInput.extend(orderFilterInput.shape)

/** An order with whose it is; the address is null once the person is gone. */
export type AdminOrder = OrderView & { userId: string; email: string | null }

/** A page of everybody's orders, newest first. Admins and the service only. */
export async function listOrdersForAdmin(
  ctx: Ctx,
  input: z.input<typeof listForAdminInput> = {},
): Promise<{ items: AdminOrder[]; nextBefore: string | null }> {
  requireAdmin(ctx)
  const { limit, before, ...filter } = listForAdminInput.parse(input)
  const rows = await readForAdmin(ctx, filter, { before, limit: limit + 1 })
  const { items, next } = pageOf(rows, limit, ({ id }) => id)
  return { items: await adminViewsOf(ctx, items), nextBefore: next }
}

/** All orders that a filter shows, newest first, batch by batch. Admins and the service only. */
export async function* exportOrders(ctx: Ctx, input: OrderFilter = {}): AsyncGenerator<AdminOrder[]> {
  requireAdmin(ctx)
  const filter = orderFilterInput.parse(input)
  let before: string | undefined
  for (;;) {
    const rows = await readForAdmin(ctx, filter, { before, limit: BATCH })
    if (rows.length > 0) yield await adminViewsOf(ctx, rows)
    if (rows.length < BATCH) return
    before = rows.at(-1)!.id
  }
}

function readForAdmin(
  ctx: Ctx,
  { state, method, userId, disputed, window }: z.output<typeof orderFilterInput>,
  { before, limit }: { before?: string; limit: number },
): Promise<Order[]> {
  const { from, until } = window ? boundsOf(window) : { from: null, until: null }
  const withDispute = ctx.db.select({ id: disputes.orderId }).from(disputes).where(ne(disputes.state, 'closed'))
  return ctx.db
    .select()
    .from(orders)
    .where(
      and(
        state ? sql`${orders.state} = ${state}` : undefined,
        method && (method === 'manual' ? eq(orders.provider, 'manual') : eq(orders.method, method)),
        userId ? eq(orders.userId, userId) : undefined,
        disputed ? inArray(orders.id, withDispute) : undefined,
        from ? sql`${orders.id} >= ${firstIdAt(from)}` : undefined,
        until ? sql`${orders.id} < ${firstIdAt(until)}` : undefined,
        before ? lt(orders.id, before) : undefined,
      ),
    )
    .orderBy(desc(orders.id))
    .limit(limit)
}

/** An order by its reference, as people write it, or by its id. Admins and the service only. @throws {AppError} `not_found` */
export async function getOrderForAdmin(ctx: Ctx, { name }: { name: string }): Promise<AdminOrder> {
  requireAdmin(ctx)
  const isById: boolean = isId(name)
  const [row] = await ctx.db
    .select()
    .from(orders)
    .where(isById ? eq(orders.id, name) : eq(orders.reference, formatReference(readDigits(name))))
  if (!row) throw new AppError('not_found', { message: `there is no order ${name}` })
  const [view] = await adminViewsOf(ctx, [row])
  return view!
}

async function getOwn(ctx: Ctx, { orderId }: { orderId: string }): Promise<Order> {
  const { userId } = requireUser(ctx)
  const [order] = await ctx.db
    .select()
    .from(orders)
    .where(and(eq(orders.id, orderId), eq(orders.userId, userId)))
  if (!order) throw new AppError('not_found')
  return order
}

async function adminViewsOf(ctx: Ctx, rows: Order[]): Promise<AdminOrder[]> {
  const views = await viewsOf(ctx, rows)
  const buyers = await ctx.db
    .select({ id: users.id, email: users.email })
    .from(users)
    .where(
      inArray(
        users.id,
        rows.map(({ userId }) => userId),
      ),
    )
  return views.map((view, index) => {
    const { userId } = rows[index]!
    return { ...view, userId, email: buyers.find(({ id }) => id === userId)?.email ?? null }
  })
}

const DISPUTE_WEIGHT: DisputeState[] = ['closed', 'won', 'inquiry', 'lost', 'open']

/** Orders as they are shown, with what was given back of them. */
async function viewsOf(ctx: Ctx, rows: Order[]): Promise<OrderView[]> {
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return []
  const given = await ctx.db.select().from(refunds).where(inArray(refunds.orderId, ids)).orderBy(asc(refunds.createdAt))
  const disputed = await ctx.db.select().from(disputes).where(inArray(disputes.orderId, ids))
  return rows.map((order) => {
    const ownRefunds = given.filter(({ orderId }) => orderId === order.id)
    const ownDisputes = disputed.filter(({ orderId }) => orderId === order.id)
    return {
      id: order.id,
      reference: order.reference,
      method: order.method ?? 'manual',
      packageId: order.packageId,
      priceMinor: order.priceMinor,
      currency: order.currency,
      creditsMicros: order.creditsMicros,
      bonusMicros: order.bonusMicros,
      state: order.state,
      paymentUrl: order.paymentUrl,
      paidMinor: order.paidMinor,
      paidCurrency: order.paidCurrency,
      refundedMinor: refundedOf(ownRefunds),
      disputedMinor: disputedOf(ownDisputes),
      creditedMicros: order.creditedMicros,
      bonusCreditedMicros: order.bonusCreditedMicros,
      shortfallMicros: order.shortfallMicros,
      payerNote: order.payerNote,
      decisionNote: order.decisionNote,
      createdAt: order.createdAt,
      paidAt: order.paidAt,
      refunds: ownRefunds.map(({ id, amountMinor, state, createdAt }) => ({ id, amountMinor, state, createdAt })),
      dispute: DISPUTE_WEIGHT.findLast((state) => ownDisputes.some((dispute) => dispute.state === state)) ?? null,
    }
  })
}

function isOver({ state }: Pick<OrderView, 'state'>): boolean {
  return state === 'expired' || state === 'failed' || state === 'canceled' || state === 'rejected'
}

/** Fifty random bits that can be written into the text of a bank transfer. */
function newReference(): string {
  return formatReference(newDigits(10))
}

/** The reference of an order as it is kept, from what people write; null for what no reference can be. */
export function readReference(text: string): string | null {
  const digits = readDigits(text)
  return /^[0-9A-Z]{10}$/.test(digits) ? formatReference(digits) : null
}

function formatReference(digits: string): string {
  return `${digits.slice(0, 5)}-${digits.slice(5)}`
}
