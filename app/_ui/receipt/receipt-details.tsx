import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { formatSeconds } from '#app/_ui/receipt/format-seconds.ts'
import { type Receipt, TOKEN_KINDS, type TokenKind, type Usage } from '#lib/inference/shared.ts'
import { creditsToDecimal, decodeMicros, explainPrice } from '#lib/money.ts'

const TOKENS_OF: Record<TokenKind, keyof Usage> = {
  input: 'inputTokens',
  cacheRead: 'cacheReadTokens',
  cacheWrite: 'cacheWriteTokens',
  output: 'outputTokens',
  reasoning: 'reasoningTokens',
}

type ReceiptDetailsProps = {
  receipt: Receipt
  /** Where the reader's days are; the browser's own place without it. */
  timeZone?: string
  /** Beside the statement the way leads to the conversation, in the conversation to the statement; an operator sees neither. */
  beside: 'conversation' | 'statement' | 'operator'
}

/** Everything one answer cost: tokens by kind at their prices, what was held and charged, and how it is known. */
export function ReceiptDetails({ receipt, timeZone, beside }: ReceiptDetailsProps) {
  const t = useTranslations('receipt')
  const locale = useLocale()
  const number = new Intl.NumberFormat(locale)
  const exact = (micros: bigint) => creditsToDecimal(micros)
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  const held = decodeMicros(receipt.heldMicros)
  const charged = decodeMicros(receipt.chargedMicros)
  const badDebt = decodeMicros(receipt.badDebtMicros)

  return (
    <div className="figures text-sm">
      <p className="break-words font-semibold">{receipt.modelName}</p>
      <p className="text-muted text-xs">
        <time dateTime={receipt.createdAt}>{when.format(new Date(receipt.createdAt))}</time>
        {receipt.vendorName && ` · ${t('answeredBy', { vendor: receipt.vendorName })}`}
        {' · '}
        {t(`source.${receipt.usageSource}`)}
      </p>
      <TokenTable receipt={receipt} timeZone={timeZone} />
      <dl className="mt-3 grid gap-y-1 border-line border-t pt-3">
        <Row label={t('charged')} strong>
          {t('credits', { amount: exact(charged) })}
        </Row>
        <Row
          label={t('held')}
          note={
            receipt.promptTokens !== null &&
            receipt.outputCap !== null &&
            t('holdFor', { prompt: receipt.promptTokens, output: receipt.outputCap })
          }
        >
          {exact(held)}
        </Row>
        <Row label={t('released')}>{exact(held > charged ? held - charged : 0n)}</Row>
        {badDebt > 0n && <Row label={t('borneByHouse')}>{t('credits', { amount: exact(badDebt) })}</Row>}
        {receipt.firstTokenMs !== null && (
          <Row label={t('firstToken')}>{formatSeconds(receipt.firstTokenMs, locale)}</Row>
        )}
        <Row label={t('duration')}>{formatSeconds(receipt.durationMs, locale)}</Row>
        {receipt.omittedTurns > 0 && <Row label={t('omitted')}>{number.format(receipt.omittedTurns)}</Row>}
      </dl>
      {charged === 0n && <p className="mt-3 text-muted text-xs">{t(`freeReason.${receipt.outcome}`)}</p>}
      {beside === 'conversation' && receipt.entry && (
        <p className="mt-3">
          <WayOn href={`/credits/${receipt.entry.seq}`}>{t('inStatement', { seq: receipt.entry.seq })}</WayOn>
        </p>
      )}
      {beside === 'statement' && receipt.conversationId && receipt.conversationExists && (
        <p className="mt-3">
          <WayOn href={`/c/${receipt.conversationId}`}>{t('conversation')}</WayOn>
        </p>
      )}
      <p className="mt-3 break-all text-muted text-xs">{t('entry', { id: receipt.id })}</p>
    </div>
  )
}

/** What the tokens cost by kind, and since when at these prices. */
function TokenTable({ receipt, timeZone }: { receipt: Receipt; timeZone?: string }) {
  const t = useTranslations('receipt')
  const locale = useLocale()
  const number = new Intl.NumberFormat(locale)
  const exact = (micros: bigint) => creditsToDecimal(micros)
  const request = decodeMicros(receipt.prices.request)
  const lines = TOKEN_KINDS.map((kind) => ({
    kind,
    tokens: receipt.usage[TOKENS_OF[kind]],
    price: decodeMicros(receipt.prices[kind]),
  })).filter(({ tokens }) => tokens > 0)
  if (lines.length === 0) return null
  const { each, roundedUp } = explainPrice(lines.map(({ tokens, price }) => ({ tokens, priceMicros: price })))
  const since = receipt.priceSince && new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  return (
    <>
      <table className="mt-4 w-full">
        <thead className="text-muted text-xs">
          <tr>
            <th scope="col" className="pb-1 text-start font-normal">
              <span className="sr-only">{t('kind')}</span>
            </th>
            <th scope="col" className="pb-1 text-end font-normal">
              {t('tokensColumn')}
            </th>
            <th scope="col" className="pb-1 ps-2 text-start font-normal">
              {t('price')}
            </th>
            <th scope="col" className="pb-1 ps-3 text-end font-normal">
              {t('creditsColumn')}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ kind, tokens, price }, index) => (
            <tr key={kind}>
              <th scope="row" className="py-1 pe-3 text-start font-normal">
                {t(`kinds.${kind}`)}
              </th>
              <td className="py-1 text-end">{number.format(tokens)}</td>
              <td className="whitespace-nowrap py-1 ps-2 text-muted">{t('perMillion', { price: exact(price) })}</td>
              <td className="py-1 ps-3 text-end">{each[index]}</td>
            </tr>
          ))}
          {request > 0n && <Addend label={t('perRequest')}>{exact(request)}</Addend>}
          {receipt.costMicros !== '0' && roundedUp !== '0' && <Addend label={t('roundedUp')}>{roundedUp}</Addend>}
        </tbody>
      </table>
      {since && receipt.priceSince && (
        <p className="mt-1 text-muted text-xs">
          {t('priceSince', { date: since.format(new Date(receipt.priceSince)) })}
        </p>
      )}
    </>
  )
}

/** A line of the sum that is no tokens. */
function Addend({ label, children }: { label: string; children: string }) {
  return (
    <tr>
      <th scope="row" className="py-1 pe-3 text-start font-normal" colSpan={3}>
        {label}
      </th>
      <td className="py-1 ps-3 text-end">{children}</td>
    </tr>
  )
}

type RowProps = { label: ReactNode; note?: ReactNode; strong?: boolean; children: ReactNode }

/** A name and its value, at the two ends of a line of a receipt. */
export function Row({ label, note, strong, children }: RowProps) {
  return (
    <div className={`flex items-baseline justify-between gap-4 ${strong ? 'font-semibold' : ''}`}>
      <dt className={strong ? 'shrink-0' : 'min-w-0 text-muted'}>
        {label}
        {note && <span className="block text-xs">{note}</span>}
      </dt>
      <dd className="max-w-[65%] shrink-0 break-words text-end">{children}</dd>
    </div>
  )
}

/** A link out of a receipt. */
export function WayOn({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link
      href={href}
      prefetch={false}
      className="inline-flex items-center text-accent underline underline-offset-4 hover:text-accent-hover touch:min-h-11"
    >
      {children}
    </Link>
  )
}
