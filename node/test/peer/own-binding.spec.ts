import type { Hex, NetworkIdentity } from '@duckmesh/protocols'
import { BindingBook } from '@duckmesh/protocols/mesh'
import { expect } from 'chai'
import { NodeCrypto, OperatorSigner } from '../../src/crypto/index.ts'
import { OwnBinding } from '../../src/peer/own-binding.ts'
import type { OwnBindingComponents, RotatingUnsealer } from '../../src/peer/own-binding.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'
import { hexOfDigit } from '../storage/rows.ts'

const HOUR_MS = 3_600_000
const START = 1_800_000_000_000
const peerKey = hexOfDigit('7', 32)
const network: NetworkIdentity = {
  name: '31337-99999999',
  chainId: 31_337,
  registry: hexOfDigit('9', 20),
}

/** Keys that only count: the n-th one consists of the digit n. */
class CountedKeys implements RotatingUnsealer {
  createdAtMs = START
  #rotations = 0

  get encKey(): Hex {
    return hexOfDigit(`${this.#rotations}`, 32)
  }

  rotate(nowMs: number): Promise<Hex> {
    this.#rotations += 1
    this.createdAtMs = nowMs
    return Promise.resolve(this.encKey)
  }

  open(): Promise<never> {
    return Promise.reject(new Error('not asked for'))
  }
}

function componentsOf(): OwnBindingComponents & { clock: ManualClock; logger: NotedLogs } {
  const unsealer = new CountedKeys()
  const signer = new OperatorSigner(new Uint8Array(32).fill(3))
  return {
    clock: new ManualClock(START),
    logger: new NotedLogs(),
    network,
    peerKey,
    signer,
    unsealer,
  }
}

describe('OwnBinding', () => {
  it('signs a binding that other peers take', async () => {
    const components = componentsOf()
    const { clock, signer, unsealer } = components
    const own = await OwnBinding.create(components)
    const book = new BindingBook({ network, crypto: new NodeCrypto(), clock })
    const { binding } = book.verifyPeer(own.current, peerKey)
    expect(binding).to.include({ operator: signer.address, encKey: unsealer.encKey })
    own.stop()
  })

  it('signs a new one every six hours, so that always six are left', async () => {
    const components = componentsOf()
    const { clock } = components
    const own = await OwnBinding.create(components)
    for (let round = 1; round <= 3; round += 1) {
      clock.advance(6 * HOUR_MS)
      await settle()
      expect(own.current.expiry).to.equal((START + (6 * round + 12) * HOUR_MS) / 1_000)
    }
    own.stop()
    expect(clock.pending).to.deep.equal([])
  })

  it('replaces the encryption key once a day and publishes the new one', async () => {
    const components = componentsOf()
    const { clock } = components
    const own = await OwnBinding.create(components)
    const keys: string[] = []
    for (let hours = 6; hours <= 48; hours += 6) {
      clock.advance(6 * HOUR_MS)
      await settle()
      keys.push(own.current.encKey.slice(2, 3))
    }
    expect(keys.join('')).to.equal('00011112')
    own.stop()
  })

  it('tries again a minute after a signature that failed, and keeps the one it has', async () => {
    const components = componentsOf()
    const { clock, logger, signer } = components
    let broken = false
    const flaky = {
      address: signer.address,
      signDigest: (digest: `0x${string}`) =>
        broken ? Promise.reject(new Error('the key is away')) : signer.signDigest(digest),
    }
    const own = await OwnBinding.create({ ...components, signer: flaky })
    const first = own.current
    broken = true
    clock.advance(6 * HOUR_MS)
    await settle()
    expect(own.current).to.equal(first)
    expect(logger.of('binding.not_renewed')).to.deep.equal([{ code: 'INTERNAL' }])
    broken = false
    clock.advance(60_000)
    await settle()
    expect(own.current.expiry).to.be.above(first.expiry)
    own.stop()
  })

  it('sets no timer when it is stopped while it signs', async () => {
    const components = componentsOf()
    const { clock } = components
    const own = await OwnBinding.create(components)
    clock.advance(6 * HOUR_MS)
    own.stop()
    await settle()
    expect(clock.pending).to.deep.equal([])
  })
})
