import { getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import type { FrontFacts } from '#app/_server/front-facts.ts'
import { Contact } from '#app/_ui/contact.tsx'
import { amountsIn } from '#app/(front)/_parts/offer.ts'

/** The way from here to a first answer, as it is now. */
export async function HowToStart({
  isOpen,
  signUpMicros,
  packages,
  currency,
}: Pick<FrontFacts, 'isOpen' | 'signUpMicros' | 'packages' | 'currency'>) {
  const [t, { rounded }] = await Promise.all([getTranslations('front.start'), amountsIn(currency)])
  const link = (href: string) => (text: ReactNode) => (
    <a href={href} className="font-medium text-accent underline underline-offset-4">
      {text}
    </a>
  )
  return (
    <section aria-labelledby="start">
      <h2 id="start" className="font-semibold text-xl">
        {t('title')}
      </h2>
      <ol className="mt-3 grid list-decimal gap-2.5 ps-5 marker:text-muted marker:tabular-nums">
        <li className="ps-1.5">
          {isOpen ? (
            t.rich('register', {
              link: link('/register'),
              credit: signUpMicros > 0n ? t('credit', { credits: rounded(signUpMicros) }) : t('noCredit'),
            })
          ) : (
            <>
              {t.rich('closed', { link: link('/sign-in') })}
              <Contact className="mt-1" />
            </>
          )}
        </li>
        <li className="ps-1.5">{packages.length > 0 ? t('buy') : t('redeem')}</li>
        <li className="ps-1.5">{t('ask')}</li>
      </ol>
    </section>
  )
}
