import type { ComponentProps } from 'react'
import { Spinner } from '#app/_ui/spinner.tsx'

type Variant = 'primary' | 'secondary' | 'quiet' | 'danger'
type Size = 'medium' | 'small' | 'icon' | 'round' | 'pill'

const VARIANTS: Record<Variant, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover disabled:bg-line disabled:text-muted font-medium',
  secondary: 'border border-line-strong/60 bg-raised text-ink hover:bg-soft disabled:text-muted',
  quiet: 'text-muted hover:bg-soft hover:text-ink aria-expanded:bg-soft aria-expanded:text-ink disabled:opacity-50',
  danger: 'border border-line bg-raised text-danger hover:bg-danger-soft disabled:opacity-50',
}

const SIZES: Record<Size, string> = {
  medium: 'h-10 rounded-lg gap-2 px-4 text-base touch:h-11 sm:text-sm',
  small: 'h-8 rounded-lg gap-1.5 px-2.5 text-sm touch:h-11 touch:px-3.5',
  icon: 'size-8 rounded-lg touch:size-11',
  round: 'size-8 rounded-full touch:size-11',
  pill: 'h-8 gap-1.5 rounded-full px-3.5 text-sm touch:h-11',
}

/** The look of a button for what is not a button element (links). */
export function buttonClass(variant: Variant = 'secondary', size: Size = 'medium', extra = ''): string {
  return `inline-flex shrink-0 select-none items-center justify-center whitespace-nowrap transition-colors duration-150 disabled:cursor-not-allowed ${SIZES[size]} ${VARIANTS[variant]} ${extra}`
}

type ButtonProps = ComponentProps<'button'> & {
  variant?: Variant
  size?: Size
  /** Shows a spinner and refuses presses while something is under way. */
  pending?: boolean
}

export function Button({ variant, size, pending = false, className, children, disabled, type, ...rest }: ButtonProps) {
  return (
    <button
      type={type ?? 'button'}
      className={buttonClass(variant, size, className)}
      disabled={disabled || pending}
      aria-busy={pending || undefined}
      {...rest}
    >
      {pending && <Spinner />}
      {children}
    </button>
  )
}
