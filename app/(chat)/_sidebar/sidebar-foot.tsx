'use client'

import { ChevronsUpDown, Wallet } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { type ComponentProps, lazy, Suspense, useState } from 'react'
import { type Status, useShell } from '#app/(chat)/_shell/shell-context.ts'
import { decodeMicros, formatCredits } from '#lib/money.ts'

const loadMenu = () => import('#app/(chat)/_sidebar/person-menu.tsx')
const PersonMenu = lazy(loadMenu)

const TRIGGER =
  'flex min-h-10 w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-start text-sm hover:bg-soft aria-expanded:bg-soft touch:min-h-11'

/** What can be spent, and the person's own menu. */
export function SidebarFoot({ status }: { status: Status | undefined }) {
  const t = useTranslations('chat')
  const locale = useLocale()
  const [isWanted, setWanted] = useState(false)
  const [isOpen, setOpen] = useState(false)

  const trigger = (
    <PersonTrigger
      onPointerEnter={() => void loadMenu()}
      onFocus={() => void loadMenu()}
      onClick={() => {
        setWanted(true)
        setOpen(true)
      }}
    />
  )
  const held = status ? decodeMicros(status.balance.heldMicros) : 0n
  return (
    <div className="border-line border-t px-2 pt-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
      {status && (
        <p className="figures flex items-baseline gap-2 px-2 py-1 text-sm" title={t('balance')}>
          <Wallet className="size-4 shrink-0 self-center text-muted" aria-hidden="true" />
          <span>
            <span className="sr-only">{t('balance')}: </span>
            {t('credits', { amount: formatCredits(decodeMicros(status.balance.availableMicros), locale) })}
          </span>
          {held > 0n && (
            <span className="ms-auto text-muted text-xs">{t('held', { amount: formatCredits(held, locale) })}</span>
          )}
        </p>
      )}
      {isWanted ? (
        <Suspense fallback={trigger}>
          <PersonMenu open={isOpen} onOpenChange={setOpen} trigger={<PersonTrigger />} />
        </Suspense>
      ) : (
        trigger
      )}
    </div>
  )
}

function PersonTrigger(props: ComponentProps<'button'>) {
  const t = useTranslations('chat')
  const { userName } = useShell()
  return (
    <button type="button" aria-haspopup="menu" className={TRIGGER} {...props}>
      <span
        aria-hidden="true"
        className="flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft font-medium text-accent text-xs"
      >
        {[...userName][0]?.toLocaleUpperCase()}
      </span>
      <span className="min-w-0 flex-1 truncate">
        {userName}
        <span className="sr-only">: {t('personMenu')}</span>
      </span>
      <ChevronsUpDown className="size-4 shrink-0 text-muted" aria-hidden="true" />
    </button>
  )
}
