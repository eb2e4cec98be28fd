/** Tests: HolderPool. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { DuckMeshError } from '../../src/errors.ts'
import { HolderPool } from '../../src/fetch/holder-pool.ts'
import type { PullEvent } from '../../src/fetch/interface.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { testPeerId } from '../support/hosts.ts'

const gone = (): DuckMeshError => new DuckMeshError('STREAM_CLOSED', 'It is gone.')

describe('HolderPool', () => {
  let clock: FakeClock
  let events: PullEvent[]
  let pool: HolderPool

  beforeEach(() => {
    clock = new FakeClock()
    events = []
    pool = new HolderPool({ clock, onEvent: (event) => events.push(event) })
  })

  it('knows a peer once, and no peer that cannot be of the mesh', async () => {
    pool.add(await testPeerId('duck'))
    pool.add(await testPeerId('duck'))
    pool.add(peerIdFromPrivateKey(await generateKeyPair('secp256k1')))
    expect(pool.size).to.equal(1)
  })

  it('lets a holder rest after a failure, twice as long each time, and forgets it after six', async () => {
    pool.add(await testPeerId('duck'))
    const [holder] = pool.ready('a')
    if (holder === undefined) expect.fail('nobody is ready')
    for (const ms of [500, 1_000, 2_000, 4_000, 8_000]) {
      // What was asked at the same time fails at the same time.
      pool.failed(holder, gone())
      pool.failed(holder, gone())
      clock.set(clock.now() + ms - 1)
      expect(pool.ready('a'), String(ms)).to.deep.equal([])
      expect(pool.usable(holder, 'a')).to.equal(true)
      clock.set(clock.now() + 1)
      expect(pool.ready('a')).to.deep.equal([holder])
    }
    pool.failed(holder, gone())
    expect(pool.usable(holder, 'a')).to.equal(false)
    expect(events.map(({ type }) => type)).to.deep.equal(Array(6).fill('failed'))
    // A search may tell it again.
    pool.add(await testPeerId('duck'))
    expect(pool.size).to.equal(1)
  })

  it('begins to count anew after a success, and never asks again who was blamed', async () => {
    pool.add(await testPeerId('duck'))
    const [holder] = pool.ready('a')
    if (holder === undefined) expect.fail('nobody is ready')
    pool.failed(holder, gone())
    pool.succeeded(holder)
    expect(holder.failures).to.equal(0)
    pool.blame(holder, 'It lied.')
    pool.blame(holder, 'It lied.')
    pool.failed(holder, gone())
    pool.add(await testPeerId('duck'))
    expect(pool.size).to.equal(0)
    expect(events.map(({ type }) => type)).to.deep.equal(['failed', 'blamed'])
  })

  it('asks nobody for what it said that it does not have', async () => {
    pool.add(await testPeerId('duck'))
    const [holder] = pool.ready('a')
    if (holder === undefined) expect.fail('nobody is ready')
    pool.lacks(holder, 'a')
    expect(pool.ready('a')).to.deep.equal([])
    expect(pool.ready('b')).to.deep.equal([holder])
  })

  it('knows 64 peers and asks 16 of them', async () => {
    for (let i = 0; i < 70; i++) pool.add(await testPeerId(`duck ${String(i)}`))
    expect(pool.size).to.equal(64)
    expect(pool.ready('a')).to.have.length(16)
  })

  it('tells its listeners of each change and when a rest is over, until it stops', async () => {
    let changes = 0
    pool.listen(() => changes++)
    pool.add(await testPeerId('duck'))
    expect(changes).to.equal(1)
    const [holder] = pool.ready('a')
    if (holder === undefined) expect.fail('nobody is ready')
    pool.failed(holder, gone())
    expect(changes).to.equal(2)
    await clock.advance(500)
    expect(changes).to.equal(3)
    pool.failed(holder, gone())
    pool.stop()
    expect(clock.pending).to.equal(0)
  })
})
