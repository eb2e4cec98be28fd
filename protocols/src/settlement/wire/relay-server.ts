/** The relay's side: takes requests of staked providers and answers when their vouchers are in a block (S-17 to S-22). */
import { relayFrameCodec } from '@duckmesh/proto'
import type { Hex, RelayFrame, RelayRequest, RelayResult } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { QueryServer, RateLimit } from '../../mesh/index.ts'
import type { QueryServerComponents } from '../../mesh/index.ts'
import {
  RELAY_BURST,
  RELAY_RATE_PER_S,
  RELAY_STREAM_BURST,
  RELAY_STREAM_RATE_PER_S,
} from '../constants.ts'
import type { RelayedGroup } from '../interface.ts'
import type { RelayBatcher } from '../relay-batcher.ts'
import { checkRelayRequest } from '../relay-rules.ts'
import type { RelayRules } from '../relay-rules.ts'

export interface RelayServerComponents extends QueryServerComponents, RelayRules {
  batcher: Pick<RelayBatcher, 'add'>
}

export class RelayServer {
  /** Handler for `libp2p.handle(RELAY_PROTOCOL, …)`; resolves when the stream is over and never rejects. */
  readonly handle: (stream: Stream, connection: Connection) => Promise<void>
  readonly #components: RelayServerComponents
  readonly #requests = new RateLimit({ ratePerS: RELAY_RATE_PER_S, burst: RELAY_BURST })

  constructor(components: RelayServerComponents) {
    this.#components = components
    const server = new QueryServer<RelayFrame>(components, {
      codec: relayFrameCodec,
      expect: 'peer',
      quota: new RateLimit({ ratePerS: RELAY_STREAM_RATE_PER_S, burst: RELAY_STREAM_BURST }),
      ended: 'relay.ended',
      answer: async (frame, caller) =>
        frame.kind === 'request'
          ? { kind: 'result', result: await this.#answer(frame.request, caller) }
          : undefined,
    })
    this.handle = server.handle
  }

  async #answer(request: RelayRequest, caller: Hex): Promise<RelayResult> {
    const { id } = request
    try {
      return { id, code: '', ...(await this.#redeem(request, caller)) }
    } catch (error) {
      const { code } = toDuckMeshError(error)
      this.#components.logger.debug('relay.refused', { code, provider: request.provider })
      return { id, code, skipped: [] }
    }
  }

  async #redeem(
    request: RelayRequest,
    caller: Hex,
  ): Promise<Required<Pick<RelayResult, 'txHash' | 'skipped'>>> {
    const { batcher, bindings, clock } = this.#components
    const operator = bindings.peer(caller)?.operator
    if (operator === undefined)
      throw new DuckMeshError('BINDING_EXPIRED', 'The binding of the caller is not good any more.')
    if (!this.#requests.take(operator, clock.now()))
      throw new DuckMeshError('RATE_LIMITED', 'Too many requests of this provider.')
    const group = await checkRelayRequest(request, operator, this.#components)
    const done = await batcher.add(group)
    requireTaken(done)
    const sent = new Set(group.vouchers.map(({ voucher }) => voucher.payer))
    const unsent = request.vouchers.map(({ payer }) => payer).filter((payer) => !sent.has(payer))
    return { txHash: done.hash, skipped: [...unsent, ...done.skipped] }
  }
}

/** The contract looks at no voucher of a group whose permit was used or whose provider left meanwhile. */
function requireTaken({ hash, refused }: RelayedGroup): void {
  if (refused === undefined) return
  const code = refused === 'INVALID_PROVIDER' ? 'INVALID_PROVIDER' : 'PERMIT_INVALID'
  throw new DuckMeshError(code, 'The contract refused the group.', { details: { hash, refused } })
}
