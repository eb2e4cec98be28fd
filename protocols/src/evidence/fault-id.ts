/** The names that the contracts give to faults (`FaultId.sol`), P-4. */
import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import type { EvidenceProof, Hex } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'

const WORD_BYTES = 32

/** Numbers of `FaultId.Kind`. */
const KINDS: Readonly<Record<EvidenceProof['kind'], number>> = {
  receipts: 0,
  verdicts: 1,
  matches: 2,
  omission: 3,
}

/** keccak256(abi.encode(kind, who, about what …)): the same for every proof of the fault. */
export function faultIdOf(proof: EvidenceProof): Hex {
  return bytesToHex(keccak_256(encoded([KINDS[proof.kind], ...subjectOf(proof)])))
}

function subjectOf(proof: EvidenceProof): (Hex | number)[] {
  switch (proof.kind) {
    case 'receipts': {
      const { item, jobId, provider, segment, seq } = proof.receipts.first.receipt
      return [provider, jobId, segment, item, seq]
    }
    case 'verdicts': {
      const { receiptHash, verifier } = proof.verdicts.first.statement
      return [verifier, receiptHash]
    }
    case 'matches': {
      const { attempt, jobId, seat } = proof.matches.first.match
      return [seat, jobId, attempt]
    }
    case 'omission': {
      const { attempt, jobId, seat } = proof.omission.match.match
      return [seat, jobId, attempt]
    }
  }
}

/** `abi.encode`: one word each, numbers and addresses on the right. The codec has checked their sizes. */
function encoded(values: readonly (Hex | number)[]): Uint8Array {
  const out = new Uint8Array(values.length * WORD_BYTES)
  values.forEach((value, index) => {
    const end = (index + 1) * WORD_BYTES
    if (typeof value === 'number') new DataView(out.buffer).setUint32(end - 4, value)
    else {
      const bytes = hexToBytes(value)
      out.set(bytes, end - bytes.length)
    }
  })
  return out
}
