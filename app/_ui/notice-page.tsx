import type { ReactNode } from 'react'
import { Contact } from '#app/_ui/contact.tsx'
import { Logo } from '#app/_ui/logo.tsx'

/** A whole page that says one thing and offers one way on: not found, fault, dead link. */
export function NoticePage({ title, text, children }: { title: ReactNode; text: ReactNode; children?: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-(--screen) max-w-md flex-col justify-center gap-4 px-6 py-12">
      <Logo className="size-9" />
      <h1 className="mt-2 font-semibold text-xl">{title}</h1>
      <p className="text-muted">{text}</p>
      {children && <div className="mt-2 flex flex-wrap items-center gap-3">{children}</div>}
      <Contact className="mt-4" />
    </main>
  )
}
