import { hexToBytes, signedBidCodec } from '@duckmesh/proto'
import { concatBytes } from '@noble/hashes/utils.js'
import { signStruct } from '../../signed-struct.ts'
import { BID_SEAL_INFO } from './constants.ts'
import type { Crypto, NetworkIdentity, Signer } from '../../components.ts'
import type { Bid, Hex, Sealed, SignedBid } from '@duckmesh/proto'

/** What a seal is bound to besides its key: job and provider, so that nobody can pass on another's bid as its own. */
export function bidAad(jobId: Hex, provider: Hex): Uint8Array {
  return concatBytes(hexToBytes(jobId), hexToBytes(provider))
}

/** Signs a bid with the operator's key (K-50). */
export async function signBid(
  bid: Bid,
  components: { network: NetworkIdentity; signer: Signer },
): Promise<SignedBid> {
  return { bid, signature: await signStruct(components.signer, components.network, 'Bid', bid) }
}

/** Seals a signed bid to the reply key of its attempt (K-50): only the client can open it. */
export function sealBid(signed: SignedBid, replyKey: Hex, crypto: Crypto): Promise<Sealed> {
  const aad = bidAad(signed.bid.jobId, signed.bid.provider)
  return crypto.seal(replyKey, BID_SEAL_INFO, aad, signedBidCodec.encode(signed))
}
