import type { Account, Address, Chain, Client, Transport } from 'viem'

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
}

/** What a deployment can choose. */
export interface DeployParameters {
  durations: Durations
  /** Who may mint DUCK; the deployer when left out. */
  tokenOwner?: Address
}
