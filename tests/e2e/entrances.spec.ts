import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ACTIONS, PAGES, ROUTES, type Rule } from '#tests/support/access-rules.ts'
import { expect, signIn, test } from './support/fixtures.ts'

const BUILD = path.resolve(import.meta.dirname, '..', '..', '.next', 'server')
const read = (name: string) => JSON.parse(readFileSync(path.join(BUILD, name), 'utf8'))

/** What Next adds by itself, and files that are the same for everybody. */
const OF_NEXT = ['/_global-error/page', '/_not-found/page', '/icon.svg/route']

const ANY_ID = '01900000-0000-7000-8000-00000000dead'
const addressOf = (place: string) => `/${place}`.replaceAll(/\/\([^)]*\)/g, '').replaceAll(/\[[^\]]+\]/g, ANY_ID) || '/'
const pagesFor = (rule: Rule) => Object.keys(PAGES).filter((place) => PAGES[place] === rule)

test('what the build lets in is what the tables know', () => {
  const built = Object.keys(read('app-paths-manifest.json')).filter((name) => !OF_NEXT.includes(name))
  const known = [
    ...Object.keys(PAGES).map((place) => `/${place}/page`),
    ...Object.keys(ROUTES).map((place) => `/${place}/route`),
  ]
  expect(built.sort()).toEqual(known.sort())

  const actions = Object.values<{ filename: string; exportedName: string }>(read('server-reference-manifest.json').node)
  for (const { filename, exportedName } of actions) {
    expect(ACTIONS[filename.replace(/^app\//, '')], filename).toHaveProperty(exportedName)
  }
})

test('pages for admins are not there for anybody else, and no page is there for a stranger', async ({
  context,
  playwright,
  installation,
}) => {
  const { url } = installation.service
  // Whoever has no session at all sees the front page at `/`; this one says that they have one.
  const stranger = await playwright.request.newContext({ extraHTTPHeaders: { cookie: 'ub-session=forged' } })
  for (const place of [...pagesFor('person'), ...pagesFor('admin')]) {
    const reply = await stranger.get(`${url}${addressOf(place)}`, { maxRedirects: 0 })
    expect([place, reply.status()]).toEqual([place, 307])
    expect(reply.headers().location).toMatch(/^(http:\/\/[^/]+)?\/sign-in/)
  }
  await stranger.dispose()
  const newcomer = await playwright.request.newContext()
  for (const place of pagesFor('public').filter((place) => place.startsWith('(front)/'))) {
    const reply = await newcomer.get(`${url}${addressOf(place)}`, { maxRedirects: 0 })
    // The front page has one address, and what the operator has not written has none.
    const known = { '(front)/welcome': 307, '(front)/prices': 200, '(front)/terms': 404, '(front)/privacy': 404 }
    expect([place, reply.status()]).toEqual([place, known[place as keyof typeof known]])
  }
  expect((await newcomer.get(`${url}/`, { maxRedirects: 0 })).status()).toBe(200)
  await newcomer.dispose()
  await signIn(context, url, await installation.createPerson())
  for (const place of pagesFor('admin')) {
    const reply = await context.request.get(`${url}${addressOf(place)}`, { maxRedirects: 0 })
    expect([place, reply.status()]).toEqual([place, 404])
  }
})
