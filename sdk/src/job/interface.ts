/** What a whole job tells and how it ends, over its attempts. */
import type { JobEvent as DispatchEvent, JobOutcome } from '@duckmesh/protocols/dispatch'
import type { JobState } from '@duckmesh/protocols/dispatch'
import type { TranscriptAuction } from '../store/transcripts.ts'
import type { Lane } from './request.ts'

/** States of a whole job; `matched` comes from the auction, the others are those of dispatch. */
export type WholeState = JobState | 'matched'

/** What a job tells, in order; `auction` and `lane` come before anything is paid. An auction may have found nobody. */
export type JobEvent =
  | Exclude<DispatchEvent, { type: 'job' }>
  | { type: 'job'; state: WholeState; atMs: number }
  | { type: 'lane'; lane: Lane; why: string }
  | { type: 'auction'; auction: TranscriptAuction }

/** How a job ended over all its attempts. */
export type WholeOutcome = Omit<JobOutcome, 'states'> & {
  states: readonly { state: WholeState; atMs: number }[]
}
