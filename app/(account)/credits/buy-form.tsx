'use client'

import { CreditCard, Landmark, type LucideIcon, QrCode } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { type ReactNode, useEffect, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { buy } from '#app/(account)/credits/actions.ts'
import { newId } from '#lib/id.ts'
import type { PaymentMethod } from '#lib/payments/shared.ts'

type Offer = {
  packageId: string
  price: string
  credits: string
  bonus: string | null
  /** About how many messages it lasts for; null when nobody can say. */
  messages: number | null
}

type BuyFormProps = {
  offers: Offer[]
  methods: PaymentMethod[]
  /** Names the order that the form makes, so that pressing twice is one order. */
  requestId: string
}

const ICONS: Record<PaymentMethod, LucideIcon> = {
  card: CreditCard,
  alipay: QrCode,
  wechat_pay: QrCode,
  manual: Landmark,
}

/** After these the order is over: to press again is to order anew. */
const ENDED = new Set<string>(['payment_method_unavailable', 'order_closed'])

/** Chooses a package and a way to pay, and goes to where it is paid. */
export function BuyForm({ offers, methods, requestId: firstRequestId }: BuyFormProps) {
  const t = useTranslations('orders')
  const router = useRouter()
  const [requestId, setRequestId] = useState(firstRequestId)
  const [packageId, setPackageId] = useState(offers[0]!.packageId)
  const [method, setMethod] = useState(methods[0]!)
  const [isLeaving, setLeaving] = useState(false)
  const { formProps, pending, failure } = useForm(async (data) => {
    const result = await buy(data)
    if (result.ok) {
      setLeaving(true)
      if (result.data.href.startsWith('/')) router.push(result.data.href)
      else window.location.assign(result.data.href)
    } else if (ENDED.has(result.error.code)) setRequestId(newId())
    return result
  })
  const isBusy = pending || isLeaving
  const price = offers.find((offer) => offer.packageId === packageId)?.price ?? ''

  useEffect(() => {
    // Back from the payment page, the browser may show this one as it was left.
    const comeBack = ({ persisted }: PageTransitionEvent) => {
      if (!persisted) return
      setLeaving(false)
      setRequestId(newId())
    }
    window.addEventListener('pageshow', comeBack)
    return () => window.removeEventListener('pageshow', comeBack)
  }, [])

  // Another wish is another order.
  const choose = (take: () => void) => () => {
    take()
    setRequestId(newId())
  }

  return (
    <form {...formProps} className="needs-script grid gap-5">
      <input type="hidden" name="requestId" value={requestId} />
      <fieldset className="grid gap-2">
        <legend className="mb-2 font-medium text-sm">{t('buy.packages')}</legend>
        <div className="figures grid gap-2 sm:grid-cols-[repeat(auto-fit,minmax(10.5rem,1fr))]">
          {offers.map((offer) => (
            <Choice
              key={offer.packageId}
              name="packageId"
              value={offer.packageId}
              isChosen={offer.packageId === packageId}
              onChoose={choose(() => setPackageId(offer.packageId))}
              isTall
            >
              <span className="flex min-w-0 flex-1 flex-wrap items-baseline justify-between gap-x-3 self-stretch sm:flex-col sm:items-start">
                <span className="font-semibold">{t('buy.credits', { amount: offer.credits })}</span>
                <span className="sm:order-last sm:mt-auto sm:pt-2">{offer.price}</span>
                <span className="basis-full text-sm sm:basis-auto">
                  {offer.bonus !== null && (
                    <span className="block text-success">{t('buy.bonus', { amount: offer.bonus })}</span>
                  )}
                  {offer.messages !== null && offer.messages > 0 && (
                    <span className="block text-muted text-xs">{t('buy.worth', { count: offer.messages })}</span>
                  )}
                </span>
              </span>
            </Choice>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend className="mb-2 font-medium text-sm">{t('buy.methods')}</legend>
        <div className="grid gap-2 sm:flex sm:flex-wrap">
          {methods.map((one) => {
            const Icon = ICONS[one]
            return (
              <Choice
                key={one}
                name="method"
                value={one}
                isChosen={one === method}
                onChoose={choose(() => setMethod(one))}
              >
                <Icon className="size-4 shrink-0 text-muted" aria-hidden="true" />
                <span className="sm:text-sm">{t(`methods.${one}`)}</span>
              </Choice>
            )
          })}
        </div>
      </fieldset>
      <FormError failure={failure} field={null} />
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" variant="primary" pending={isBusy} className="figures max-sm:w-full">
          {method === 'manual' ? t('buy.order', { price }) : t('buy.pay', { price })}
        </Button>
        <p role="status" className="text-muted text-sm empty:hidden">
          {isLeaving && t('buy.leaving')}
        </p>
      </div>
    </form>
  )
}

type ChoiceProps = {
  name: string
  value: string
  isChosen: boolean
  onChoose: () => void
  /** Of several lines: the mark stands at the first. */
  isTall?: boolean
  children: ReactNode
}

function Choice({ name, value, isChosen, onChoose, isTall, children }: ChoiceProps) {
  return (
    <label
      className={`flex min-h-11 cursor-pointer rounded-xl border border-line-strong/60 px-3 py-2.5 transition-colors duration-150 hover:border-line-strong has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2 ${isTall ? 'items-start gap-3' : 'items-center gap-2'}`}
    >
      <input
        type="radio"
        name={name}
        value={value}
        checked={isChosen}
        onChange={onChoose}
        className={`size-4 shrink-0 focus-visible:outline-none ${isTall ? 'mt-[0.3em]' : ''}`}
      />
      {children}
    </label>
  )
}
