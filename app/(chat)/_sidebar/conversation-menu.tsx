'use client'

import { Ellipsis, Pencil, Trash2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Menu, MenuItem } from '#app/_ui/menu.tsx'

type ConversationMenuProps = {
  className: string
  label: string
  open: boolean
  onOpenChange: (open: boolean) => void
  onRename: () => void
  onDelete: () => void
}

// biome-ignore lint/style/noDefaultExport: React.lazy takes the default export.
export default function ConversationMenu({
  className,
  label,
  open,
  onOpenChange,
  onRename,
  onDelete,
}: ConversationMenuProps) {
  const t = useTranslations('chat')
  return (
    <Menu
      open={open}
      onOpenChange={onOpenChange}
      align="end"
      trigger={
        <button type="button" aria-label={label} className={className}>
          <Ellipsis className="size-4" aria-hidden="true" />
        </button>
      }
    >
      <MenuItem icon={<Pencil className="size-4 text-muted" aria-hidden="true" />} onSelect={onRename}>
        {t('rename')}
      </MenuItem>
      <MenuItem danger icon={<Trash2 className="size-4" aria-hidden="true" />} onSelect={onDelete}>
        {t('delete')}
      </MenuItem>
    </Menu>
  )
}
