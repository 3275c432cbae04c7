import { AppError } from '#lib/errors.ts'
import { creditsToDecimal, parseCredits } from '#lib/money.ts'
import { setSiteCurrency } from '#lib/payments/index.ts'
import { getSettings, type SettingKey, type Settings, setSetting } from '#lib/settings/index.ts'
import { type Command, UsageError } from './command.ts'

/** What stands for a setting that decides by itself, for a limit that there is not, and for nothing. */
const AUTOMATIC = 'auto'
const OFF = 'off'
const NONE = 'none'
/** Of a text in the list of all settings. */
const LINE_MAX = 80
/** Settings that are a number, also while they are none. */
const NUMBERS: ReadonlySet<string> = new Set(['bin_days'])
/** Amounts are typed and shown in credits. */
const AMOUNT_SUFFIX = '_micros'
/** What null means where it is no choice of the service's. */
const WORDS_FOR_NULL: Partial<Record<string, string>> = {
  adjustment_approval_above_micros: OFF,
  bin_days: OFF,
  contact: NONE,
  terms: NONE,
  privacy: NONE,
  registration_number: NONE,
  notice_text: NONE,
  system_prompt: NONE,
  manual_payment_text: NONE,
  payment_text: NONE,
}

export const listSettingsCommand: Command = {
  name: 'settings',
  summary: 'shows the settings of the service',
  options: {},
  async run({ ctx }) {
    const shown = Object.entries(await getSettings(ctx)).map(([key, value]) => [nameOf(key), show(key, value)] as const)
    const width = Math.max(...shown.map(([name]) => name.length))
    return {
      text: shown.map(([name, value]) => `${name.padEnd(width)}  ${lineOf(value)}`).join('\n'),
      data: Object.fromEntries(shown),
    }
  },
}

export const setSettingCommand: Command = {
  name: 'setting set',
  summary: 'changes a setting',
  args: ['NAME', 'VALUE'],
  options: {},
  notes: [
    `Amounts are credits, such as 2.5. '${AUTOMATIC}' leaves a choice to the service, where it can make one; '${OFF}' ends`,
    `a limit. Several values are written with commas, such as card,alipay; '${NONE}' is no value, or no text.`,
  ].join('\n'),
  async run({ ctx, args: [name = '', text = ''] }) {
    const settings = await getSettings(ctx)
    const key = (Object.keys(settings) as SettingKey[]).find((candidate) => nameOf(candidate) === name)
    if (!key) throw new UsageError(`there is no setting ${name}: ${Object.keys(settings).map(nameOf).join(', ')}`)
    try {
      const value = read(key, text, settings[key]) as Settings[typeof key]
      if (key === 'site_currency') await setSiteCurrency(ctx, { currency: text })
      else await setSetting(ctx, { key, value })
    } catch (error) {
      if (error instanceof AppError && error.code === 'invalid_input')
        throw new UsageError(`${name} cannot be '${text}'`)
      throw error
    }
    const value = show(key, (await getSettings(ctx))[key])
    return { text: `${name} is ${value} now`, data: { name, value } }
  },
}

/** A long text by how it begins; `--json` has all of it. */
function lineOf(value: string): string {
  const [first = ''] = value.split('\n')
  const line = first.length > LINE_MAX ? first.slice(0, LINE_MAX).trimEnd() : first
  return line === value ? value : `${line} … (${value.length} characters)`
}

function nameOf(key: string): string {
  return key.endsWith(AMOUNT_SUFFIX) ? key.slice(0, -AMOUNT_SUFFIX.length) : key
}

function show(key: string, value: Settings[SettingKey]): string {
  if (value === null) return wordForNull(key)
  if (Array.isArray(value)) return value.join(',') || NONE
  return key.endsWith(AMOUNT_SUFFIX) ? creditsToDecimal(BigInt(value)) : String(value)
}

function wordForNull(key: string): string {
  return WORDS_FOR_NULL[key] ?? AUTOMATIC
}

/** The value that a text means for a setting; whether it is allowed is for the setting's own schema to say. */
function read(key: string, text: string, present: Settings[SettingKey]): unknown {
  if (Array.isArray(present)) return text === NONE ? [] : text.split(',').map((word) => word.trim())
  if (text === wordForNull(key)) return null
  if (key.endsWith(AMOUNT_SUFFIX)) {
    const micros = parseCredits(text)
    if (micros === null) throw new UsageError(`${nameOf(key)} must be a decimal number of credits, not '${text}'`)
    return micros.toString()
  }
  return (typeof present === 'number' || NUMBERS.has(key)) && /^\d{1,12}$/.test(text) ? Number(text) : text
}
