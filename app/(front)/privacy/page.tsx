import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { getFrontFacts } from '#app/_server/front-facts.ts'
import { OperatorText } from '#app/(front)/_parts/operator-text.tsx'
import { publicMetadata } from '#app/(front)/_parts/public-metadata.ts'

export async function generateMetadata(): Promise<Metadata> {
  return publicMetadata({ path: '/privacy', title: (await getTranslations('front'))('privacy') })
}

export default async function PrivacyPage() {
  const [t, { privacy }] = await Promise.all([getTranslations('front'), getFrontFacts()])
  if (privacy === null) notFound()
  return <OperatorText title={t('privacy')} text={privacy} />
}
