import { cache } from 'react'
import { getCtx } from '#app/_server/context.ts'
import { getSettings } from '#lib/settings/index.ts'

/** The name that the operator gave the service. */
export const getSiteName = cache(async (): Promise<string> => {
  // The page about a database that is down has a title too.
  const settings = await getCtx()
    .then(getSettings)
    .catch(() => null)
  return settings?.site_name ?? 'Undefined Behavior'
})
