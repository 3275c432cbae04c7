import { Check, CircleDashed } from 'lucide-react'
import Link from 'next/link'
import { getLocale, getTranslations } from 'next-intl/server'
import { ClientMessages } from '#app/_server/messages.tsx'
import { Alert } from '#app/_ui/alert.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { DismissButton } from '#app/admin/_first-steps/dismiss-button.tsx'
import { paymentWay, type Step, spentBySigningUp, stepsOf, usableChannels } from '#app/admin/_first-steps/steps.ts'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { getSignUpTerms, getStartingCredit } from '#lib/auth/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { listChannels } from '#lib/models/index.ts'
import { formatCredits, formatWorth } from '#lib/money.ts'
import { isStripeConfigured, listCodeBatches } from '#lib/payments/index.ts'
import { listSettings } from '#lib/settings/index.ts'

/**
 * What is missing until people can use the service, at the top of the overview; nothing once all is done, or once the
 * operator has put it away.
 */
export async function FirstSteps({ ctx }: { ctx: Ctx }) {
  const states = await listSettings(ctx)
  if (states.first_steps.value === 'done') return null
  const [channels, batches, signUp, startingMicros, t, locale] = await Promise.all([
    listChannels(ctx),
    listCodeBatches(ctx, { limit: 1 }),
    getSignUpTerms(ctx),
    getStartingCredit(ctx),
    getTranslations('adminService.firstSteps'),
    getLocale(),
  ])
  const facts = { channels, states, stripe: isStripeConfigured(), codes: batches.items.length > 0 }
  const steps = stepsOf(facts)
  if (steps.every(({ isDone }) => isDone)) return null

  const currency = states.site_currency.value
  const spent = spentBySigningUp(facts, signUp)
  const way = paymentWay(facts)
  const isReady = steps.every(({ isDone, isNeeded }) => isDone || !isNeeded)
  const next = steps.find(({ isDone, isNeeded }) => !isDone && isNeeded) ?? steps.find(({ isDone }) => !isDone)
  const textOf = ({ name, isDone }: Step) => {
    if (!isDone) return t(`steps.${name}.todo`, { currency })
    switch (name) {
      case 'channel':
        return t('steps.channel.done', { count: usableChannels(channels).length })
      case 'test':
        return t('steps.test.done')
      case 'registration':
        return states.registration.value === 'closed'
          ? t('steps.registration.closed')
          : t('steps.registration.open', { credits: formatCredits(startingMicros, locale) })
      case 'payment':
        return t(`steps.payment.${way ?? 'codes'}`)
      case 'site':
        return t('steps.site.done', { name: states.site_name.value, currency })
    }
  }
  return (
    <div className="mt-5">
      <Card
        title={t('title')}
        hint={t('progress', { done: steps.filter(({ isDone }) => isDone).length, count: steps.length })}
      >
        <ol className="grid gap-1">
          {steps.map((step) => (
            <li
              key={step.name}
              className="grid grid-cols-[auto_minmax(0,1fr)] items-start gap-x-3 gap-y-2 border-line border-t py-3 first:border-t-0 first:pt-0 sm:grid-cols-[auto_minmax(0,1fr)_auto]"
            >
              <span
                className={`mt-0.5 flex size-5 items-center justify-center rounded-full ${step.isDone ? 'bg-success-soft text-success' : 'text-muted'}`}
              >
                {step.isDone ? (
                  <Check className="size-3.5" aria-hidden="true" />
                ) : (
                  <CircleDashed className="size-5" aria-hidden="true" />
                )}
                <span className="sr-only">{step.isDone ? t('done') : t('todo')}</span>
              </span>
              <div className="min-w-0">
                <h3 className={`flex flex-wrap items-center gap-2 ${step.isDone ? 'text-muted' : 'font-medium'}`}>
                  {t(`steps.${step.name}.title`)}
                  {!step.isNeeded && !step.isDone && <Badge>{t('optional')}</Badge>}
                </h3>
                <p className="mt-0.5 text-muted text-sm">{textOf(step)}</p>
                {step.name === 'registration' && spent > 0n && (
                  <div className="mt-2">
                    <Alert tone="warning">
                      {t('spends', {
                        credits: formatCredits(spent, locale),
                        worth: formatWorth(spent, currency, locale),
                      })}
                    </Alert>
                  </div>
                )}
              </div>
              {step.href && (!step.isDone || step.name === 'registration') && (
                <Link
                  href={step.href}
                  prefetch={false}
                  className={buttonClass(step === next ? 'primary' : 'secondary', 'small', 'max-sm:col-start-2 w-fit')}
                >
                  {t(`steps.${step.name}.act`)}
                </Link>
              )}
            </li>
          ))}
        </ol>
        {isReady && (
          <div className="mt-2 flex flex-wrap items-center gap-3 border-line border-t pt-4 text-sm">
            <ClientMessages namespaces={['adminService']}>
              <DismissButton />
            </ClientMessages>
            <span className="text-muted">{t('dismissHint')}</span>
          </div>
        )}
      </Card>
    </div>
  )
}
