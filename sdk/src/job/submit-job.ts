/** Submits one job on the direct lane: choose from signed offers, order, award, run. */
import { lowerHex, toDuckMeshError, tokenHash } from '@duckmesh/protocols'
import type { Clock, Crypto, ErrorCode, JobSpec, ModelOffer } from '@duckmesh/protocols'
import type { NetworkIdentity, Rng, Signer } from '@duckmesh/protocols'
import { sealSpec, signAward, signOrder } from '@duckmesh/protocols/dispatch'
import type { JobConnection, NonceStore } from '@duckmesh/protocols/dispatch'
import type { SaltedSpec, SegmentFacts } from '@duckmesh/protocols/dispatch'
import { sizeBucket } from '@duckmesh/protocols/market'
import type { DirectNeed, Priced } from '@duckmesh/protocols/market'
import type { OfferFinder } from '../discovery/find-offers.ts'
import { buildSpec, encodeSpec, fitToContext, promptBucket } from './build-spec.ts'
import { chooseOffer } from './choose-offer.ts'
import type { JobConnections } from './job-connections.ts'
import { JobHandle } from './job-handle.ts'
import { resolveModel } from './resolve-model.ts'
import { DEFAULT_MAX_PRICE, DEFAULT_TIMEOUT_MS } from './request.ts'
import type { JobOptions, JobRequest } from './request.ts'

export interface SubmitJobComponents {
  clock: Clock
  crypto: Crypto
  rng: Rng
  network: NetworkIdentity
  signer: Signer
  nonces: NonceStore
  finder: Pick<OfferFinder, 'book' | 'forget' | 'load' | 'offers'>
  connections: Pick<JobConnections, 'to'>
}

/** A request after its checks, with everything that the order will sign. */
interface Plan {
  spec: SaltedSpec
  need: DirectNeed
  /** Unix seconds. */
  deadline: number
}

/**
 * Orders a job and awards it to the cheapest provider with a free slot. Resolves when the award is on its
 * way; the handle tells the rest.
 *
 * Rejects with PROMPT_EMPTY, SPEC_INVALID, MODEL_NOT_FOUND, PROVIDER_UNAVAILABLE, PRICE_ABOVE_CAP,
 * PROVIDER_BUSY, PROMPT_TOO_LONG, PROVIDER_LOST, CANCELLED or as `JobConnections.to`; nothing is paid then.
 */
export async function submitJob(
  components: SubmitJobComponents,
  request: JobRequest,
  options: JobOptions = {},
): Promise<JobHandle> {
  const signal = options.signal ?? new AbortController().signal
  const draft = buildSpec(request, components.rng)
  const model = resolveModel(request.model, await components.finder.offers(signal))
  const plan = planJob(components, request, draft, model)
  const { choice, connection } = await reach(components, plan.need, signal)
  const run = await award(components, plan, choice, connection)
  return new JobHandle(run, options.signal)
}

interface Reached {
  choice: Priced
  connection: JobConnection
}

/** Codes after which nothing is paid and another try may reach somebody. */
const UNREACHED: readonly ErrorCode[] = ['PROVIDER_LOST', 'PROVIDER_UNAVAILABLE', 'TIMED_OUT']

/** Connects to the chosen provider. One that is not reached is forgotten and all are looked for once more. */
async function reach(
  components: SubmitJobComponents,
  need: DirectNeed,
  signal: AbortSignal,
): Promise<Reached> {
  try {
    return await connect(components, need, signal)
  } catch (error) {
    if (!UNREACHED.includes(toDuckMeshError(error).code)) throw error
    await components.finder.offers(signal)
    return connect(components, need, signal)
  }
}

async function connect(
  { clock, connections, finder }: SubmitJobComponents,
  need: DirectNeed,
  signal: AbortSignal,
): Promise<Reached> {
  const choice = await chooseOffer(finder, need, clock.now(), signal)
  try {
    return { choice, connection: await connections.to(choice.entry, signal) }
  } catch (error) {
    finder.forget(choice.entry.peerKey)
    throw error
  }
}

function planJob(
  { clock, rng }: SubmitJobComponents,
  request: JobRequest,
  draft: JobSpec,
  model: ModelOffer,
): Plan {
  const spec = fitToContext(draft, model.contextLength, request.maxTokens !== undefined)
  const salted = encodeSpec(spec, rng)
  const need: DirectNeed = {
    modelId: model.modelId,
    inBucket: Math.min(promptBucket(spec), sizeBucket(model.contextLength)),
    maxTokens: spec.maxTokens,
    maxPrice: request.maxPrice ?? DEFAULT_MAX_PRICE,
    exclude: request.exclude?.map(lowerHex) ?? [],
  }
  const endMs = clock.now() + (request.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  return { spec: salted, need, deadline: Math.ceil(endMs / 1000) }
}

/** Signs order and award, seals the spec to the chosen provider and starts the segment. */
async function award(
  components: SubmitJobComponents,
  plan: Plan,
  choice: Priced,
  connection: JobConnection,
): ReturnType<typeof startRun> {
  const { clock, network, nonces, rng, signer } = components
  const { need, deadline, spec } = plan
  const signed = await signOrder(signer, network, rng, {
    modelId: need.modelId,
    specHash: spec.specHash,
    maxPrice: need.maxPrice,
    deadline,
    nonce: await nonces.nextNonce(signer.address),
  })
  const { jobId, ...order } = signed
  const awarded = await signAward(signer, network, {
    jobId,
    provider: choice.entry.offer.provider,
    offerHash: choice.entry.offerHash,
    budget: need.maxPrice,
    issuedAt: Math.floor(clock.now() / 1000),
  })
  return startRun(components, connection, { order, award: awarded }, choice, plan)
}

type Signed = Pick<Parameters<JobConnection['run']>[1], 'order' | 'award'>

async function startRun(
  { crypto }: SubmitJobComponents,
  connection: JobConnection,
  signed: Signed,
  choice: Priced,
  plan: Plan,
): Promise<ReturnType<JobConnection['run']>> {
  const { jobId, segment, provider, budget } = signed.award.award
  const { inBucket, maxTokens } = plan.need
  const { priceIn, priceOut } = choice.model
  const facts: SegmentFacts = {
    jobId,
    segment,
    payer: signed.order.order.payer,
    provider,
    specHash: plan.spec.specHash,
    deadlineMs: plan.deadline * 1000,
    fromToken: 0,
    prefixHash: tokenHash([]),
    terms: { priceIn, priceOut, inBucket, maxTokens, budget },
  }
  const spec = await sealSpec(crypto, connection.encKey, jobId, provider, plan.spec)
  const quoted = { inBucket, maxTokens, priceIn, priceOut }
  return connection.run(facts, { ...signed, spec, ...quoted, prefixIds: [] })
}
