'use client'

import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { type FormEvent, useEffect, useRef, useState, useTransition } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button, buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'
import { type Choice, chosenModels, usualChoice, withoutPrice } from '#app/admin/channels/_models/choice.ts'
import { ModelChoice } from '#app/admin/channels/_models/model-choice.tsx'
import { TestOutcome } from '#app/admin/channels/_models/test-outcome.tsx'
import { useVendorFault } from '#app/admin/channels/_models/vendor-fault.ts'
import { findModels, setUp, test } from '#app/admin/channels/actions.ts'
import { NO_WAY, VendorFields, type Way } from '#app/admin/channels/new/vendor-fields.tsx'
import type { ChannelTest, VendorModels } from '#lib/inference/shared.ts'

type SetUpFormProps = {
  markupPercent: number
  /** Where the last button leads: back to the first steps, or to the channel. */
  isFirst: boolean
}

type Saved = { channelId: string; count: number }
type Outcome = { tested: ChannelTest } | { failure: FormFailure }

/** From a vendor's key to a channel that answers, on one page: find its models, save, make a real call. */
export function SetUpForm({ markupPercent, isFirst }: SetUpFormProps) {
  const t = useTranslations('adminModels.setUp')
  const faultText = useVendorFault()
  const [way, setWay] = useState<Way>(NO_WAY)
  const [found, setFound] = useState<VendorModels | null>(null)
  const [choice, setChoice] = useState<Choice>({})
  const [saved, setSaved] = useState<Saved | null>(null)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [failure, setFailure] = useState<FormFailure | null>(null)
  const [isPending, startTransition] = useTransition()
  const models = found?.models ?? []
  const unpriced = withoutPrice(models, choice, markupPercent)
  const count = Object.keys(choice).length

  const changeWay = (next: Way) => {
    // Another address or key may lead to other models; a name changes nothing.
    if (next.key !== way.key || next.baseUrl !== way.baseUrl || next.vendor !== way.vendor) setFound(null)
    setFailure(null)
    setWay(next)
  }
  const work = (step: () => Promise<FormFailure | null>) =>
    startTransition(async () => {
      setFailure(null)
      const failed = await step().catch((): FormFailure => ({ code: 'network', params: {} }))
      startTransition(() => setFailure(failed))
    })
  const find = () =>
    work(async () => {
      const { vendor, baseUrl, key, proxy, ownNetwork } = way
      const result = await findModels({ vendor, baseUrl, key, proxy, ownNetwork })
      if (!result.ok) return result.error
      setFound(result.data)
      setChoice(usualChoice(result.data.models))
      return null
    })
  const save = () =>
    work(async () => {
      const result = await setUp({ ...way, models: chosenModels(models, choice, markupPercent) })
      if (!result.ok) return result.error
      // The key has done its work here.
      setWay(NO_WAY)
      setSaved({ channelId: result.data.channelId, count: result.data.modelIds.length })
      if (result.data.modelIds.length > 0) await tryOut(result.data.channelId)
      return null
    })
  const tryOut = async (channelId: string) => {
    setOutcome(null)
    const result = await test({ channelId })
    setOutcome(result.ok ? { tested: result.data } : { failure: result.error })
  }

  if (saved) {
    return (
      <SavedCard
        saved={saved}
        outcome={outcome}
        isPending={isPending}
        isFirst={isFirst}
        onTest={() => work(async () => tryOut(saved.channelId).then(() => null))}
      />
    )
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isPending || !isComplete(way)) return
    if (found) save()
    else find()
  }
  return (
    <form onSubmit={submit} noValidate className="needs-script grid max-w-3xl gap-5">
      <Card title={t('keyTitle')} hint={t('keyHint')}>
        <VendorFields way={way} onChange={changeWay} failure={failure} disabled={isPending} />
        {!found && (
          <div className="mt-5 grid gap-4">
            {failure && !isAtField(failure) && <Fault>{faultText(failure)}</Fault>}
            <div>
              <Button type="submit" variant="primary" pending={isPending} disabled={!isComplete(way)}>
                {t('find')}
              </Button>
            </div>
          </div>
        )}
      </Card>
      {found && (
        <Card title={t('modelsTitle')} hint={found.isListed ? t('modelsHint') : t('notListed')}>
          <Arrival>
            {models.length === 0 && <p className="text-muted text-sm">{t('noModels')}</p>}
            <ModelChoice models={models} choice={choice} onChange={setChoice} markupPercent={markupPercent} />
            <div className="mt-5 grid gap-4">
              {failure && !isAtField(failure) && <Fault>{faultText(failure)}</Fault>}
              {unpriced.length > 0 && (
                <p role="status" className="text-sm text-warning">
                  {t('priceMissing', { count: unpriced.length, name: unpriced[0] ?? '' })}
                </p>
              )}
              <div className="flex flex-wrap items-center gap-3">
                <Button type="submit" variant="primary" pending={isPending} disabled={unpriced.length > 0}>
                  {isPending ? t('saving') : t('save', { count })}
                </Button>
                <Button variant="quiet" disabled={isPending} onClick={() => setFound(null)}>
                  {t('findAgain')}
                </Button>
              </div>
            </div>
          </Arrival>
        </Card>
      )}
    </form>
  )
}

