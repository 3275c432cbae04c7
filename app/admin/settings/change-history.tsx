import Link from 'next/link'
import { getLocale, getTranslations } from 'next-intl/server'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Changes } from '#app/admin/audit/audit-table.tsx'
import { changesOf } from '#app/admin/audit/changes.ts'
import { type AuditRow, listAuditEntries } from '#lib/audit-log.ts'
import type { Ctx } from '#lib/ctx.ts'
import { formatCredits } from '#lib/money.ts'

const SHOWN = 5

/** Who changed what of a group last. */
export async function ChangeHistory({ ctx, keys }: { ctx: Ctx; keys: readonly string[] }) {
  const [t, tAudit, locale, timeZone, { items }] = await Promise.all([
    getTranslations('adminService.settings'),
    getTranslations('adminService.audit'),
    getLocale(),
    getTimeZone(),
    listAuditEntries(ctx, { subjectType: 'setting', subjects: [...keys], limit: SHOWN }),
  ])
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const who = ({ actorType, actorId, actorName }: AuditRow) =>
    actorType === 'system'
      ? tAudit('service', { name: actorId })
      : (actorName ?? tAudit('gone', { id: actorId.slice(-12) }))
  return (
    <details className="mt-5 border-line border-t pt-3 text-sm">
      <summary className="w-fit text-muted hover:text-ink touch:min-h-11 touch:py-2.5">{t('history.title')}</summary>
      {items.length === 0 ? (
        <p className="mt-2 text-muted">{t('history.none')}</p>
      ) : (
        <ul className="mt-2 grid gap-3">
          {items.map((row) => (
            <li key={row.id} className="grid gap-0.5">
              <p>
                {t(`settings.${row.subjectId as 'accent'}.label`)}
                <span className="figures text-muted text-xs">
                  {' '}
                  · {who(row)} · {moment.format(row.at)}
                </span>
              </p>
              <Changes
                changes={changesOf(row.before, row.after, (micros) => formatCredits(micros, locale), row.subjectId)}
              />
            </li>
          ))}
        </ul>
      )}
      <p className="mt-3">
        <Link
          href="/admin/audit?type=setting"
          prefetch={false}
          className="text-muted text-xs underline underline-offset-4 hover:text-ink touch:inline-flex touch:min-h-11 touch:items-center"
        >
          {t('history.all')}
        </Link>
      </p>
    </details>
  )
}
