'use client'

import { useTranslations } from 'next-intl'
import { useErrorText } from '#app/_ui/form-error.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'

/** Faults of a vendor that the operator can do something about. */
const FAULTS = [
  'vendor_key_refused',
  'vendor_rate_limited',
  'vendor_refused',
  'vendor_failed',
  'vendor_unreachable',
  'vendor_malformed',
  'vendor_empty',
  'vendor_timeout',
  'address_private',
] as const

/** Puts a failure into words for the operator, who may know more of a vendor than a reader. */
export function useVendorFault(): (failure: FormFailure) => string {
  const t = useTranslations('adminModels.fault')
  const errorText = useErrorText()
  return (failure) => {
    const known = FAULTS.find((code) => code === failure.code)
    return known ? t(known) : errorText(failure)
  }
}
