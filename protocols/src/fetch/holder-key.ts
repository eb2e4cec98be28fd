/** Keys of the DHT under which holders of a model are found (F-50, F-51). */
import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import type { Hex } from '@duckmesh/proto'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'

/** The first `bits` bits (0, 4 or 8) of sha-256 of a peer key as hex digits: its bucket. */
export async function bucketOf(peerKey: Hex, bits: number): Promise<string> {
  const { digest } = await sha256.digest(hexToBytes(peerKey))
  return bytesToHex(digest).slice(2, 2 + bits / 4)
}

/** Content id for the holders of a model in this bucket; the empty bucket is the plain key. */
export async function holderKey(network: string, modelId: Hex, bucket = ''): Promise<CID> {
  const name = `duckmesh/${network}/holders/${modelId}/${bucket}`
  return CID.createV1(raw.code, await sha256.digest(new TextEncoder().encode(name)))
}
