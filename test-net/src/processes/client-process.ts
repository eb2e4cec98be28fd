/**
 * The client of a local network as a process of its own: runs jobs on command, tells each step as a JSON
 * line, and holds what every client holds: its account's key, channel state and jobs.
 */
import { createLogger, openClient, serveCommands, stopOnSignal, toJson } from '@duckmesh/node'
import type { JobEvent, JobRequest, LightClient, NetworkConfig } from '@duckmesh/sdk'
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import { readFile } from 'node:fs/promises'
import type { Hex } from 'viem'

interface ClientFile {
  network: NetworkConfig
  privateKey: Hex
  dataDir: string
}

function tell(event: string, fields: object): void {
  process.stdout.write(`${toJson({ event, ...fields })}\n`)
}

/** What a line tells of a job's event; texts are told because the launcher shows them. */
function tellEvent(jobId: Hex, event: JobEvent): void {
  tell('job', { jobId, ...event })
  // Under a name of its own: whoever waits for a proof need not read every line.
  if (event.type === 'contradiction') tell(event.type, { jobId, ...event })
}

/** A request as the launcher sends it; amounts are decimal strings. */
function requestOf(fields: Record<string, unknown>): JobRequest {
  const {
    exclude,
    lane,
    maxPrice,
    maxTokens,
    model,
    prompt,
    redundant,
    sampling,
    seed,
    timeoutMs,
  } = fields
  return {
    model: String(model),
    messages: [{ role: 'user', content: String(prompt) }],
    ...(typeof maxTokens === 'number' ? { maxTokens } : {}),
    ...(typeof timeoutMs === 'number' ? { timeoutMs } : {}),
    ...(typeof sampling === 'object' && sampling !== null ? { sampling } : {}),
    ...(typeof maxPrice === 'string' ? { maxPrice: BigInt(maxPrice) } : {}),
    ...(typeof seed === 'string' ? { seed: seed as Hex } : {}),
    ...(lane === 'auction' || lane === 'direct' ? { lane } : {}),
    ...(Array.isArray(exclude) ? { exclude: exclude as Hex[] } : {}),
    ...(typeof redundant === 'number' ? { verification: 'redundant', replicas: redundant } : {}),
  }
}

async function runJob(client: LightClient, fields: Record<string, unknown>): Promise<unknown> {
  const startMs = Date.now()
  const job = await client.submit(requestOf(fields))
  tell('job', { jobId: job.jobId, type: 'ordered', lane: job.lane, mode: job.mode })
  let firstTokenMs: number | null = null
  for await (const event of job) {
    if (event.type === 'text' && firstTokenMs === null) firstTokenMs = Date.now()
    tellEvent(job.jobId, event)
  }
  const endMs = Date.now()
  const result = await job.result()
  // The seat's fee is part of the settlement that follows.
  return { ...result, startMs, endMs, firstTokenMs, transcript: await job.settled }
}

async function main(): Promise<void> {
  const path = process.argv[2]
  if (path === undefined) throw new DuckMeshError('CONFIG_INVALID', 'usage: client-process <file>.')
  const file = JSON.parse(await readFile(path, 'utf8')) as ClientFile
  const debug = process.env['DUCKMESH_LOG_LEVEL'] === 'debug'
  const logger = createLogger({ level: debug ? 'debug' : 'info', json: true })
  const client = await openClient({ ...file, logger })
  const stop = stopOnSignal(() => client.stop())
  const job = (fields: Record<string, unknown>): Promise<unknown> => runJob(client, fields)
  const transcript = ({ jobId }: Record<string, unknown>): Promise<unknown> =>
    client.transcript(jobId as Hex)
  const reads = { offers: () => client.offers(), funds: () => client.funds(), transcript }
  serveCommands({ job, ...reads }, stop)
  tell('ready', { peerId: client.peerId, payer: client.payer })
}

main().catch((error: unknown) => {
  const failure = toDuckMeshError(error)
  process.stderr.write(`${failure.code}: ${failure.message}\n`)
  process.exit(1)
})
