/** Tests: how a client gets rid of a proof that it met. */
import { DuckMeshError, evidenceProofCodec, lowerHex } from '@duckmesh/protocols'
import { readProof } from '@duckmesh/protocols/evidence'
import { signStruct } from '@duckmesh/protocols'
import type { ErrorCode, Hex, SignedReceipt } from '@duckmesh/protocols'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import { expect } from 'chai'
import { privateKeyToAccount } from 'viem/accounts'
import { accountSigner } from '../../src/crypto/account-signer.ts'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { EvidenceHandover } from '../../src/evidence/hand-over.ts'
import { silentLogger } from '../../src/silent-logger.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { address, bytes32 } from '../support/offers.ts'

const network = { name: '31337-00000000', chainId: 31_337, registry: address(9) }
const operator = accountSigner(privateKeyToAccount(bytes32(0xc1)))

async function signed(amount: bigint, seq = 0): Promise<SignedReceipt> {
  const receipt = {
    ...{ jobId: bytes32(1), segment: 0, item: 0, seq, payer: address(1), provider: address(2) },
    ...{ tokensIn: 1, tokensOut: 2, tokensRoot: bytes32(3), traceRoot: bytes32(4), amount },
    ...{ specHash: bytes32(5), last: false },
  }
  return { receipt, signature: await signStruct(operator, network, 'Receipt', receipt) }
}

describe('EvidenceHandover', () => {
  let clock: FakeClock
  /** Who took or refused, by number. */
  let asked: number[]
  let given: Uint8Array[]
  /** What peers say, by number; they take it otherwise. */
  let refusals: Map<number, ErrorCode>
  let peers: number[]
  let handover: EvidenceHandover

  beforeEach(() => {
    clock = new FakeClock()
    asked = []
    given = []
    refusals = new Map()
    peers = [2, 3, 4, 5, 6]
    handover = new EvidenceHandover({
      clock,
      logger: silentLogger,
      network,
      takers: () => peers.map((n) => ({ owner: address(n), peerKey: bytes32(n) })),
      client: {
        stop: () => Promise.resolve(),
        submit: (peer, proof) => {
          const n = peers.find((each) => peerIdStringOf(bytes32(each)) === peer.toString()) ?? 0
          asked.push(n)
          const code = refusals.get(n)
          if (code !== undefined) return Promise.reject(new DuckMeshError(code, 'No.'))
          given.push(proof)
          return Promise.resolve()
        },
      },
    })
  })

  /** `address(2)` said two things about one step. */
  async function meet(seq = 0): Promise<void> {
    const receipts = await Promise.all([signed(1n, seq), signed(2n, seq)])
    const [provider, jobId] = [address(2), bytes32(1)]
    handover.learn({ type: 'contradiction', receipts, segment: 0, provider, jobId } as never)
    await clock.advance(0)
  }

  it('gives a proof that holds to three staked peers, never to the accused', async () => {
    await meet()
    expect(asked).to.deep.equal([3, 4, 5])
    for (const proof of given) {
      const { accused, proof: read } = readProof(proof, { network, crypto: new SdkCrypto() })
      expect(accused).to.equal(lowerHex(address(2)))
      expect(evidenceProofCodec.decode(proof)).to.deep.equal(read)
    }
    await clock.advance(600_000)
    expect(asked).to.have.length(3)
  })

  it('asks the others when some refuse or do not answer', async () => {
    refusals.set(3, 'TIMED_OUT').set(4, 'EVIDENCE_INVALID')
    await meet()
    expect(asked).to.deep.equal([3, 4, 5, 6])
    expect(given).to.have.length(2)
  })

  it('tries again while nobody takes it, at growing pauses, and gives up', async () => {
    for (const n of peers) refusals.set(n, 'CHAIN_UNREACHABLE')
    await meet()
    expect(asked).to.have.length(4)
    await clock.advance(5_000)
    expect(asked).to.have.length(8)
    await clock.advance(10_000)
    expect(asked).to.have.length(12)
    await clock.advance(3_600_000)
    expect(asked).to.have.length(24)
    await clock.advance(3_600_000)
    expect(asked).to.have.length(24)
  })

  it('waits for peers when none is known', async () => {
    peers = []
    await meet()
    peers = [7]
    await clock.advance(5_000)
    expect(asked).to.deep.equal([7])
  })

  it('does nothing about other events, and ends when it is stopped', async () => {
    handover.learn({ type: 'job', state: 'posted', atMs: 1 } as never)
    for (const n of peers) refusals.set(n, 'CHAIN_UNREACHABLE')
    await meet()
    await handover.stop()
    await clock.advance(3_600_000)
    expect(asked).to.have.length(4)
  })

  it('has a bounded number of proofs on the way, and one of each step', async () => {
    peers = []
    for (let seq = 0; seq < 40; seq++) await meet(seq % 30)
    peers = [3]
    await clock.advance(5_000)
    expect(asked).to.have.length(16)
    const hashes = new Set<Hex>()
    for (const proof of given) {
      hashes.add(readProof(proof, { network, crypto: new SdkCrypto() }).faultId)
    }
    expect(hashes.size).to.equal(16)
  })
})
