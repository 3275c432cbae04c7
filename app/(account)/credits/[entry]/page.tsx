import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { cache } from 'react'
import { requirePageUser } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { EntryDetails } from '#app/_ui/receipt/entry-details.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { AppError } from '#lib/errors.ts'
import { getStatementEntry, getStatementEntryInput } from '#lib/inference/index.ts'

type PageProps = { params: Promise<{ entry: string }> }

const loadEntry = cache(async (seq: string) => {
  const { viewer: _viewer, ...ctx } = await requirePageUser()
  const asked = getStatementEntryInput.safeParse({ seq })
  if (!asked.success) notFound()
  try {
    return await getStatementEntry(ctx, asked.data)
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { seq } = await loadEntry((await params).entry)
  return { title: (await getTranslations('credits'))('entry.title', { seq }) }
}

/** One entry as a page of its own: what a link leads to, what is printed, what is left without a script. */
export default async function EntryPage({ params }: PageProps) {
  const entry = await loadEntry((await params).entry)
  const [t, timeZone] = await Promise.all([getTranslations('credits'), getTimeZone()])
  return (
    <div className="mx-auto max-w-lg">
      <TimeZoneKeeper shown={timeZone} />
      <Link
        href={`/credits?before=${BigInt(entry.seq) + 1n}#statement`}
        prefetch={false}
        className={buttonClass('quiet', 'small', '-ms-2.5')}
      >
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('entry.inStatement')}
      </Link>
      <h1 className="mt-2 mb-4 font-semibold text-2xl">{t('entry.title', { seq: entry.seq })}</h1>
      <Card>
        <EntryDetails entry={entry} timeZone={timeZone} />
      </Card>
    </div>
  )
}
