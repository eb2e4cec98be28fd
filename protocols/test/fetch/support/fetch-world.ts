/** Holders in this process, without streams: pulls meet any number of them, honest or not, on a clock that stands still. */
import type { PeerId } from '@libp2p/interface'
import { codedError, peerKeyOf, withDeadline } from '../../../src/mesh/index.ts'
import type { FetchAnswer, FetchPort, FetchQuery } from '../../../src/fetch/interface.ts'
import type { PullEvent } from '../../../src/fetch/interface.ts'
import { BLOCK_TIMEOUT_MS } from '../../../src/fetch/constants.ts'
import { pullModel } from '../../../src/fetch/pull-model.ts'
import type { PullModelInit } from '../../../src/fetch/pull-model.ts'
import { FetchResponder } from '../../../src/fetch/wire/fetch-responder.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import type { FetchFrame } from '@duckmesh/proto'
import { FakeClock } from '../../support/fake-clock.ts'
import { testPeerId } from '../../support/hosts.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { MemorySink, MemorySource, sha256 } from './models.ts'
import type { TestModel } from './models.ts'

const FAST = { bytesPerS: 2 ** 40, burst: 2 ** 40 }

/** Changes an answer, or never gives one. */
export type Twist = (query: FetchQuery, honest: FetchAnswer) => FetchAnswer | Promise<FetchAnswer>

interface Member {
  peer: PeerId
  source: MemorySource
  responder: FetchResponder
  twist: Twist
  queries: FetchQuery[]
}

export const never = (): Promise<never> => new Promise(() => undefined)
export const gone = (): never => {
  throw new DuckMeshError('STREAM_CLOSED', 'It is gone.')
}

export class FetchWorld implements FetchPort {
  readonly clock = new FakeClock()
  readonly sink = new MemorySink()
  readonly events: PullEvent[] = []
  readonly #members = new Map<string, Member>()

  async holder(label: string, model: TestModel, twist: Twist = (_, a) => a): Promise<Member> {
    const peer = await testPeerId(label)
    const source = new MemorySource(model)
    const components = { source, sha256, clock: this.clock, logger: memoryLogger() }
    const responder = new FetchResponder(components, { caller: FAST, total: FAST })
    const member = { peer, source, responder, twist, queries: [] }
    this.#members.set(peer.toString(), member)
    return member
  }

  remove(member: Member): void {
    this.#members.delete(member.peer.toString())
  }

  async ask(peer: PeerId, query: FetchQuery, signal: AbortSignal): Promise<FetchAnswer> {
    const deadline = { clock: this.clock, ms: BLOCK_TIMEOUT_MS, what: 'No answer', signal }
    return withDeadline(this.#answer(peer, query), deadline)
  }

  async #answer(peer: PeerId, query: FetchQuery): Promise<FetchAnswer> {
    const member = this.#members.get(peer.toString())
    if (member === undefined) throw new DuckMeshError('NO_PEERS', 'It is not there.')
    member.queries.push(query)
    // As the network: never in the same turn.
    await new Promise((resolve) => setImmediate(resolve))
    const answer = await member.responder.answer(frameOf(query), peerKeyOf(peer))
    if (answer === undefined) throw new TypeError('no request')
    return member.twist(query, answer)
  }

  /** A pull into the sink of this world; `search` tells everybody who is a member then. */
  pull(init: PullModelInit): Promise<unknown> {
    return pullModel(
      {
        clock: this.clock,
        logger: memoryLogger(),
        port: this,
        search: () => peersOf(this.#members),
        sha256,
        sink: this.sink,
      },
      { ...init, onEvent: (event) => this.events.push(event) },
    )
  }

  /** The pull, with the clock moved on whenever nothing else happens. */
  async pulled(init: PullModelInit): Promise<string> {
    let outcome: string | undefined
    void this.pull(init).then(
      () => (outcome = 'done'),
      (error: unknown) => (outcome = codedError(error, 'INTERNAL', String(error)).code),
    )
    for (let idle = 0; outcome === undefined; idle++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (idle % 50 === 49) await this.clock.advance(250)
    }
    return outcome
  }

  blamed(): string[] {
    return this.events.flatMap((event) => (event.type === 'blamed' ? [event.peer] : []))
  }
}

async function* peersOf(members: ReadonlyMap<string, Member>): AsyncGenerator<PeerId> {
  for (const { peer } of [...members.values()]) yield peer
}

function frameOf(query: FetchQuery): FetchFrame {
  const id = 1
  switch (query.kind) {
    case 'manifest':
      return { kind: 'manifestRequest', manifestRequest: { ...query, id } }
    case 'pieces':
      return { kind: 'piecesRequest', piecesRequest: { ...query, id } }
    case 'block':
      return { kind: 'blockRequest', blockRequest: { ...query, id } }
  }
}
