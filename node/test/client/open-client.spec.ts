import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NetworkConfig } from '@duckmesh/sdk'
import { expect } from 'chai'
import { privateKeyToAddress } from 'viem/accounts'
import { openClient } from '../../src/client/open-client.ts'
import { addressOf, startHost } from '../host/hosts.ts'
import type { PeerHost } from '../../src/host/index.ts'
import { rejection } from '../reject.ts'
import { hexOfDigit } from '../storage/rows.ts'
import { withTempDir } from '../temp-dir.ts'

const privateKey = hexOfDigit('1', 32)

/** The two questions that joining asks a chain. */
function chainServer(): Promise<Server> {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      const { id, method } = JSON.parse(text) as { id: number; method: string }
      const result = method === 'eth_chainId' ? '0x7a69' : '0x60'
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
