/** Tests: PeerForwarder. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode, Hex } from '@duckmesh/protocols'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import { expect } from 'chai'
import { PeerForwarder } from '../../src/discovery/forward-header.ts'
import { silentLogger } from '../../src/silent-logger.ts'
import { expectCode } from '../support/expect-code.ts'

const key = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const envelope = { body: Uint8Array.of(1), sig: new Uint8Array(64) }

describe('PeerForwarder', () => {
  function forwarder(peers: Hex[], refusals: Partial<Record<Hex, ErrorCode>> = {}) {
    const asked: Hex[] = []
    const queries = {
      forward: (id: { toString(): string }) => {
        const peer = peers.find((each) => peerIdStringOf(each) === id.toString()) ?? expect.fail()
        asked.push(peer)
        const code = refusals[peer]
        return code === undefined
          ? Promise.resolve()
          : Promise.reject(new DuckMeshError(code, 'Refused.'))
      },
    }
    return { asked, it: new PeerForwarder({ queries, peers: () => peers, logger: silentLogger }) }
  }

  it('asks two peers for a header, and other ones for the next', async () => {
    const { asked, it } = forwarder([key(1), key(2), key(3), key(4)])
    await it.forward(envelope)
    await it.forward(envelope)
    expect(asked).to.deep.equal([key(1), key(2), key(3), key(4)])
  })

  it('asks the only peer once', async () => {
    const { asked, it } = forwarder([key(1)])
    await it.forward(envelope)
    expect(asked).to.deep.equal([key(1)])
  })

  it('is content with one of the two', async () => {
    const { it } = forwarder([key(1), key(2)], { [key(1)]: 'STREAM_CLOSED' })
    await it.forward(envelope)
  })

  it('says why when both refuse, and NO_PEERS when there is nobody', async () => {
    const both = forwarder([key(1), key(2)], { [key(1)]: 'UNFUNDED', [key(2)]: 'UNFUNDED' })
    await expectCode('UNFUNDED', () => both.it.forward(envelope))
    await expectCode('NO_PEERS', () => forwarder([]).it.forward(envelope))
  })
})
