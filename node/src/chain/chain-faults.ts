/** The chain as judge of proofs, and the way there (docs/spec/evidence.md). */
import {
  decodeRevert,
  disputeMatches,
  disputeOmission,
  disputeReceipts,
  disputeVerdicts,
  readFault,
  signedFaultsAbi,
} from '@duckmesh/contracts'
import type { OversightAddresses, ReadClient, WriteClient } from '@duckmesh/contracts'
import type { EvidenceProof } from '@duckmesh/protocols'
import type { CheckedProof, FaultReporter, FaultView } from '@duckmesh/protocols/evidence'
import type { Standing } from '@duckmesh/protocols/evidence'
import type { Hash, Hex } from 'viem'
import { simulateContract } from 'viem/actions'
import { chainCall, toChainError } from './chain-error.ts'
import type { ChainView } from './chain-view.ts'
import type { TransactionSender } from './transaction-sender.ts'

export interface ChainFaultsComponents {
  oversight: OversightAddresses
  read: ReadClient
  /** Who would be the reporter: the operator's account. */
  reporter: Hex
  sender: TransactionSender
  view: Pick<ChainView, 'requireFresh'>
}

type OfKind<K extends EvidenceProof['kind']> = Extract<EvidenceProof, { kind: K }>

export class ChainFaults implements FaultView, FaultReporter {
  readonly #components: ChainFaultsComponents

  constructor(components: ChainFaultsComponents) {
    this.#components = components
  }

  /** Asks the contract itself, which knows former operators, stakes and times. Rejects with CHAIN_UNREACHABLE. */
  async judge({ faultId, proof }: CheckedProof): Promise<Standing> {
    const { oversight, read, view } = this.#components
    await view.requireFresh()
    if ((await chainCall(readFault(read, { oversight, faultId }))) !== undefined) return 'punished'
    try {
      await this.#simulate(proof)
      return 'open'
    } catch (error) {
      const revert = decodeRevert(error)
      if (revert === undefined) throw toChainError(error)
      return revert.code === 'AlreadyPunished' ? 'punished' : 'void'
    }
  }

  /** Sends the proof. Rejects with CHAIN_REVERTED (the contract's error in the details), CHAIN_UNREACHABLE or TIMED_OUT. */
  async report({ proof }: CheckedProof): Promise<Hex> {
    const receipt = await this.#components.sender.send((client) => this.#send(client, proof))
    return receipt.transactionHash
  }

  #send(client: WriteClient, proof: EvidenceProof): Promise<Hash> {
    const { oversight } = this.#components
    switch (proof.kind) {
      case 'receipts':
        return disputeReceipts(client, { oversight, ...receiptsOf(proof) })
      case 'verdicts':
        return disputeVerdicts(client, { oversight, ...verdictsOf(proof) })
      case 'matches':
        return disputeMatches(client, { oversight, ...matchesOf(proof) })
      case 'omission':
        return disputeOmission(client, { oversight, ...omissionOf(proof) })
    }
  }

  /** One call of the contract that changes nothing. */
  async #simulate(proof: EvidenceProof): Promise<void> {
    const { oversight, read, reporter: account } = this.#components
    const to = { address: oversight.signedFaults, abi: signedFaultsAbi, account } as const
    if (proof.kind === 'omission') {
      const { ack, commits, match } = omissionOf(proof)
      const args = [match.message, match.signature, ack.message, ack.signature, commits] as const
      await simulateContract(read, { ...to, functionName: 'disputeOmission', args })
      return
    }
    if (proof.kind === 'receipts') {
      const { first, second } = receiptsOf(proof)
      const args = [first.message, first.signature, second.message, second.signature] as const
      await simulateContract(read, { ...to, functionName: 'disputeReceipts', args })
      return
    }
    if (proof.kind === 'verdicts') {
      const { first, second } = verdictsOf(proof)
      const args = [first.message, first.signature, second.message, second.signature] as const
      await simulateContract(read, { ...to, functionName: 'disputeVerdicts', args })
      return
    }
    const { first, second } = matchesOf(proof)
    const args = [first.message, first.signature, second.message, second.signature] as const
    await simulateContract(read, { ...to, functionName: 'disputeMatches', args })
  }
}

type Unsent<F extends (client: never, call: never) => unknown> = Omit<Parameters<F>[1], 'oversight'>
type SignedMatch = OfKind<'matches'>['matches']['first']

function receiptsOf({ receipts }: OfKind<'receipts'>): Unsent<typeof disputeReceipts> {
  const { first, second } = receipts
  return {
    first: { message: first.receipt, signature: first.signature },
    second: { message: second.receipt, signature: second.signature },
  }
}

function verdictsOf({ verdicts }: OfKind<'verdicts'>): Unsent<typeof disputeVerdicts> {
  const { first, second } = verdicts
  return {
    first: { message: first.statement, signature: first.signature },
    second: { message: second.statement, signature: second.signature },
  }
}

function matchesOf({ matches }: OfKind<'matches'>): Unsent<typeof disputeMatches> {
  return { first: matchOf(matches.first), second: matchOf(matches.second) }
}

function omissionOf({ omission }: OfKind<'omission'>): Unsent<typeof disputeOmission> {
  const { ack, commits, match } = omission
  return { match: matchOf(match), ack: { message: ack.ack, signature: ack.signature }, commits }
}

function matchOf({ match, signature }: SignedMatch): Unsent<typeof disputeMatches>['first'] {
  return { message: { ...match, epoch: BigInt(match.epoch) }, signature }
}
