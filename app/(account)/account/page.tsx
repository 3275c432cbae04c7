import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { requirePageUser } from '#app/_server/context.ts'
import { Card } from '#app/_ui/card.tsx'
import { LanguageSwitch } from '#app/_ui/language-switch.tsx'
import { ThemeSwitch } from '#app/_ui/theme-switch.tsx'
import { PasswordForm } from '#app/(account)/account/password-form.tsx'
import { ProfileForm } from '#app/(account)/account/profile-form.tsx'
import { SessionList } from '#app/(account)/account/session-list.tsx'
import { SignOutButton } from '#app/(account)/account/sign-out-button.tsx'
import { listSessions } from '#lib/auth/index.ts'
import { MIN_PASSWORD } from '#lib/auth/shared.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('account'))('title') }
}

export default async function AccountPage() {
  const { viewer, ...ctx } = await requirePageUser()
  const [t, sessions] = await Promise.all([getTranslations('account'), listSessions(ctx)])
  const { email, name, actor } = viewer
  return (
    <>
      <h1 className="font-semibold text-2xl">{t('title')}</h1>
      <p className="mt-1 break-words text-muted text-sm">
        {email}
        {actor.role === 'admin' && ` · ${t('admin')}`}
      </p>
      <div className="mt-6 grid gap-4">
        <Card title={t('profile')}>
          <ProfileForm name={name} />
          <div className="needs-script mt-5 grid gap-1 border-line border-t pt-4">
            <Row label={t('language')}>
              <LanguageSwitch />
            </Row>
            <Row label={t('theme')}>
              <ThemeSwitch />
            </Row>
          </div>
        </Card>
        <Card title={t('password')} hint={t('passwordText')}>
          <PasswordForm email={email} minPassword={MIN_PASSWORD[actor.role]} />
        </Card>
        <Card title={t('sessions')} hint={t('sessionsText')}>
          <SessionList sessions={sessions} />
        </Card>
        <div className="flex justify-end">
          <SignOutButton />
        </div>
      </div>
    </>
  )
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-h-11 items-center justify-between gap-4 text-sm">
      <span aria-hidden="true">{label}</span>
      {children}
    </div>
  )
}
