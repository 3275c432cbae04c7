'use client'

import { useLocale, useTranslations } from 'next-intl'
import type { ReactElement } from 'react'
import { Menu, MenuChoice, MenuChoices } from '#app/_ui/menu.tsx'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import { decodeMicros, formatCredits } from '#lib/money.ts'

type ModelMenuProps = {
  trigger: ReactElement
  open: boolean
  onOpenChange: (open: boolean) => void
  modelId: string | null
  onChange: (modelId: string) => void
}

// biome-ignore lint/style/noDefaultExport: React.lazy takes the default export.
export default function ModelMenu({ trigger, open, onOpenChange, modelId, onChange }: ModelMenuProps) {
  const t = useTranslations('chat')
  const locale = useLocale()
  const { models } = useShell()
  const credits = (micros: string) => formatCredits(decodeMicros(micros), locale)
  return (
    <Menu trigger={trigger} open={open} onOpenChange={onOpenChange} side="top">
      <p className="px-2.5 pt-1 pb-1.5 text-muted text-xs">{t('modelPrices')}</p>
      <MenuChoices value={modelId ?? ''} onChange={onChange} label={t('model')}>
        {models.map((model) => (
          <MenuChoice
            key={model.id}
            value={model.id}
            detail={t('modelPrice', { input: credits(model.inputMicros), output: credits(model.outputMicros) })}
          >
            {model.displayName}
          </MenuChoice>
        ))}
      </MenuChoices>
    </Menu>
  )
}
