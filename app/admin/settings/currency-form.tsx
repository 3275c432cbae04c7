'use client'

import { useTranslations } from 'next-intl'
import { FormError } from '#app/_ui/form-error.tsx'
import { SaveRow } from '#app/_ui/save-row.tsx'
import { Select } from '#app/_ui/select.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { saveCurrency } from '#app/admin/settings/actions.ts'
import type { Option } from '#app/admin/settings/fields.ts'

type CurrencyFormProps = { currency: string; version: number; currencies: readonly Option[]; isFixed: boolean }

/** What a credit is worth a unit of, as long as nobody has paid. */
export function CurrencyForm({ currency, version, currencies, isFixed }: CurrencyFormProps) {
  const t = useTranslations('adminService.settings')
  const { formProps, pending, done, failure } = useForm((data) =>
    saveCurrency({ currency: String(data.get('site_currency')), version: Number(data.get('version')) }),
  )
  if (isFixed) return <p className="text-sm">{t('currencyFixed', { currency })}</p>
  return (
    <form {...formProps} className="needs-script grid gap-3">
      <FormError failure={failure} field={null} />
      <div key={version} className="grid max-w-96 gap-1.5">
        <input type="hidden" name="version" value={version} />
        <Select
          id="setting-site_currency"
          name="site_currency"
          label={<span className="font-medium text-ink text-sm">{t('settings.site_currency.label')}</span>}
          defaultValue={currency}
        >
          {currencies.map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </Select>
        <p className="text-muted text-xs">{t('settings.site_currency.hint')}</p>
      </div>
      <SaveRow pending={pending} isSaved={done} variant="secondary" />
    </form>
  )
}
