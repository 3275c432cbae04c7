'use client'

import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { type ReactNode, useEffect, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Dialog } from '#app/_ui/dialog.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError, useErrorText } from '#app/_ui/form-error.tsx'
import { type FormResult, useForm } from '#app/_ui/use-form.ts'

/** What a field of the form needs to show its own fault. */
export type FieldFault = (name: string) => ReactNode

type ActionDialogProps = {
  /** Words on the button that opens it, and what it is called. */
  label: ReactNode
  title: ReactNode
  /** What it will do, and what of it cannot be undone. */
  text?: ReactNode
  /** Words on the button that does it. */
  confirm: ReactNode
  variant?: 'primary' | 'secondary' | 'danger' | 'quiet'
  /** Values sent along: ids, and a version against stale forms. */
  values?: Record<string, string>
  /** Asks for a reason, which goes into the audit log as `reason`. */
  reason?: boolean
  /** Fields of its own. */
  fields?: (fault: FieldFault) => ReactNode
  /** The page to go on to once it is done, where this one is gone then. */
  leadsTo?: string
  action: (data: FormData) => Promise<FormResult>
}

/** A button that asks before it acts. Closed once it is done, and the page shows how things are now. */
export function ActionDialog({ label, title, variant = 'secondary', ...form }: ActionDialogProps) {
  const [open, setOpen] = useState(false)
  const [isDone, setDone] = useState(false)
  const t = useTranslations('admin')
  return (
    <>
      <Button
        variant={variant}
        size="small"
        aria-haspopup="dialog"
        className="needs-script"
        onClick={() => {
          setDone(false)
          setOpen(true)
        }}
      >
        {label}
      </Button>
      <span role="status" className="sr-only">
        {isDone && t('done')}
      </span>
      <Dialog open={open} onClose={() => setOpen(false)} title={title}>
        <ActionForm
          {...form}
          variant={variant}
          onCancel={() => setOpen(false)}
          onDone={() => {
            setOpen(false)
            setDone(true)
          }}
        />
      </Dialog>
    </>
  )
}

type ActionFormProps = Omit<ActionDialogProps, 'label' | 'title'> & { onCancel: () => void; onDone: () => void }

function ActionForm({
  text,
  confirm,
  variant,
  values = {},
  reason,
  fields,
  leadsTo,
  action,
  onCancel,
  onDone,
}: ActionFormProps) {
  const t = useTranslations('admin')
  const errorText = useErrorText()
  const router = useRouter()
  const { formProps, pending, done, failure, field } = useForm(action)
  useEffect(() => {
    if (!done) return
    onDone()
    if (leadsTo === undefined) router.refresh()
    else router.push(leadsTo)
  }, [done, leadsTo, onDone, router])
  const fault: FieldFault = (name) => field === name && failure && errorText(failure)
  const isShown = field !== null && isShownIn(formProps.ref.current, field)
  return (
    <form {...formProps} className="grid gap-4">
      {text && <div className="text-muted text-sm">{text}</div>}
      <FormError failure={failure} field={isShown ? field : null} />
      {Object.entries(values).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {fields?.(fault)}
      {reason && (
        <Field
          id="action-reason"
          name="reason"
          label={t('reason')}
          hint={t('reasonHint')}
          required
          maxLength={500}
          autoComplete="off"
          error={fault('reason') && t('reasonNeeded')}
        />
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button variant="quiet" onClick={onCancel}>
          {t('cancel')}
        </Button>
        <Button type="submit" variant={variant === 'danger' ? 'danger' : 'primary'} pending={pending}>
          {confirm}
        </Button>
      </div>
    </form>
  )
}

// A fault of a field that the form does not show is one of the form as a whole.
function isShownIn(form: HTMLFormElement | null, name: string): boolean {
  const element = form?.elements.namedItem(name)
  return element instanceof HTMLElement && (element as HTMLInputElement).type !== 'hidden'
}
