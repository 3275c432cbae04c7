import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDirectly, dispatcherFor, fetchBy, fetchThrough, isAddressRefused, type Reach } from '#lib/egress.ts'
import { type ConnectProxy, startConnectProxy } from '#tests/support/connect-proxy.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { admitCall, carryOut, createChannel, createPayer, createPricedModel } from '#tests/support/paid-call.ts'

let database: TestDatabase
let vendor: FakeVendor
let proxy: ConnectProxy

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  proxy = await startConnectProxy({ credentials: 'user:pass word' })
})
afterAll(async () => {
  await vendor.close()
  await proxy.close()
  await database.close()
})

const hostOf = (url: string) => new URL(url).host

describe('a channel with a proxy of its own', () => {
  it('makes the whole paid call through a tunnel', async () => {
    const payer = await createPayer(database.db)
    const proxyUrl = proxy.url.replace('user:pass word', 'user:pass%20word')
    const channel = await createChannel(database.db, vendor.url, { proxy: proxyUrl })
    const modelId = await createPricedModel(database.db, [channel])
    const { text, result, receipt } = await carryOut(payer, await admitCall(payer, modelId))
    expect({ text, outcome: result.outcome }).toEqual({ text: 'Hello, this is a fake answer.', outcome: 'completed' })
    expect(receipt.chargedMicros).toBe('42')
    expect(proxy.tunnels).toEqual([hostOf(vendor.url)])
    expect(proxy.forwarded).toEqual([])
    expect(vendor.requests[0]!.body).toMatchObject({
      model: modelId,
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(vendor.requests[0]!.headers).not.toHaveProperty('proxy-authorization')
  })

  it.each([
    ['wrong credentials', () => proxy.url.replace('user:pass word', 'user:wrong')],
    ['nobody there', () => 'http://127.0.0.1:1'],
  ])('fails clearly: %s', async (_name, url) => {
    const payer = await createPayer(database.db)
    const modelId = await createPricedModel(database.db, [
      await createChannel(database.db, vendor.url, { proxy: url() }),
    ])
    const { result, record } = await carryOut(payer, await admitCall(payer, modelId))
    expect(result).toMatchObject({ outcome: 'failed', errorCode: 'vendor_unreachable' })
    expect(record.costMicros).toBe(0n)
  })
})

describe('the process’s HTTPS_PROXY', () => {
  it('tunnels https, and leaves NO_PROXY, loopback and http alone', async () => {
    const nowhere = await startConnectProxy({ resolve: () => null })
    const fetchWith = (noProxy?: string) => fetchThrough(dispatcherFor(null, { httpsProxy: nowhere.url, noProxy }))
    await expect(fetchWith()('https://vendor.invalid/v1')).rejects.toThrow()
    expect(nowhere.tunnels).toEqual(['vendor.invalid:443'])
    await expect(fetchWith('.invalid')('https://vendor.invalid/v1')).rejects.toThrow()
    await expect(fetchWith()('https://localhost:1/v1')).rejects.toThrow()
    expect((await fetchWith()(vendor.url)).status).toBe(200)
    expect(nowhere.tunnels).toHaveLength(1)
    expect(nowhere.forwarded).toEqual([])
    await nowhere.close()
  })
})

describe('fetchThrough', () => {
  it('reads no more of a refusal than its bound', async () => {
    vendor.setBehavior((_request, response) => {
      response.writeHead(500)
      const block = 'x'.repeat(65_536)
      const write = () => {
        while (!response.destroyed && response.write(block));
        if (!response.destroyed) response.once('drain', write)
      }
      write()
    })
    const response = await fetchThrough(dispatcherFor(null))(vendor.url)
    expect((await response.text()).length).toBe(65_536)
    vendor.setBehavior('answer')
  })
})

describe('fetchBy', () => {
  const refusalBy = async (url: string, reach: Reach, proxyUrl: string | null = null) => {
    const error: unknown = await fetchBy({ proxyUrl, reach })(url).then(
      () => null,
      (reason: unknown) => reason,
    )
    return isAddressRefused(error)
  }
  const portOf = (url: string) => new URL(url).port

  it.each([
    ['loopback', '127.0.0.1'],
    ['all of loopback', '127.9.9.9'],
    ['decimal', '2130706433'],
    ['octal', '0177.0.0.1'],
    ['hexadecimal', '0x7f000001'],
    ['short', '127.1'],
    ['a name', 'localhost'],
    ['IPv6', '[::1]'],
    ['IPv4 in IPv6', '[::ffff:127.0.0.1]'],
    ['nobody', '0.0.0.0'],
    ['10/8', '10.0.0.1'],
    ['172.16/12', '172.16.0.1'],
    ['192.168/16', '192.168.0.1'],
    ['unique local', '[fd00::1]'],
    ['link-local', '169.254.1.1'],
    ['metadata', '169.254.169.254'],
    ['metadata in IPv6', '[fd00:ec2::254]'],
  ])('stays on the internet: %s (%s)', async (_name, host) => {
    const before = vendor.requests.length
    expect(await refusalBy(`http://${host}:${portOf(vendor.url)}/v1/models`, 'internet')).toBe(true)
    expect(await refusalBy('https://vendor.invalid/v1', 'internet', `http://${host}:1`)).toBe(true)
    expect(vendor.requests.length).toBe(before)
  })

  it('goes where the operator allowed it, and even then not where nobody goes on purpose', async () => {
    for (const host of ['127.0.0.1', 'localhost', '2130706433']) {
      const url = `http://${host}:${portOf(vendor.url)}/v1/models`
      expect((await fetchBy({ proxyUrl: null, reach: 'own-network' })(url)).status).toBe(200)
    }
    for (const host of ['169.254.169.254', '0.0.0.0', '[::]', '[fe80::1]', '100.100.100.200', '2852039166']) {
      expect(await refusalBy(`http://${host}:${portOf(vendor.url)}/`, 'own-network')).toBe(true)
      expect(await refusalBy(vendor.url, 'own-network', `http://${host}:1`)).toBe(true)
    }
  })

  it('does not follow a redirect inwards', async () => {
    const target = await startFakeVendor()
    vendor.setBehavior((_request, response) => {
      response.writeHead(302, { location: target.url }).end()
    })
    const response = await fetchBy({ proxyUrl: null, reach: 'own-network' })(vendor.url)
    expect(response.status).toBe(302)
    expect(target.requests).toEqual([])
    vendor.setBehavior('answer')
    await target.close()
  })

  it('judges a name by what it resolves to', async () => {
    for (const answers of [['10.0.0.1'], ['1.1.1.1', '127.0.0.1'], ['::ffff:127.0.0.1'], ['fe80::1']]) {
      const go = fetchThrough(
        connectDirectly('internet', (_name, _options, done) =>
          done(
            null,
            answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          ),
        ),
      )
      const error: unknown = await go(`http://vendor.test:${portOf(vendor.url)}/`).catch((reason: unknown) => reason)
      expect(isAddressRefused(error)).toBe(true)
    }
  })

  it('connects to the very address that it judged, however the name changes', async () => {
    const asked: string[] = []
    const go = fetchThrough(
      connectDirectly('own-network', (name, _options, done) => {
        asked.push(name)
        done(null, [{ address: asked.length === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }])
      }),
    )
    const url = `http://rebinding.test:${portOf(vendor.url)}/v1/models`
    const headers = { connection: 'close' }
    expect((await go(url, { headers })).status).toBe(200)
    expect(asked).toEqual(['rebinding.test'])
    const error: unknown = await go(url, { headers }).catch((reason: unknown) => reason)
    expect(isAddressRefused(error)).toBe(true)
    expect(asked).toHaveLength(2)
  })

  it('judges the proxy’s own name too', async () => {
    const name = proxy.url.replace('user:pass word', 'user:pass%20word').replace('127.0.0.1', 'localhost')
    expect(await refusalBy('http://vendor.invalid/', 'internet', name)).toBe(true)
    expect((await fetchBy({ proxyUrl: name, reach: 'own-network' })(vendor.url)).status).toBe(200)
  })
})
