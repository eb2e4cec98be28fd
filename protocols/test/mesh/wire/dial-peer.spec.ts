import { expect } from 'chai'
import type { Clock } from '../../../src/components.ts'
import { dialPeer } from '../../../src/mesh/wire/dial-peer.ts'
import type { DialingHost } from '../../../src/mesh/wire/dial-peer.ts'
import { stopHosts, testHost } from '../../support/hosts.ts'
import type { TestHost } from '../../support/hosts.ts'

type Multiaddr = ReturnType<TestHost['getMultiaddrs']>[number]

/** Of `/p2p/` in an address, by the multicodec table. */
const CODE_P2P = 0x01_a5
const PROTOCOL = '/test/1'
const signal = new AbortController().signal
const clock: Clock = {
  now: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms)
    return () => {
      clearTimeout(timer)
    }
  },
}
const open = { clock, signal }

describe('dialPeer', () => {
  let dialler: TestHost
  let asked = 0

  /** The dialler's host, whose DHT tells these addresses. */
  function withRouting(tells: () => Multiaddr[]): DialingHost {
    const findPeer: DialingHost['peerRouting']['findPeer'] = (id, options) => {
      asked++
      expect(options?.useCache).to.equal(false)
      return Promise.resolve({ id, multiaddrs: tells() })
    }
    return {
      dialProtocol: dialler.dialProtocol.bind(dialler),
      getConnections: (peer) => dialler.getConnections(peer),
      peerRouting: { findPeer },
      peerStore: dialler.peerStore,
    }
  }

  /** A listening host with this key, which the dialler knows when it was there before. */
  async function listening(): Promise<TestHost> {
    const host = await testHost('duck')
    await host.handle(PROTOCOL, () => undefined)
    return host
  }

  /** Its key listened at an address that the dialler still knows, and where nobody is now. */
  async function restarted(): Promise<{ stale: Multiaddr[]; host: TestHost }> {
    const before = await listening()
    const stale = before.getMultiaddrs()
    await dialler.dialProtocol(stale, PROTOCOL)
    // A second host of the key comes up before the port of the first is free again.
    const host = await listening()
    await before.stop()
    await dialler.hangUp(host.peerId)
    await dialler.peerStore.patch(host.peerId, { multiaddrs: stale })
    return { stale, host }
  }

  beforeEach(async () => {
    asked = 0
    dialler = await testHost('client')
  })

  afterEach(stopHosts)

  it('asks nobody while a known address connects', async () => {
    const host = await listening()
    await dialler.peerStore.patch(host.peerId, { multiaddrs: host.getMultiaddrs() })
    const routed = withRouting(() => [])
    expect((await dialPeer(routed, host.peerId, PROTOCOL, open)).protocol).to.equal(PROTOCOL)
    expect(asked).to.equal(0)
  })

  it('reaches a peer that restarted at another address, and forgets the old one', async () => {
    const { stale, host } = await restarted()
    const routed = withRouting(() => host.getMultiaddrs())
    expect((await dialPeer(routed, host.peerId, PROTOCOL, open)).protocol).to.equal(PROTOCOL)
    expect(asked).to.equal(1)
    const { addresses } = await dialler.peerStore.get(host.peerId)
    const known = addresses.map(({ multiaddr }) => multiaddr.toString())
    const old = stale.map((address) => address.decapsulateCode(CODE_P2P).toString())
    for (const address of known) expect(old).to.not.include(address)
    expect(known).to.have.length(1)
  })

  it('dials once when the DHT tells the same addresses, with or without the peer id', async () => {
    const { stale, host } = await restarted()
    let dials = 0
    const routed = withRouting(() => stale.map((one) => one.decapsulateCode(CODE_P2P)))
    const dialProtocol: DialingHost['dialProtocol'] = (...args) => {
      dials++
      return dialler.dialProtocol(...args)
    }
    const [error] = await Promise.allSettled([
      dialPeer({ ...routed, dialProtocol }, host.peerId, PROTOCOL, open),
    ])
    expect(error).to.have.nested.property('reason.message').that.includes('ECONNREFUSED')
    expect({ asked, dials }).to.deep.equal({ asked: 1, dials: 1 })
  })

  it('tells what the dial did wrong when the DHT knows nobody', async () => {
    const { host } = await restarted()
    const routed = withRouting(() => {
      throw new Error('not found')
    })
    const [error] = await Promise.allSettled([dialPeer(routed, host.peerId, PROTOCOL, open)])
    expect(error).to.have.nested.property('reason.message').that.includes('ECONNREFUSED')
  })

  it('does not wait long for the DHT: the time of the dial belongs to the job', async () => {
    const { host } = await restarted()
    const routed = withRouting(() => [])
    const ended: unknown[] = []
    const findPeer: DialingHost['peerRouting']['findPeer'] = (_, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => {
          ended.push(options.signal?.reason)
          reject(new Error('aborted'))
        })
      })
    const after: Clock['after'] = (ms, fn) => {
      expect(ms).to.equal(1_000)
      return clock.after(0, fn)
    }
    const silent = { ...routed, peerRouting: { findPeer } }
    const options = { clock: { ...clock, after }, signal }
    const [error] = await Promise.allSettled([dialPeer(silent, host.peerId, PROTOCOL, options)])
    expect(error).to.have.nested.property('reason.message').that.includes('ECONNREFUSED')
    expect(ended, 'the lookup was ended').to.have.length(1)
  })

  it('asks nobody when the peer is connected and does not speak the protocol', async () => {
    const host = await listening()
    await dialler.dial(host.getMultiaddrs())
    const routed = withRouting(() => host.getMultiaddrs())
    const [result] = await Promise.allSettled([dialPeer(routed, host.peerId, '/other/1', open)])
    expect(result.status).to.equal('rejected')
    expect(asked).to.equal(0)
  })

  it('asks nobody after the caller gave up', async () => {
    const { host } = await restarted()
    const routed = withRouting(() => host.getMultiaddrs())
    const gone = AbortSignal.abort(new Error('given up'))
    const [result] = await Promise.allSettled([
      dialPeer(routed, host.peerId, PROTOCOL, { clock, signal: gone }),
    ])
    expect(result.status).to.equal('rejected')
    expect(asked).to.equal(0)
  })
})
