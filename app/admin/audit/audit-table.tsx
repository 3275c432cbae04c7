'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { type Change, changesOf, nameOf } from '#app/admin/audit/changes.ts'
import { modelHref } from '#app/admin/models/model-href.ts'
import type { AuditRow } from '#lib/audit-log.ts'
import { formatCredits } from '#lib/money.ts'

/** Texts longer than this are shown whole only when asked for. */
const SHORT = 120
/** Values of one entry that are shown at once. */
const FEW = 6

/** Pages of their own that subjects have. */
const PAGES: Record<string, (id: string) => string> = {
  user: (id) => `/admin/people/${id}`,
  channel: (id) => `/admin/channels/${id}`,
  model: modelHref,
  order: (id) => `/admin/orders/${id}`,
  setting: () => '/admin/settings',
  site_file: () => '/admin/settings',
  prompt: () => '/admin/prompts',
  package: () => '/admin/packages',
}

/** Who did what, line by line. */
export function AuditTable({ rows, timeZone, empty }: { rows: AuditRow[]; timeZone: string; empty: ReactNode }) {
  const t = useTranslations('adminService.audit')
  const settingName = useTranslations('adminService.settings.settings')
  const fileName = useTranslations('adminService.settings.files')
  const locale = useLocale()
  const columns = useMemo<DataColumn<AuditRow>[]>(() => {
    const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
    const amount = (micros: bigint) => formatCredits(micros, locale)
    const words = (key: string, otherwise: string) => (t.has(key as 'title') ? t(key as 'title') : otherwise)
    const who = ({ actorType, actorId, actorName }: AuditRow) => {
      if (actorType === 'anonymous') return t('visitor')
      if (actorType === 'system') return t('service', { name: actorId })
      return (
        <TextLink quiet href={`/admin/people/${actorId}`}>
          {actorName ?? t('gone', { id: actorId.slice(-12) })}
        </TextLink>
      )
    }
    const subject = ({ subjectType, subjectId, subjectName, before, after }: AuditRow) => {
      if (subjectType === 'setting' && settingName.has(`${subjectId as 'accent'}.label`)) {
        return settingName(`${subjectId as 'accent'}.label`)
      }
      if (subjectType === 'site_file' && fileName.has(`${subjectId as 'logo'}.label`)) {
        return fileName(`${subjectId as 'logo'}.label`)
      }
      // Of what is gone the log itself may have the name.
      const known = [subjectName, after?.title, after?.name, before?.title, before?.name, before?.email]
      const name = known.find((one) => typeof one === 'string' && one !== '') as string | undefined
      return name ?? (subjectId.length === 36 ? `…${subjectId.slice(-12)}` : subjectId)
    }
    return [
      {
        id: 'what',
        header: t('column.what'),
        cell: ({ row: { original: row } }) => (
          <>
            <span className="font-medium">{words(`actions.${row.action}`, row.action)}</span>
            <time dateTime={row.at.toISOString()} className="block font-normal text-muted text-xs">
              {moment.format(row.at)}
            </time>
          </>
        ),
      },
      { id: 'who', header: t('column.who'), cell: ({ row }) => who(row.original) },
      {
        id: 'subject',
        header: t('column.subject'),
        cell: ({ row: { original: row } }) => {
          const page = PAGES[row.subjectType]
          return (
            <span>
              {page ? (
                <TextLink quiet href={page(row.subjectId)}>
                  {subject(row)}
                </TextLink>
              ) : (
                subject(row)
              )}
              <span className="block text-muted text-xs">{words(`subjects.${row.subjectType}`, row.subjectType)}</span>
            </span>
          )
        },
      },
      {
        id: 'change',
        header: t('column.change'),
        look: { wide: true },
        cell: ({ row: { original: row } }) => (
          <Changes changes={changesOf(row.before, row.after, amount, row.subjectId)} />
        ),
      },
      { id: 'reason', header: t('column.reason'), look: { wide: true }, cell: ({ row }) => row.original.reason },
      {
        id: 'from',
        header: t('column.from'),
        cell: ({ row }) => row.original.ip && <span className="text-muted text-xs">{row.original.ip}</span>,
      },
      {
        id: 'request',
        header: t('column.request'),
        cell: ({ row }) =>
          row.original.requestId && <code className="text-muted text-xs">{row.original.requestId}</code>,
      },
    ]
  }, [t, settingName, fileName, locale, timeZone])
  return (
    <DataTable
      id="audit"
      caption={t('title')}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      hidden={['request']}
      empty={empty}
    />
  )
}

/** What was and what is, value by value. */
export function Changes({ changes }: { changes: readonly Change[] }) {
  const t = useTranslations('adminService.audit')
  if (changes.length === 0) return null
  const rest = changes.slice(FEW)
  return (
    <div className="min-w-0 text-start text-xs">
      <ChangeList changes={changes.slice(0, FEW)} />
      {rest.length > 0 && (
        <details>
          <summary className="text-muted touch:min-h-11 touch:py-3">{t('more', { count: rest.length })}</summary>
          <ChangeList changes={rest} />
        </details>
      )}
    </div>
  )
}

function ChangeList({ changes }: { changes: readonly Change[] }) {
  const t = useTranslations('adminService.audit')
  return (
    <ul className="grid gap-0.5">
      {changes.map(({ name, before, after }) => (
        <li key={name} className="[overflow-wrap:anywhere]">
          {name !== 'value' && <span className="text-muted">{nameOf(name)}: </span>}
          {before !== undefined && (
            <>
              <span className="sr-only">{t('before')}: </span>
              <del className="text-muted decoration-danger/60">
                <Words text={before} />
              </del>
            </>
          )}
          {before !== undefined && <span aria-hidden="true"> → </span>}
          <span className="sr-only">{t('after')}: </span>
          <ins className="no-underline">{after === undefined ? t('none') : <Words text={after} />}</ins>
        </li>
      ))}
    </ul>
  )
}

function Words({ text }: { text: string }) {
  const t = useTranslations('adminService.audit')
  if (text.length <= SHORT) return <span className="whitespace-pre-line">{text}</span>
  return (
    <details className="inline">
      <summary className="inline">
        {text.slice(0, SHORT - 20)}… <span className="text-accent underline underline-offset-4">{t('whole')}</span>
      </summary>
      <span className="mt-1 block whitespace-pre-wrap rounded-lg bg-soft p-2 text-ink no-underline">{text}</span>
    </details>
  )
}
