import { useLocale, useTranslations } from 'next-intl'
import type { AuditRow } from '#lib/audit-log.ts'
import { formatCredits, parseCredits } from '#lib/money.ts'

/** What was last done to a person's account and wallet, by whom and why. */
export function RecentAudit({ entries, timeZone }: { entries: readonly AuditRow[]; timeZone: string }) {
  const t = useTranslations('adminPeople.audit')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  if (entries.length === 0) return <p className="text-muted text-sm">{t('none')}</p>
  return (
    <ul className="divide-y divide-line text-sm">
      {entries.map((entry) => {
        const credits = entry.after?.credits
        const name = `actions.${entry.action}` as never
        return (
          <li key={entry.id} className="py-2">
            <p className="flex flex-wrap items-baseline justify-between gap-x-4">
              <span>
                {t.has(name) ? t(name) : entry.action}
                {typeof credits === 'string' && (
                  <span className="figures text-muted"> · {signed(credits, locale)}</span>
                )}
              </span>
              <time dateTime={entry.at.toISOString()} className="figures text-muted text-xs">
                {when.format(entry.at)}
              </time>
            </p>
            <p className="text-muted text-xs [overflow-wrap:anywhere]">
              {entry.actorType === 'system' ? t('bySystem') : t('by', { name: entry.actorName ?? t('gone') })}
              {entry.reason && ` · ${entry.reason}`}
            </p>
          </li>
        )
      })}
    </ul>
  )
}

/** An amount as the log keeps it, for reading. */
function signed(credits: string, locale: string): string {
  const micros = parseCredits(credits)
  if (micros === null) return credits
  return micros < 0n ? `−${formatCredits(-micros, locale)}` : `+${formatCredits(micros, locale)}`
}
