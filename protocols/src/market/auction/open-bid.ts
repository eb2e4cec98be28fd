import { signedBidCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import { structDigest } from '../../signed-struct.ts'
import { BID_SEAL_INFO } from './constants.ts'
import { bidAad } from './seal-bid.ts'
import type { Crypto, NetworkIdentity, ReplyKeys } from '../../components.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { OpenedBid, OperatorView } from './interface.ts'
import type { AuctionRef, Hex, RelayedBid, SignedBid } from '@duckmesh/proto'

export interface OpenBidComponents {
  network: NetworkIdentity
  crypto: Crypto
  replyKeys: ReplyKeys
  operators: OperatorView
}

/**
 * Opens one relayed bid (K-62): its seal, its fields, and the signature of its provider's operator. What does not
 * hold gives a bid that does not count, never an error: a seat must not be able to spoil an auction with one bid.
 *
 * @throws DuckMeshError CHAIN_UNREACHABLE when it is not known who signs for the provider
 */
export async function openBid(
  relayed: RelayedBid,
  ref: AuctionRef & { replySecret: Hex },
  components: OpenBidComponents,
): Promise<OpenedBid> {
  const { provider } = relayed
  const signed = await unseal(relayed, ref, components.replyKeys)
  if (signed === null) return left(provider, 'BID_INVALID', 'Its seal does not open.')
  const { bid } = signed
  if (bid.jobId !== ref.jobId || bid.attempt !== ref.attempt || bid.provider !== provider) {
    return left(provider, 'BID_INVALID', 'It is for another job, attempt or provider.')
  }
  const operator = await operatorOf(components.operators, provider)
  if (operator === null) return left(provider, 'INVALID_PROVIDER', 'It is not registered.')
  const bidHash = structDigest(components.network, 'Bid', bid)
  if (components.crypto.recoverAddress(bidHash, signed.signature) !== operator) {
    return left(provider, 'BAD_SIGNATURE', 'Its operator did not sign it.')
  }
  return { provider, bid: signed, bidHash }
}

/** The operator of a provider or null. Throws CHAIN_UNREACHABLE when it is not known. */
export async function operatorOf(operators: OperatorView, provider: Hex): Promise<Hex | null> {
  const operator = await operators.operatorOf(provider)
  if (operator !== 'unknown') return operator
  throw new DuckMeshError('CHAIN_UNREACHABLE', 'It is not known who signs for a provider.')
}

async function unseal(
  { provider, sealed }: RelayedBid,
  { jobId, replySecret }: { jobId: Hex; replySecret: Hex },
  replyKeys: ReplyKeys,
): Promise<SignedBid | null> {
  try {
    const aad = bidAad(jobId, provider)
    return signedBidCodec.decode(await replyKeys.open(replySecret, BID_SEAL_INFO, aad, sealed))
  } catch {
    return null
  }
}

function left(provider: Hex, code: ErrorCode, why: string): OpenedBid {
  return { provider, code, why }
}
