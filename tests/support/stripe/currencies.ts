import type { Method } from './objects.ts'

/** Every currency that Stripe can charge in. */
const SUPPORTED = new Set(
  (
    'usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp ' +
    'cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk ' +
    'jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn ' +
    'nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std ' +
    'szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw'
  ).split(' '),
)

const ALIPAY = new Set('aud cad cny eur gbp hkd jpy myr nzd sgd usd'.split(' '))
const WECHAT_PAY = new Set('aud cad chf cny dkk eur gbp hkd jpy nok sek sgd usd'.split(' '))

/** The least that can be charged, in minor units; about half a dollar. */
const MINIMUM: Record<string, number> = {
  usd: 50,
  aud: 50,
  brl: 50,
  cad: 50,
  chf: 50,
  cny: 400,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  jpy: 50,
  myr: 200,
  nok: 300,
  nzd: 50,
  sek: 300,
  sgd: 50,
}

export const MAXIMUM = 99_999_999

export function isSupported(currency: string): boolean {
  return SUPPORTED.has(currency)
}

export function minimumOf(currency: string): number {
  return MINIMUM[currency] ?? 1
}

/** Whether a payment method takes a currency; which ones an account has depends on its country too. */
export function takes(method: Method, currency: string): boolean {
  if (method === 'alipay') return ALIPAY.has(currency)
  return method === 'wechat_pay' ? WECHAT_PAY.has(currency) : true
}
