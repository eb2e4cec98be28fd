/** Job headers: sealed once by the client, passed on byte for byte, checked alike by gossip, seats and bidders (M-70, M-71). */
import { digest, domainOf, envelopeCodec, jobHeaderCodec, limits } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import { checkBindingDates } from './bindings.ts'
import { decoded } from './coded-error.ts'
import { MAX_HEADER_LIFE_MS } from './constants.ts'
import {
  checkEnvelopeDates,
  checkEnvelopeSignature,
  readEnvelope,
  sealEnvelope,
} from './envelope.ts'
import { checkHeaderRules } from './job-header-rules.ts'
import type { Clock, Crypto, NetworkIdentity, PeerSigner } from '../components.ts'
import type { BindingBook } from './binding-book.ts'
import type { OpenedEnvelope } from './envelope.ts'
import type { ReceivedHeader } from './interface.ts'
import type { Envelope, JobHeader } from '@duckmesh/proto'

/** What a header is judged by. */
export interface HeaderRules {
  network: NetworkIdentity
  crypto: Crypto
  clock: Clock
  bindings: BindingBook
}

/** A header that decodes and does not contradict itself; its signatures are not checked. */
export interface ReadHeader extends ReceivedHeader {
  opened: OpenedEnvelope
}

/**
 * Seals a job header in the envelope that travels verbatim from here on (M-70); it lives 10 s.
 *
 * @param seq larger than every number of an earlier header of this peer key
 * @throws DuckMeshError FRAME_TOO_LARGE or FIELD_OUT_OF_RANGE when the header breaks a limit
 */
export async function sealJobHeader(
  header: JobHeader,
  seq: number,
  components: { network: NetworkIdentity; clock: Clock; signer: PeerSigner },
): Promise<Envelope> {
  const payload = decoded(() => jobHeaderCodec.encode(header))
  const draft = { type: 'jobHeader' as const, payload, seq, lifeMs: MAX_HEADER_LIFE_MS }
  const envelope = await sealEnvelope(draft, components)
  requireSize(envelope)
  return envelope
}

/**
 * Everything about a header that its bytes and a clock can tell: what gossip, seats and bidders ask of it alike
 * (M-70, M-71). Funds and quotas are asked separately. It takes no sequence number: the same envelope comes by
 * stream, by invitation and by gossip.
 *
 * @throws DuckMeshError with the code of the first rule it breaks: as `openEnvelope`, WRONG_TOPIC,
 *   BINDING_MISMATCH, BINDING_EXPIRED, HEADER_INVALID, JOB_EXPIRED, NOT_SUPPORTED or BAD_SIGNATURE
 */
export async function checkJobHeader(
  envelope: Envelope,
  rules: HeaderRules,
): Promise<ReceivedHeader> {
  const read = readJobHeader(readEnvelope(envelope, rules.network), rules)
  await checkHeaderSignatures(read, rules)
  const { header, jobId, peerKey } = read
  return { header, jobId, envelope, peerKey }
}

/** The part of `checkJobHeader` that costs no signature check: what a validator asks first (M-32). */
export function readJobHeader(
  opened: OpenedEnvelope,
  rules: Pick<HeaderRules, 'network' | 'clock'>,
): ReadHeader {
  const { body, envelope, peerKey } = opened
  const { chainId, registry } = rules.network
  const now = rules.clock.now()
  if (body.type !== 'jobHeader') {
    throw new DuckMeshError('WRONG_TOPIC', 'The envelope holds no job header.')
  }
  requireSize(envelope)
  checkEnvelopeDates(body, now)
  const header = decoded(() => jobHeaderCodec.decode(body.payload))
  checkBindingDates(header.client, peerKey, now)
  checkHeaderRules(header, body, now)
  const jobId = decoded(() => digest(domainOf(chainId, registry), 'JobOrder', header.order.order))
  return { header, jobId, envelope, peerKey, opened }
}

/**
 * The three signatures of a header: the peer's over the envelope, the payer's over its order and over the binding
 * of the peer (M-71). Throws BAD_SIGNATURE.
 */
export async function checkHeaderSignatures(read: ReadHeader, rules: HeaderRules): Promise<void> {
  const { client, order } = read.header
  await checkEnvelopeSignature(read.opened, rules.crypto)
  if (rules.crypto.recoverAddress(read.jobId, order.signature) !== order.order.payer) {
    throw new DuckMeshError('BAD_SIGNATURE', 'The order is not signed by its payer.')
  }
  rules.bindings.verifyClient(client, read.peerKey)
}

function requireSize(envelope: Envelope): void {
  const { length } = envelopeCodec.encode(envelope)
  if (length <= limits.MAX_JOB_HEADER_BYTES) return
  throw new DuckMeshError('FRAME_TOO_LARGE', 'The job header is too large in its envelope.', {
    details: { bytes: length, most: limits.MAX_JOB_HEADER_BYTES },
  })
}
