/** The provider's side: hands vouchers to a relay that it chose, with a permit for the fee it agreed to (S-18, S-19). */
import { relayFrameCodec } from '@duckmesh/proto'
import type { Hex, RelayFrame, RelayPermit, RelayRequest, RelayResult } from '@duckmesh/proto'
import type { SignedVoucher } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'
import type { Rng, Signer } from '../../components.ts'
import { isErrorCode } from '../../error-codes.ts'
import { DuckMeshError } from '../../errors.ts'
import { QueryClient, RELAY_PROTOCOL } from '../../mesh/index.ts'
import type { QueryClientComponents, QueryProtocol, StakeView } from '../../mesh/index.ts'
import { signStruct } from '../../signed-struct.ts'
import { PERMIT_LIFE_S, RELAY_ANSWER_MS } from '../constants.ts'
import type { RelayRoute } from '../interface.ts'

/** Who relays, as the provider's configuration names it. */
export interface RelayTarget {
  /** Owner that the relay must act for; any staked one when left out. */
  owner?: Hex | undefined
  /** Its peer; undefined when it is not known now. */
  find(): PeerId | undefined
}

export interface RelayClientComponents extends QueryClientComponents {
  rng: Rng
  /** The provider's operator: it signs permits. */
  signer: Signer
  stake: StakeView
  target: RelayTarget
}

type RelayQuery = Omit<RelayRequest, 'id'>
type RelayAnswer = Omit<RelayResult, 'id'>

const RELAY: QueryProtocol<RelayFrame, RelayQuery, RelayAnswer> = {
  id: RELAY_PROTOCOL,
  codec: relayFrameCodec,
  question: (id, query) => ({ kind: 'request', request: { id, ...query } }),
  answer: (frame) => {
    if (frame.kind !== 'result') return undefined
    const { id, ...answer } = frame.result
    return { id, answer }
  },
}

export class RelayClient implements RelayRoute {
  readonly #components: RelayClientComponents
  readonly #feeBps: number
  readonly #queries: QueryClient<RelayFrame, RelayQuery, RelayAnswer>

  /** `feeBps` is what the provider agreed to pay, hundredths of a per cent; no other permit is ever signed. */
  constructor(components: RelayClientComponents, init: { feeBps: number }) {
    this.#components = components
    this.#feeBps = init.feeBps
    this.#queries = new QueryClient(components, RELAY, {
      timeoutMs: RELAY_ANSWER_MS,
      maxSessions: 1,
    })
  }

  /**
   * The hash of the relay's transaction, as the relay tells it: nothing of it is checked. Rejects with the code of
   * the refusal, NO_PEERS, INVALID_PROVIDER when the peer is not the relay that was chosen, MALFORMED_FRAME, or as
   * `QueryClient.ask`.
   */
  async relay(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Hex> {
    const peer = this.#components.target.find()
    if (peer === undefined)
      throw new DuckMeshError('NO_PEERS', 'No peer of the relay is known now.')
    const relayer = await this.#relayerOf(peer)
    const permit = this.#feeBps === 0 ? {} : { permit: await this.#permit(provider, relayer) }
    const packed = vouchers.map(({ signature, voucher: { cumulative, payer } }) => {
      return { payer, cumulative, signature }
    })
    const query = { provider, vouchers: packed, ...permit }
    const { answer } = await this.#queries.ask(peer, query)
    return hashOf(answer)
  }

  /** Closes the stream. */
  stop(): Promise<void> {
    return this.#queries.stop()
  }

  /** The operator that the peer proves to act for, when it is staked and the chosen one. */
  async #relayerOf(peer: PeerId): Promise<Hex> {
    const { stake, target } = this.#components
    const operator = await this.#queries.operatorOf(peer)
    const owner = operator === undefined ? null : await stake.providerOf(operator)
    if (owner === 'unknown')
      throw new DuckMeshError('CHAIN_UNREACHABLE', 'Who the relay acts for is not known now.')
    const isChosen = owner !== null && (target.owner === undefined || owner === target.owner)
    if (isChosen && operator !== undefined) return operator
    throw new DuckMeshError('INVALID_PROVIDER', 'The peer is not the relay that was chosen.')
  }

  async #permit(provider: Hex, relayer: Hex): Promise<RelayPermit> {
    const { clock, network, rng, signer } = this.#components
    const deadline = Math.ceil(clock.now() / 1_000) + PERMIT_LIFE_S
    const terms = { feeBps: this.#feeBps, nonce: nonceOf(rng), deadline }
    const message = { provider, relayer, ...terms }
    return { ...terms, signature: await signStruct(signer, network, 'RedeemPermit', message) }
  }
}

/** 48 random bits: a provider's nonces meet by chance once in millions of permits, and then one is refused. */
function nonceOf(rng: Rng): number {
  return rng.bytes(6).reduce((number, byte) => number * 256 + byte, 0)
}

function hashOf({ code, txHash }: RelayAnswer): Hex {
  if (code === '' && txHash !== undefined) return txHash
  const known = isErrorCode(code) ? code : 'MALFORMED_FRAME'
  throw new DuckMeshError(known, 'The relay did not redeem.')
}
