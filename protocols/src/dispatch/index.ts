/** Dispatch: orders, awards, steps, receipts; the two machines of a segment and their drivers. */
import * as dispatchConstants from './constants.ts'
export { dispatchConstants }
export { MODE_REDUNDANT, MODE_REFERENCE, checkAward } from './check-award.ts'
export type { AwardContext, QuoteBook } from './check-award.ts'
export { checkReceipt } from './check-receipt.ts'
export { stepClient } from './client-machine.ts'
export { startClientSegment } from './client-segment.ts'
export type { ClientEffect, ClientEvent, ClientSegment } from './client-segment.ts'
export { TERMINAL_STATES } from './interface.ts'
export type {
  AuctionRules,
  ClientPayments,
  ClientTimeouts,
  FinishReason,
  JobFailure,
  JobState,
} from './interface.ts'
export type { OpenGeneration, ProviderPayments, StepEngine, StepFinish } from './interface.ts'
export type { Terms, TokenGroup } from './interface.ts'
export { isTerminal } from './lifecycle.ts'
export { numberIds, numbersOf } from './number-terms.ts'
export type { NumberTerms } from './number-terms.ts'
export { signAward, signOrder } from './order.ts'
export type { AwardInput, NewOrder, OrderInput, OrderSecrets, SignedOrder } from './order.ts'
export { firstStepPrice, nextStepPrice, segmentPriceCap } from './price.ts'
export { ZERO_HASH } from './progress.ts'
export type { Progress, SegmentFacts } from './progress.ts'
export { stepProvider } from './provider-machine.ts'
export { startProviderSegment } from './provider-segment.ts'
export type { ProviderEffect, ProviderEvent, ProviderSegment } from './provider-segment.ts'
export { openSpec, saltSpec, sealSpec } from './spec.ts'
export type { SaltedSpec } from './spec.ts'
export type { Durability, JobLog, NewSegment, NonceStore, SegmentKey } from './store.ts'
export type { SegmentPatch, SegmentRow, StateAt } from './store.ts'
export { AsyncQueue } from './wire/async-queue.ts'
export { ClientRun } from './wire/client-run.ts'
export type { ClientRunEvent, ClientRunInit } from './wire/client-run.ts'
export type { JobClientComponents, JobServerComponents, JobServerInit } from './wire/components.ts'
export type {
  JobComponents,
  JobEvent,
  JobEventBody,
  JobInit,
  JobOutcome,
} from './wire/interface.ts'
export type { JobPlan, Place, ProviderConnector, SegmentOutcome } from './wire/interface.ts'
export { JobConnection } from './wire/job-connection.ts'
export { JobServer } from './wire/job-server.ts'
export { RedundantJob } from './wire/redundant-job.ts'
export { StreamJob } from './wire/stream-job.ts'
export { textPromptTokens } from './text-terms.ts'
