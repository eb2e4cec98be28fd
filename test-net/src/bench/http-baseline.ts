/** The baseline of the direct lane: a plain HTTP server over the same engine, no mesh, no money. A process of its own. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { openBenchEngine } from './open-bench-engine.ts'
import { GREEDY } from './workload.ts'

const [modelsDir] = process.argv.slice(2)
if (modelsDir === undefined) throw new Error('usage: http-baseline <models folder>')
const engine = await openBenchEngine(modelsDir)

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { maxTokens, prompt } = JSON.parse(Buffer.concat(chunks).toString()) as {
    prompt: string
    maxTokens: number
  }
  const messages = [{ role: 'user', content: prompt }]
  const stopped = new AbortController().signal
  const generation = await engine.open(
    { messages, prefixIds: [], maxTokens, stop: [], sampler: GREEDY },
    stopped,
  )
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  for await (const batch of generation.step(maxTokens, stopped))
    response.write(`${JSON.stringify(batch)}\n`)
  generation.close()
  response.end()
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.destroy(error instanceof Error ? error : new Error(String(error)))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  process.stdout.write(`${JSON.stringify({ event: 'ready', port })}\n`)
})
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
