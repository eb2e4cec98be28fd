/** Tests: RelayRole and relayTarget. */
import type { Hex } from '@duckmesh/protocols'
import { BindingBook, RELAY_PROTOCOL, peerKeyOf } from '@duckmesh/protocols/mesh'
import { OfferBook } from '@duckmesh/protocols/market'
import type { Redemption, RelayGroup, RelayedGroup } from '@duckmesh/protocols/settlement'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { NodeCrypto } from '../../src/crypto/index.ts'
import { RelayRole, relayTarget } from '../../src/peer/relay-role.ts'
import type { RelayRoleComponents } from '../../src/peer/relay-role.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { PAYER, PROVIDER, hexOfDigit } from '../storage/rows.ts'

const NETWORK = { name: '31337-aaaaaaaa', chainId: 31_337, registry: hexOfDigit('a', 20) }
const HASH = hexOfDigit('7', 32)
const VOUCHER = {
  voucher: { payer: PAYER, provider: PROVIDER, cumulative: 5n, epoch: 0 },
  signature: hexOfDigit('5', 65),
}
const REDEEM = { afterMs: 0, minVouchers: 1, relay: 'none', relayFeeBps: 0 }

/** A chain that does what it is told, and notes it. */
class Desk {
  readonly clock = new ManualClock(1_000_000)
  readonly logger = new NotedLogs()
  readonly batches: (readonly RelayGroup[])[] = []
  readonly protocols = new Set<string>()
  alone = 0
  redeemed = 0n

  role(config: {
    relay?: Partial<{ enabled: boolean; gatherMs: number }>
    via?: string
  }): RelayRole {
    const { clock, logger } = this
    const crypto = new NodeCrypto()
    const host = {
      handle: (protocol: string) => Promise.resolve(void this.protocols.add(protocol)),
      unhandle: (protocol: string) => Promise.resolve(void this.protocols.delete(protocol)),
    }
    const components: RelayRoleComponents = {
      binding: { current: {} } as never,
      bindings: new BindingBook({ network: NETWORK, crypto, clock }),
      ...{ clock, crypto, logger, network: NETWORK, rng: crypto },
      host: host as never,
      offers: new OfferBook(),
      port: this.#port(),
      signer: { address: PROVIDER, signDigest: () => hexOfDigit('5', 65) },
      stake: { providerOf: () => Promise.resolve(PROVIDER) },
    }
    const relay = { enabled: false, feeBps: 0, gatherMs: 100, ...config.relay }
    return new RelayRole(components, { relay, redeem: { ...REDEEM, relay: config.via ?? 'none' } })
  }

  #port(): RelayRoleComponents['port'] {
    const done: Redemption = {
      ...{ hash: HASH, kind: 'jobs', vouchers: 1, gasUsed: 1n, burnt: 0n, skipped: [] },
    }
    return {
      relayer: PROVIDER,
      channel: () => Promise.resolve({ allotted: 9n, redeemed: this.redeemed, thawing: 0n }),
      isNonceUsed: () => Promise.resolve(false),
      redeem: () => {
        this.alone += 1
        return Promise.resolve([done])
      },
      redeemMany: (groups): Promise<RelayedGroup[]> => {
        this.batches.push(groups)
        this.redeemed = 5n
        return Promise.resolve(groups.map(() => ({ hash: HASH, skipped: [] })))
      },
      redeemBy: async (_provider, _vouchers, send): Promise<Redemption> => {
        return { ...done, hash: await send(), relayFee: 0n }
      },
    }
  }
}

describe('RelayRole', () => {
  it('is off unless it is told: no protocol, and redemptions of its own', async () => {
    const desk = new Desk()
    const role = desk.role({})
    await role.start()
    expect([...desk.protocols]).to.deep.equal([])
    await role.redemptions.redeem(PROVIDER, [VOUCHER])
    expect([desk.alone, desk.batches.length]).to.deep.equal([1, 0])
    await role.stop()
  })

  it('as a relay it gathers its own vouchers with those of others, and serves until it stops', async () => {
    const desk = new Desk()
    const role = desk.role({ relay: { enabled: true } })
    await role.start()
    expect([...desk.protocols]).to.deep.equal([RELAY_PROTOCOL])
    const redeeming = role.redemptions.redeem(PROVIDER, [VOUCHER])
    await desk.clock.timerSet()
    expect(desk.batches).to.deep.equal([])
    desk.clock.advance(100)
    const [redemption] = await redeeming
    expect(redemption).to.include({ hash: HASH, relayFee: 0n })
    expect(desk.batches).to.deep.equal([[{ provider: PROVIDER, vouchers: [VOUCHER] }]])
    expect(desk.alone).to.equal(0)
    await role.stop()
    expect([...desk.protocols]).to.deep.equal([])
  })

  it('redeems alone when the relay that it chose is not known', async () => {
    const desk = new Desk()
    const role = desk.role({ via: hexOfDigit('d', 20) })
    await role.redemptions.redeem(PROVIDER, [VOUCHER])
    expect(desk.alone).to.equal(1)
    expect(desk.logger.of('redeem.relay_failed')).to.deep.equal([{ code: 'NO_PEERS' }])
    await role.stop()
  })

  it('refuses its own vouchers too once it stopped: they go alone', async () => {
    const desk = new Desk()
    const role = desk.role({ relay: { enabled: true } })
    await role.stop()
    await role.redemptions.redeem(PROVIDER, [VOUCHER])
    expect([desk.alone, desk.batches.length]).to.deep.equal([1, 0])
  })
})

describe('relayTarget', () => {
  let peer: PeerId
  before(async () => {
    peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  })

  it('is the peer whose offer of the owner is live', () => {
    const clock = new ManualClock()
    const offers = new OfferBook()
    const owner: Hex = hexOfDigit('d', 20)
    const target = relayTarget(owner, { clock, offers })
    expect(target.owner).to.equal(owner)
    expect(target.find()).to.equal(undefined)
    const entry = {
      offer: { provider: owner, models: [], expiryMs: 30_000, slots: 4 },
      peerKey: peerKeyOf(peer),
      offerHash: hexOfDigit('0', 32),
      envelope: { body: new Uint8Array(), sig: new Uint8Array() },
      issuedAtMs: 0,
      seq: 1,
    }
    offers.put(entry, 0)
    expect(target.find()?.toString()).to.equal(peer.toString())
    clock.advance(30_000)
    expect(target.find()).to.equal(undefined)
  })

  it('is any staked owner of a peer that is named by its id', () => {
    const target = relayTarget(peer.toString(), {
      clock: new ManualClock(),
      offers: new OfferBook(),
    })
    expect(target.owner).to.equal(undefined)
    expect(target.find()?.toString()).to.equal(peer.toString())
  })
})
