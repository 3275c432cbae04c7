import type { Metadata } from 'next'
import { getSiteName } from '#app/_server/site.ts'
import { getEnv } from '#lib/env.ts'

type Told = {
  path: string
  /** The whole title where it is `absolute`; otherwise the service's name follows. */
  title: string | { absolute: string }
  description?: string
}

/** What others show of a public page, and its one address whichever way it was reached. */
export async function publicMetadata({ path, title, description }: Told): Promise<Metadata> {
  const url = new URL(path, getEnv().APP_URL).href
  return {
    title,
    description,
    alternates: { canonical: url },
    openGraph: { type: 'website', siteName: await getSiteName(), title, description, url },
  }
}
