import type { Account, Address, Chain, Client, Hex, Transport } from 'viem'

/** Where one deployment of DuckMesh lives on its chain. */
export interface Addresses {
  token: Address
  registry: Address
  market: Address
}

/** What every action needs beside its own parameters. */
export interface WithAddresses {
  addresses: Addresses
}

/** Which contracts judge, slash and govern in a deployment; `readOversight` finds them by the registry. */
export interface OversightAddresses {
  /** `JobDisputes` */
  disputes: Address
  /** `SignedFaults`, which takes proofs by two signatures */
  signedFaults: Address
  /** `Referees`, which draws committees */
  referees: Address
  /** `DuckTimelock`, which governance acts through */
  timelock: Address
}

/** What the actions of disputes need beside their own parameters. */
export interface WithOversight {
  oversight: OversightAddresses
}

/** What the actions of governance need beside their own parameters. */
export interface WithGovernor {
  /** `DuckGovernor` */
  governor: Address
}

/** What governance is asked to do. */
export interface Proposal {
  /** calls that the timelock will make, in this order */
  calls: readonly { to: Address; data: Hex }[]
  description: string
}

/** What faults and disputes cost; see `DisputeParameters.sol`. Shares are in hundredths of a per cent. */
export interface DisputeParameters {
  /** what a challenger puts up, wei */
  bond: bigint
  equivocationBps: number
  wrongResultBps: number
  coordinatorBps: number
  challengerBps: number
  /** seats in a committee of referees */
  committee: number
  /** rulings that decide */
  quorum: number
}

/** How stakes vote; see `DuckGovernor.sol`. */
export interface VotingParameters {
  /** from a proposal to the second whose stakes vote, seconds */
  delay: number
  /** how long votes are taken, seconds */
  period: number
  /** stake that it takes to propose, wei */
  threshold: bigint
  /** per cent of all stake that must vote for or abstain */
  quorumPercent: number
  /** how long a decision waits, seconds; longer than unbonding */
  timelock: bigint
}

/** A client that reads: any viem client with a transport. */
export type ReadClient = Client

/** A client that signs and sends: a viem wallet client with an account and a chain. */
export type WriteClient = Client<Transport, Chain, Account>

/** The waiting times of a deployment, seconds. See `Durations.sol`. */
export interface Durations {
  /** From the start of an unstake to the money; exceeds the next three taken together. */
  unbonding: bigint
  faultWindow: bigint
  dispute: bigint
  reserve: bigint
  /** From the start of a withdrawal or release of a payer to its money. */
  escrowThaw: bigint
  /** From the start of a withdrawal of a provider to its earnings. */
  earnedThaw: bigint
  /** How long slashed money is held before it is shared out. */
  slashLock: bigint
  /** In each of these a provider may redeem at most its eligible stake. */
  redeemPeriod: bigint
  /** How long weights and seed of the election stand. */
  epoch: bigint
  /** How long the seats of an epoch stand. */
  turn: bigint
}

/** What a deployment can choose. */
export interface DeployParameters {
  durations: Durations
  /** Who may mint DUCK; the deployer when left out. */
  tokenOwner?: Address
  /** What faults and disputes cost; those of a public network when left out. */
  disputeParameters?: DisputeParameters
  /** How stakes vote; as on a public network when left out. */
  voting?: VotingParameters
  /** The only contract that may freeze and slash stake; a `JobDisputes` of its own when left out. */
  disputes?: Address
  /** Who may change the bounded parameters; a timelock and governor of its own when left out. */
  governance?: Address
}
