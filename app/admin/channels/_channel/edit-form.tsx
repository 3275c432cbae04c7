'use client'

import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import { Field } from '#app/_ui/field.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { SaveRow } from '#app/_ui/save-row.tsx'
import { Select } from '#app/_ui/select.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'
import { useRefreshingForm } from '#app/admin/_parts/use-refreshing-form.ts'
import { edit } from '#app/admin/channels/actions.ts'

type EditFormProps = {
  channel: {
    id: string
    version: number
    name: string
    vendor: string
    baseUrl: string
    priority: number
    weight: number
    ownNetwork: boolean
    hasProxy: boolean
    headerNames: readonly string[]
  }
}

/** Where a channel leads and how it is chosen. What is secret in it is never shown, only replaced. */
export function EditForm({ channel }: EditFormProps) {
  const { formProps, pending, done, failure, field } = useRefreshingForm(edit)
  const known = ['name', 'vendor', 'baseUrl', 'priority', 'weight', 'proxy']
  const isShown = field !== null && (known.includes(field) || isHeader(field))
  return (
    <form {...formProps} className="needs-script grid max-w-3xl gap-4">
      <FormError failure={failure} field={isShown ? field : null} />
      <input type="hidden" name="channelId" value={channel.id} />
      <input type="hidden" name="version" value={channel.version} />
      {/* Another version is another form: what stands in it is what is stored. */}
      <ChannelFields key={channel.version} channel={channel} failure={failure} field={field} />
      <SaveRow pending={pending} isSaved={done} />
    </form>
  )
}

const isHeader = (field: string | null) => field?.startsWith('headers') ?? false

type ChannelFieldsProps = EditFormProps & { failure: FormFailure | null; field: string | null }

function ChannelFields({ channel, failure, field }: ChannelFieldsProps) {
  const t = useTranslations('adminModels.edit')
  const [address, setAddress] = useState(channel.baseUrl)
  const isElsewhere = URL.canParse(address) && new URL(address).origin !== new URL(channel.baseUrl).origin
  const isPrivate = failure?.code === 'address_private'
  return (
    <>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field
          id="name"
          label={t('name')}
          defaultValue={channel.name}
          required
          maxLength={100}
          autoComplete="off"
          error={field === 'name' && t('nameTaken')}
        />
        <Field
          id="vendor"
          label={t('vendor')}
          hint={t('vendorHint')}
          defaultValue={channel.vendor}
          required
          maxLength={50}
          autoComplete="off"
          spellCheck={false}
          error={field === 'vendor' && t('vendorBad')}
        />
      </div>
      <Field
        id="baseUrl"
        label={t('baseUrl')}
        hint={isElsewhere ? <span className="text-warning">{t('otherHost')}</span> : undefined}
        value={address}
        onChange={(event) => setAddress(event.target.value)}
        required
        type="url"
        maxLength={500}
        autoComplete="off"
        spellCheck={false}
        error={field === 'baseUrl' && (isPrivate ? t('private') : t('baseUrlBad'))}
      />
      <label className="flex min-h-11 cursor-pointer items-start gap-3">
        <input
          type="checkbox"
          name="ownNetwork"
          defaultChecked={channel.ownNetwork}
          className="mt-0.5 size-5 shrink-0"
        />
        <span>
          <span className="font-medium text-sm">{t('ownNetwork')}</span>
          <span className="block text-muted text-xs">{t('ownNetworkHint')}</span>
        </span>
      </label>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field
          id="priority"
          label={t('priority')}
          hint={t('priorityHint')}
          defaultValue={channel.priority}
          type="number"
          min={-1_000}
          max={1_000}
          required
          error={field === 'priority' && t('priorityBad')}
        />
        <Field
          id="weight"
          label={t('weight')}
          hint={t('weightHint')}
          defaultValue={channel.weight}
          type="number"
          min={1}
          max={1_000}
          required
          error={field === 'weight' && t('weightBad')}
        />
      </div>
      <SecretChange name="proxyChange" label={t('proxy')} state={channel.hasProxy ? t('proxySet') : null}>
        <Field
          id="proxy"
          label={t('proxyNew')}
          placeholder="http://user:password@proxy.example:8080"
          maxLength={500}
          autoComplete="off"
          spellCheck={false}
          error={field === 'proxy' && (isPrivate ? t('private') : t('proxyBad'))}
        />
      </SecretChange>
      <SecretChange
        name="headersChange"
        label={t('headers')}
        state={
          channel.headerNames.length > 0 && !isElsewhere
            ? t('headersSet', { names: channel.headerNames.join(', ') })
            : null
        }
      >
        <label className="grid gap-1.5 font-medium text-sm">
          {t('headersNew')}
          <textarea
            name="headers"
            rows={3}
            maxLength={20_000}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={isHeader(field) || undefined}
            placeholder="appid: app-123"
            className="w-full rounded-lg border border-line-strong/70 bg-raised px-3.5 py-2.5 font-mono text-base hover:border-line-strong aria-invalid:border-danger sm:text-sm"
          />
          {isHeader(field) && <span className="font-normal text-danger">{t('headersBad')}</span>}
        </label>
      </SecretChange>
    </>
  )
}

type SecretChangeProps = {
  name: string
  label: string
  /** What is known of the secret; null when there is none. */
  state: string | null
  children: ReactNode
}

function SecretChange({ name, label, state, children }: SecretChangeProps) {
  const t = useTranslations('adminModels.edit')
  const [change, setChange] = useState('keep')
  return (
    <div className="grid items-start gap-3 sm:grid-cols-2">
      <Select id={name} label={label} value={change} onChange={(event) => setChange(event.target.value)}>
        <option value="keep">{state ?? t('noSecret')}</option>
        <option value="replace">{state ? t('replace') : t('setOne')}</option>
        {state && <option value="remove">{t('remove')}</option>}
      </Select>
      {change === 'replace' && children}
    </div>
  )
}
