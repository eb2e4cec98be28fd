/** Computes the golden vectors. Hashes and signatures come from viem, wire bytes from the codecs. */
import {
  concatHex,
  domainSeparator,
  encodeAbiParameters,
  hashStruct,
  hashTypedData,
  keccak256,
  numberToHex,
  sha256,
  toHex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import * as codecs from '../src/codec/codecs.ts'
import { EIP712_TYPES } from '../src/eip712.ts'
import { EIP712_SAMPLES } from './samples-eip712.ts'
import { CHAIN_ID, REGISTRY } from './sample-values.ts'
import { SAMPLES } from './samples.ts'
import type { Codec } from '../src/codec/interface.ts'
import type { Hex } from '../src/types.ts'
import type { AbiMessage } from './samples-eip712.ts'
import type { Eip712Type } from '../src/eip712.ts'

/** The first two keys of the public test mnemonic "test test … junk": never worth anything. */
const KEYS: readonly [Hex, Hex] = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
]

const domain = {
  name: 'DuckMesh',
  version: '1',
  chainId: CHAIN_ID,
  verifyingContract: REGISTRY,
} as const

/** Domain values as JSON: amounts and other bigints as decimal strings, bytes as hex. */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part)]))
}

/** Written by hand from the standard, so that it is independent of src. */
function typeHashOf(type: Eip712Type): Hex {
  const members = EIP712_TYPES[type].map((m) => `${m.type} ${m.name}`)
  return keccak256(toHex(`${type}(${members.join(',')})`))
}

async function eip712Case(type: Eip712Type, message: AbiMessage, key: Hex): Promise<object> {
  const account = privateKeyToAccount(key)
  const types = EIP712_TYPES as unknown as Record<string, { name: string; type: string }[]>
  const typed = { domain, types, primaryType: type, message }
  return {
    type,
    message: toJson(message),
    typeHash: typeHashOf(type),
    structHash: hashStruct({ data: message, primaryType: type, types }),
    digest: hashTypedData(typed),
    privateKey: key,
    signer: account.address.toLowerCase(),
    signature: await account.signTypedData(typed),
  }
}

async function eip712(): Promise<object> {
  const cases = EIP712_SAMPLES.map(({ type, message, key }) =>
    eip712Case(type, message, KEYS[key]),
  )
  return { domain, domainSeparator: domainSeparator({ domain }), cases: await Promise.all(cases) }
}

/** Every codec by its name. */
export const CODECS: ReadonlyMap<string, Codec<unknown>> = new Map(
  Object.values(codecs).map((codec) => [codec.name, codec as Codec<unknown>]),
)

function frames(): object {
  const cases = Object.entries(SAMPLES).flatMap(([message, values]) =>
    values.map((value: unknown) => {
      const encoded = CODECS.get(message)?.encode(value) ?? new Uint8Array()
      return { message, value: toJson(value), hex: toHex(encoded) }
    }),
  )
  return { cases }
}

const word = (byte: string): Hex => `0x${byte.repeat(32)}`
const packed = (ids: readonly number[]): Hex =>
  concatHex(ids.map((id) => numberToHex(id, { size: 4 })))

function tokenHashes(): object[] {
  const lists = [[], [0], [1, 2, 3], [4_294_967_295, 0, 65_536]]
  return lists.flatMap((ids) => [
    { ids, salt: null, hash: keccak256(packed(ids)) },
    { ids, salt: word('5a'), hash: keccak256(concatHex([word('5a'), packed(ids)])) },
  ])
}

function chunkChain(segment: number, chunks: readonly number[][]): object {
  const jobId = word('a1')
  const first = sha256(concatHex([jobId, numberToHex(segment, { size: 2 })]))
  let h = first
  const links = chunks.map((ids) => {
    h = sha256(concatHex([h, packed(ids)]))
    return { ids, h }
  })
  return { jobId, segment, first, links }
}

function specHashes(): object[] {
  return (['0x', '0x00', '0x0a0b0c'] as Hex[]).map((spec) => ({
    salt: word('07'),
    spec,
    hash: keccak256(concatHex([word('07'), spec])),
  }))
}

function secretHashes(): object[] {
  const pairs: [Hex, Hex][] = [
    [word('01'), word('02')],
    [word('02'), word('01')],
  ]
  const words = [{ type: 'bytes32' }, { type: 'bytes32' }]
  return pairs.map(([draw, audit]) => ({
    draw,
    audit,
    hash: keccak256(encodeAbiParameters(words, [keccak256(draw), keccak256(audit)])),
  }))
}

function hashes(): object {
  return {
    tokens: tokenHashes(),
    chunks: [chunkChain(0, [[1, 2], [], [4_294_967_295]]), chunkChain(65_535, [[7]])],
    specs: specHashes(),
    secrets: secretHashes(),
    modelIds: [{ manifest: '0x6475636b', modelId: sha256('0x6475636b') }],
    shards: ['00', '0f', '10', '7f', 'f0', 'ff'].map((byte) => ({
      modelId: word(byte),
      shard: Number.parseInt(byte[0] ?? '', 16),
    })),
    networks: [
      { chainId: 31337, registry: REGISTRY, name: '31337-5fbdb231' },
      {
        chainId: 42161,
        registry: '0xAbCdEf0123456789aBcDeF0123456789AbCdEf01',
        name: '42161-abcdef01',
      },
    ],
  }
}

/** Content of each file of this folder that the script writes, by file name. */
export async function buildVectors(): Promise<Record<string, string>> {
  const text = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`
  return {
    'eip712.json': text(await eip712()),
    'frames.json': text(frames()),
    'hashes.json': text(hashes()),
  }
}
