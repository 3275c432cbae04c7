'use client'

import { ShieldCheck } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useEffect } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useRefreshingForm } from '#app/admin/_parts/use-refreshing-form.ts'
import { verifyNow } from '#app/admin/ledger/actions.ts'

const LOOK_AGAIN_MS = 2_000

/** Begins a run of all checks; while one is under way the page looks again by itself. */
export function VerifyNow({ isRunning }: { isRunning: boolean }) {
  const t = useTranslations('adminMoney.ledger.check')
  const router = useRouter()
  const { formProps, pending, failure } = useRefreshingForm(() => verifyNow({}))
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => !document.hidden && router.refresh(), LOOK_AGAIN_MS)
    return () => clearInterval(timer)
  }, [isRunning, router])
  return (
    <form {...formProps} className="needs-script grid justify-items-end gap-2">
      <Button type="submit" variant="primary" size="small" pending={pending || isRunning}>
        {!pending && !isRunning && <ShieldCheck className="size-4" aria-hidden="true" />}
        {isRunning ? t('underWay') : t('now')}
      </Button>
      <FormError failure={failure} field={null} />
    </form>
  )
}
