import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOCAL_DURATIONS, providerRegistryAbi } from '@duckmesh/contracts'
import type { NetworkConfig } from '@duckmesh/sdk'
import { expect } from 'chai'
import { encodeFunctionResult } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { openClient } from '../../src/client/open-client.ts'
import { addressOf, startHost } from '../host/hosts.ts'
import type { PeerHost } from '../../src/host/index.ts'
import { DataDir, openNodeStore } from '../../src/storage/index.ts'
import { rejection } from '../reject.ts'
import { hexOfDigit } from '../storage/rows.ts'
import { withTempDir } from '../temp-dir.ts'

const DAY_MS = 86_400_000
const privateKey = hexOfDigit('1', 32)
const DURATIONS = encodeFunctionResult({
  abi: providerRegistryAbi,
  functionName: 'durations',
  result: LOCAL_DURATIONS,
})

/** What joining asks a chain: which it is, whether the contracts are there, and how long turns are. */
function chainServer(): Promise<Server> {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      const { id, method } = JSON.parse(text) as { id: number; method: string }
      const answers: Record<string, string> = { eth_chainId: '0x7a69', eth_call: DURATIONS }
      const result = answers[method] ?? '0x60'
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

describe('openClient', () => {
  let chain: Server
  let seed: PeerHost
  let network: NetworkConfig
  before(async () => {
    chain = await chainServer()
    seed = await startHost()
    network = {
      chainId: 31_337,
      rpcUrl: `http://127.0.0.1:${(chain.address() as AddressInfo).port.toString()}`,
      registry: hexOfDigit('a', 20),
      market: hexOfDigit('b', 20),
      token: hexOfDigit('c', 20),
      seeds: [addressOf(seed, 'tcp')],
      local: true,
    }
  })
  after(async () => {
    await seed.stop()
    chain.closeAllConnections()
    chain.close()
  })

  it('pays from the account of the key, and lets one process at a time do so', async () => {
    await withTempDir(async (dataDir) => {
      const client = await openClient({ network, privateKey, dataDir })
      expect(client.payer).to.equal(privateKeyToAddress(privateKey).toLowerCase())
      const second = await rejection(openClient({ network, privateKey, dataDir }))
      expect(second.code).to.equal('STORE_LOCKED')
      await client.stop()
      const again = await openClient({ network, privateKey, dataDir })
      await again.stop()
    })
  })

  it('has forgotten what ended more than 30 days ago', async () => {
    await withTempDir(async (dataDir) => {
      const path = (await DataDir.open(dataDir)).storeFile('client')
      const before = await openNodeStore(path)
      const body = new TextEncoder().encode('{}')
      const [old, young] = [hexOfDigit('a', 32), hexOfDigit('b', 32)]
      const record = { kind: 'transcript' as const, body }
      await before.records.put({ ...record, key: old, atMs: Date.now() - 31 * DAY_MS }, 'grouped')
      await before.records.put({ ...record, key: young, atMs: Date.now() - 29 * DAY_MS }, 'grouped')
      await before.close()
      const client = await openClient({ network, privateKey, dataDir })
      expect(await client.transcript(old)).to.equal(undefined)
      expect(await client.transcript(young)).to.deep.equal({})
      await client.stop()
    })
  })

  it('frees lock and store when it cannot join', async () => {
    await withTempDir(async (dataDir) => {
      const failing = [
        ['CHAIN_UNREACHABLE', { rpcUrl: 'http://127.0.0.1:1' }],
        ['WRONG_CHAIN', { chainId: 1 }],
        ['NO_PEERS', { seeds: ['/ip4/127.0.0.1/tcp/1'] }],
      ] as const
      for (const [code, over] of failing) {
        const opening = openClient({ network: { ...network, ...over }, privateKey, dataDir })
        expect((await rejection(opening)).code).to.equal(code)
      }
      const client = await openClient({ network, privateKey, dataDir })
      await client.stop()
    })
  })

  it('refuses a raw key for a network that is not local', async () => {
    await withTempDir(async (dataDir) => {
      const opening = openClient({ network: { ...network, local: false }, privateKey, dataDir })
      expect((await rejection(opening)).code).to.equal('KEY_REFUSED')
    })
  })
})
