import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { startHarness } from './harness.ts'

const { standIn, stripe, openSession, paidIntent, leftBehind } = await startHarness()

afterEach(async () => expect(await leftBehind()).toEqual([]))
afterAll(() => standIn.close())

async function look(url: string) {
  const response = await fetch(url)
  const html = await response.text()
  const actions = [...html.matchAll(/name="action" value="(\w+)"/g)].map((match) => match[1])
  return {
    status: response.status,
    html,
    actions,
    links: [...html.matchAll(/href="([^"]+)"/g)].map((match) => match[1]),
  }
}

async function press(url: string, action: string) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ action }), redirect: 'manual' })
  return { status: response.status, location: response.headers.get('location') }
}

const stateOf = async (id: string) => {
  const { status, payment_status } = await stripe.checkout.sessions.retrieve(id)
  return `${status} ${payment_status}`
}

describe('the hosted page', () => {
  it('says that it is a stand-in, and what is paid', async () => {
    const { url } = await openSession({ amountMinor: 123456, locale: 'zh' })
    const { status, html, actions, links } = await look(String(url))
    expect(status).toBe(200)
    expect(html).toContain('<html lang="zh-CN">')
    expect(html).toContain('This is a stand-in for Stripe, no real money')
    expect(html).toContain('这是 Stripe 的替身，不涉及真实资金')
    expect(html).toMatch(/USD\s1,234\.56/)
    expect(actions).toEqual(['card', 'decline', 'alipay', 'wechat_pay', 'wechat_pay_later'])
    expect(links).toEqual(['http://shop.example/back'])
    const yen = await openSession({ amountMinor: 5000, currency: 'jpy', allowed_payment_method_types: ['card'] })
    const japanese = await look(String(yen.url))
    expect(japanese.html).toMatch(/JPY\s5,000</)
    expect(japanese.actions).toEqual(['card', 'decline'])
  })

  it.each(['card', 'alipay', 'wechat_pay'])('takes a payment by %s and sends the person back', async (action) => {
    const { id, url } = await openSession()
    expect(await press(String(url), action)).toEqual({
      status: 303,
      location: `http://shop.example/done?session=${id}`,
    })
    expect(await stateOf(id)).toBe('complete paid')
    expect(await press(String(url), action)).toEqual({ status: 200, location: null })
    expect((await look(String(url))).actions).toEqual([])
  })

  it('shows that a card was declined and stays open', async () => {
    const { id, url } = await openSession()
    expect(await press(String(url), 'decline')).toEqual({ status: 303, location: `/c/pay/${id}` })
    expect(await stateOf(id)).toBe('open unpaid')
    const { html, actions } = await look(String(url))
    expect(html).toContain('The card was declined')
    expect(actions).toContain('card')
  })

  it.each([
    ['arrive', 'complete paid', 'has arrived'],
    ['fail', 'complete unpaid', 'payment failed'],
  ])('lets a payment come later: %s', async (action, state, words) => {
    const { id, url } = await openSession()
    expect(await press(String(url), 'wechat_pay_later')).toEqual({ status: 303, location: `/c/pay/${id}` })
    expect(await stateOf(id)).toBe('complete unpaid')
    const { actions, links } = await look(String(url))
    expect(actions).toEqual(['arrive', 'fail'])
    expect(links).toEqual([`http://shop.example/done?session=${id}`])
    await press(String(url), action)
    expect(await stateOf(id)).toBe(state)
    const after = await look(String(url))
    expect(after.html).toContain(words)
    expect(after.actions).toEqual([])
  })

  it('does nothing that it shows no button for', async () => {
    const { id, url } = await openSession({ allowed_payment_method_types: ['card'] })
    for (const action of ['alipay', 'wechat_pay_later', 'arrive', 'toString', '']) {
      expect(await press(String(url), action)).toEqual({ status: 200, location: null })
    }
    expect(await stateOf(id)).toBe('open unpaid')
    standIn.expire(id)
    expect(await press(String(url), 'card')).toEqual({ status: 200, location: null })
    expect((await look(String(url))).html).toContain('has expired')
  })

  it('writes nothing into the page that it was given as markup', async () => {
    const { url } = await openSession({ cancel_url: 'http://shop.example/"><script>alert(1)</script>' })
    const { html } = await look(String(url))
    expect(html).not.toContain('<script')
  })

  it('does not exist for what is no session', async () => {
    await paidIntent()
    for (const path of ['/c/pay/cs_test_none', '/c/pay/', '/', '/favicon.ico']) {
      expect((await look(`${standIn.url}${path}`)).status).toBe(404)
    }
  })
})
