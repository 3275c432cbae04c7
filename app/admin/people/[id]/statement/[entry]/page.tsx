import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { cache } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { EntryDetails } from '#app/_ui/receipt/entry-details.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { loadPerson } from '#app/admin/people/_person/load-person.ts'
import { AppError } from '#lib/errors.ts'
import { getStatementEntry, getStatementEntryInput } from '#lib/inference/index.ts'

type PageProps = { params: Promise<{ id: string; entry: string }> }

const loadEntry = cache(async (id: string, seq: string) => {
  const { ctx, person } = await loadPerson(id)
  const asked = getStatementEntryInput.safeParse({ seq })
  if (!asked.success) notFound()
  try {
    return { person, entry: await getStatementEntry(ctx, { ...asked.data, userId: person.id }) }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { id, entry } = await params
  const { person } = await loadEntry(id, entry)
  const t = await getTranslations('adminPeople')
  return { title: t('statement.entryOf', { seq: entry, name: person.name }) }
}

/** One entry of a person's statement: for a call its receipt, with tokens and money and no word of it. */
export default async function PersonEntryPage({ params }: PageProps) {
  await requirePageAdmin()
  const { id, entry: seq } = await params
  const { person, entry } = await loadEntry(id, seq)
  const [t, credits, timeZone] = await Promise.all([
    getTranslations('adminPeople'),
    getTranslations('credits'),
    getTimeZone(),
  ])
  const path = `/admin/people/${person.id}/statement`
  return (
    <div className="mx-auto max-w-lg">
      <TimeZoneKeeper shown={timeZone} />
      <Link
        href={`${path}?before=${BigInt(entry.seq) + 1n}`}
        prefetch={false}
        className={buttonClass('quiet', 'small', '-ms-2.5')}
      >
        <ArrowLeft className="size-4" aria-hidden="true" />
        {credits('entry.inStatement')}
      </Link>
      <h1 className="mt-2 font-semibold text-2xl">{credits('entry.title', { seq: entry.seq })}</h1>
      <p className="mt-1 mb-4 text-muted text-sm [overflow-wrap:anywhere]">{person.name}</p>
      <Card>
        <EntryDetails entry={entry} timeZone={timeZone} paths={{ entries: path, orders: '/admin/orders' }} />
      </Card>
      {entry.receipt && (
        <p className="mt-3 text-sm">
          <TextLink href={`/admin/calls/${entry.receipt.id}`}>{t('statement.call')}</TextLink>
        </p>
      )}
    </div>
  )
}
