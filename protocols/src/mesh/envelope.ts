import { envelopeBodyCodec, envelopeCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import { decoded } from './coded-error.ts'
import {
  ENVELOPE_DOMAIN,
  MAX_CLOCK_SKEW_MS,
  MAX_ENVELOPE_LIFE_MS,
  PROTOCOL_VERSION,
} from './constants.ts'
import { multihashOf, peerKeyOfMultihash } from './peer-key.ts'
import type { Clock, Crypto, NetworkIdentity, PeerSigner } from '../components.ts'
import type { ReplayWindow } from './replay-window.ts'
import type { Envelope, EnvelopeBody, Hex, MessageType } from '@duckmesh/proto'

/** What a sender decides; the rest of the body comes from its identity and clock. */
export interface EnvelopeDraft {
  type: MessageType
  payload: Uint8Array
  /** Larger than every number this peer key used before (M-16). */
  seq: number
  /** How long it may travel, ms, at most 60 000. */
  lifeMs?: number
}

/** A decoded envelope. Only `openEnvelope` and the gossip validator return verified ones. */
export interface OpenedEnvelope {
  envelope: Envelope
  body: EnvelopeBody
  peerKey: Hex
}

const DOMAIN = new TextEncoder().encode(ENVELOPE_DOMAIN)

function signedBytes(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(DOMAIN.length + body.length)
  bytes.set(DOMAIN)
  bytes.set(body, DOMAIN.length)
  return bytes
}

/**
 * Signs a message for a topic (M-10, M-11).
 *
 * @returns the envelope; `envelopeCodec.encode` gives the bytes to publish
 * @throws DuckMeshError FRAME_TOO_LARGE or FIELD_OUT_OF_RANGE when the draft breaks a limit
 */
export async function sealEnvelope(
  draft: EnvelopeDraft,
  components: { network: NetworkIdentity; clock: Clock; signer: PeerSigner },
): Promise<Envelope> {
  const issuedAtMs = components.clock.now()
  const body = decoded(() =>
    envelopeBodyCodec.encode({
      version: PROTOCOL_VERSION,
      type: draft.type,
      network: components.network.name,
      seq: draft.seq,
      issuedAtMs,
      expiryMs: issuedAtMs + Math.min(draft.lifeMs ?? MAX_ENVELOPE_LIFE_MS, MAX_ENVELOPE_LIFE_MS),
      peerId: multihashOf(components.signer.peerKey),
      payload: draft.payload,
    }),
  )
  return { body, sig: await components.signer.sign(signedBytes(body)) }
}

/**
 * Decodes an envelope and checks what no clock, key or memory is needed for (M-12 to M-15).
 *
 * @throws DuckMeshError MALFORMED_FRAME, FRAME_TOO_LARGE, FIELD_OUT_OF_RANGE, VERSION_UNSUPPORTED, WRONG_NETWORK
 */
export function readEnvelope(
  received: Uint8Array | Envelope,
  network: NetworkIdentity,
): OpenedEnvelope {
  const envelope =
    received instanceof Uint8Array ? decoded(() => envelopeCodec.decode(received)) : received
  const body = decoded(() => envelopeBodyCodec.decode(envelope.body))
  if (body.version !== PROTOCOL_VERSION) {
    throw new DuckMeshError('VERSION_UNSUPPORTED', `Envelope version ${String(body.version)}.`)
  }
  if (body.network !== network.name) {
    throw new DuckMeshError('WRONG_NETWORK', `The envelope is not of ${network.name}.`)
  }
  const lifeMs = body.expiryMs - body.issuedAtMs
  if (lifeMs <= 0 || lifeMs > MAX_ENVELOPE_LIFE_MS) {
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', `Envelope life of ${String(lifeMs)} ms.`)
  }
  return { envelope, body, peerKey: peerKeyOfMultihash(body.peerId) }
}

/** Refuses what is not valid now (M-14): issued more than 5 s ahead, or expired. Throws ENVELOPE_STALE. */
export function checkEnvelopeDates(body: EnvelopeBody, now: number): void {
  if (body.issuedAtMs > now + MAX_CLOCK_SKEW_MS) {
    throw new DuckMeshError('ENVELOPE_STALE', 'The envelope comes from the future.', {
      details: { aheadMs: body.issuedAtMs - now },
    })
  }
  if (body.expiryMs <= now) {
    throw new DuckMeshError('ENVELOPE_STALE', 'The envelope expired.', {
      details: { lateMs: now - body.expiryMs },
    })
  }
}

/** Checks the signature over the received bytes, never over a re-encoding (M-11). Throws BAD_SIGNATURE. */
export async function checkEnvelopeSignature(
  opened: OpenedEnvelope,
  crypto: Crypto,
): Promise<void> {
  const { envelope, peerKey } = opened
  const valid = await crypto.verifyEd25519(peerKey, signedBytes(envelope.body), envelope.sig)
  if (!valid) {
    throw new DuckMeshError('BAD_SIGNATURE', 'The envelope is not signed by the peer it names.')
  }
}

/** Takes the sequence number for good (M-16). Throws ENVELOPE_REPLAYED, or RATE_LIMITED when no window is free. */
export function takeSequence(opened: OpenedEnvelope, replay: ReplayWindow, now: number): void {
  const { body, peerKey } = opened
  const verdict = replay.take(peerKey, body.seq, body.expiryMs, now)
  if (verdict === 'replayed') {
    throw new DuckMeshError('ENVELOPE_REPLAYED', 'The sequence number was used before.')
  }
  if (verdict === 'full') {
    throw new DuckMeshError('RATE_LIMITED', 'No replay window is free for another peer.')
  }
}

/**
 * Opens one envelope with every check. Without `replay` it may be opened again: a record that is asked for
 * over `caps` is the same envelope that came by gossip.
 *
 * @throws DuckMeshError with the code of the first rule it breaks (M-12 to M-18)
 */
export async function openEnvelope(
  received: Uint8Array | Envelope,
  components: { network: NetworkIdentity; crypto: Crypto; clock: Clock; replay?: ReplayWindow },
): Promise<OpenedEnvelope> {
  const opened = readEnvelope(received, components.network)
  checkEnvelopeDates(opened.body, components.clock.now())
  await checkEnvelopeSignature(opened, components.crypto)
  if (components.replay) takeSequence(opened, components.replay, components.clock.now())
  return opened
}
