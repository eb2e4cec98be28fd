/** EIP-712 hashing of the structs in eip712.ts. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { WORD_BYTES, writeWord } from './abi-word.ts'
import { EIP712_TYPES } from './eip712.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Eip712Domain, Eip712Message, Eip712Type } from './eip712.ts'
import type { Hex } from './types.ts'

const DOMAIN_TYPE =
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'
const PREFIX = Uint8Array.of(0x19, 0x01)

const keccakText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text))

/** Canonical form, for example `Voucher(address payer,…)`. */
export function typeString(type: Eip712Type): string {
  const members = EIP712_TYPES[type].map((member) => `${member.type} ${member.name}`)
  return `${type}(${members.join(',')})`
}

const typeHashes = new Map<Eip712Type, Uint8Array>()

function typeHashBytes(type: Eip712Type): Uint8Array {
  const known = typeHashes.get(type)
  if (known !== undefined) return known
  const hash = keccakText(typeString(type))
  typeHashes.set(type, hash)
  return hash
}

/** keccak256 of the canonical form. */
export function typeHash(type: Eip712Type): Hex {
  return bytesToHex(typeHashBytes(type))
}

const separators = new WeakMap<Eip712Domain, Uint8Array>()

function separatorOf(domain: Eip712Domain): Uint8Array {
  const known = separators.get(domain)
  if (known !== undefined) return known
  const words = new Uint8Array(5 * WORD_BYTES)
  words.set(keccakText(DOMAIN_TYPE), 0)
  words.set(keccakText(domain.name), WORD_BYTES)
  words.set(keccakText(domain.version), 2 * WORD_BYTES)
  writeWord(words, 3 * WORD_BYTES, 'uint256', domain.chainId, 'domain.chainId')
  writeWord(words, 4 * WORD_BYTES, 'address', domain.verifyingContract, 'domain.verifyingContract')
  const separator = keccak_256(words)
  // Every message of a network has the same domain; only one that cannot change is remembered.
  if (Object.isFrozen(domain)) separators.set(domain, separator)
  return separator
}

/** The domain separator. */
export function hashDomain(domain: Eip712Domain): Hex {
  return bytesToHex(separatorOf(domain))
}

/**
 * `hashStruct` of EIP-712.
 *
 * @throws ProtoError MALFORMED_FRAME or FIELD_OUT_OF_RANGE for a value that is not of its type
 */
export function structHash<T extends Eip712Type>(type: T, message: Eip712Message<T>): Hex {
  const members = EIP712_TYPES[type]
  const words = new Uint8Array((members.length + 1) * WORD_BYTES)
  words.set(typeHashBytes(type))
  const values = message as Readonly<Record<string, unknown>>
  members.forEach((member, i) => {
    const field = `${type}.${member.name}`
    writeWord(words, (i + 1) * WORD_BYTES, member.type, values[member.name], field)
  })
  return bytesToHex(keccak_256(words))
}

/**
 * What is signed: keccak256(0x1901 ‖ domain separator ‖ struct hash). Of a JobOrder it is the job id.
 *
 * @throws ProtoError as `structHash`
 */
export function digest<T extends Eip712Type>(
  domain: Eip712Domain,
  type: T,
  message: Eip712Message<T>,
): Hex {
  const hash = hexToBytes(structHash(type, message))
  return bytesToHex(keccak_256(concatBytes(PREFIX, separatorOf(domain), hash)))
}
