'use client'

import { useTranslations } from 'next-intl'
import { Alert } from '#app/_ui/alert.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'

/** What went wrong with a form as a whole; faults of one field are shown at that field. */
export function FormError({ failure, field }: { failure: FormFailure | null; field: string | null }) {
  const text = useErrorText()
  if (!failure || field) return null
  return (
    <Alert tone="danger" role="alert">
      {text(failure)}
    </Alert>
  )
}

/** @returns a function that puts a failure into a sentence, with the reference to ask about when the fault is ours */
export function useErrorText(): (failure: FormFailure) => string {
  const t = useTranslations('errors')
  const common = useTranslations('common')
  return ({ code, params, requestId }) => {
    if (code === 'required') return t('invalid_input')
    const reference = code === 'internal' && requestId ? ` ${common('errorReference', { reference: requestId })}` : ''
    return `${t(code, params)}${reference}`
  }
}
