/** What the gateway needs of the node it runs in. */
import type { Clock, Logger } from '@duckmesh/protocols'
import type { IdempotencyKeys } from './idempotency-keys.ts'
import type { JobEvent, JobHandle, JobOptions, JobRequest, LightClient } from '@duckmesh/sdk'

/** A running job as the gateway uses it; each iteration tells every event once, from the first. */
export type GatewayJob = Pick<JobHandle, 'cancel' | 'jobId' | 'result'> & AsyncIterable<JobEvent>

/** The paying client of the node. */
export interface GatewayClient extends Pick<LightClient, 'offers'> {
  /** As `LightClient.submit`: while it is under way nothing is paid, and when it rejects nothing was. */
  submit(request: JobRequest, options: JobOptions): Promise<GatewayJob>
}

/** One thing that must hold for the node to do its work. */
export interface ReadyCheck {
  name: string
  ok: boolean
  detail: string
}

export interface GatewayComponents {
  clock: Clock
  logger: Logger
  client: GatewayClient
  /** Absent: a restart forgets idempotency keys. */
  keys?: IdempotencyKeys
  /** What must hold before this node can take requests. */
  ready: () => Promise<ReadyCheck[]>
  /** This node's own view of itself, as JSON text. */
  stats: () => Promise<string>
  version: string
}

export interface GatewayInit {
  host: string
  /** 0 lets the system choose. */
  port: number
}
