import type { Metadata } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getSite, logoAddress } from '#app/_server/site.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { Card } from '#app/_ui/card.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { ChangeHistory } from '#app/admin/settings/change-history.tsx'
import { CurrencyForm } from '#app/admin/settings/currency-form.tsx'
import type { Option } from '#app/admin/settings/fields.ts'
import { type FieldSources, fieldsOf, GROUPS, type Group } from '#app/admin/settings/groups.ts'
import { PictureField } from '#app/admin/settings/picture-field.tsx'
import { RegistrationForm } from '#app/admin/settings/registration-form.tsx'
import { SettingsForm } from '#app/admin/settings/settings-form.tsx'
import { getSignUpTerms } from '#lib/auth/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { listModels } from '#lib/models/index.ts'
import { creditsToDecimal, isPayableCurrency } from '#lib/money.ts'
import { isSiteCurrencyFixed, isStripeConfigured } from '#lib/payments/index.ts'
import { listPaymentCodes, listSettings } from '#lib/settings/index.ts'

const PAYMENT_CODES = ['manual_payment_alipay', 'manual_payment_wechat', 'manual_payment_bank'] as const

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminService.settings'))('title') }
}

export default async function SettingsPage() {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const [t, locale, states, models, site, codes, isFixed, signUp] = await Promise.all([
    getTranslations('adminService.settings'),
    getLocale(),
    listSettings(ctx),
    listModels(ctx),
    getSite(),
    listPaymentCodes(ctx),
    isSiteCurrencyFixed(ctx),
    getSignUpTerms(ctx),
  ])
  const sources: FieldSources = {
    states,
    models,
    option: (setting, value) => t(`options.${setting as 'accent'}.${value as 'teal'}`),
    noLimit: t('noLimit'),
  }
  const currency = states.site_currency.value
  const credit = states.sign_up_credit_micros.value
  const codeAddress = (name: string) => {
    const code = codes.find((one) => one.name === name)
    return code ? `/api/payment-codes/${name}?v=${code.updatedAt.getTime().toString(36)}` : null
  }
  return (
    <>
      <PageHead title={t('title')} hint={t('hint')} />
      <nav aria-label={t('title')} className="mt-4 flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {(Object.keys(GROUPS) as Group[]).map((group) => (
          <a
            key={group}
            href={`#${group}`}
            className="text-muted underline-offset-4 hover:text-ink hover:underline touch:inline-flex touch:min-h-11 touch:items-center"
          >
            {t(`groups.${group}.label`)}
          </a>
        ))}
      </nav>
      <div className="mt-5 grid max-w-3xl gap-5">
        <GroupCard ctx={ctx} group="site">
          <SettingsForm fields={fieldsOf('site', sources)} />
          <div className="mt-6 border-line border-t pt-5">
            <PictureField name="logo" shown={logoAddress(site)} />
          </div>
        </GroupCard>
        <GroupCard ctx={ctx} group="public">
          <SettingsForm fields={fieldsOf('public', sources)} />
        </GroupCard>
        <GroupCard ctx={ctx} group="notice">
          <SettingsForm fields={fieldsOf('notice', sources)} />
        </GroupCard>
        <GroupCard ctx={ctx} group="languages">
          <SettingsForm fields={fieldsOf('languages', sources)} />
        </GroupCard>
        <GroupCard ctx={ctx} group="registration">
          <RegistrationForm
            fields={fieldsOf('registration', sources)}
            registration={states.registration.value}
            credit={credit === null ? '' : creditsToDecimal(BigInt(credit))}
            automaticMicros={signUp.automaticMicros}
            currency={currency}
            isPaid={signUp.isPaid}
          />
        </GroupCard>
        <GroupCard ctx={ctx} group="answers">
          <SettingsForm fields={fieldsOf('answers', sources)} />
        </GroupCard>
        <GroupCard ctx={ctx} group="payments">
          <div className="mb-5">
            <Alert tone={isStripeConfigured() ? 'success' : 'info'}>
              {t(isStripeConfigured() ? 'stripe.on' : 'stripe.off')}
            </Alert>
          </div>
          <SettingsForm fields={fieldsOf('payments', sources)} />
          <div className="mt-6 grid gap-5 border-line border-t pt-5">
            {PAYMENT_CODES.map((name) => (
              <PictureField key={name} name={name} shown={codeAddress(name)} />
            ))}
          </div>
        </GroupCard>
        <GroupCard ctx={ctx} group="money" also={['site_currency']}>
          <CurrencyForm
            currency={currency}
            version={states.site_currency.version}
            currencies={currencyNames(currency, locale)}
            isFixed={isFixed}
          />
          <div className="mt-6 border-line border-t pt-5">
            <SettingsForm fields={fieldsOf('money', sources)} />
          </div>
        </GroupCard>
        <GroupCard ctx={ctx} group="data">
          <SettingsForm fields={fieldsOf('data', sources)} />
        </GroupCard>
      </div>
    </>
  )
}

/** Currencies that can be paid in, named here: browsers know fewer names. */
function currencyNames(present: string, locale: string): Option[] {
  const names = new Intl.DisplayNames(locale, { type: 'currency' })
  return Intl.supportedValuesOf('currency')
    .filter((code) => code === present || isPayableCurrency(code))
    .map((code) => [code, `${code} · ${names.of(code)}`])
}

type GroupCardProps = { ctx: Ctx; group: Group; also?: readonly string[]; children: ReactNode }

async function GroupCard({ ctx, group, also = [], children }: GroupCardProps) {
  const t = await getTranslations('adminService.settings.groups')
  return (
    <div id={group} className="scroll-mt-20">
      <Card title={t(`${group}.label`)} hint={t(`${group}.hint`)}>
        {children}
        <ChangeHistory ctx={ctx} keys={[...GROUPS[group], ...also]} />
      </Card>
    </div>
  )
}
