import type { DeployParameters, Durations } from './interface.ts'

const MINUTE = 60n
const DAY = 24n * 60n * MINUTE

/** Waiting times of a public network (SCHEMAS, "Durations"), seconds. */
export const PUBLIC_DURATIONS: Durations = {
  unbonding: 14n * DAY,
  faultWindow: 7n * DAY,
  dispute: 3n * DAY,
  reserve: 3n * DAY,
  escrowThaw: 3n * DAY,
  earnedThaw: 3n * DAY,
}

/** Waiting times of a local network: short enough to watch money move through all of them, seconds. */
export const LOCAL_DURATIONS: Durations = {
  unbonding: 140n,
  faultWindow: 60n,
  dispute: 30n,
  reserve: 30n,
  escrowThaw: 30n,
  earnedThaw: 30n,
}

/** The parameter sets a deployment is usually made with, by name. */
export const PARAMETERS: Readonly<Record<'public' | 'local', DeployParameters>> = {
  public: { durations: PUBLIC_DURATIONS },
  local: { durations: LOCAL_DURATIONS },
}
