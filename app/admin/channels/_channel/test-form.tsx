'use client'

import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { type FormEvent, useState, useTransition } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Select } from '#app/_ui/select.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'
import { TestOutcome } from '#app/admin/channels/_models/test-outcome.tsx'
import { useVendorFault } from '#app/admin/channels/_models/vendor-fault.ts'
import { test } from '#app/admin/channels/actions.ts'
import type { ChannelTest } from '#lib/inference/shared.ts'

type TestFormProps = {
  channelId: string
  models: readonly { id: string; displayName: string }[]
  canTest: boolean
}

type Outcome = { tested: ChannelTest } | { failure: FormFailure }

/** Makes a real call with each key, and shows how it went. */
export function TestForm({ channelId, models, canTest }: TestFormProps) {
  const t = useTranslations('adminModels.channel')
  const faultText = useVendorFault()
  const router = useRouter()
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [isPending, startTransition] = useTransition()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const modelId = String(new FormData(event.currentTarget).get('modelId') ?? '')
    startTransition(async () => {
      setOutcome(null)
      const result = await test({ channelId, modelId }).catch(
        () => ({ ok: false, error: { code: 'network', params: {} } }) as const,
      )
      setOutcome(result.ok ? { tested: result.data } : { failure: result.error })
      router.refresh()
    })
  }
  if (!canTest) return <p className="text-muted text-sm">{t('cannotTest')}</p>
  return (
    <form onSubmit={submit} className="needs-script grid gap-4">
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-0 max-w-80 flex-1 basis-48">
          <Select id="test-model" name="modelId" label={t('testModel')}>
            <option value="">{t('cheapest')}</option>
            {models.map(({ id, displayName }) => (
              <option key={id} value={id}>
                {displayName}
              </option>
            ))}
          </Select>
        </div>
        <Button type="submit" variant="primary" size="small" pending={isPending}>
          {isPending ? t('testing') : t('test')}
        </Button>
      </div>
      <div role="status">
        {outcome && 'tested' in outcome && <TestOutcome outcome={outcome.tested} />}
        {outcome && 'failure' in outcome && <Alert tone="danger">{faultText(outcome.failure)}</Alert>}
      </div>
    </form>
  )
}
