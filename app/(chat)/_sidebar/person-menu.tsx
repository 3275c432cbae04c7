'use client'

import { LogOut, Settings, SlidersHorizontal, Wallet } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import type { ReactElement } from 'react'
import { Menu, MenuItem, MenuLink, MenuSeparator } from '#app/_ui/menu.tsx'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import { signOut } from '#lib/auth/client.ts'

type PersonMenuProps = { trigger: ReactElement; open: boolean; onOpenChange: (open: boolean) => void }

// biome-ignore lint/style/noDefaultExport: React.lazy takes the default export.
export default function PersonMenu({ trigger, open, onOpenChange }: PersonMenuProps) {
  const t = useTranslations('chat')
  const { isAdmin, showToast } = useShell()

  async function leave() {
    try {
      await signOut()
      // A whole new document: nothing of this person stays in memory.
      location.assign('/sign-in')
    } catch {
      showToast({ text: t('notSignedOut') })
    }
  }

  return (
    <Menu trigger={trigger} open={open} onOpenChange={onOpenChange} side="top">
      <MenuLink>
        <Link href="/credits">
          <Wallet className="size-4 text-muted" aria-hidden="true" />
          {t('creditsPage')}
        </Link>
      </MenuLink>
      <MenuLink>
        <Link href="/account">
          <Settings className="size-4 text-muted" aria-hidden="true" />
          {t('account')}
        </Link>
      </MenuLink>
      {isAdmin && (
        <MenuLink>
          <Link href="/admin" prefetch={false}>
            <SlidersHorizontal className="size-4 text-muted" aria-hidden="true" />
            {t('adminPage')}
          </Link>
        </MenuLink>
      )}
      <MenuSeparator />
      <MenuItem icon={<LogOut className="size-4 text-muted" aria-hidden="true" />} onSelect={() => void leave()}>
        {t('signOut')}
      </MenuItem>
    </Menu>
  )
}
