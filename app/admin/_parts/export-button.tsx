'use client'

import { Download } from 'lucide-react'
import { useSearchParams } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useRef, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'

type State = { is: 'idle' | 'failed' } | { is: 'under' | 'done'; rows: number }

/**
 * Fetches a list as a CSV file with the filters of the address, counting its rows as they come. A file that broke off
 * is thrown away: half a list must not look like a whole one.
 * @param label tells it apart where a page has several
 */
export function ExportButton({ href, label }: { href: string; label?: string }) {
  const t = useTranslations('admin.export')
  const params = useSearchParams()
  const [state, setState] = useState<State>({ is: 'idle' })
  const stop = useRef<AbortController | null>(null)

  async function press() {
    const query = new URLSearchParams(params)
    query.delete('after')
    stop.current = new AbortController()
    setState({ is: 'under', rows: 0 })
    try {
      const response = await fetch(query.size > 0 ? `${href}?${query}` : href, { signal: stop.current.signal })
      if (!response.ok || !response.body) throw new Error(`answered ${response.status}`)
      const { blob, rows } = await readRows(response.body, (count) => setState({ is: 'under', rows: count }))
      save(blob, nameOf(response.headers.get('content-disposition')))
      setState({ is: 'done', rows })
    } catch {
      setState({ is: stop.current.signal.aborted ? 'idle' : 'failed' })
    }
  }

  return (
    <span className="needs-script inline-flex flex-wrap items-center gap-2">
      <span role="status" className="figures text-muted text-xs empty:-me-2">
        {state.is === 'failed' && <span className="text-danger">{t('failed')}</span>}
        {(state.is === 'under' || state.is === 'done') && t(state.is, { count: state.rows })}
      </span>
      {state.is === 'under' ? (
        <Button size="small" onClick={() => stop.current?.abort()}>
          {t('stop')}
        </Button>
      ) : (
        <Button size="small" aria-label={label && `${t('button')}: ${label}`} onClick={() => void press()}>
          <Download className="size-4" aria-hidden="true" />
          {t('button')}
        </Button>
      )}
    </span>
  )
}

async function readRows(body: ReadableStream<Uint8Array<ArrayBuffer>>, onRows: (count: number) => void) {
  const parts: Uint8Array<ArrayBuffer>[] = []
  // The first line is the heading. A line break within a cell counts too: the number says that it moves.
  let lines = -1
  for (const reader = body.getReader(); ; ) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    for (const byte of value) if (byte === 10) lines += 1
    onRows(Math.max(0, lines))
  }
  return { blob: new Blob(parts, { type: 'text/csv' }), rows: Math.max(0, lines) }
}

function save(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob)
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function nameOf(disposition: string | null): string {
  return /filename="([^"]+)"/.exec(disposition ?? '')?.[1] ?? 'export.csv'
}
