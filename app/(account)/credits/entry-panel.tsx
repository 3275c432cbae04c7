'use client'

import { useTranslations } from 'next-intl'
import { type RefObject, useEffect, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { EntryDetails } from '#app/_ui/receipt/entry-details.tsx'
import { WayOn } from '#app/_ui/receipt/receipt-details.tsx'
import { Spinner } from '#app/_ui/spinner.tsx'
import type { StatementEntry } from '#lib/inference/shared.ts'

type EntryPanelProps = {
  seq: string
  anchor: RefObject<HTMLElement | null>
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** All there is to know of an entry, beside its line. */
// biome-ignore lint/style/noDefaultExport: React.lazy takes the default export.
export default function EntryPanel({ seq, open, ...panel }: EntryPanelProps) {
  const t = useTranslations('credits')
  const [tries, setTries] = useState(0)
  const [loaded, setLoaded] = useState<{ seq: string; entry: StatementEntry | null }>()

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try asks again.
  useEffect(() => {
    if (!open || loaded?.entry?.seq === seq) return
    const abort = new AbortController()
    loadEntry(seq, abort.signal).then(
      (entry) => setLoaded({ seq, entry }),
      () => !abort.signal.aborted && setLoaded({ seq, entry: null }),
    )
    return () => abort.abort()
  }, [seq, open, tries])

  const entry = loaded?.seq === seq ? loaded.entry : undefined
  return (
    <Panel title={t('entry.title', { seq })} side="beside" open={open} {...panel}>
      {entry && (
        <>
          <EntryDetails entry={entry} />
          <p className="mt-3 text-sm">
            <WayOn href={`/credits/${seq}`}>{t('entry.page')}</WayOn>
          </p>
        </>
      )}
      {entry === undefined && (
        <p role="status" className="flex items-center gap-2 py-6 text-muted text-sm">
          <Spinner />
          {t('entry.loading')}
        </p>
      )}
      {entry === null && (
        <div role="alert" className="grid justify-items-start gap-3 py-4 text-sm">
          <p>{t('entry.failed')}</p>
          <Button
            size="small"
            onClick={() => {
              setLoaded(undefined)
              setTries(tries + 1)
            }}
          >
            {t('entry.tryAgain')}
          </Button>
        </div>
      )}
    </Panel>
  )
}

async function loadEntry(seq: string, signal: AbortSignal): Promise<StatementEntry> {
  const response = await fetch(`/api/statement/entries/${seq}`, { signal })
  if (!response.ok) throw new Error(`entry ${seq}: ${response.status}`)
  return (await response.json()) as StatementEntry
}
