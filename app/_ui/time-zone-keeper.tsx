'use client'

import { useRouter } from 'next/navigation'
import { useEffect } from 'react'
import { keepCookie } from '#app/_ui/keep-cookie.ts'
import { TIME_ZONE_COOKIE } from '#app/_ui/time-zone.ts'

const YEAR_SECONDS = 31_536_000

/** Tells the server where this browser is. A page whose days were reckoned elsewhere comes again. */
export function TimeZoneKeeper({ shown }: { shown: string }) {
  const router = useRouter()
  useEffect(() => {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
    if (!timeZone || timeZone === shown) return
    const told = `${TIME_ZONE_COOKIE}=${encodeURIComponent(timeZone)}`
    if (document.cookie.split('; ').includes(told)) return
    keepCookie(TIME_ZONE_COOKIE, timeZone, YEAR_SECONDS)
    router.refresh()
  }, [shown, router])
  return null
}
