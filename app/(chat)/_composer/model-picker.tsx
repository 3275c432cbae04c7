'use client'

import { ChevronDown } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type ComponentProps, lazy, Suspense, useState } from 'react'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'

const loadMenu = () => import('#app/(chat)/_composer/model-menu.tsx')
const ModelMenu = lazy(loadMenu)

/** The model that will answer. The list loads when it is reached for. */
export function ModelPicker({ modelId, onChange }: { modelId: string | null; onChange: (modelId: string) => void }) {
  const t = useTranslations('chat')
  const { models } = useShell()
  const [isWanted, setWanted] = useState(false)
  const [isOpen, setOpen] = useState(false)
  const name = models.find((model) => model.id === modelId)?.displayName ?? t('noModel')

  const trigger = (
    <Trigger
      name={name}
      disabled={models.length === 0}
      onPointerEnter={() => void loadMenu()}
      onFocus={() => void loadMenu()}
      onClick={() => {
        setWanted(true)
        setOpen(true)
      }}
    />
  )
  if (!isWanted) return trigger
  return (
    <Suspense fallback={trigger}>
      <ModelMenu
        trigger={<Trigger name={name} />}
        open={isOpen}
        onOpenChange={setOpen}
        modelId={modelId}
        onChange={onChange}
      />
    </Suspense>
  )
}

function Trigger({ name, ...rest }: ComponentProps<'button'> & { name: string }) {
  const t = useTranslations('chat')
  return (
    <button
      type="button"
      aria-haspopup="menu"
      aria-label={t('modelIs', { name })}
      className="flex h-8 min-w-0 items-center gap-1.5 rounded-lg px-2.5 text-muted text-sm transition-colors duration-150 hover:bg-soft hover:text-ink aria-expanded:bg-soft aria-expanded:text-ink touch:h-11"
      {...rest}
    >
      <span className="truncate">{name}</span>
      <ChevronDown className="size-3.5 shrink-0" aria-hidden="true" />
    </button>
  )
}
