import type { ComponentProps, ReactNode } from 'react'
import { Input } from '#app/_ui/input.tsx'

type FieldProps = Omit<ComponentProps<'input'>, 'id'> & {
  /** Id and, unless given, name of the input; hint and error are tied to it. */
  id: string
  label: ReactNode
  hint?: ReactNode
  /** A sentence in the reader's language; marks the input invalid. */
  error?: ReactNode
  /** Something at the right end inside the input, as "show password". */
  trailing?: ReactNode
}

/** A labelled input with a hint and an error that assistive technology reads with it. */
export function Field({ id, label, hint, error, trailing, name, ...rest }: FieldProps) {
  const describedBy = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium text-sm">
        {label}
      </label>
      <div className="relative">
        <Input
          id={id}
          name={name ?? id}
          aria-invalid={error ? true : undefined}
          aria-describedby={describedBy || undefined}
          className={trailing ? 'pe-12' : ''}
          {...rest}
        />
        {trailing && <div className="absolute inset-y-0 end-1 flex items-center">{trailing}</div>}
      </div>
      {hint && (
        <p id={`${id}-hint`} className="text-muted text-xs">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-danger text-sm">
          {error}
        </p>
      )}
    </div>
  )
}
