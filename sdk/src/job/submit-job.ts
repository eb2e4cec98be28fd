/** Submits one job: checks the request, finds its model, orders, and waits until a provider is bound. */
import { toDuckMeshError } from '@duckmesh/protocols'
import { buildSpec } from './build-spec.ts'
import { JobHandle } from './job-handle.ts'
import { JobRun } from './job-run.ts'
import type { JobRunComponents } from './job-run.ts'
import { planJob } from './plan-job.ts'
import type { JobOptions, JobRequest } from './request.ts'
import { resolveModel } from './resolve-model.ts'

/**
 * Orders a job and finds who serves it: by auction, or directly. Resolves when the first award is paid or accepted;
 * the handle tells the rest.
 *
 * Rejects with PROMPT_EMPTY, SPEC_INVALID, MODEL_NOT_FOUND, PROMPT_TOO_LONG, NO_BIDS, PROVIDER_UNAVAILABLE,
 * PRICE_ABOVE_CAP, PROVIDER_BUSY, UNFUNDED, BALANCE_INSUFFICIENT, PROVIDER_LOST or CANCELLED; nothing is paid then.
 *
 * @param onStart gets the job as soon as it is ordered, also one for which nobody is found then
 */
export async function submitJob(
  components: JobRunComponents,
  request: JobRequest,
  options: JobOptions = {},
  onStart: (job: JobHandle) => void = () => undefined,
): Promise<JobHandle> {
  const signal = options.signal ?? new AbortController().signal
  const asked = buildSpec(request, components.rng)
  const model = resolveModel(request.model, await components.finder.offers(signal))
  const run = await JobRun.start(components, planJob(components, request, asked, model))
  const handle = new JobHandle(run, options.signal)
  onStart(handle)
  try {
    await run.bound
  } catch (error) {
    // Told by the rejection; the record of the attempt is stored meanwhile.
    throw toDuckMeshError(error)
  }
  return handle
}
