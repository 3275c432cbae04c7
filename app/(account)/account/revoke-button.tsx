'use client'

import { type ReactNode, useState, useTransition } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { useErrorText } from '#app/_ui/form-error.tsx'
import type { FormFailure, FormResult } from '#app/_ui/use-form.ts'

type Props = { revoke: () => Promise<FormResult>; label?: string; children: ReactNode }

/** Ends a session or several; the list comes back without them. */
export function RevokeButton({ revoke, label, children }: Props) {
  const [pending, startTransition] = useTransition()
  const [failure, setFailure] = useState<FormFailure | null>(null)
  const text = useErrorText()

  function press() {
    startTransition(async () => {
      const result = await revoke().catch((): FormResult => ({ ok: false, error: { code: 'network', params: {} } }))
      setFailure(result.ok ? null : result.error)
    })
  }

  return (
    <span className="needs-script inline-flex items-center gap-3">
      {failure && (
        <span role="alert" className="text-danger text-sm">
          {text(failure)}
        </span>
      )}
      <Button size="small" pending={pending} aria-label={label} onClick={press}>
        {children}
      </Button>
    </span>
  )
}
