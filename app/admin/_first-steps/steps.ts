import type { SignUpTerms } from '#lib/auth/index.ts'
import type { ChannelSummary } from '#lib/models/index.ts'
import type { SettingStates } from '#lib/settings/index.ts'

export type StepName = 'channel' | 'test' | 'registration' | 'payment' | 'site'

/** One step on the way to a service that people can use; without an address while another step comes first. */
export type Step = { name: StepName; isDone: boolean; isNeeded: boolean; href: string | null }

/** How people pay as things are; null while nobody has decided. */
export type PaymentWay = 'stripe' | 'manual' | 'both' | 'codes' | null

export type FirstStepsFacts = {
  channels: readonly Pick<ChannelSummary, 'id' | 'status' | 'keys' | 'calls' | 'failures'>[]
  states: Pick<
    SettingStates,
    'registration' | 'sign_up_credit_micros' | 'manual_payment' | 'site_name' | 'contact' | 'first_steps'
  >
  stripe: boolean
  /** Whether redemption codes have been made. */
  codes: boolean
}

/** What is done and what is missing, from how things are: nothing is ticked off by hand. */
export function stepsOf({ channels, states, ...facts }: FirstStepsFacts): Step[] {
  const usable = usableChannels(channels)
  const tested = channels.some(
    ({ keys, calls, failures }) => calls > failures || keys.some(({ testOutcome }) => testOutcome === 'ok'),
  )
  const toTest = usable[0] ?? channels[0]
  return [
    { name: 'channel', isDone: usable.length > 0, isNeeded: true, href: '/admin/channels/new?first=1' },
    {
      name: 'test',
      isDone: tested,
      isNeeded: true,
      href: toTest ? `/admin/channels/${toTest.id}` : null,
    },
    {
      name: 'registration',
      // A default is no decision: free credits must not be given away because nobody looked.
      isDone: states.registration.version > 0 || states.sign_up_credit_micros.version > 0,
      isNeeded: true,
      href: '/admin/settings#registration',
    },
    {
      name: 'payment',
      isDone: paymentWay({ states, ...facts }) !== null,
      isNeeded: true,
      href: '/admin/settings#payments',
    },
    {
      name: 'site',
      isDone: states.site_name.version > 0 || states.contact.version > 0,
      isNeeded: false,
      href: '/admin/settings#site',
    },
  ]
}

/** Channels through which a call can go now. */
export function usableChannels<C extends FirstStepsFacts['channels'][number]>(channels: readonly C[]): C[] {
  return channels.filter(({ status, keys }) => status === 'active' && keys.some((key) => key.status === 'active'))
}

export function paymentWay({
  states,
  stripe,
  codes,
}: Pick<FirstStepsFacts, 'states' | 'stripe' | 'codes'>): PaymentWay {
  const manual = states.manual_payment.value === 'on'
  if (stripe) return manual ? 'both' : 'stripe'
  if (manual) return 'manual'
  return codes || states.manual_payment.version > 0 ? 'codes' : null
}

/** Micro-credits that each stranger who signs up may spend at a vendor; zero where that costs nothing. */
export function spentBySigningUp(
  { states }: Pick<FirstStepsFacts, 'states'>,
  { automaticMicros, isPaid }: SignUpTerms,
): bigint {
  const { value } = states.sign_up_credit_micros
  if (!isPaid || states.registration.value === 'closed') return 0n
  return value === null ? automaticMicros : BigInt(value)
}
