'use client'

import { ArrowDown, ArrowUp } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState, useTransition } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import type { FormFailure, FormResult } from '#app/_ui/use-form.ts'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { deletePrompt, editPrompt, movePrompt } from '#app/admin/prompts/actions.ts'
import { PromptButton, type PromptView } from '#app/admin/prompts/prompt-button.tsx'
import { LOCALE_NAMES, type Locale } from '#lib/i18n/shared.ts'

type PromptRowProps = { prompt: PromptView; isFirst: boolean; isLast: boolean; isShown: boolean }

/** One prompt in the operator's order, with what can be done to it. */
export function PromptRow({ prompt, isFirst, isLast, isShown }: PromptRowProps) {
  const t = useTranslations('adminService.prompts')
  const [pending, startTransition] = useTransition()
  const [failure, setFailure] = useState<FormFailure | null>(null)
  const { id, version, title, text, locale, visible } = prompt

  function act(work: () => Promise<FormResult>) {
    startTransition(async () => {
      const result = await work().catch((): FormResult => ({ ok: false, error: { code: 'network', params: {} } }))
      setFailure(result.ok ? null : result.error)
    })
  }

  return (
    <li className={`rounded-xl border border-line bg-raised p-4 ${visible ? '' : 'opacity-75'}`}>
      <FormError failure={failure} field={null} />
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="font-medium [overflow-wrap:anywhere]">{title}</h2>
          <p className="mt-0.5 line-clamp-2 whitespace-pre-line text-muted text-sm [overflow-wrap:anywhere]">{text}</p>
          <p className="mt-2 flex flex-wrap gap-1.5">
            <Badge>{locale === null ? t('everyLanguage') : LOCALE_NAMES[locale as Locale]}</Badge>
            {!visible && <Badge tone="warning">{t('hidden')}</Badge>}
            {visible && !isShown && <Badge tone="warning">{t('notShown')}</Badge>}
          </p>
        </div>
        <div className="needs-script flex flex-wrap items-center gap-1">
          <Button
            variant="quiet"
            size="icon"
            aria-label={t('up', { title })}
            disabled={isFirst || pending}
            onClick={() => act(() => movePrompt({ id, direction: 'up' }))}
          >
            <ArrowUp className="size-4" aria-hidden="true" />
          </Button>
          <Button
            variant="quiet"
            size="icon"
            aria-label={t('down', { title })}
            disabled={isLast || pending}
            onClick={() => act(() => movePrompt({ id, direction: 'down' }))}
          >
            <ArrowDown className="size-4" aria-hidden="true" />
          </Button>
          <Button
            variant="quiet"
            size="small"
            disabled={pending}
            onClick={() => act(() => editPrompt({ id, version, visible: !visible }))}
          >
            {visible ? t('hide') : t('show')}
          </Button>
          <PromptButton prompt={prompt} />
          <ActionDialog
            label={t('delete')}
            title={t('deleteTitle')}
            text={t('deleteText', { title })}
            confirm={t('delete')}
            variant="danger"
            action={() => deletePrompt({ id, version })}
          />
        </div>
      </div>
    </li>
  )
}
