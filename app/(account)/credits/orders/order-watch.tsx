'use client'

import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import type { OrderState } from '#lib/payments/shared.ts'

const FIRST_MS = 3_000
const LAST_MS = 30_000
/** Each wait is so much longer than the one before: about twenty asks in the first two minutes. */
const SLOWER = 1.1

/** Asks what has become of an order until it has changed, and brings the page up to date. Rests while nobody looks. */
export function OrderWatch({ orderId, state }: { orderId: string; state: OrderState }) {
  const t = useTranslations('orders')
  const router = useRouter()
  const [isOffline, setOffline] = useState(false)

  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let waitMs = FIRST_MS

    async function ask() {
      if (document.hidden) return
      try {
        const now = await fetchState(orderId, abort.signal)
        setOffline(false)
        if (now !== state) router.refresh()
      } catch {
        if (abort.signal.aborted) return
        setOffline(true)
      }
      waitMs = Math.min(LAST_MS, waitMs * SLOWER)
      wait()
    }
    function wait() {
      clearTimeout(timer)
      if (!document.hidden && !abort.signal.aborted) timer = setTimeout(() => void ask(), waitMs)
    }
    function look() {
      clearTimeout(timer)
      waitMs = FIRST_MS
      void ask()
    }
    wait()
    document.addEventListener('visibilitychange', look)
    window.addEventListener('online', look)
    return () => {
      abort.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', look)
      window.removeEventListener('online', look)
    }
  }, [orderId, state, router])

  return <p className="needs-script mt-1 text-muted text-sm">{isOffline ? t('offline') : t('updates')}</p>
}

async function fetchState(orderId: string, signal: AbortSignal): Promise<OrderState> {
  const response = await fetch(`/api/orders/${orderId}`, { signal })
  if (!response.ok) throw new Error(`order ${orderId}: ${response.status}`)
  return ((await response.json()) as { order: { state: OrderState } }).order.state
}
