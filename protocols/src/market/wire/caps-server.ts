import { capsFrameCodec } from '@duckmesh/proto'
import { QueryServer, RateLimit } from '../../mesh/index.ts'
import { CAPS_BURST, CAPS_RATE_PER_S } from '../constants.ts'
import type { QueryServerComponents } from '../../mesh/index.ts'
import type { Load } from '../interface.ts'
import type { CapsFrame, Envelope } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'

export interface CapsServerComponents extends QueryServerComponents {
  /** How busy it is now. */
  load: () => Load
  /** Its latest offer as gossiped: `OfferPublisher.record`. */
  record: () => Envelope | undefined
}

/** Answers what a provider offers and how busy it is (K-20 to K-22); anybody may ask, within a quota. */
export class CapsServer {
  /** Handler for `libp2p.handle(CAPS_PROTOCOL, …)`; resolves when the stream is over and never rejects. */
  readonly handle: (stream: Stream, connection: Connection) => Promise<void>

  constructor(components: CapsServerComponents) {
    const { load, record } = components
    const server = new QueryServer<CapsFrame>(components, {
      codec: capsFrameCodec,
      expect: 'none',
      quota: new RateLimit({ ratePerS: CAPS_RATE_PER_S, burst: CAPS_BURST }),
      ended: 'market.caps_ended',
      answer: (frame) => {
        if (frame.kind !== 'request') return undefined
        const { id, withRecord } = frame.request
        const offer = withRecord ? record() : undefined
        return {
          kind: 'response',
          response: { id, ...load(), ...(offer ? { record: offer } : {}) },
        }
      },
    })
    this.handle = server.handle
  }
}
