import type { FieldSpec, Option } from '#app/admin/settings/fields.ts'
import { LOCALE_NAMES, LOCALES } from '#lib/i18n/shared.ts'
import { creditsToDecimal } from '#lib/money.ts'
import type { SettingKey, SettingStates } from '#lib/settings/index.ts'
import { ACCENTS, NOTICE_TONES, SETTING_BOUNDS, SETTING_LENGTHS, STRIPE_METHODS } from '#lib/settings/shared.ts'

/** Settings that belong together and are saved together, in the page's order. */
export const GROUPS = {
  site: ['site_name', 'accent', 'contact'],
  public: ['terms', 'privacy', 'registration_number'],
  notice: ['notice_text', 'notice_tone', 'notice_dismissable'],
  languages: ['languages', 'time_zone'],
  registration: ['registration', 'sign_up_credit_micros'],
  answers: ['system_prompt', 'default_model_id', 'max_running', 'free_failures_per_day'],
  payments: ['stripe_methods', 'manual_payment', 'manual_payment_text', 'payment_text'],
  money: ['markup_percent', 'adjustment_approval_above_micros'],
  data: ['bin_days', 'first_steps'],
} as const satisfies Record<string, readonly SettingKey[]>

export type Group = keyof typeof GROUPS

/** What a form must know beside the settings. */
export type FieldSources = {
  states: SettingStates
  models: readonly { id: string; displayName: string }[]
  /** A text for one of a setting's values. */
  option: (setting: string, value: string) => string
  noLimit: string
}

/** The fields of a group, with what is stored. */
export function fieldsOf(group: Group, sources: FieldSources): FieldSpec[] {
  return GROUPS[group].map((name) => fieldOf(name, sources))
}

type Editable = (typeof GROUPS)[Group][number]

function fieldOf(name: Editable, { states, models, option, noLimit }: FieldSources): FieldSpec {
  const { version } = states[name]
  const base = { name, version }
  const options = (values: readonly string[], of: string = name): Option[] =>
    values.map((value) => [value, option(of, value)])
  switch (name) {
    case 'site_name':
      return {
        ...base,
        kind: 'line',
        value: states[name].value,
        max: SETTING_LENGTHS[name],
        nullable: false,
        usual: states[name].default,
      }
    case 'contact':
    case 'registration_number':
    case 'notice_text':
      return {
        ...base,
        kind: 'line',
        value: states[name].value,
        max: SETTING_LENGTHS[name],
        nullable: true,
        usual: null,
      }
    case 'terms':
    case 'privacy':
    case 'system_prompt':
    case 'manual_payment_text':
    case 'payment_text':
      return {
        ...base,
        kind: 'lines',
        value: states[name].value,
        max: SETTING_LENGTHS[name],
        nullable: true,
        usual: null,
      }
    case 'max_running':
    case 'free_failures_per_day':
    case 'markup_percent':
    case 'bin_days': {
      const { value, default: usual } = states[name]
      return {
        ...base,
        kind: 'number',
        value,
        ...SETTING_BOUNDS[name],
        nullable: name === 'bin_days',
        usual: usual === null ? noLimit : String(usual),
      }
    }
    case 'sign_up_credit_micros':
    case 'adjustment_approval_above_micros': {
      const { value } = states[name]
      const empty = name === 'sign_up_credit_micros' ? 'automatic' : 'noLimit'
      return { ...base, kind: 'credits', value: value === null ? '' : creditsToDecimal(BigInt(value)), empty }
    }
    case 'registration':
      return { ...base, kind: 'choice', value: states[name].value, options: options(['open', 'closed']) }
    case 'manual_payment':
      return { ...base, kind: 'choice', value: states[name].value, options: options(['on', 'off']) }
    case 'notice_tone':
      return { ...base, kind: 'choice', value: states[name].value, options: options(NOTICE_TONES) }
    case 'notice_dismissable':
      return { ...base, kind: 'choice', value: states[name].value, options: options(['on', 'off'], 'switch') }
    case 'first_steps':
      return { ...base, kind: 'choice', value: states[name].value, options: options(['open', 'done']) }
    case 'languages':
      return {
        ...base,
        kind: 'several',
        value: states[name].value,
        options: LOCALES.map((locale) => [locale, LOCALE_NAMES[locale]]),
        least: 1,
      }
    case 'stripe_methods':
      return { ...base, kind: 'several', value: states[name].value, options: options(STRIPE_METHODS), least: 0 }
    case 'accent':
      return { ...base, kind: 'accent', value: states[name].value, options: options(ACCENTS) }
    case 'time_zone':
      return {
        ...base,
        kind: 'zone',
        value: states[name].value,
        zones: ['UTC', ...Intl.supportedValuesOf('timeZone')],
      }
    case 'default_model_id':
      return {
        ...base,
        kind: 'select',
        value: states[name].value ?? '',
        options: models.map(({ id, displayName }) => [id, displayName]),
        nullable: true,
      }
  }
}
