'use client'

import { Check } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'

const CONTENT =
  'z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-52 max-w-[min(22rem,calc(100vw-1.5rem))] overflow-y-auto rounded-xl border border-line bg-raised p-1.5 text-ink shadow-raised animate-rise'

const ITEM =
  'relative flex min-h-9 cursor-pointer select-none items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm outline-none data-highlighted:bg-soft data-disabled:cursor-default data-disabled:text-muted touch:min-h-11'

type MenuProps = {
  trigger: ReactElement
  open: boolean
  onOpenChange: (open: boolean) => void
  side?: 'top' | 'bottom'
  align?: 'start' | 'end'
  children: ReactNode
}

/** A menu below its trigger. Load it lazily: it brings the positioning code with it. */
export function Menu({ trigger, open, onOpenChange, side = 'bottom', align = 'start', children }: MenuProps) {
  return (
    <DropdownMenu.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content side={side} align={align} sideOffset={6} collisionPadding={12} className={CONTENT}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

type MenuItemProps = { icon?: ReactNode; danger?: boolean; onSelect: () => void; children: ReactNode }

export function MenuItem({ icon, danger, onSelect, children }: MenuItemProps) {
  return (
    <DropdownMenu.Item onSelect={onSelect} className={`${ITEM} ${danger ? 'text-danger' : ''}`}>
      {icon}
      {children}
    </DropdownMenu.Item>
  )
}

/** An item that is a link, opened the browser's way. */
export function MenuLink({ children }: { children: ReactElement }) {
  return (
    <DropdownMenu.Item asChild className={ITEM}>
      {children}
    </DropdownMenu.Item>
  )
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="mx-2 my-1.5 border-line border-t" />
}

type MenuChoicesProps = { value: string; onChange: (value: string) => void; label: string; children: ReactNode }

export function MenuChoices({ value, onChange, label, children }: MenuChoicesProps) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={onChange} aria-label={label}>
      {children}
    </DropdownMenu.RadioGroup>
  )
}

export function MenuChoice({ value, children, detail }: { value: string; children: ReactNode; detail?: ReactNode }) {
  return (
    <DropdownMenu.RadioItem value={value} className={`${ITEM} pe-8`}>
      <span className="min-w-0 flex-1">
        <span className="block truncate">{children}</span>
        {detail && <span className="figures block truncate text-muted text-xs">{detail}</span>}
      </span>
      <DropdownMenu.ItemIndicator className="absolute end-2.5">
        <Check className="size-4 text-accent" aria-hidden="true" />
      </DropdownMenu.ItemIndicator>
    </DropdownMenu.RadioItem>
  )
}
