/** Fields of envelopes, bindings and the hello (mesh.proto). */
import * as v1 from '../generated/duckmesh.js'
import { enumeration, safeUint, uint16, uint32 } from './numbers.ts'
import { address, amount, blob, bytes32, signature } from './bytes.ts'
import { signedVoucher } from './settlement-fields.ts'
import { optional, struct } from './struct.ts'
import { text } from './text.ts'
import {
  MAX_ENVELOPE_BYTES,
  MAX_NETWORK_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_PEER_ID_BYTES,
} from '../limits.ts'
import type { Field } from './interface.ts'
import type {
  ClientBinding,
  Envelope,
  EnvelopeBody,
  Heartbeat,
  Hello,
  MessageType,
  PeerBinding,
} from '../types.ts'

const wireTypes = v1.MessageType

const messageType: Field<MessageType> = enumeration<MessageType>({
  offer: wireTypes.MESSAGE_TYPE_OFFER,
  peerBinding: wireTypes.MESSAGE_TYPE_PEER_BINDING,
  heartbeat: wireTypes.MESSAGE_TYPE_HEARTBEAT,
  jobHeader: wireTypes.MESSAGE_TYPE_JOB_HEADER,
  evidence: wireTypes.MESSAGE_TYPE_EVIDENCE,
})

const network = text(MAX_NETWORK_BYTES, 1)

/** Bytes of an Ed25519 signature. */
const PEER_SIGNATURE_BYTES = 64

export const envelope: Field<Envelope> = struct({
  body: blob(1, MAX_ENVELOPE_BYTES),
  sig: blob(PEER_SIGNATURE_BYTES, PEER_SIGNATURE_BYTES),
})

export const envelopeBody: Field<EnvelopeBody> = struct({
  version: uint16,
  type: messageType,
  network,
  seq: safeUint,
  issuedAtMs: safeUint,
  expiryMs: safeUint,
  peerId: blob(1, MAX_PEER_ID_BYTES),
  payload: blob(0, MAX_PAYLOAD_BYTES),
})

export const peerBinding: Field<PeerBinding> = struct({
  peerKey: bytes32,
  operator: address,
  encKey: bytes32,
  expiry: safeUint,
  signature,
})

export const clientBinding: Field<ClientBinding> = struct({
  peerKey: bytes32,
  payer: address,
  expiry: safeUint,
  signature,
})

export const heartbeat: Field<Heartbeat> = struct({
  epoch: safeUint,
  turn: uint32,
  seat: address,
  matches: uint32,
  matchesHash: bytes32,
})

export const hello: Field<Hello> = struct<Hello>({
  version: uint16,
  network,
  peer: optional(peerBinding),
  client: optional(clientBinding),
  lastVoucher: optional(signedVoucher),
  due: amount,
})
