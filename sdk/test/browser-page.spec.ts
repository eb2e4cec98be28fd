/** The SDK in a page of a real browser; skipped where there is none. */
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { build } from 'esbuild'
import { privateKeyToAccount } from 'viem/accounts'
import { findBrowser, openPage } from './support/browser.ts'
import { FakeRpc, MARKET, TOKEN } from './support/fake-rpc.ts'
import { bytes32 } from './support/offers.ts'
import { PageServer } from './support/page-server.ts'
import { OWNER, startProvider } from './support/provider.ts'

const KEY = bytes32(0xc2)
const PAYER = privateKeyToAccount(KEY).address.toLowerCase()
const LISTEN = ['/ip4/127.0.0.1/tcp/0/ws']

/** What a web application would write. */
const pageOf = (seed: string): string => `
import { DuckMeshClient, VerificationMode } from './index.ts'

async function run() {
  const rpc = location.origin + '/rpc'
  const client = new DuckMeshClient(rpc, '${KEY}', '${MARKET}', '${TOKEN}', '${seed}')
  const spec = { prompt: 'Hello', maxTokens: 8 }
  const id = await client.submitJob('duckling', spec, 10n ** 18n, VerificationMode.REFERENCE)
  const { output, paid } = await client.waitForResult(id)
  return { output, paid: String(paid), status: await client.getJobStatus(id) }
}

const told = await run().catch((error) => ({ error: String(error), cause: String(error.cause) }))
await fetch('/told', { method: 'POST', body: JSON.stringify(told) })
`

async function scriptOf(contents: string): Promise<Uint8Array> {
  const resolveDir = fileURLToPath(new URL('../src', import.meta.url))
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@duckmesh/source', 'browser'],
    logLevel: 'silent',
  })
  return outputFiles[0]?.contents ?? new Uint8Array()
}

describe('a page', () => {
  const closers: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  it('joins over WebSockets and runs a paid job', async function () {
    // A browser takes its time to start on a busy machine.
    this.timeout(60_000)
    const browser = findBrowser()
    if (browser === undefined) return this.skip()
    const rpc = await FakeRpc.start()
    closers.push(() => rpc.stop())
    rpc.channels.set(`${PAYER}:${OWNER}`, { allotted: 10n ** 18n, redeemed: 0n, thawing: 0n })
    const provider = await startProvider(rpc, { listen: LISTEN })
    closers.push(() => provider.stop())
    const server = await PageServer.start(await scriptOf(pageOf(provider.seed)), rpc.url)
    closers.push(() => {
      server.stop()
    })
    closers.push(openPage(browser, server.url))
    expect(await server.told).to.deep.equal({
      output: 'Quack quack.',
      paid: '4250',
      status: 'finalized',
    })
  })
})