/** True for a fault that stands beside its field already. */
function isAtField({ params }: FormFailure): boolean {
  return ['key', 'baseUrl', 'proxy', 'name', 'vendor'].includes(String(params.field))
}

function isComplete({ key, vendor, baseUrl }: Way): boolean {
  return key.trim() !== '' && vendor !== '' && baseUrl.trim() !== ''
}

function Fault({ children }: { children: React.ReactNode }) {
  return (
    <Alert tone="danger" role="alert">
      {children}
    </Alert>
  )
}

/** What has just come is brought into view and under the reading cursor. */
function Arrival({ children }: { children: React.ReactNode }) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    ref.current?.focus({ preventScroll: true })
    ref.current?.closest('section')?.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
  }, [])
  return (
    <div ref={ref} tabIndex={-1} className="outline-none">
      {children}
    </div>
  )
}

type SavedCardProps = {
  saved: Saved
  outcome: Outcome | null
  isPending: boolean
  isFirst: boolean
  onTest: () => void
}

function SavedCard({ saved, outcome, isPending, isFirst, onTest }: SavedCardProps) {
  const t = useTranslations('adminModels.setUp')
  const faultText = useVendorFault()
  const hasFailed = outcome !== null && ('failure' in outcome || outcome.tested.keys.some(({ ok }) => !ok))
  return (
    <div className="grid max-w-3xl gap-5">
      <Card title={t('savedTitle')}>
        <Arrival>
          <p className="text-sm">{t('savedText', { count: saved.count })}</p>
          <div role="status" className="mt-4">
            {outcome === null && saved.count > 0 && <p className="text-muted text-sm">{t('testing')}</p>}
            {outcome && 'tested' in outcome && <TestOutcome outcome={outcome.tested} />}
            {outcome && 'failure' in outcome && <Alert tone="danger">{faultText(outcome.failure)}</Alert>}
          </div>
          <div className="mt-5 flex flex-wrap gap-3">
            {isFirst && (
              <Link href="/admin" prefetch={false} className={buttonClass('primary')}>
                {t('backToSteps')}
              </Link>
            )}
            <Link
              href={`/admin/channels/${saved.channelId}`}
              prefetch={false}
              className={buttonClass(isFirst ? 'secondary' : 'primary')}
            >
              {t('openChannel')}
            </Link>
            {hasFailed && (
              <Button pending={isPending} onClick={onTest}>
                {t('testAgain')}
              </Button>
            )}
          </div>
        </Arrival>
      </Card>
    </div>
  )
}
