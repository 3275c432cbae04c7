import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { buttonClass } from '#app/_ui/button.tsx'
import { orderEntryOf } from '#app/_ui/receipt/order-entry.ts'
import { type Filter, hrefOf } from '#app/_ui/statement/filter.ts'
import type { StatementDay, StatementLine, StatementPage } from '#lib/inference/index.ts'
import { formatExactCredits } from '#lib/money.ts'

type StatementProps = {
  /** Where it is shown; each entry has a page below. */
  path?: string
  page: StatementPage
  filter: Filter
  /** The page does not begin with the latest entry. */
  isLater: boolean
  isNarrowed: boolean
  /** Instead of an empty statement. */
  empty?: ReactNode
  timeZone: string
  today: string
}

const COLUMNS =
  'grid grid-cols-[1fr_auto] gap-x-4 sm:grid-cols-[4.75rem_minmax(0,1fr)_minmax(4.5rem,auto)_minmax(5.5rem,auto)_minmax(7rem,auto)] sm:[&>*:nth-child(n+3)]:text-end'

// A table laid out as a grid loses its meaning in some browsers; the roles give it back.
const ROLE = {
  table: { role: 'table' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  column: { role: 'columnheader' },
  rowHeader: { role: 'rowheader' },
  cell: { role: 'cell' },
} as const

/** The entries of the wallet by day, each with the balance after it; every one opens what there is to know of it. */
export function Statement({
  path = '/credits',
  page,
  filter,
  isLater,
  isNarrowed,
  empty,
  timeZone,
  today,
}: StatementProps) {
  const t = useTranslations('credits')
  const { lines, nextBefore } = page
  if (lines.length === 0) {
    return (
      <div className="mt-6 text-sm">
        <p className="text-muted">{isNarrowed || isLater ? t('nothingFound') : (empty ?? t('noEntries'))}</p>
        {(isNarrowed || isLater) && (
          <Link href={`${path}#statement`} scroll={false} className={buttonClass('secondary', 'small', 'mt-3')}>
            {t('showAll')}
          </Link>
        )}
      </div>
    )
  }
  const days = page.days.map((day) => ({ ...day, lines: lines.filter((line) => line.day === day.day) }))
  return (
    <>
      <table {...ROLE.table} className="figures mt-2 block text-sm" aria-labelledby="statement-title">
        <thead {...ROLE.group} className="block max-sm:sr-only">
          <tr {...ROLE.row} className={`${COLUMNS} px-2 pb-1 text-muted text-xs`}>
            {(['time', 'what', 'in', 'out', 'balance'] as const).map((column) => (
              <th key={column} {...ROLE.column} scope="col" className="text-start font-normal">
                {t(`column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        {days.map((day) => (
          <tbody key={day.day} {...ROLE.group} className="block">
            <DayHeading day={day} today={today} />
            {day.lines.map((line) => (
              <Line key={String(line.seq)} path={path} line={line} timeZone={timeZone} />
            ))}
          </tbody>
        ))}
      </table>
      <div className="mt-4 flex flex-wrap items-center gap-2">
        {nextBefore !== null && (
          <Link
            href={`${hrefOf(path, filter, { before: nextBefore })}#statement`}
            prefetch={false}
            className={buttonClass('secondary', 'small')}
          >
            {t('showEarlier')}
          </Link>
        )}
        {isLater && (
          <Link href={`${hrefOf(path, filter)}#statement`} prefetch={false} className={buttonClass('quiet', 'small')}>
            {t('showLatest')}
          </Link>
        )}
        <p className="ms-auto text-muted text-xs">{t('timeZone', { zone: timeZone.replaceAll('_', ' ') })}</p>
      </div>
    </>
  )
}

function DayHeading({ day, today }: { day: StatementDay; today: string }) {
  const t = useTranslations('credits')
  const locale = useLocale()
  const format = new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'long',
    year: day.day.slice(0, 4) === today.slice(0, 4) ? undefined : 'numeric',
    timeZone: 'UTC',
  })
  const facts = [
    day.spentMicros > 0n && t('daySpent', { amount: formatExactCredits(day.spentMicros, locale) }),
    t('dayClosing', { amount: formatExactCredits(day.closingMicros, locale) }),
  ].filter((fact) => fact !== false)
  return (
    <tr {...ROLE.row} className="mt-4 flex border-line border-b px-2 pb-1.5">
      <th
        {...ROLE.rowHeader}
        colSpan={5}
        scope="rowgroup"
        className="flex w-full flex-wrap items-baseline justify-between gap-x-4 text-start"
      >
        <span className="font-semibold">{format.format(new Date(day.day))}</span>
        <span className="font-normal text-muted text-xs">{facts.join(' · ')}</span>
      </th>
    </tr>
  )
}

function Line({ path, line, timeZone }: { path: string; line: StatementLine; timeZone: string }) {
  const t = useTranslations('credits')
  const locale = useLocale()
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone })
  const amount = formatExactCredits(line.amountMicros, locale)
  const seq = String(line.seq)
  const isIn = line.direction === 'in'
  return (
    <tr
      {...ROLE.row}
      className={`${COLUMNS} relative rounded-lg px-2 py-2 hover:bg-soft has-[a[aria-expanded=true]]:bg-soft touch:min-h-11`}
    >
      <td {...ROLE.cell} className="whitespace-nowrap text-muted max-sm:row-start-2 max-sm:text-xs">
        <time dateTime={line.at.toISOString()}>{time.format(line.at)}</time>
      </td>
      <td {...ROLE.cell} className="min-w-0 max-sm:col-start-1 max-sm:row-start-1">
        {/* Its press area is the whole row. */}
        <Link
          href={`${path}/${seq}`}
          prefetch={false}
          data-entry={seq}
          className="block truncate after:absolute after:inset-0 after:rounded-lg focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent"
        >
          <What line={line} />
        </Link>
      </td>
      <td
        {...ROLE.cell}
        className={isIn ? 'text-end text-success max-sm:col-start-2 max-sm:row-start-1' : 'max-sm:hidden'}
      >
        {isIn && `+${amount}`}
      </td>
      <td {...ROLE.cell} className={isIn ? 'max-sm:hidden' : 'text-end max-sm:col-start-2 max-sm:row-start-1'}>
        {!isIn && `−${amount}`}
      </td>
      <td {...ROLE.cell} className="text-end text-muted max-sm:col-start-2 max-sm:row-start-2 max-sm:text-xs">
        <span className="sr-only sm:hidden">{t('column.balance')} </span>
        {formatExactCredits(line.balanceMicros, locale)}
      </td>
    </tr>
  )
}

function What({ line }: { line: StatementLine }) {
  const t = useTranslations('credits')
  const { kind, reason, call } = line
  if (call) {
    const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = call.usage
    const count = inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens + reasoningTokens
    return (
      <>
        {call.modelName} <span className="text-muted">· {t('tokens', { count })}</span>
      </>
    )
  }
  const ofOrder = orderEntryOf(line)
  return (
    <>
      {ofOrder ? t(`ofOrder.${ofOrder.is}.name`) : t(`kinds.${kind}`)}
      {reason && <span className="text-muted"> · {reason}</span>}
    </>
  )
}
