import { useTranslations } from 'next-intl'
import { Alert } from '#app/_ui/alert.tsx'
import type { StoredVerification, VerificationState } from '#lib/jobs/index.ts'

type CheckStateProps = {
  check: Pick<StoredVerification, 'startedAt' | 'finishedAt' | 'differences' | 'checks'> & { state: VerificationState }
  locale: string
  timeZone: string
}

/** What a run of all checks found, or that it is under way. */
export function CheckState({ check, locale, timeZone }: CheckStateProps) {
  const t = useTranslations('adminMoney.ledger.check')
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const started = when.format(check.startedAt)
  if (check.state === 'running') {
    return (
      <Alert role="status">
        <span className="animate-breathe">{t('running', { time: started })}</span>
      </Alert>
    )
  }
  if (check.state === 'died') return <Alert tone="warning">{t('died', { time: started })}</Alert>
  const rows = check.checks.reduce((sum, { checked }) => sum + checked, 0)
  return check.differences === 0 ? (
    <Alert tone="success">
      {rows > 0 ? t('fine', { time: started, checks: check.checks.length, rows }) : t('fineAlone', { time: started })}
    </Alert>
  ) : (
    <Alert tone="danger">{t('differ', { time: started, count: check.differences ?? 0 })}</Alert>
  )
}
