import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { JobConnection } from '@duckmesh/protocols/dispatch'
import { OfferBook } from '@duckmesh/protocols/market'
import { expect } from 'chai'
import { KnownProviders } from '../../src/job/provider-connector.ts'
import { expectCode } from '../support/expect-code.ts'
import { address, bookEntry, bytes32 } from '../support/offers.ts'

const NOW = 1_000
const connection = Object.create(JobConnection.prototype) as JobConnection
const quiet = new AbortController().signal

/** A client that knows the offer of provider 1; provider 2 is on the chain alone. */
function known(connect: () => Promise<JobConnection> = () => Promise.resolve(connection)) {
  const book = new OfferBook()
  book.put(bookEntry({ n: 1, nowMs: NOW }), NOW)
  const asked: { peerKey: Hex; provider: Hex }[] = []
  const forgotten: Hex[] = []
  const clock = { nowMs: NOW, now: () => clock.nowMs }
  const providers = new KnownProviders({
    chain: {
      peerKeyOf: (provider) =>
        Promise.resolve(provider === address(3) ? undefined : bytes32(Number(provider))),
    },
    clock,
    connections: {
      to: (peerKey, provider) => {
        asked.push({ peerKey, provider })
        return connect()
      },
    },
    finder: { book, forget: (peerKey) => forgotten.push(peerKey) },
  })
  return { asked, clock, forgotten, providers }
}

describe('KnownProviders', () => {
  it('goes to the peer that signed the live offer', async () => {
    const { asked, providers } = known()
    expect(await providers.to(address(1), quiet)).to.equal(connection)
    const { peerKey } = bookEntry({ n: 1 })
    expect(asked).to.deep.equal([{ peerKey, provider: address(1) }])
  })

  it('goes to the registered peer when no offer is known, or it expired', async () => {
    const { asked, clock, providers } = known()
    await providers.to(address(2), quiet)
    clock.nowMs += 30_000
    await providers.to(address(1), quiet)
    expect(asked.map(({ peerKey }) => peerKey)).to.deep.equal([bytes32(2), bytes32(1)])
  })

  it('refuses an owner that never registered, without a dial', async () => {
    const { asked, providers } = known()
    await expectCode('INVALID_PROVIDER', () => providers.to(address(3), quiet))
    expect(asked).to.deep.equal([])
  })

  it('forgets where a provider was that is not reached, so that it is looked for anew', async () => {
    const lost = new DuckMeshError('PROVIDER_LOST', 'Nobody is there.')
    const { forgotten, providers } = known(() => Promise.reject(lost))
    await expectCode('PROVIDER_LOST', () => providers.to(address(1), quiet))
    expect(forgotten).to.deep.equal([bookEntry({ n: 1 }).peerKey])
  })

  it('forgets nobody because the caller gave up', async () => {
    const cancelled = new DuckMeshError('CANCELLED', 'No stream: cancelled.')
    const { forgotten, providers } = known(() => Promise.reject(cancelled))
    await expectCode('CANCELLED', () => providers.to(address(1), AbortSignal.abort()))
    expect(forgotten).to.deep.equal([])
  })
})
