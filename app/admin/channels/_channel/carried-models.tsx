'use client'

import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useState, useTransition } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button } from '#app/_ui/button.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { type Choice, chosenModels, withoutPrice } from '#app/admin/channels/_models/choice.ts'
import { ModelChoice } from '#app/admin/channels/_models/model-choice.tsx'
import { useVendorFault } from '#app/admin/channels/_models/vendor-fault.ts'
import { addModels, findMoreModels, unlink } from '#app/admin/channels/actions.ts'
import { modelHref } from '#app/admin/models/model-href.ts'
import type { FoundModel } from '#lib/models/shared.ts'

type CarriedModelsProps = {
  channelId: string
  models: readonly { id: string; displayName: string; vendorModel: string }[]
  /** False while no key can ask the vendor. */
  canFind: boolean
  markupPercent: number
}

/** The models that a channel carries, and more that its vendor has. */
export function CarriedModels({ channelId, models, canFind, markupPercent }: CarriedModelsProps) {
  const t = useTranslations('adminModels.carried')
  return (
    <div className="grid gap-4">
      {models.length === 0 && <p className="text-muted text-sm">{t('none')}</p>}
      {models.length > 0 && (
        <ul className="relative max-h-112 divide-y divide-line overflow-y-auto border-line border-y">
          {models.map(({ id, displayName, vendorModel }) => (
            <li key={id} className="flex items-center justify-between gap-4 py-1.5">
              <div className="min-w-0 text-sm">
                <TextLink href={modelHref(id)} quiet>
                  {displayName}
                </TextLink>
                {vendorModel !== displayName && (
                  <span className="block break-all text-muted text-xs">{vendorModel}</span>
                )}
              </div>
              <ActionDialog
                label={t('remove')}
                title={t('removeTitle', { model: displayName })}
                text={t('removeText')}
                confirm={t('remove')}
                variant="quiet"
                values={{ channelId, modelId: id }}
                action={unlink}
              />
            </li>
          ))}
        </ul>
      )}
      {canFind && <FindMore channelId={channelId} known={models.map(({ id }) => id)} markupPercent={markupPercent} />}
    </div>
  )
}

type FindMoreProps = { channelId: string; known: readonly string[]; markupPercent: number }

function FindMore({ channelId, known, markupPercent }: FindMoreProps) {
  const t = useTranslations('adminModels.carried')
  const faultText = useVendorFault()
  const router = useRouter()
  const [found, setFound] = useState<FoundModel[] | null>(null)
  const [choice, setChoice] = useState<Choice>({})
  const [failure, setFailure] = useState<FormFailure | null>(null)
  const [isPending, startTransition] = useTransition()
  const work = (step: () => Promise<FormFailure | null>) =>
    startTransition(async () => {
      setFailure(null)
      setFailure(await step().catch((): FormFailure => ({ code: 'network', params: {} })))
    })
  const find = () =>
    work(async () => {
      const result = await findMoreModels({ channelId })
      if (!result.ok) return result.error
      setFound(result.data.models.filter(({ modelId }) => !known.includes(modelId)))
      setChoice({})
      return null
    })
  const add = () =>
    work(async () => {
      const result = await addModels({ channelId, models: chosenModels(found ?? [], choice, markupPercent) })
      if (!result.ok) return result.error
      setFound(null)
      router.refresh()
      return null
    })
  const count = Object.keys(choice).length
  return (
    <div className="needs-script grid gap-4">
      {found && found.length === 0 && <p className="text-muted text-sm">{t('allCarried')}</p>}
      {found && found.length > 0 && (
        <ModelChoice models={found} choice={choice} onChange={setChoice} markupPercent={markupPercent} />
      )}
      {failure && (
        <Alert tone="danger" role="alert">
          {faultText(failure)}
        </Alert>
      )}
      <div className="flex flex-wrap gap-2">
        {found && found.length > 0 && (
          <Button
            variant="primary"
            size="small"
            pending={isPending}
            disabled={count === 0 || withoutPrice(found, choice, markupPercent).length > 0}
            onClick={add}
          >
            {t('add', { count })}
          </Button>
        )}
        <Button size="small" pending={isPending && !found} onClick={found ? () => setFound(null) : find}>
          {found ? t('close') : t('find')}
        </Button>
      </div>
    </div>
  )
}
