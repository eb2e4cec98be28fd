/** Builds what a client signs to give a job away (rules D-1, D-2). */
import { bytesToHex, secretHash, tokenHash } from '@duckmesh/proto'
import type { Award, Hex, JobOrder, SignedAward, SignedJobOrder } from '@duckmesh/proto'
import type { NetworkIdentity, Rng, Signer } from '../components.ts'
import { signStruct, structDigest } from '../signed-struct.ts'
import { MODE_REFERENCE } from './check-award.ts'

/** Bytes of the draw secret and of the audit secret. */
const SECRET_BYTES = 32

export interface OrderInput {
  modelId: Hex
  specHash: Hex
  /** Wei for the whole job. */
  maxPrice: bigint
  /** Unix seconds. */
  deadline: number
  nonce: number
  /** MODE_REFERENCE when left out. */
  mode?: number
  /** Members of a redundant job; 1 when left out. */
  replicas?: number
  /** Audits, hundredths of a per cent; 0 when left out. */
  auditBps?: number
}

export interface SignedOrder extends SignedJobOrder {
  jobId: Hex
}

/** What the order commits to and the client shows later: the draw of members, the draw of audits. */
export interface OrderSecrets {
  draw: Hex
  audit: Hex
}

export interface NewOrder extends SignedOrder {
  secrets: OrderSecrets
}

/** Signs an order with two fresh secrets, which the caller keeps. */
export async function signOrder(
  signer: Signer,
  network: NetworkIdentity,
  rng: Rng,
  input: OrderInput,
): Promise<NewOrder> {
  const { mode = MODE_REFERENCE, replicas = 1, auditBps = 0, ...rest } = input
  const draw = bytesToHex(rng.bytes(SECRET_BYTES))
  const audit = bytesToHex(rng.bytes(SECRET_BYTES))
  const payer = signer.address
  const hash = secretHash(draw, audit)
  const order: JobOrder = { ...rest, payer, mode, replicas, auditBps, secretHash: hash }
  const jobId = structDigest(network, 'JobOrder', order)
  return { order, jobId, signature: await signer.signDigest(jobId), secrets: { draw, audit } }
}

export interface AwardInput {
  jobId: Hex
  segment: number
  provider: Hex
  /** Hash of the provider's bid; of its offer on the direct lane. */
  bidHash: Hex
  /** Hash of the primary match; 32 zero bytes on the direct lane. */
  matchHash: Hex
  /** Completion tokens of earlier segments, and the ids themselves. */
  fromToken: number
  prefixIds: readonly number[]
  /** Wei for this segment. */
  budget: bigint
  /** Unix seconds. */
  issuedAt: number
}

/** Signs the award of one segment to one provider. */
export async function signAward(
  signer: Signer,
  network: NetworkIdentity,
  input: AwardInput,
): Promise<SignedAward> {
  const { prefixIds, ...rest } = input
  const award: Award = { ...rest, prefixHash: tokenHash(prefixIds) }
  return { award, signature: await signStruct(signer, network, 'Award', award) }
}
