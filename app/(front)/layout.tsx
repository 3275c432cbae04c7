import type { ReactNode } from 'react'
import { KeptChoices } from '#app/(front)/_parts/kept-choices.tsx'
import { SiteFoot } from '#app/(front)/_parts/site-foot.tsx'
import { SiteHead } from '#app/(front)/_parts/site-head.tsx'

/** Pages for everybody: the service, its prices, and what the operator has to say. They need no JavaScript. */
export default function FrontLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <KeptChoices />
      <div className="mx-auto flex min-h-(--screen) w-full max-w-4xl flex-col px-5 sm:px-8">
        <SiteHead />
        <main className="grow pt-8 pb-16 sm:pt-14">{children}</main>
        <SiteFoot />
      </div>
    </>
  )
}
