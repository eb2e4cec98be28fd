/** The two spellings of a model's id: the CID of its manifest and the digest in it (SCHEMAS "Names"). */
import { hexToBytes, lowerHex } from '@duckmesh/protocols'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

/** Multicodec numbers: JSON, SHA2-256. */
const JSON_CODEC = 0x0200
const SHA2_256 = 0x12
const DIGEST_BYTES = 32

/** CIDv1 of the manifest with this sha-256; undefined for text that is no 32-byte hex. */
export function cidOfModel(modelId: string): string | undefined {
  if (!/^0x[0-9a-f]{64}$/i.test(modelId)) return undefined
  const digest = createDigest(SHA2_256, hexToBytes(lowerHex(modelId), DIGEST_BYTES))
  return CID.createV1(JSON_CODEC, digest).toString()
}

/** The canonical spelling of a manifest's CID, whatever base it is written in; undefined for other text. */
export function normalCid(text: string): string | undefined {
  try {
    const { code, multihash } = CID.parse(text)
    const fits = code === JSON_CODEC && multihash.code === SHA2_256
    return fits ? CID.createV1(code, multihash).toString() : undefined
  } catch {
    return undefined
  }
}
