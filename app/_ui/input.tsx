import type { ComponentProps } from 'react'

/** A text input. 16 px on phones, so that iOS does not zoom into it. */
export function Input({ className = '', ...rest }: ComponentProps<'input'>) {
  return (
    <input
      className={`h-11 w-full rounded-lg border border-line-strong/70 bg-raised px-3.5 text-base text-ink transition-colors duration-150 hover:border-line-strong focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 aria-invalid:border-danger aria-invalid:focus-visible:outline-danger disabled:bg-soft disabled:text-muted ${className}`}
      {...rest}
    />
  )
}
