'use client'

import { useLocale, useTranslations } from 'next-intl'
import { useCallback } from 'react'
import type { Failure } from '#app/(chat)/_thread/thread.ts'
import { decodeMicros, formatCredits, type Rounding } from '#lib/money.ts'

/** Where something can be done about a failure that is about credits; null for every other. */
export function creditsHref(code: string): string | null {
  switch (code) {
    case 'insufficient_credits':
      return '/credits#buy'
    case 'spend_cap_reached':
    case 'wallet_suspended':
      return '/credits'
    default:
      return null
  }
}

/** A sentence for a failure in the reader's language; an unknown code is told as a fault of ours. */
export function useFailureText(): (failure: Failure) => string {
  const t = useTranslations('errors')
  const chat = useTranslations('chat')
  const locale = useLocale()
  return useCallback(
    ({ code, params }) => {
      const credits = (name: string, rounding?: Rounding) =>
        formatCredits(decodeMicros(String(params[name] ?? '0')), locale, rounding)
      if (code === 'spend_cap_reached' && 'limitMicros' in params) {
        return chat('capReached', {
          period: String(params.period),
          limit: credits('limitMicros'),
          left: credits('leftMicros', 'down'),
          needed: credits('neededMicros', 'up'),
        })
      }
      if (code === 'insufficient_credits' && 'availableMicros' in params) {
        const held = decodeMicros(String(params.heldMicros ?? '0'))
        return chat(held > 0n ? 'notEnoughHeld' : 'notEnough', {
          available: credits('availableMicros', 'down'),
          needed: credits('neededMicros', 'up'),
          held: credits('heldMicros'),
        })
      }
      const key = code as Parameters<typeof t>[0]
      return t.has(key) ? t(key, params as never) : t('internal')
    },
    [t, chat, locale],
  )
}
