import type { Transaction } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'
import { invariant } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { HOUSE, type LockedWallet, lockWallet, type PostTransferInput, postTransfer } from '#lib/ledger/index.ts'
import { creditsFor } from './facts.ts'
import type { Order } from './provider.ts'

type Tx = Ctx & { db: Transaction }

/**
 * How the books of an order follow its money. What `clearing` gave for it is always `creditsFor` the money that was kept.
 * Money that goes back takes its credits out of the order's own lots, as far as they are left and free; what was spent
 * is borne by the house (`bad_debt`) and remembered as the order's shortfall. Of the bonus, which no money was paid
 * for, what was spent is remembered and borne by nobody.
 */
export type Books = { order: Order; posted: Posted[] }

/** A transfer that was made, and which way seen from the wallet. */
export type Posted = {
  kind: PostTransferInput['kind']
  transferId: string
  amountMicros: bigint
  direction: 'in' | 'out' | 'house'
}

type Cause = { kind: 'top_up' | 'refund' | 'dispute'; key: string }
type Transfer = Pick<
  PostTransferInput,
  'kind' | 'debitAccountId' | 'creditAccountId' | 'amountMicros' | 'lot' | 'fromLotId'
>

/** What a payment's transfers are known by, in the ledger and on the statement. */
const orderRef = (orderId: string) => `order:${orderId}`

/** Lets the books of an order follow the money that is kept now; its amounts are those after. */
export async function moveBooks(tx: Tx, books: Books, cause: Cause & { keptMinor: bigint }): Promise<void> {
  const { order } = books
  const credited = creditsFor(cause.keptMinor, order, order.creditsMicros)
  const bonus = creditsFor(cause.keptMinor, order, order.bonusMicros)
  if (credited > order.creditedMicros) await issue(tx, books, cause, credited - order.creditedMicros)
  if (bonus > order.bonusCreditedMicros) await giveBonus(tx, books, cause, bonus - order.bonusCreditedMicros)
  if (credited < order.creditedMicros) await takeBack(tx, books, cause, order.creditedMicros - credited)
  if (bonus < order.bonusCreditedMicros) await takeBonus(tx, books, cause, order.bonusCreditedMicros - bonus)
  order.creditedMicros = credited
  order.bonusCreditedMicros = bonus
}

/** Takes later what was not there or not free when its money went back. */
export async function collectShortfall(tx: Tx, books: Books): Promise<void> {
  const { order } = books
  const key = `shortfall:${newId()}`
  const wallet = await lockOwn(tx, order)
  order.shortfallMicros -= await drain(tx, books, wallet, {
    source: 'paid',
    amountMicros: order.shortfallMicros,
    kind: 'refund',
    into: HOUSE.badDebt,
    key,
  })
  order.bonusShortfallMicros -= await drain(tx, books, wallet, {
    source: 'promotional',
    amountMicros: order.bonusShortfallMicros,
    kind: 'reversal',
    into: HOUSE.promotions,
    key,
  })
}

async function issue(tx: Tx, books: Books, { kind, key }: Cause, amountMicros: bigint): Promise<void> {
  const { order } = books
  // Money that comes back was spent already, as far as there is a shortfall.
  const spent = least(amountMicros, order.shortfallMicros)
  if (spent > 0n) {
    order.shortfallMicros -= spent
    const transfer = { debitAccountId: HOUSE.clearing, creditAccountId: HOUSE.badDebt, amountMicros: spent }
    await post(tx, books, `${key}:shortfall`, { kind: 'reversal', ...transfer })
  }
  if (amountMicros > spent) {
    await post(tx, books, key, {
      kind: kind === 'top_up' ? 'top_up' : 'reversal',
      debitAccountId: HOUSE.clearing,
      creditAccountId: order.walletId,
      amountMicros: amountMicros - spent,
      lot: { source: 'paid' },
    })
  }
}

async function giveBonus(tx: Tx, books: Books, { key }: Cause, amountMicros: bigint): Promise<void> {
  const { order } = books
  const spent = least(amountMicros, order.bonusShortfallMicros)
  order.bonusShortfallMicros -= spent
  if (amountMicros === spent) return
  await post(tx, books, `${key}:bonus`, {
    kind: 'promotion',
    debitAccountId: HOUSE.promotions,
    creditAccountId: order.walletId,
    amountMicros: amountMicros - spent,
    lot: { source: 'promotional' },
  })
}

async function takeBack(tx: Tx, books: Books, { kind, key }: Cause, amountMicros: bigint): Promise<void> {
  invariant(kind !== 'top_up', 'money that comes in takes nothing back')
  const { order } = books
  const wallet = await lockOwn(tx, order)
  const taken = await drain(tx, books, wallet, { source: 'paid', amountMicros, kind, into: HOUSE.clearing, key })
  const spent = amountMicros - taken
  if (spent === 0n) return
  order.shortfallMicros += spent
  const transfer = { debitAccountId: HOUSE.badDebt, creditAccountId: HOUSE.clearing, amountMicros: spent }
  await post(tx, books, `${key}:shortfall`, { kind, ...transfer })
}

async function takeBonus(tx: Tx, books: Books, { key }: Cause, amountMicros: bigint): Promise<void> {
  const { order } = books
  const wallet = await lockOwn(tx, order)
  const drained = { source: 'promotional', amountMicros, kind: 'reversal', into: HOUSE.promotions, key } as const
  order.bonusShortfallMicros += amountMicros - (await drain(tx, books, wallet, drained))
}

/** Takes up to an amount out of the order's lots of one source, as far as the wallet has it free. @returns what it took */
async function drain(
  tx: Tx,
  books: Books,
  wallet: LockedWallet,
  from: {
    source: 'paid' | 'promotional'
    amountMicros: bigint
    kind: 'refund' | 'dispute' | 'reversal'
    into: string
    key: string
  },
): Promise<bigint> {
  let taken = 0n
  for (const lot of wallet.lots) {
    if (lot.source !== from.source) continue
    const amountMicros = least(from.amountMicros - taken, lot.remainingMicros, wallet.freeMicros)
    if (amountMicros <= 0n) continue
    await post(tx, books, `${from.key}:lot:${lot.lotId}`, {
      kind: from.kind,
      debitAccountId: books.order.walletId,
      creditAccountId: from.into,
      amountMicros,
      fromLotId: lot.lotId,
    })
    taken += amountMicros
    wallet.freeMicros -= amountMicros
  }
  return taken
}

function lockOwn(tx: Tx, { id, walletId }: Order): Promise<LockedWallet> {
  return lockWallet(tx, { walletId, broughtBy: orderRef(id) })
}

async function post(tx: Tx, books: Books, key: string, transfer: Transfer): Promise<void> {
  const { walletId, id } = books.order
  const { transferId, replayed } = await postTransfer(tx, {
    ...transfer,
    idempotencyKey: key,
    externalRef: orderRef(id),
  })
  // The order's own row says what was done; a key that is known means that it says something else.
  invariant(!replayed, `${key} is posted once`)
  const { creditAccountId, debitAccountId, amountMicros, kind } = transfer
  const direction = creditAccountId === walletId ? 'in' : debitAccountId === walletId ? 'out' : 'house'
  books.posted.push({ kind, transferId, amountMicros, direction })
}

function least(first: bigint, ...others: bigint[]): bigint {
  let least = first
  for (const other of others) if (other < least) least = other
  return least
}
