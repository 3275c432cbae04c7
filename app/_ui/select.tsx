import { ChevronDown } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'

type SelectProps = Omit<ComponentProps<'select'>, 'id'> & { id: string; label: ReactNode }

/** A labelled choice among few, on the browser's own list. 16 px on phones, so that iOS does not zoom into it. */
export function Select({ id, label, name, children, ...rest }: SelectProps) {
  return (
    <div className="grid min-w-0 gap-1">
      <label htmlFor={id} className="text-muted text-xs">
        {label}
      </label>
      <div className="relative">
        <select
          id={id}
          name={name ?? id}
          className="h-9 w-full cursor-pointer appearance-none truncate rounded-lg border border-line-strong/70 bg-raised ps-3 pe-8 text-sm transition-colors duration-150 hover:border-line-strong touch:h-11 touch:text-base"
          {...rest}
        >
          {children}
        </select>
        <ChevronDown
          className="pointer-events-none absolute end-2.5 top-1/2 size-3.5 -translate-y-1/2 text-muted"
          aria-hidden="true"
        />
      </div>
    </div>
  )
}
