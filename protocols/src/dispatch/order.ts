/** Builds what a client signs to give a job to one provider on the direct lane (rules D-1, D-2). */
import { bytesToHex, secretHash, tokenHash } from '@duckmesh/proto'
import type { Award, Hex, JobOrder, SignedAward, SignedJobOrder } from '@duckmesh/proto'
import type { NetworkIdentity, Rng, Signer } from '../components.ts'
import { signStruct, structDigest } from '../signed-struct.ts'
import { MODE_REFERENCE } from './check-award.ts'
import { ZERO_HASH } from './progress.ts'

export interface OrderInput {
  modelId: Hex
  specHash: Hex
  /** Wei for the whole job. */
  maxPrice: bigint
  /** Unix seconds. */
  deadline: number
  nonce: number
}

export interface SignedOrder extends SignedJobOrder {
  jobId: Hex
}

/** Signs a mode-1 order for one provider. Its two secrets are drawn here and not kept: nothing is audited yet. */
export async function signOrder(
  signer: Signer,
  network: NetworkIdentity,
  rng: Rng,
  input: OrderInput,
): Promise<SignedOrder> {
  const secret = secretHash(bytesToHex(rng.bytes(32)), bytesToHex(rng.bytes(32)))
  const order: JobOrder = {
    ...input,
    payer: signer.address,
    mode: MODE_REFERENCE,
    replicas: 1,
    auditBps: 0,
    secretHash: secret,
  }
  const jobId = structDigest(network, 'JobOrder', order)
  return { order, jobId, signature: await signer.signDigest(jobId) }
}

/** Signs the award of the first segment to a provider at the prices of its offer. */
export async function signAward(
  signer: Signer,
  network: NetworkIdentity,
  input: { jobId: Hex; provider: Hex; offerHash: Hex; budget: bigint; issuedAt: number },
): Promise<SignedAward> {
  const { offerHash, ...rest } = input
  const award: Award = {
    ...rest,
    segment: 0,
    bidHash: offerHash,
    matchHash: ZERO_HASH,
    fromToken: 0,
    prefixHash: tokenHash([]),
  }
  return { award, signature: await signStruct(signer, network, 'Award', award) }
}
