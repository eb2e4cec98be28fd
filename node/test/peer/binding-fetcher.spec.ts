import type { CapsAnswer, CapsOptions } from '@duckmesh/protocols/market'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import type { PeerId } from '@libp2p/interface'
import { expect } from 'chai'
import { BindingFetcher } from '../../src/peer/binding-fetcher.ts'
import { NotedLogs } from '../noted-logs.ts'
import { hexOfDigit } from '../storage/rows.ts'

const KEY = hexOfDigit('7', 32)

function fetcherOf(answer: (options: CapsOptions) => Promise<CapsAnswer>) {
  const asked: string[] = []
  const logger = new NotedLogs()
  const caps = {
    request: (peer: PeerId, options: CapsOptions = {}) => {
      asked.push(peer.toString())
      return answer(options)
    },
  }
  return { asked, fetcher: new BindingFetcher({ caps, logger }), logger }
}

const never = (): Promise<never> => new Promise(() => undefined)

describe('BindingFetcher', () => {
  it('says hello to the peer of that key', async () => {
    const load = { inFlight: 0, slots: 1, stepMs: 0 }
    const { asked, fetcher } = fetcherOf(() => Promise.resolve({ load }))
    await fetcher.fetch(KEY)
    await fetcher.fetch(KEY)
    expect(asked).to.deep.equal([peerIdStringOf(KEY), peerIdStringOf(KEY)])
  })

  it('does not ask a peer that it is asking, and eight at most at a time', () => {
    const { asked, fetcher } = fetcherOf(never)
    for (let n = 0; n < 12; n += 1) {
      void fetcher.fetch(hexOfDigit(n.toString(16), 32))
      void fetcher.fetch(hexOfDigit(n.toString(16), 32))
    }
    expect(asked).to.have.length(8)
  })

  it('logs a peer that does not answer and goes on', async () => {
    const { fetcher, logger } = fetcherOf(() => Promise.reject(new Error('refused')))
    await fetcher.fetch(KEY)
    expect(logger.of('peer.binding_not_learnt')).to.deep.equal([{ peerKey: KEY, code: 'NO_PEERS' }])
  })

  it('ends what it asks when it is stopped, and asks nobody after', async () => {
    const { asked, fetcher } = fetcherOf(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            reject(new Error('aborted'))
          })
        }),
    )
    const fetching = fetcher.fetch(KEY)
    fetcher.stop()
    await fetching
    await fetcher.fetch(KEY)
    expect(asked).to.have.length(1)
  })
})
