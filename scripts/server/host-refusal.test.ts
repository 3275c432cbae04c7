import { expect, test } from 'vitest'
import { refuseHost } from '#scripts/server/host-refusal.ts'

test('a person is told in both languages which setting to change', () => {
  const { status, headers, body } = refuseHost('/c/1', 'chat.example.org', 'http://localhost:3000')
  expect(status).toBe(421)
  expect(headers['content-type']).toContain('text/html')
  expect(body).toContain('APP_URL=https://chat.example.org')
  expect(body).toContain('lang="zh-CN"')
  expect(body).toContain('http://localhost:3000')
})

test('a host cannot bring its own markup', () => {
  const { body } = refuseHost('/', '<script>alert(1)</script>"&', 'http://localhost:3000')
  expect(body).not.toContain('<script')
  expect(body).toContain('&#60;script&#62;')
})

test.each(['/api', '/api/status', '/v1/chat/completions'])('a program at %s gets JSON', (path) => {
  const { status, body } = refuseHost(path, 'x', 'http://localhost:3000')
  expect(status).toBe(421)
  expect(JSON.parse(body).error).toMatchObject({
    code: 'host_not_allowed',
    params: { appUrl: 'http://localhost:3000' },
  })
})

test('a page whose path only begins alike is a page', () => {
  expect(refuseHost('/apiary', 'x', 'http://localhost').headers['content-type']).toContain('text/html')
})
