'use client'

import { useLocale, useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { PasswordField } from '#app/_ui/password-field.tsx'
import { Select } from '#app/_ui/select.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'
import { VENDOR_PRESETS, type VendorPreset, vendorOfBaseUrl, vendorsOfKey } from '#lib/models/shared.ts'

/** A channel as it is being typed. */
export type Way = {
  key: string
  vendor: string
  baseUrl: string
  name: string
  proxy: string
  ownNetwork: boolean
}

export const NO_WAY: Way = { key: '', vendor: '', baseUrl: '', name: '', proxy: '', ownNetwork: false }

/** What stands for a server that is none of the known vendors. */
const OTHER = 'other'

type VendorFieldsProps = {
  way: Way
  onChange: (way: Way) => void
  failure: FormFailure | null
  disabled: boolean
}

/** Key, vendor and address. A key that looks like one vendor's chooses that vendor. */
export function VendorFields({ way, onChange, failure, disabled }: VendorFieldsProps) {
  const t = useTranslations('adminModels.setUp')
  const likely = vendorsOfKey(way.key)
  const preset = VENDOR_PRESETS.find(({ id }) => id === way.vendor)
  const isOther = way.vendor !== '' && !preset
  const choose = ({ id, urls }: VendorPreset): Way => ({ ...way, vendor: id, baseUrl: urls[0]?.url ?? '' })
  const changeKey = (key: string) => {
    const [only, ...more] = vendorsOfKey(key)
    // What was chosen by hand stays unless the key plainly belongs elsewhere.
    const recognised = only && more.length === 0 && only.id !== way.vendor && !isOther
    onChange({ ...(recognised ? choose(only) : way), key })
  }
  const chooseId = (id: string) => {
    const chosen = VENDOR_PRESETS.find((one) => one.id === id)
    onChange(chosen ? choose(chosen) : { ...way, vendor: id === '' ? '' : OTHER, baseUrl: '' })
  }
  const changeUrl = (baseUrl: string) => onChange({ ...way, baseUrl, vendor: vendorOfBaseUrl(baseUrl) ?? way.vendor })
  const field = failure?.params.field
  const isPrivate = failure?.code === 'address_private'
  return (
    <fieldset disabled={disabled} className="grid gap-4">
      <PasswordField
        id="vendor-key"
        name="key"
        label={t('key')}
        value={way.key}
        onChange={(event) => changeKey(event.target.value)}
        autoComplete="off"
        maxLength={1_000}
        error={field === 'key' && t('keyBad')}
        hint={<KeyHint likely={likely} typed={way.key} preset={preset} />}
      />
      {likely.length > 1 && !likely.some(({ id }) => id === way.vendor) && (
        <div className="flex flex-wrap items-center gap-2">
          {likely.map((vendor) => (
            <Button key={vendor.id} size="small" onClick={() => onChange(choose(vendor))}>
              {vendor.name}
            </Button>
          ))}
        </div>
      )}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Select
          id="vendor"
          label={t('vendor')}
          value={isOther ? OTHER : way.vendor}
          onChange={(event) => chooseId(event.target.value)}
        >
          <option value="">{t('chooseVendor')}</option>
          {VENDOR_PRESETS.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          <option value={OTHER}>{t('otherServer')}</option>
        </Select>
        {preset && preset.urls.length > 1 && (
          <Select
            id="vendor-region"
            label={t('region')}
            value={preset.urls.some(({ url }) => url === way.baseUrl) ? way.baseUrl : ''}
            onChange={(event) => onChange({ ...way, baseUrl: event.target.value })}
          >
            <option value="" disabled>
              {t('ownAddress')}
            </option>
            {preset.urls.map(({ url, region }) => (
              <option key={url} value={url}>
                {region ? t(`regions.${region}`) : new URL(url).pathname}
              </option>
            ))}
          </Select>
        )}
      </div>
      <Field
        id="base-url"
        label={t('baseUrl')}
        hint={isOther ? t('baseUrlHint') : undefined}
        type="url"
        inputMode="url"
        value={way.baseUrl}
        onChange={(event) => changeUrl(event.target.value)}
        placeholder="https://api.example.com/v1"
        autoComplete="off"
        spellCheck={false}
        maxLength={500}
        error={field === 'baseUrl' && (isPrivate ? t('private') : t('baseUrlBad'))}
      />
      {isOther && (
        <Field
          id="vendor-id"
          label={t('vendorId')}
          hint={t('vendorIdHint')}
          value={way.vendor === OTHER ? '' : way.vendor}
          placeholder={OTHER}
          onChange={(event) => onChange({ ...way, vendor: event.target.value.toLowerCase() || OTHER })}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={50}
          error={field === 'vendor' && t('vendorIdBad')}
        />
      )}
      {(isOther || isPrivate || way.ownNetwork) && <OwnNetwork way={way} onChange={onChange} />}
      <details open={field === 'name' || field === 'proxy' ? true : undefined}>
        <summary className="cursor-pointer py-1 text-muted text-sm hover:text-ink touch:py-2.5">{t('more')}</summary>
        <div className="mt-2 grid items-start gap-4 sm:grid-cols-2">
          <Field
            id="channel-name"
            label={t('name')}
            hint={t('nameHint')}
            value={way.name}
            onChange={(event) => onChange({ ...way, name: event.target.value })}
            autoComplete="off"
            maxLength={100}
            error={field === 'name' && t('nameTaken')}
          />
          <Field
            id="channel-proxy"
            label={t('proxy')}
            hint={t('proxyHint')}
            value={way.proxy}
            onChange={(event) => onChange({ ...way, proxy: event.target.value })}
            placeholder="http://user:password@proxy.example:8080"
            autoComplete="off"
            spellCheck={false}
            maxLength={500}
            error={field === 'proxy' && (isPrivate ? t('private') : t('proxyBad'))}
          />
        </div>
      </details>
    </fieldset>
  )
}

function OwnNetwork({ way, onChange }: Pick<VendorFieldsProps, 'way' | 'onChange'>) {
  const t = useTranslations('adminModels.setUp')
  return (
    <label className="flex min-h-11 cursor-pointer items-start gap-3">
      <input
        type="checkbox"
        checked={way.ownNetwork}
        onChange={(event) => onChange({ ...way, ownNetwork: event.target.checked })}
        className="mt-0.5 size-5 shrink-0"
      />
      <span>
        <span className="font-medium text-sm">{t('ownNetwork')}</span>
        <span className="block text-muted text-xs">{t('ownNetworkHint')}</span>
      </span>
    </label>
  )
}

type KeyHintProps = { likely: readonly VendorPreset[]; typed: string; preset: VendorPreset | undefined }

function KeyHint({ likely, typed, preset }: KeyHintProps) {
  const t = useTranslations('adminModels.setUp')
  const locale = useLocale()
  if (typed.trim() === '') {
    return preset?.keysUrl ? (
      <a href={preset.keysUrl} target="_blank" rel="noreferrer" className="underline underline-offset-4">
        {t('whereKeys', { vendor: preset.name })}
      </a>
    ) : (
      t('keyKept')
    )
  }
  const [first] = likely
  if (!first) return preset ? t('keyKept') : t('notRecognised')
  const names = new Intl.ListFormat(locale, { type: 'conjunction' }).format(likely.map(({ name }) => name))
  return likely.length === 1 ? t('recognised', { vendor: first.name }) : t('several', { vendors: names })
}
