/**
 * The baseline of the auction lane: a central matchmaker over HTTP, and the providers it asks, each a process of its
 * own. Prices are plain numbers in JSON: nothing is signed, sealed, stored or checked by anybody.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'

/** A price, or the best of them with its bidder. */
interface Bid {
  provider: string
  price: number
}

const [role, ...rest] = process.argv.slice(2)

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Answers every job with its price. */
function provider(name: string, price: number): Server {
  return createServer((request, response) => {
    bodyOf(request).then(
      () => response.end(JSON.stringify({ provider: name, price })),
      () => response.destroy(),
    )
  })
}

/** Asks all providers and answers with the lowest price. */
function coordinator(ports: readonly number[]): Server {
  const ask = async (port: number, job: string): Promise<Bid> => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: job })
    return (await response.json()) as Bid
  }
  return createServer((request, response) => {
    bodyOf(request)
      .then((job) => Promise.all(ports.map((port) => ask(port, job))))
      .then(
        (bids) => response.end(JSON.stringify(bids.sort((a, b) => a.price - b.price)[0])),
        () => response.destroy(),
      )
  })
}

const server =
  role === 'provider'
    ? provider(rest[0] ?? '', Number(rest[1]))
    : coordinator(rest.map((port) => Number(port)))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  process.stdout.write(`${JSON.stringify({ event: 'ready', port })}\n`)
})
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
