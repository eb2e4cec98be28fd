import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Clock, ErrorCode } from '@duckmesh/protocols'
import { systemClock } from '@duckmesh/sdk'
import { expect } from 'chai'
import { createPeer } from '../../src/peer/create-peer.ts'
import { preparePeerKey } from '../../src/peer/prepare-peer-key.ts'
import { DataDir } from '../../src/storage/index.ts'
import { DUCK } from '../chain/local-chain.ts'
import { openClient } from '../../src/client/open-client.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { PAYER_KEY, startLocalNetwork } from './local-network.ts'
import type { LocalNetwork } from './local-network.ts'

/** Pauses between dials are a tenth as long. */
const hasty: Clock = {
  now: () => systemClock.now(),
  after: (ms, fn) => systemClock.after(ms / 10, fn),
}

/** A port that is taken until `close`. */
async function takenPort(): Promise<{ port: number; close: () => void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

/** Listens on the port and stops: fails while another has it. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}

describe('createPeer', function () {
  this.timeout(60_000)
  let net: LocalNetwork
  before(async () => {
    net = await startLocalNetwork()
  })
  after(() => net.stop())

  /** What was opened is closed: the lock of the key is free again. */
  async function expectUnlocked(dataDir: string): Promise<void> {
    const dir = await DataDir.open(dataDir)
    dir.lock(net.chain.operator.signer.address, 0).release()
  }

  it('serves, runs a paid job, redeems it, and stops with everything closed', async () => {
    await withTempDir(async (folder) => {
      const dataDir = join(folder, 'peer')
      const states: string[] = []
      const config = await net.config(dataDir)
      const peer = await createPeer(config, { onSegment: ({ state }) => states.push(state) })
      const status = await peer.status()
      expect(status).to.deep.include({
        provider: net.chain.provider.signer.address,
        operator: net.chain.operator.signer.address,
        inFlight: 0,
        slots: 16,
        unredeemed: 0n,
      })
      expect(status.models.map(({ name }) => name)).to.deep.equal(['duckling'])
      expect(status.connectedPeers).to.equal(1)
      // Its own offer: a seat invites itself too.
      expect(status.knownOffers).to.equal(1)
      expect(status.gateway).to.match(/^http:\/\/127\.0\.0\.1:[0-9]+$/)
      expect(status.seats.ranks.every(({ rank }) => rank >= 0)).to.equal(true)
      expect(status.market).to.deep.equal({
        heard: 0,
        bids: 0,
        passes: {},
        won: 0,
        lost: {},
        refusals: {},
        matches: 0,
      })
      const stats = await fetch(`${status.gateway}/stats`)
      expect(await stats.json()).to.include({ peerId: status.peerId, unredeemed: '0' })

      await net.chain.fund(net.payer, DUCK)
      const { network } = net
      const account = { privateKey: PAYER_KEY, dataDir: join(folder, 'client') } as const
      const client = await openClient({ network, ...account })
      const messages = [{ role: 'user', content: 'Hello' }]
      const job = await client.submit({ model: 'duckling', messages, maxTokens: 8 })
      const { paid, usage } = await job.result()
      expect(paid).to.equal(BigInt(usage.promptTokens + usage.completionTokens))
      expect(states).to.include.members(['accepted', 'running', 'finalized'])

      // The voucher paid for the whole first step; what the answer left over is credit.
      const { market, unredeemed } = await peer.status()
      expect(market.won).to.equal(1)
      expect(unredeemed >= paid).to.equal(true)
      const [redemption] = await peer.redeem()
      expect(redemption).to.include({ vouchers: 1 })
      expect((await peer.status()).unredeemed).to.equal(0n)
      await client.stop()
      await Promise.all([peer.stop(), peer.stop()])
      await expectUnlocked(dataDir)
    })
  })

  const refusals: [ErrorCode, string, Record<string, string>][] = [
    ['KEY_REFUSED', 'a raw key on a public network', { 'network.local': 'false' }],
    ['CONFIG_INVALID', 'a key that is none', { 'keys.privateKey': '0x12' }],
    ['WRONG_CHAIN', 'another chain id', { 'network.chainId': '1' }],
    ['CHAIN_UNREACHABLE', 'an endpoint where nobody is', { 'network.rpc': 'http://127.0.0.1:1' }],
    [
      'INVALID_PROVIDER',
      'an owner that never registered',
      { 'provider.owner': `0x${'77'.repeat(20)}` },
    ],
  ]
  for (const [code, what, flags] of refusals) {
    it(`rejects ${what} with ${code} and leaves its folder free`, async () => {
      await withTempDir(async (dataDir) => {
        const error = await rejection(createPeer(await net.config(dataDir, flags)))
        expect(error.code).to.equal(code)
        await expectUnlocked(dataDir)
      })
    })
  }

  it('rejects with CONFIG_INVALID when it is told nothing about providing', async () => {
    await withTempDir(async (dataDir) => {
      const { provider: _, ...rest } = await net.config(dataDir)
      expect((await rejection(createPeer(rest))).code).to.equal('CONFIG_INVALID')
    })
  })

  it('rejects with STORE_LOCKED while another process acts for the operator', async () => {
    await withTempDir(async (dataDir) => {
      const dir = await DataDir.open(dataDir)
      const lock = dir.lock(net.chain.operator.signer.address, 0)
      const error = await rejection(createPeer(await net.config(dataDir)))
      expect(error.code).to.equal('STORE_LOCKED')
      lock.release()
    })
  })

  it('rejects with PORT_IN_USE and frees lock, store and engine', async () => {
    const { close, port } = await takenPort()
    await withTempDir(async (dataDir) => {
      const config = await net.config(dataDir, { 'listen.tcp': `${port}` })
      const error = await rejection(createPeer(config))
      expect(error.code).to.equal('PORT_IN_USE')
      expect(error.details).to.include({ port })
      await expectUnlocked(dataDir)
    })
    close()
  })

  it('rejects with NO_PEERS when no seed answers, and frees its ports', async () => {
    const { close, port } = await takenPort()
    close()
    await withTempDir(async (dataDir) => {
      const seeds = '/ip4/127.0.0.1/tcp/1'
      const config = await net.config(dataDir, { seeds, 'listen.tcp': `${port}` })
      const error = await rejection(createPeer(config, { clock: hasty }))
      expect(error.code).to.equal('NO_PEERS')
      expect(await isFree(port)).to.equal(true)
      await expectUnlocked(dataDir)
    })
  })
})

describe('preparePeerKey', () => {
  it('makes the identity of a peer once', async () => {
    await withTempDir(async (folder) => {
      const key = await preparePeerKey(join(folder, 'peer'))
      expect(key).to.match(/^0x[0-9a-f]{64}$/)
      expect(await preparePeerKey(join(folder, 'peer'))).to.equal(key)
      expect(await preparePeerKey(join(folder, 'other'))).to.not.equal(key)
    })
  })
})
