'use client'

import {
  Blocks,
  ChartNoAxesCombined,
  Landmark,
  MessageSquareText,
  Package,
  Radio,
  ReceiptText,
  ScrollText,
  Settings,
  Ticket,
  Users,
  WalletCards,
} from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'

const GROUPS = [
  {
    name: 'people',
    pages: [
      { page: 'overview', href: '/admin', icon: ChartNoAxesCombined },
      { page: 'people', href: '/admin/people', icon: Users },
      { page: 'calls', href: '/admin/calls', icon: ReceiptText },
    ],
  },
  {
    name: 'supply',
    pages: [
      { page: 'models', href: '/admin/models', icon: Blocks },
      { page: 'channels', href: '/admin/channels', icon: Radio },
    ],
  },
  {
    name: 'money',
    pages: [
      { page: 'orders', href: '/admin/orders', icon: WalletCards },
      { page: 'packages', href: '/admin/packages', icon: Package },
      { page: 'codes', href: '/admin/codes', icon: Ticket },
      { page: 'ledger', href: '/admin/ledger', icon: Landmark },
    ],
  },
  {
    name: 'service',
    pages: [
      { page: 'settings', href: '/admin/settings', icon: Settings },
      { page: 'prompts', href: '/admin/prompts', icon: MessageSquareText },
      { page: 'audit', href: '/admin/audit', icon: ScrollText },
    ],
  },
] as const

/** All pages of the operator, with the one that is shown marked. */
export function AdminNav({ onChoose }: { onChoose?: () => void }) {
  const t = useTranslations('admin')
  const pathname = usePathname()
  const isHere = (href: string) =>
    href === '/admin' ? pathname === href : pathname === href || pathname.startsWith(`${href}/`)
  return (
    <nav aria-label={t('pages')} className="grid gap-4">
      {GROUPS.map(({ name, pages }) => (
        <div key={name}>
          {name !== 'people' && <p className="px-2 pb-1 text-muted text-xs">{t(`group.${name}`)}</p>}
          <ul className="grid gap-0.5">
            {pages.map(({ page, href, icon: Icon }) => (
              <li key={page}>
                <Link
                  href={href}
                  prefetch={false}
                  onClick={onChoose}
                  aria-current={isHere(href) ? 'page' : undefined}
                  className="flex min-h-9 items-center gap-2.5 rounded-lg px-2 text-muted text-sm transition-colors duration-150 hover:bg-soft hover:text-ink aria-[current=page]:bg-soft aria-[current=page]:font-medium aria-[current=page]:text-ink touch:min-h-11"
                >
                  <Icon className="size-4 shrink-0" aria-hidden="true" />
                  {t(`nav.${page}`)}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}
