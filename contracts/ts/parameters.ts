import type {
  DeployParameters,
  DisputeParameters,
  Durations,
  VotingParameters,
} from './interface.ts'

const MINUTE = 60n
const DAY = 24n * 60n * MINUTE
/** wei */
const DUCK = 10n ** 18n

/** Waiting times of a public network (SCHEMAS, "Durations"), seconds. */
export const PUBLIC_DURATIONS: Durations = {
  unbonding: 14n * DAY,
  faultWindow: 7n * DAY,
  dispute: 3n * DAY,
  reserve: 3n * DAY,
  escrowThaw: 3n * DAY,
  earnedThaw: 3n * DAY,
  slashLock: 2n * DAY,
  redeemPeriod: 3n * DAY,
  epoch: 60n * MINUTE,
  turn: MINUTE,
}

/** Waiting times of a local network: short enough to watch money move through all of them, seconds. */
export const LOCAL_DURATIONS: Durations = {
  unbonding: 140n,
  faultWindow: 60n,
  dispute: 30n,
  reserve: 30n,
  escrowThaw: 30n,
  earnedThaw: 30n,
  slashLock: 20n,
  redeemPeriod: 30n,
  epoch: 60n,
  turn: 10n,
}

/** What faults and disputes cost on a public network. */
export const PUBLIC_DISPUTES: DisputeParameters = {
  bond: 100n * DUCK,
  equivocationBps: 1_000,
  wrongResultBps: 1_000,
  coordinatorBps: 100,
  challengerBps: 2_000,
  committee: 21,
  quorum: 15,
}

/** The same with a committee that a network of five peers can fill. */
export const LOCAL_DISPUTES: DisputeParameters = { ...PUBLIC_DISPUTES, committee: 5, quorum: 3 }

/** How stakes vote on a public network. */
export const PUBLIC_VOTING: VotingParameters = {
  delay: Number(DAY),
  period: 5 * Number(DAY),
  threshold: 10_000n * DUCK,
  quorumPercent: 10,
  timelock: 15n * DAY,
}

/** How stakes vote on a local network. */
export const LOCAL_VOTING: VotingParameters = {
  delay: 10,
  period: 60,
  threshold: 1_000n * DUCK,
  quorumPercent: 10,
  timelock: 150n,
}

/** The parameter sets a deployment is usually made with, by name. */
export const PARAMETERS: Readonly<Record<'public' | 'local', DeployParameters>> = {
  public: {
    durations: PUBLIC_DURATIONS,
    disputeParameters: PUBLIC_DISPUTES,
    voting: PUBLIC_VOTING,
  },
  local: {
    durations: LOCAL_DURATIONS,
    disputeParameters: LOCAL_DISPUTES,
    voting: LOCAL_VOTING,
  },
}
