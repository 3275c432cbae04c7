import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { getCtx, getViewer, isShutOut } from '#app/_server/context.ts'
import { safeNextPath } from '#app/_server/origin.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { AuthHeading } from '#app/(auth)/_parts/auth-heading.tsx'
import { OtherWay, withNext } from '#app/(auth)/_parts/other-way.tsx'
import { SignInForm } from '#app/(auth)/sign-in/sign-in-form.tsx'
import { getSetting } from '#lib/settings/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth'))('signInTitle') }
}

type Props = { searchParams: Promise<{ next?: string | string[] }> }

export default async function SignInPage({ searchParams }: Props) {
  const next = safeNextPath((await searchParams).next)
  if (await getViewer()) redirect(next)
  const [t, shutOut, registration] = await Promise.all([
    getTranslations('auth'),
    isShutOut(),
    getCtx().then((ctx) => getSetting(ctx, 'registration')),
  ])
  return (
    <>
      <AuthHeading title={t('signInTitle')} />
      {shutOut && (
        <div className="mb-4">
          <Alert tone="warning">{t('shutOut')}</Alert>
        </div>
      )}
      <noscript>
        <div className="mb-4">
          <Alert tone="warning">{t('scriptsNeeded')}</Alert>
        </div>
      </noscript>
      <SignInForm next={next} />
      {registration === 'open' && (
        <OtherWay question={t('noAccount')} href={withNext('/register', next)}>
          {t('toRegister')}
        </OtherWay>
      )}
      <p className="mt-3 text-muted text-xs">{t('forgot')}</p>
    </>
  )
}
