'use client'

import { createContext, type ReactNode, use } from 'react'

/** What the operator made of the service's look. */
export type SiteLook = {
  name: string
  /** Address of the operator's own mark; null shows ours. */
  logo: string | null
  contact: string | null
  /** Interface languages on offer. */
  languages: readonly string[]
}

const SiteContext = createContext<SiteLook>({ name: '', logo: null, contact: null, languages: [] })

export function SiteProvider({ site, children }: { site: SiteLook; children: ReactNode }) {
  return <SiteContext value={site}>{children}</SiteContext>
}

export function useSite(): SiteLook {
  return use(SiteContext)
}
