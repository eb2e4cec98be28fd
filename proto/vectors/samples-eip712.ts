/** Messages behind the EIP-712 vectors: a typical and a largest one of every struct. */
import { EIP712_TYPES } from '../src/eip712.ts'
import { PAYER, accept, award, order, receipt, voucher } from './sample-values.ts'
import { serviceVoucher } from './samples-auction.ts'
import type { Eip712Type } from '../src/eip712.ts'

/** Values as the ABI sees them: every integer a bigint. */
export type AbiMessage = Record<string, string | bigint | boolean>

const typical: Partial<Record<Eip712Type, object>> = {
  JobOrder: order,
  Award: award,
  Accept: accept,
  Receipt: receipt,
  Voucher: voucher,
  ServiceVoucher: serviceVoucher,
}

/** A value that differs by type and place, so that two swapped members change the hash. */
function valueOf(type: string, place: number): string | bigint | boolean {
  const byte = (0x10 + place).toString(16).padStart(2, '0')
  if (type === 'address') return `0x${byte.repeat(20)}`
  if (type === 'bytes32') return `0x${byte.repeat(32)}`
  if (type === 'bool') return true
  return BigInt(100 + place)
}

function largestOf(type: string): string | bigint | boolean {
  if (type === 'address') return `0x${'ff'.repeat(20)}`
  if (type === 'bytes32') return `0x${'ff'.repeat(32)}`
  if (type === 'bool') return true
  return 2n ** BigInt(type.slice('uint'.length)) - 1n
}

function smallestOf(type: string): string | bigint | boolean {
  const largest = largestOf(type)
  if (typeof largest === 'string') return largest.replaceAll('f', '0')
  return typeof largest === 'bigint' ? 0n : false
}

function messageOf(
  type: Eip712Type,
  value: (solidity: string, place: number) => string | bigint | boolean,
): AbiMessage {
  const members = EIP712_TYPES[type].map((m, i) => [m.name, value(m.type, i)] as const)
  return Object.fromEntries(members)
}

function sampleOf(type: Eip712Type): AbiMessage {
  const given = typical[type] as Record<string, string | number | bigint | boolean> | undefined
  if (given === undefined) {
    const message = messageOf(type, valueOf)
    return 'payer' in message ? { ...message, payer: PAYER } : message
  }
  const plain = Object.entries(given).map(([name, value]) => [
    name,
    typeof value === 'number' ? BigInt(value) : value,
  ])
  return Object.fromEntries(plain) as AbiMessage
}

/** Cases in the order of EIP712_TYPES; in the typical one the payer is who signs. */
export const EIP712_SAMPLES: { type: Eip712Type; message: AbiMessage; key: 0 | 1 }[] = (
  Object.keys(EIP712_TYPES) as Eip712Type[]
).flatMap((type) => [
  { type, message: sampleOf(type), key: 0 },
  { type, message: messageOf(type, largestOf), key: 1 },
  { type, message: messageOf(type, smallestOf), key: 1 },
])
