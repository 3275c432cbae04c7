'use client'

import { ChevronsUpDown, Wallet } from 'lucide-react'
import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import { type ComponentProps, lazy, Suspense, useState } from 'react'
import { aboutCount } from '#app/_ui/about-count.ts'
import { type Status, useShell } from '#app/(chat)/_shell/shell-context.ts'
import { decodeMicros, formatCredits } from '#lib/money.ts'

const loadMenu = () => import('#app/(chat)/_sidebar/person-menu.tsx')
const PersonMenu = lazy(loadMenu)

const TRIGGER =
  'flex min-h-10 w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-start text-sm hover:bg-soft aria-expanded:bg-soft touch:min-h-11'

/** What can be spent, and the person's own menu. */
export function SidebarFoot({ status }: { status: Status | undefined }) {
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
  return (
    <div className="border-line border-t px-2 pt-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
      {status && <Balance status={status} />}
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

/** What can be spent and how far it reaches; leads to the credits. */
function Balance({ status }: { status: Status }) {
  const t = useTranslations('chat')
  const locale = useLocale()
  const available = decodeMicros(status.balance.availableMicros)
  const held = decodeMicros(status.balance.heldMicros)
  const typical = status.typicalMicros === null ? 0n : decodeMicros(status.typicalMicros)
  return (
    <Link
      href="/credits"
      prefetch={false}
      className="figures flex min-h-8 items-start gap-2 rounded-lg px-2 py-1 text-sm hover:bg-soft touch:min-h-11 touch:py-2.5"
    >
      <Wallet className="mt-[0.2em] size-4 shrink-0 text-muted" aria-hidden="true" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span>
            <span className="sr-only">{t('balance')}: </span>
            {t('credits', { amount: formatCredits(available, locale, 'down') })}
          </span>
          {held > 0n && (
            <span className="ms-auto text-muted text-xs">{t('held', { amount: formatCredits(held, locale) })}</span>
          )}
        </span>
        {typical > 0n && (
          <span className="block text-muted text-xs">
            {t('messagesLeft', { count: aboutCount(Number(available / typical)) })}
          </span>
        )}
      </span>
    </Link>
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
