/**
 * The client of a local network as a process of its own: runs jobs on command, tells each step as a JSON
 * line, and holds what every client holds: its account's key, channel state and jobs.
 */
import { createLogger, openClient, serveCommands, stopOnSignal, toJson } from '@duckmesh/node'
import type { JobEvent, LightClient, NetworkConfig } from '@duckmesh/sdk'
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
  const { type, ...fields } = event
  tell('job', { jobId, type, ...fields })
}

async function runJob(client: LightClient, fields: Record<string, unknown>): Promise<unknown> {
  const { maxPrice, maxTokens, model, prompt, sampling, timeoutMs } = fields
  const startMs = Date.now()
  const job = await client.submit({
    model: String(model),
    messages: [{ role: 'user', content: String(prompt) }],
    ...(typeof maxTokens === 'number' ? { maxTokens } : {}),
    ...(typeof timeoutMs === 'number' ? { timeoutMs } : {}),
    ...(typeof sampling === 'object' && sampling !== null ? { sampling } : {}),
    ...(typeof maxPrice === 'string' ? { maxPrice: BigInt(maxPrice) } : {}),
  })
  tell('job', { jobId: job.jobId, type: 'ordered', provider: job.provider, price: job.price })
  let firstTokenMs: number | null = null
  for await (const event of job) {
    if (event.type === 'text' && firstTokenMs === null) firstTokenMs = Date.now()
    tellEvent(job.jobId, event)
  }
  const result = await job.result()
  return { ...result, startMs, endMs: Date.now(), firstTokenMs }
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
  serveCommands({ job, offers: () => client.offers(), funds: () => client.funds() }, stop)
  tell('ready', { peerId: client.peerId, payer: client.payer })
}

main().catch((error: unknown) => {
  const failure = toDuckMeshError(error)
  process.stderr.write(`${failure.code}: ${failure.message}\n`)
  process.exit(1)
})
