import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { getFrontFacts } from '#app/_server/front-facts.ts'
import { PATH_HEADER, WELCOME_PATH } from '#app/_server/page-path.ts'
import { getSiteName } from '#app/_server/site.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { HowToStart } from '#app/(front)/_parts/how-to-start.tsx'
import { ModelList } from '#app/(front)/_parts/model-list.tsx'
import { publicMetadata } from '#app/(front)/_parts/public-metadata.ts'

const FACTS = ['receipt', 'limit', 'fail', 'stay'] as const

export async function generateMetadata(): Promise<Metadata> {
  const [t, site] = await Promise.all([getTranslations('front'), getSiteName()])
  return publicMetadata({
    path: '/',
    title: { absolute: t('metaTitle', { site }) },
    description: t('metaDescription'),
  })
}

export default async function WelcomePage() {
  // It has one address, where who is signed in has the chat.
  if ((await headers()).get(PATH_HEADER)?.startsWith(WELCOME_PATH)) redirect('/')
  const [t, facts] = await Promise.all([getTranslations('front'), getFrontFacts()])
  return (
    <div className="grid gap-14">
      <section>
        <h1 className="text-pretty font-semibold text-2xl">{t('headline')}</h1>
        <p className="mt-3 max-w-[38rem] text-lg">{t('lead')}</p>
        {facts.site.languages.length > 1 && <p className="mt-2 text-muted">{t('languages')}</p>}
        <p className="mt-6">
          {facts.isOpen ? (
            <a href="/register" className={buttonClass('primary')}>
              {t('register')}
            </a>
          ) : (
            <a href="/sign-in" className={buttonClass('primary')}>
              {t('signIn')}
            </a>
          )}
        </p>
      </section>
      <dl className="grid gap-x-10 gap-y-6 sm:grid-cols-2">
        {FACTS.map((fact) => (
          <div key={fact}>
            <dt className="font-semibold">{t(`facts.${fact}Title`)}</dt>
            <dd className="mt-1 text-muted text-sm">{t(`facts.${fact}`)}</dd>
          </div>
        ))}
      </dl>
      <ModelList models={facts.models} currency={facts.currency} />
      <HowToStart
        isOpen={facts.isOpen}
        signUpMicros={facts.signUpMicros}
        packages={facts.packages}
        currency={facts.currency}
      />
    </div>
  )
}
