'use client'

import { RefreshCw } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Dialog } from '#app/_ui/dialog.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { useRefreshingForm } from '#app/admin/_parts/use-refreshing-form.ts'
import { reconcile } from '#app/admin/orders/actions.ts'

type Found = Extract<Awaited<ReturnType<typeof reconcile>>, { ok: true }>['data']

/** Asks Stripe for what was missed, and shows what that was. */
export function ReconcileDialog() {
  const t = useTranslations('adminMoney.reconcile')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="small" aria-haspopup="dialog" className="needs-script" onClick={() => setOpen(true)}>
        <RefreshCw className="size-4" aria-hidden="true" />
        {t('button')}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t('title')}>
        <ReconcileForm />
      </Dialog>
    </>
  )
}

function ReconcileForm() {
  const t = useTranslations('adminMoney.reconcile')
  const [found, setFound] = useState<Found | null>(null)
  const { formProps, pending, failure } = useRefreshingForm(async () => {
    const result = await reconcile({})
    if (result.ok) setFound(result.data)
    return result
  })
  if (found) return <FoundText found={found} />
  return (
    <form {...formProps} className="grid gap-4">
      <p className="text-muted text-sm">{t('text')}</p>
      <FormError failure={failure} field={null} />
      <div className="flex justify-end">
        <Button type="submit" variant="primary" pending={pending}>
          {t('confirm')}
        </Button>
      </div>
    </form>
  )
}

function FoundText({ found }: { found: Found }) {
  const t = useTranslations('adminMoney.reconcile')
  const locale = useLocale()
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const { missedEvents, healed, differences } = found
  return (
    <div className="grid gap-4 text-sm">
      <p className="text-muted">{t('since', { time: day.format(found.since) })}</p>
      <Alert tone={differences.length > 0 ? 'danger' : 'success'} role="status">
        {differences.length > 0 ? t('differ', { count: differences.length }) : t('agree')}
      </Alert>
      {differences.length > 0 && (
        <ul className="figures grid gap-2">
          {differences.map(({ orderId, reference, what, ours, theirs }) => (
            <li key={`${orderId} ${what}`}>
              {orderId ? <TextLink href={`/admin/orders/${orderId}`}>{reference ?? orderId}</TextLink> : '–'}{' '}
              <span className="break-all text-muted">
                {what}: {t('sides', { ours: ours ?? '–', theirs: theirs ?? '–' })}
              </span>
            </li>
          ))}
        </ul>
      )}
      <p>{t('missed', { count: missedEvents.length })}</p>
      {healed.length > 0 && (
        <ul className="figures grid gap-2">
          {healed.map(({ orderId, reference, changes }) => (
            <li key={orderId}>
              <TextLink href={`/admin/orders/${orderId}`}>{reference}</TextLink>{' '}
              <span className="break-all text-muted">
                {changes.map(({ what, before, after }) => `${what}: ${before ?? '–'} → ${after ?? '–'}`).join('; ')}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
