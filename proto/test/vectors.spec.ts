import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { hashTypedData, recoverAddress } from 'viem'
import { firstChunkHash, nextChunkHash } from '../src/chunk-hash.ts'
import { digest, hashDomain, structHash, typeHash } from '../src/digest.ts'
import { EIP712_TYPES, domainOf } from '../src/eip712.ts'
import { bytesToHex, hexToBytes } from '../src/hex.ts'
import { modelIdOf } from '../src/model-id.ts'
import { networkName } from '../src/network-name.ts'
import { secretHash } from '../src/secret-hash.ts'
import { shardOf } from '../src/shard.ts'
import { specHash } from '../src/spec-hash.ts'
import { tokenHash } from '../src/token-hash.ts'
import { CODECS, buildVectors, toJson } from '../vectors/build.ts'
import { SAMPLES } from '../vectors/samples.ts'
import type { Eip712Type } from '../src/eip712.ts'
import type { Hex } from '../src/types.ts'

const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'))

interface Eip712File {
  domain: { chainId: number; verifyingContract: Hex }
  domainSeparator: Hex
  cases: {
    type: Eip712Type
    message: Record<string, string | boolean>
    typeHash: Hex
    structHash: Hex
    digest: Hex
    signer: Hex
    signature: Hex
  }[]
}

/** Decimal strings of the vectors back to bigint. */
function messageOf(type: Eip712Type, json: Record<string, string | boolean>): never {
  const uints = EIP712_TYPES[type].filter((m) => m.type.startsWith('uint')).map((m) => m.name)
  const parsed = { ...json } as Record<string, unknown>
  for (const name of uints) parsed[name] = BigInt(json[name] as string)
  return parsed as never
}

describe('vectors/eip712.json', () => {
  const { domain, domainSeparator, cases } = load('eip712.json') as Eip712File
  const ours = domainOf(domain.chainId, domain.verifyingContract)

  it('has three cases of each struct, with the domain of SCHEMAS', () => {
    expect(cases.map((c) => c.type)).to.deep.equal(
      Object.keys(EIP712_TYPES).flatMap((type) => [type, type, type]),
    )
    expect(ours).to.deep.equal(domain)
    expect(hashDomain(ours)).to.equal(domainSeparator)
  })

  for (const [i, c] of cases.entries()) {
    it(`${c.type} ${String(i % 3)}: hashes agree with the vector and with viem`, () => {
      const message = messageOf(c.type, c.message)
      expect(typeHash(c.type)).to.equal(c.typeHash)
      expect(structHash(c.type, message)).to.equal(c.structHash)
      expect(digest(ours, c.type, message)).to.equal(c.digest)
      const typed = { domain: ours, types: EIP712_TYPES, primaryType: c.type, message }
      expect(hashTypedData(typed as never)).to.equal(c.digest)
    })
  }

  it('has low-s signatures with v 27 or 28 that recover to the signer', async () => {
    const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
    for (const c of cases) {
      const bytes = hexToBytes(c.signature, 65)
      expect(BigInt(bytesToHex(bytes.subarray(32, 64))) <= halfOrder).to.equal(true)
      expect(bytes[64]).to.be.oneOf([27, 28])
      const recovered = await recoverAddress({ hash: c.digest, signature: c.signature })
      expect(recovered.toLowerCase()).to.equal(c.signer)
    }
  })
})

describe('vectors/frames.json', () => {
  const { cases } = load('frames.json') as {
    cases: { message: string; value: unknown; hex: Hex }[]
  }
  const samples = Object.values(SAMPLES).flat() as unknown[]

  for (const [i, c] of cases.entries()) {
    it(`${c.message} ${String(i)}: bytes to value to bytes`, () => {
      const codec = CODECS.get(c.message)
      const value = codec?.decode(hexToBytes(c.hex))
      expect(value).to.deep.equal(samples[i])
      expect(toJson(value)).to.deep.equal(c.value)
      expect(bytesToHex(codec?.encode(samples[i]) ?? new Uint8Array())).to.equal(c.hex)
    })
  }

  it('a voucher on the wire, byte by byte', () => {
    const voucher = [
      ...[0x0a, 20, ...new Array<number>(20).fill(0x11)],
      ...[0x12, 20, ...new Array<number>(20).fill(0x22)],
      ...[0x1a, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
      ...[0x20, 0xac, 0x02],
    ]
    const signed = [
      ...[0x0a, voucher.length, ...voucher],
      ...[0x12, 65, ...new Array<number>(65).fill(0x33)],
    ]
    expect(CODECS.get('signedVoucher')?.decode(Uint8Array.from(signed))).to.deep.equal({
      voucher: {
        payer: `0x${'11'.repeat(20)}`,
        provider: `0x${'22'.repeat(20)}`,
        cumulative: 256n,
        epoch: 300,
      },
      signature: `0x${'33'.repeat(65)}`,
    })
  })
})

interface HashesFile {
  tokens: { ids: number[]; salt: Hex | null; hash: Hex }[]
  chunks: { jobId: Hex; segment: number; first: Hex; links: { ids: number[]; h: Hex }[] }[]
  specs: { salt: Hex; spec: Hex; hash: Hex }[]
  secrets: { draw: Hex; audit: Hex; hash: Hex }[]
  modelIds: { manifest: Hex; modelId: Hex }[]
  shards: { modelId: Hex; shard: number }[]
  networks: { chainId: number; registry: string; name: string }[]
}

describe('vectors/hashes.json', () => {
  const file = load('hashes.json') as HashesFile

  it('token hashes, with and without salt', () => {
    for (const { ids, salt, hash } of file.tokens) {
      expect(tokenHash(ids, salt === null ? undefined : hexToBytes(salt))).to.equal(hash)
    }
  })

  it('chunk chains', () => {
    for (const { jobId, segment, first, links } of file.chunks) {
      let h = firstChunkHash(jobId, segment)
      expect(h).to.equal(first)
      for (const link of links) {
        h = nextChunkHash(h, link.ids)
        expect(h).to.equal(link.h)
      }
    }
  })

  it('spec, secret and model hashes', () => {
    for (const c of file.specs) {
      expect(specHash(hexToBytes(c.salt), hexToBytes(c.spec))).to.equal(c.hash)
    }
    for (const c of file.secrets) expect(secretHash(c.draw, c.audit)).to.equal(c.hash)
    for (const c of file.modelIds) expect(modelIdOf(hexToBytes(c.manifest))).to.equal(c.modelId)
  })

  it('shards and network names', () => {
    for (const c of file.shards) expect(shardOf(c.modelId)).to.equal(c.shard)
    for (const c of file.networks) expect(networkName(c.chainId, c.registry)).to.equal(c.name)
  })
})

describe('vectors', () => {
  it('are what vectors/generate.ts writes', async () => {
    for (const [name, content] of Object.entries(await buildVectors())) {
      expect(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')).to.equal(content)
    }
  })
})
