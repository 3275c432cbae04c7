'use client'

import { LogOut } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { useErrorText } from '#app/_ui/form-error.tsx'
import { signOut } from '#lib/auth/client.ts'

export function SignOutButton() {
  const t = useTranslations('account')
  const text = useErrorText()
  const [state, setState] = useState<'idle' | 'leaving' | 'failed'>('idle')

  async function leave() {
    setState('leaving')
    try {
      await signOut()
      // A new document, so that nothing of this person stays in memory.
      location.assign('/sign-in')
    } catch {
      setState('failed')
    }
  }

  return (
    <div className="needs-script flex flex-wrap items-center justify-end gap-3">
      {state === 'failed' && (
        <span role="alert" className="text-danger text-sm">
          {text({ code: 'network', params: {} })}
        </span>
      )}
      <Button variant="danger" pending={state === 'leaving'} onClick={() => void leave()}>
        <LogOut className="size-4" aria-hidden="true" />
        {t('signOut')}
      </Button>
    </div>
  )
}
