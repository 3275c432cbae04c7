import { cookies, headers } from 'next/headers'
import { cache } from 'react'
import { getCtx } from '#app/_server/context.ts'
import { getFrontFacts } from '#app/_server/front-facts.ts'
import { SHARED_HEADER } from '#app/_server/page-path.ts'
import { NOTICE_COOKIE, noticeKey } from '#app/_ui/notice-key.ts'
import { DEFAULT_SITE, getSite as findSite, type Site } from '#lib/settings/index.ts'

/** What the operator made of the service's look, once for each request. */
export const getSite = cache(async (): Promise<Site> => {
  // The page about a database that is down has a look too.
  return await readSite().catch(() => DEFAULT_SITE)
})

async function readSite(): Promise<Site> {
  // Strangers may come in any number.
  if ((await headers()).has(SHARED_HEADER)) return (await getFrontFacts()).site
  return await findSite(await getCtx())
}

/** The name that the operator gave the service. */
export const getSiteName = cache(async (): Promise<string> => (await getSite()).name)

/** The operator's notice, unless this browser has put it away. */
export const getNotice = cache(async (): Promise<Site['notice']> => {
  const [{ notice }, store] = await Promise.all([getSite(), cookies()])
  const isPutAway = notice?.dismissable && store.get(NOTICE_COOKIE)?.value === noticeKey(notice.text)
  return isPutAway ? null : notice
})

/** Where the logo is as it is now: another picture has another address, so a browser may keep each for good. */
export function logoAddress({ logoVersion }: Site): string | null {
  return logoVersion === null ? null : `/api/site-files/logo?v=${logoVersion}`
}
