import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dispatcherFor, fetchThrough } from '#lib/egress.ts'
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
