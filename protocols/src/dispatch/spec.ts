/** Sealing and opening the private part of a job (rules D-3 to D-5). */
import { hexToBytes, jobSpecCodec, specHash as hashSpec } from '@duckmesh/proto'
import type { Hex, JobSpec, Sealed } from '@duckmesh/proto'
import type { Crypto, Rng, Unsealer } from '../components.ts'
import { DuckMeshError, toDuckMeshError } from '../errors.ts'
import { SPEC_SEAL_INFO } from './constants.ts'

const SALT_BYTES = 32

/** A spec as it travels: salt and exact bytes, and the hash that the order signs. */
export interface SaltedSpec {
  /** salt32 ‖ encoded spec. */
  bytes: Uint8Array
  specHash: Hex
}

/** Encodes a spec with a fresh salt, so that equal prompts have unlike hashes. */
export function saltSpec(spec: JobSpec, rng: Rng): SaltedSpec {
  const salt = rng.bytes(SALT_BYTES)
  const encoded = jobSpecCodec.encode(spec)
  return { bytes: concat(salt, encoded), specHash: hashSpec(salt, encoded) }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

function sealAad(jobId: Hex, provider: Hex): Uint8Array {
  return concat(hexToBytes(jobId), hexToBytes(provider))
}

/** Seals a salted spec to the provider's encryption key, bound to job and provider. */
export function sealSpec(
  crypto: Crypto,
  encKey: Hex,
  jobId: Hex,
  provider: Hex,
  spec: SaltedSpec,
): Promise<Sealed> {
  return crypto.seal(encKey, SPEC_SEAL_INFO, sealAad(jobId, provider), spec.bytes)
}

/** Opens a sealed spec and checks it against the order. Rejects with AWARD_INVALID or SPEC_INVALID. */
export async function openSpec(
  unsealer: Unsealer,
  jobId: Hex,
  provider: Hex,
  specHash: Hex,
  sealed: Sealed,
): Promise<JobSpec> {
  const bytes = await unsealer
    .open(SPEC_SEAL_INFO, sealAad(jobId, provider), sealed)
    .catch((cause: unknown) => {
      throw new DuckMeshError('AWARD_INVALID', 'The spec is not sealed to this provider.', {
        cause,
        jobId,
      })
    })
  const salt = bytes.subarray(0, SALT_BYTES)
  const encoded = bytes.subarray(SALT_BYTES)
  if (salt.length !== SALT_BYTES || hashSpec(salt, encoded) !== specHash) {
    throw new DuckMeshError('AWARD_INVALID', 'The spec does not match the hash in the order.', {
      jobId,
      details: { specHash },
    })
  }
  try {
    return jobSpecCodec.decode(encoded)
  } catch (error) {
    throw toDuckMeshError(error, 'SPEC_INVALID')
  }
}
