import type Stripe from 'stripe'

/** How far a session has come, as the person sees it. */
export type Step = 'open' | 'declined' | 'processing' | 'paid' | 'failed' | 'expired'

type Text = readonly [en: string, zh: string]

const TEXTS = {
  label: ['This is a stand-in for Stripe, no real money', '这是 Stripe 的替身，不涉及真实资金'],
  title: ['Payment (stand-in)', '付款（替身）'],
  missing: ['There is no such payment', '没有这笔付款'],
  choose: ['Choose how the payment goes.', '请选择这笔付款的结果。'],
  card: ['Pay by card', '用银行卡支付'],
  decline: ['Pay by card that is declined', '用会被拒绝的银行卡支付'],
  alipay: ['Pay with Alipay', '用支付宝支付'],
  wechat_pay: ['Pay with WeChat Pay', '用微信支付'],
  wechat_pay_later: ['WeChat Pay: received later', '微信支付：稍后到账'],
  back: ['Back, without paying', '返回，不付款'],
  arrive: ['The money arrives', '款项到账'],
  fail: ['The payment fails', '付款失败'],
  return: ['Return to the shop', '返回商家'],
} as const satisfies Record<string, Text>

const STEPS: Record<Step, Text> = {
  open: TEXTS.choose,
  declined: ['The card was declined. Try again or choose another way.', '银行卡被拒绝。请重试，或选择其他方式。'],
  processing: [
    'The payment was sent and is on its way. Keep this page open to decide how it ends.',
    '付款已发出，正在处理中。请保留此页面，以决定其结果。',
  ],
  paid: ['The payment has arrived.', '款项已到账。'],
  failed: ['The payment failed. No money was moved.', '付款失败，没有扣款。'],
  expired: ['This page has expired.', '此页面已过期。'],
}

const BUTTONS = {
  card: ['card', 'decline'],
  alipay: ['alipay'],
  wechat_pay: ['wechat_pay', 'wechat_pay_later'],
} as const

/** The page of a session: what is paid, and a button for each way it can go. */
export function checkoutHtml(session: Stripe.Checkout.Session, step: Step, returnUrl: string): string {
  const open = step === 'open' || step === 'declined'
  const actions = open
    ? session.payment_method_types.flatMap((method) => BUTTONS[method as keyof typeof BUTTONS])
    : step === 'processing'
      ? (['arrive', 'fail'] as const)
      : []
  const back = open ? session.cancel_url : step === 'expired' ? session.cancel_url : returnUrl
  return page(
    `<p class="amount">${escaped(amountText(session))}</p>
      <p${step === 'declined' || step === 'failed' ? ' role="alert"' : ' role="status"'}>${both(STEPS[step])}</p>
      ${actions.length > 0 ? `<form method="post">${actions.map(button).join('')}</form>` : ''}
      ${back ? `<p><a href="${escaped(back)}"${step === 'processing' ? ' target="_blank"' : ''}>${both(open ? TEXTS.back : TEXTS.return)}</a></p>` : ''}
      <p class="id">${escaped(session.id)}</p>`,
    session.locale,
  )
}

export function notFoundHtml(): string {
  return page(`<p role="alert">${both(TEXTS.missing)}</p>`, null)
}

function button(action: keyof typeof TEXTS): string {
  return `<button name="action" value="${action}">${both(TEXTS[action])}</button>`
}

// Chinese first where the session asks for it; both are always there.
function page(main: string, locale: string | null): string {
  const chinese = locale?.startsWith('zh') ?? false
  return `<!doctype html>
<html lang="${chinese ? 'zh-CN' : 'en'}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>${TEXTS.title.join(' · ')}</title>
    <style>${STYLE}</style>
  </head>
  <body${chinese ? ' class="zh"' : ''}>
    <header>${both(TEXTS.label)}</header>
    <main>
      <h1>${both(TEXTS.title)}</h1>
      ${main}
    </main>
  </body>
</html>
`
}

function both([en, zh]: Text): string {
  return `<span class="both"><span lang="en">${en}</span> <span lang="zh-CN">${zh}</span></span>`
}

function amountText({ amount_total, currency }: Stripe.Checkout.Session): string {
  const format = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: currency ?? 'usd',
    currencyDisplay: 'code',
  })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  return format.format((amount_total ?? 0) / 10 ** digits)
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #525c6b; --paper: #fff; --ground: #eef0f4; --line: #c3c9d4; --act: #4338ca; --on-act: #fff; --warn: #7a3e00; --warn-ground: #ffe9cc }
@media (prefers-color-scheme: dark) { :root { --ink: #eceff5; --soft: #aab3c2; --paper: #1b212c; --ground: #10141b; --line: #3a4454; --act: #a5b4fc; --on-act: #14163a; --warn: #ffd9a3; --warn-ground: #47290a } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
header { padding: .75rem 1rem; background: var(--warn-ground); color: var(--warn); text-align: center; font-weight: 600 }
main { max-width: 26rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
@media (min-width: 30rem) { main { margin-top: 2rem; padding: 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: 1rem } }
h1 { margin: 0; font-size: 1rem; font-weight: 500; color: var(--soft) }
p { margin: 1rem 0 }
.amount { margin: .25rem 0 1rem; font-size: 2rem; font-weight: 650; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
form { display: grid; gap: .625rem }
button { min-height: 3.25rem; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--paper); color: var(--ink); font: inherit; cursor: pointer }
button:first-child { background: var(--act); border-color: var(--act); color: var(--on-act) }
a { color: var(--act) }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
.both { display: inline-flex; flex-wrap: wrap; justify-content: center; column-gap: .75em }
main :not(button) > .both { justify-content: flex-start }
.zh .both > :last-child { order: -1 }
.both > :last-child { opacity: .9 }
.id { color: var(--soft); font-size: .75rem; overflow-wrap: anywhere }
`
