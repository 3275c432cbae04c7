import type { ReactNode } from 'react'
import { ClientMessages } from '#app/_server/messages.tsx'
import { getSiteName } from '#app/_server/site.ts'
import { Contact } from '#app/_ui/contact.tsx'
import { LanguageSwitch } from '#app/_ui/language-switch.tsx'
import { Logo } from '#app/_ui/logo.tsx'
import { ThemeSwitch } from '#app/_ui/theme-switch.tsx'

export default async function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <ClientMessages namespaces={['auth']}>
      <div className="flex min-h-(--screen) flex-col px-5 pt-[max(1.5rem,env(safe-area-inset-top))] pb-[max(1rem,env(safe-area-inset-bottom))]">
        <header className="mx-auto flex w-full max-w-sm pt-[6vh]">
          <a href="/" className="flex min-w-0 items-center gap-2.5 rounded-lg font-semibold touch:min-h-11">
            <Logo className="size-7 shrink-0" />
            {await getSiteName()}
          </a>
        </header>
        <main className="mx-auto w-full max-w-sm grow py-8">{children}</main>
        <Contact className="mx-auto mb-3 w-full max-w-sm" />
        <footer className="mx-auto flex w-full max-w-sm items-center justify-between gap-2">
          <div className="-ms-2.5">
            <LanguageSwitch />
          </div>
          <ThemeSwitch />
        </footer>
      </div>
    </ClientMessages>
  )
}
