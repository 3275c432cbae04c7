import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

type Tone = 'info' | 'success' | 'warning' | 'danger'

const TONES = {
  info: { icon: Info, box: 'bg-soft', mark: 'text-muted' },
  success: { icon: CircleCheck, box: 'bg-success-soft', mark: 'text-success' },
  warning: { icon: TriangleAlert, box: 'bg-warning-soft', mark: 'text-warning' },
  danger: { icon: CircleAlert, box: 'bg-danger-soft', mark: 'text-danger' },
} as const

type AlertProps = {
  tone?: Tone
  children: ReactNode
  /** One way on: a button or a link. */
  action?: ReactNode
  /** `alert` interrupts, for what just failed; leave out for what was there when the page came. */
  role?: 'alert' | 'status'
}

/** A sentence that says what happened and what is safe, with at most one thing to do. */
export function Alert({ tone = 'info', children, action, role }: AlertProps) {
  const { icon: Icon, box, mark } = TONES[tone]
  return (
    <div role={role} className={`flex items-start gap-3 rounded-xl px-4 py-3 text-sm ${box}`}>
      <Icon className={`mt-[0.2em] size-4 shrink-0 ${mark}`} aria-hidden="true" />
      <div className="min-w-0 flex-1 self-center">{children}</div>
      {action}
    </div>
  )
}
