import { readFileSync } from 'node:fs'
import path from 'node:path'
import { NextRequest } from 'next/server'
import { describe, expect, it } from 'vitest'
import { PUBLIC_PATHS } from '#app/_server/page-path.ts'
import { proxy } from '../proxy.ts'

const SHARED = /^public, .*s-maxage=10/

function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = proxy(new NextRequest(`http://localhost:3000${path}`, { method, headers }))
  const rewrite = response.headers.get('x-middleware-rewrite')
  return {
    page: rewrite && new URL(rewrite).pathname + new URL(rewrite).search,
    cache: response.headers.get('cache-control'),
    robots: response.headers.get('x-robots-tag'),
    shared: response.headers.get('x-middleware-request-x-page-shared'),
    path: response.headers.get('x-middleware-request-x-page-path'),
    policy: response.headers.get('content-security-policy'),
  }
}

describe('a stranger', () => {
  it('sees the front page where others have the chat, and a cache may keep it', () => {
    const seen = ask('/?from=a', { cookie: 'theme=dark; locale=en' })
    expect(seen).toMatchObject({ page: '/welcome?from=a', path: '/?from=a', shared: '1', robots: null })
    expect(seen.cache).toMatch(SHARED)
    expect(seen.policy).toContain("'nonce-")
  })

  it.each(['/prices', '/terms', '/privacy'])('sees %s as it is', (path) => {
    expect(ask(path)).toMatchObject({ page: null, shared: '1', robots: null, cache: expect.stringMatching(SHARED) })
  })

  it.each(['/sign-in', '/register', '/c/x', '/admin', '/pricesx', '/prices/x', '/welcome', '/link/abc'])(
    'sees nothing of %s in a cache or an index',
    (path) => {
      expect(ask(path)).toMatchObject({ page: null, cache: null, shared: null, robots: 'noindex, nofollow' })
    },
  )

  it('is not taken for a cache by what is sent in place of a document, or by a form', () => {
    expect(ask('/', { rsc: '1' })).toMatchObject({ page: '/welcome', cache: null })
    expect(ask('/', {}, 'POST')).toMatchObject({ page: '/welcome', cache: null })
    expect(ask('/', {}, 'HEAD').cache).toMatch(SHARED)
  })

  it('does not become one by an empty cookie, nor by a header', () => {
    expect(ask('/', { cookie: 'ub-session=' }).page).toBe('/welcome')
    expect(ask('/', { cookie: 'ub-session=x', 'x-page-shared': '1' })).toMatchObject({ page: null, shared: null })
    expect(ask('/account', { 'x-page-shared': '1' }).shared).toBeNull()
  })
})

it('what an index may show is what everybody may read', () => {
  const lines = readFileSync(path.join(import.meta.dirname, '../public/robots.txt'), 'utf8').split('\n')
  for (const address of PUBLIC_PATHS) expect(lines).toContain(`Allow: ${address}$`)
  expect(lines).toContain('Disallow: /')
})

describe('whoever has a session, or says so', () => {
  it.each(['ub-session', '__Host-ub-session'])('is let to the chat by %s, and nothing is kept', (name) => {
    for (const path of ['/', '/prices']) {
      expect(ask(path, { cookie: `theme=dark; ${name}=abc` })).toMatchObject({
        page: null,
        cache: null,
        shared: null,
      })
    }
  })
})
